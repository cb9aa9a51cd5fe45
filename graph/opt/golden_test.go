package opt_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/graph/opt"
)

var update = flag.Bool("update", false, "rewrite golden files")

// A section of a golden file: "== NAME: what it shows", a graph, "-- after", the graph that results. NAME is the pass or
// rule without which the result is another.
type section struct{ head, before, after string }

func (s section) name() string {
	name, _, _ := strings.Cut(s.head, ":")
	return strings.TrimSpace(name)
}

func readGolden(t *testing.T, file string) (intro string, secs []section) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split("\n"+string(data), "\n== ")
	for _, part := range parts[1:] {
		head, rest, _ := strings.Cut(part, "\n")
		before, after, _ := strings.Cut(rest, "-- after\n")
		secs = append(secs, section{head, strings.TrimSpace(before), strings.TrimSpace(after)})
	}
	return strings.TrimPrefix(parts[0], "\n"), secs
}

// TestGolden runs, on each section of testdata/PASS.txt and testdata/PASS_*.txt, the pass alone.
func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	shown := map[string]bool{}
	for _, file := range files {
		base := strings.TrimSuffix(filepath.Base(file), ".txt")
		pass, _, _ := strings.Cut(base, "_")
		t.Run(base, func(t *testing.T) {
			intro, secs := readGolden(t, file)
			for i, s := range secs {
				shown[s.name()] = true
				got := golden(t, pass, s)
				if *update {
					secs[i].after = got
				} else if got != s.after {
					t.Errorf("%s: %s\ngot:\n%s\nwant:\n%s", file, s.head, got, s.after)
				}
			}
			if *update {
				var b strings.Builder
				b.WriteString(intro)
				for i, s := range secs {
					if i > 0 || intro != "" {
						b.WriteString("\n")
					}
					fmt.Fprintf(&b, "== %s\n%s\n-- after\n%s\n", s.head, s.before, s.after)
				}
				if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	for _, name := range opt.Names() {
		if !shown[name] {
			t.Errorf("no section of testdata shows %q", name)
		}
	}
}

// golden runs a pass on the graph of a section and returns the result as text. Where the name of the section is not that
// of its own pass's absence of effect ("same"), it checks that switching it off leaves the graph as it was.
func golden(t *testing.T, pass string, s section) string {
	t.Helper()
	g := parse(t, s.before)
	before := g.String()
	cfg := opt.Config{Eval: ref.Eval, Verify: true}
	if pass == "expand" {
		cfg.Targets = []opt.Target{ref.Backend}
	}
	for _, name := range opt.PassNames() {
		if name != pass {
			cfg.Off = append(cfg.Off, name)
		}
	}
	off := cfg
	off.Off = append(slices.Clone(cfg.Off), s.name())
	h := g.Clone()
	if err := opt.Run(g, cfg); err != nil {
		t.Fatalf("%s: %v", s.head, err)
	}
	if err := opt.Run(h, off); err != nil {
		t.Fatalf("%s: %v", s.head, err)
	}
	got := g.String()
	if kept := strings.Contains(s.head, "(kept)"); kept != (got == before) {
		t.Errorf("%s: kept: %v", s.head, !kept)
	} else if !kept && h.String() == got {
		t.Errorf("%s: the result does not need %s", s.head, s.name())
	}
	return strings.TrimSpace(got)
}

func parse(t *testing.T, text string) *graph.Graph {
	t.Helper()
	g, err := graph.Parse(text, op.Make, ref.Eval)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if err := graph.Verify(g); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return g
}

// TestOrder checks the array of passes against the reasons for its order.
func TestOrder(t *testing.T) {
	if err := opt.CheckOrder(); err != nil {
		t.Error(err)
	}
}

func TestOff(t *testing.T) {
	g := parse(t, `g (float[2] x) => (y) { y = Neg (x) }`)
	err := opt.Run(g, opt.Config{Off: []string{"fold", "nothing"}})
	if err == nil || err.Error() != `opt: there is no pass or rule "nothing"` {
		t.Error(err)
	}
}

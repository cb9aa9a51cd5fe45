package opt_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/opt"
	"github.com/gneiss-ml/gneiss/onnx"
)

// TestModels optimizes every model of $GNEISS_DATA with verification, checks that a second time changes nothing, and
// logs how often each rule fired and how many values keep an unknown size.
func TestModels(t *testing.T) {
	dir := os.Getenv("GNEISS_DATA")
	if dir == "" || testing.Short() {
		t.Skip("GNEISS_DATA is not set, which names the folder with ONNX's tests and models, or -short is")
	}
	engine := exec.NewEngine(exec.Config{Backends: []*exec.Backend{ref.Backend}})
	fired := map[string]int{}
	models := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".onnx" {
			return err
		}
		m, err := onnx.Open(path, onnx.Options{Eval: ref.Eval})
		if err != nil {
			return nil // its own test's business
		}
		defer m.Close()
		models++
		g := m.Graph.Clone()
		real := !strings.Contains(path, "/conformance/")
		before := len(g.Nodes)
		cfg := opt.Config{Eval: engine.Eval(), Targets: engine.Targets(), Verify: true, Allow: func(name string, n *graph.Node) bool {
			if real {
				fired[name]++
			}
			return true
		}}
		if err := opt.Run(g, cfg); err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if real {
			unknown, total := unknownSizes(g)
			t.Logf("%s: %d nodes, were %d; %d of %d values have unknown sizes", filepath.Base(filepath.Dir(path)), len(g.Nodes), before, unknown, total)
		}
		once := g.String()
		if err := opt.Run(g, cfg); err != nil {
			t.Errorf("%s: again: %v", path, err)
		} else if twice := g.String(); twice != once {
			t.Errorf("%s: optimized again it changes:\n%s", path, firstDiff(once, twice))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d models", models)
	for _, name := range opt.Names() {
		t.Logf("%6d × %s", fired[name], name)
	}
}

// unknownSizes counts the tensors of nodes whose rank or a size is unknown, and all tensors.
func unknownSizes(g *graph.Graph) (unknown, total int) {
	for _, n := range g.Nodes {
		for _, v := range n.Out {
			if v == nil || v.Fact.Kind != 0 {
				continue
			}
			total++
			if v.Fact.Dims == nil || slices.ContainsFunc(v.Fact.Dims, graph.Dim.IsUnknown) {
				unknown++
			}
		}
	}
	return unknown, total
}

func firstDiff(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "- " + x[i] + "\n+ " + y[i]
		}
	}
	return "one is longer"
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

const digits = "../../testdata/models/digits/model.onnx"

// command runs onnxrun with arguments and returns what it printed.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	err := root.ExecuteContext(context.Background())
	return out.String(), err
}

func TestProfile(t *testing.T) {
	dir := t.TempDir()
	trace, page := filepath.Join(dir, "trace.json"), filepath.Join(dir, "page.html")
	text, err := command(t, "profile", digits, "--duration", "1ms", "--threads", "1", "--json", "--trace", trace, "--html", page)
	if err != nil {
		t.Fatal(err)
	}
	var p profileReport
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if p.Threads != 1 || p.Runs < 1 || p.Run <= 0 || len(p.Nodes) == 0 || len(p.Operators) == 0 {
		t.Fatalf("%+v", p)
	}
	sum, share, nodes := 0.0, 0.0, 0
	for _, n := range p.Nodes {
		sum += n.Time
		if n.Calls != 1 || n.Kernel == "" || len(n.Outputs) == 0 || n.Bytes <= 0 {
			t.Errorf("%+v", n)
		}
	}
	for i, o := range p.Operators {
		share += o.Share
		nodes += o.Nodes
		if i > 0 && o.Time > p.Operators[i-1].Time {
			t.Error("operators are not in the order of their time")
		}
	}
	if nodes != len(p.Nodes) || math.Abs(share-sum/p.Run) > 1e-6 || share > 1.0001 || math.Abs(sum+p.Outside-p.Run) > 1e-3*p.Run {
		t.Errorf("%d nodes, share %v, sum %v, %+v", nodes, share, sum, p)
	}

	var events struct{ TraceEvents []struct{ Ph, Name string } }
	if data, err := os.ReadFile(trace); err != nil || json.Unmarshal(data, &events) != nil {
		t.Fatal(err)
	}
	if len(events.TraceEvents) != len(p.Nodes)+1 || events.TraceEvents[0].Ph != "M" || events.TraceEvents[1].Ph != "X" {
		t.Errorf("%d nodes, trace %+v", len(p.Nodes), events)
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if html := string(data); !strings.Contains(html, `"op":"`) || regexp.MustCompile(`https?://|src=|@import|<link`).MatchString(html) {
		t.Error("the page has no nodes, or needs other files")
	}

	text, err = command(t, "profile", digits, "--duration", "0s", "--top", "2")
	if err != nil || !strings.Contains(text, "node (2 of ") || !strings.Contains(text, "operator\n") {
		t.Error(err, text)
	}
	if _, err := command(t, "profile", digits, "--top", "-1"); err == nil {
		t.Error("--top -1: no error")
	}
}

// TestCollector checks that the time of nodes in bodies is not that of the node around them too.
func TestCollector(t *testing.T) {
	k := newCollector()
	step := func(name string, d time.Duration, path ...string) {
		x := tensor.FromSlice([]float32{1, 2}, 2)
		k.step(&exec.Event{
			Node: &graph.Node{Name: name, Op: &op.MatMul{}}, Path: path, Kernel: "k", In: []tensor.Value{x, nil, x}, Out: []tensor.Value{x},
			Start: k.start, Time: d * time.Microsecond,
		})
	}
	step("early", 5)
	k.reset()
	for range 2 {
		k.begin()
		step("a", 10, "outer", "inner")
		step("a", 10, "outer", "inner")
		step("inner", 30, "outer")
		step("a", 3, "outer")
		step("outer", 40)
		step("inner", 7)
		k.end()
	}
	p := k.report()
	var got []string
	for _, n := range p.Nodes {
		got = append(got, strings.Join(append(slices.Clone(n.Path), n.Name), "/")+fmt.Sprintf(" %g %g", n.Time, n.Calls))
	}
	want := []string{"outer/inner/a 20 2", "outer/inner 10 1", "outer/a 3 1", "outer 7 1", "inner 7 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if in := p.Nodes[0].Inputs; !slices.Equal(in, []string{"float32[2]", "-", "float32[2]"}) || p.Nodes[0].Bytes != 48 || p.Runs != 2 {
		t.Error(p.Nodes[0])
	}
	if len(p.Operators) != 1 || p.Operators[0].Nodes != 5 || p.Operators[0].Calls != 6 || p.Operators[0].Time != 47 {
		t.Errorf("%+v", p.Operators[0])
	}
}

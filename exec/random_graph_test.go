package exec_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// checkRandom runs a random graph as a program, with its sizes known at compilation and not, and compares with running it
// node by node, which plans nothing. It reports whether the graph could be run.
func checkRandom(t *testing.T, r *exectest.Random) (ran bool) {
	g, vals := r.Graph(12, ref.Eval)
	in, before := make([]tensor.Value, len(g.In)), make([]tensor.Value, len(g.In))
	for i, v := range g.In {
		in[i], before[i] = vals[v.Name], vals[v.Name]
		if x, ok := in[i].(*tensor.Tensor); ok {
			before[i] = x.Clone()
		}
	}
	var results [][]tensor.Value
	var failed error
	run := func(h *graph.Graph) {
		p, err := exec.NewEngine(exec.Config{Backends: []*exec.Backend{ref.Backend}, Threads: 2, Limits: exec.Limits{Memory: 1 << 26}}).Compile(h)
		for range 2 { // the second run finds a plan, and what the first left behind
			out := make([]tensor.Value, len(g.Out))
			if err == nil {
				err = p.Run(context.Background(), 0, in, out)
			}
			if err != nil {
				failed = err
				return
			}
			results = append(results, out)
		}
	}
	run(g.Clone())
	if h := g.Clone(); blur(h) {
		run(h)
	}
	if errors.As(failed, new(*exec.PanicError)) {
		t.Errorf("%v\n%v", failed, g)
	}
	if errors.As(failed, new(*exec.MemoryError)) {
		return false
	}
	want, err := exectest.Interpret(g, vals, ref.Backend)
	if err != nil { // maybe in a node that nobody needs
		return false
	}
	if failed != nil {
		t.Errorf("%v\n%v", failed, g)
	}
	for _, out := range results {
		for i := range want {
			if r := compare.Values(out[i], want[i], compare.Tolerance{}); !r.OK() {
				t.Errorf("output %d: %s\n%v", i, r.Diff, g)
			}
		}
	}
	for i := range in {
		if r := compare.Values(in[i], before[i], compare.Tolerance{}); !r.OK() {
			t.Errorf("input %d was changed: %s\n%v", i, r.Diff, g)
		}
	}
	return true
}

// blur makes the sizes of all inputs symbols; false where the graph then fails inference.
func blur(g *graph.Graph) bool {
	for _, v := range g.In {
		dims := make([]graph.Dim, len(v.Fact.Dims))
		for i := range dims {
			dims[i] = graph.FreshDim()
		}
		v.Fact = graph.Fact{Type: v.Fact.Type, Dims: dims}
	}
	for _, n := range g.Nodes {
		if _, err := n.Infer(ref.Eval); err != nil {
			return false
		}
	}
	return true
}

func TestRandomGraphs(t *testing.T) {
	if testing.Short() {
		t.Skip("not with -short")
	}
	rounds, ran := 2000, 0
	for i := range rounds {
		if checkRandom(t, exectest.NewRandom(uint64(i), 1000)) {
			ran++
		}
		if t.Failed() {
			t.Fatalf("seed %d", i)
		}
	}
	t.Logf("%d of %d ran", ran, rounds)
}

func FuzzProgram(f *testing.F) {
	for i := range 20 {
		f.Add(exectest.NewRandom(uint64(i), 500).Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkRandom(t, &exectest.Random{Data: data}) })
}

package opt_test

import (
	"runtime/debug"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/opt"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// checkRandom optimizes a random graph and compares what it computes with what it did before. It reports whether the
// graph could be run.
func checkRandom(t *testing.T, r *exectest.Random) (ran bool) {
	defer func() {
		if e := recover(); e != nil {
			t.Errorf("panic: %v\n%s", e, debug.Stack())
		}
	}()
	g, in := r.Graph(12, ref.Eval)
	if err := graph.Verify(g); err != nil {
		t.Errorf("%v\n%v", err, g)
		return false
	}
	h := g.Clone()
	cfg := opt.Config{Eval: ref.Eval, Targets: []opt.Target{ref.Backend}, Verify: true, Strict: true}
	optErr := opt.Run(h, cfg)
	want, err := exectest.Interpret(g, in, ref.Backend)
	if err != nil {
		return false // and the optimizer may have found out
	}
	if optErr != nil {
		t.Errorf("%v\n%v", optErr, g)
		return false
	}
	got, err := exectest.Interpret(h, in, ref.Backend)
	if err != nil {
		t.Errorf("optimized: %v\n%v\n%v", err, g, h)
		return false
	}
	for i := range want {
		if r := compare.Values(got[i], want[i], compare.Tolerance{RTol: 1e-5, ATol: 1e-6}); !r.OK() {
			t.Errorf("output %d: %s\n%v\n%v", i, r.Diff, g, h)
		}
	}
	return true
}

func TestRandomGraphs(t *testing.T) {
	if testing.Short() {
		t.Skip("not with -short")
	}
	rounds, ran := 10000, 0
	for i := range rounds {
		if checkRandom(t, exectest.NewRandom(uint64(i), 1000)) {
			ran++
		}
	}
	t.Logf("%d of %d ran", ran, rounds)
}

func FuzzOptimize(f *testing.F) {
	for i := range 20 {
		f.Add(exectest.NewRandom(uint64(i), 500).Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkRandom(t, &exectest.Random{Data: data}) })
}

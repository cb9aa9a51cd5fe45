package exectest

import (
	"context"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Run computes one operator on a backend and returns its outputs. An error fails the test.
func Run(t testing.TB, k *exec.Backend, o graph.Op, outputs int, in ...tensor.Value) []tensor.Value {
	t.Helper()
	out, err := exec.EvalValues(context.Background(), o, in, outputs, k)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
)

// Cases that ONNX Runtime's CPU kernels refuse or do not know; the others are in testdata/ortcases.
func TestMicrosoft(t *testing.T) {
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "inverse of a half", Op: "com.microsoft.Inverse", In: []string{"float16[1,2,2] 0 2 4 0"}, Want: []string{"float16[1,2,2] 0 0.25 0.5 0"}},
		{Name: "no matrices", Op: "com.microsoft.Inverse", In: []string{"float32[0,2,2]"}, Want: []string{"float32[0,2,2]"}},
		{Name: "singular", Op: "com.microsoft.Inverse", In: []string{"float32[2,2] 1 2 2 4"}, Err: "singular"},
		{
			Name: "one key, packed", Op: "com.microsoft.MultiHeadAttention", Attrs: graph.Attrs{"num_heads": int64(1)},
			In: []string{"float32[1,1,1,3,2] 1 2 3 4 5 6"}, Want: []string{"float32[1,1,2] 5 6"},
		},
		{
			Name: "one key, packed with its value", Op: "com.microsoft.MultiHeadAttention", Attrs: graph.Attrs{"num_heads": int64(2)},
			In: []string{"float32[1,1,2] 1 2", "float32[1,1,2,2,1] 3 4 5 6"}, Want: []string{"float32[1,1,2] 4 6"},
		},
	})
}

package ref_test

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestDFTLengths compares transforms of many lengths with the definition, and their inverse with the signal.
func TestDFTLengths(t *testing.T) {
	for n := 1; n <= 40; n++ {
		x := make([]float64, 2*n)
		for i := range x {
			x[i] = math.Sin(float64(3*i*i + n))
		}
		signal := tensor.FromSlice(x, 1, n, 2)
		y := exectest.Run(t, ref.Backend, &op.DFT{}, 1, signal)[0].(*tensor.Tensor)
		for k := range n {
			var want complex128
			for i := range n {
				want += complex(x[2*i], x[2*i+1]) * cmplx.Exp(complex(0, -2*math.Pi*float64(i*k%n)/float64(n)))
			}
			got := tensor.Data[float64](y)[2*k : 2*k+2]
			if cmplx.Abs(want-complex(got[0], got[1])) > 1e-11*float64(n) {
				t.Fatalf("length %d: element %d is %v, want %v", n, k, got, want)
			}
		}
		back := exectest.Run(t, ref.Backend, &op.DFT{Inverse: true}, 1, y)[0].(*tensor.Tensor)
		for i, v := range tensor.Data[float64](back) {
			if math.Abs(v-x[i]) > 1e-12*float64(n) {
				t.Fatalf("length %d: element %d comes back as %v, want %v", n, i, v, x[i])
			}
		}
	}
}

func TestSignal(t *testing.T) {
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "constant", Op: "DFT", In: []string{"float32[1,3,1] 2"}, Want: []string{"float32[1,3,2] 6 0 0 0 0 0"}},
		{Name: "first axis", Op: "DFT", In: []string{"float32[2,2,1] 1 2 3 4", "", "int64[] 0"}, Want: []string{"float32[2,2,2] 4 0 6 0 -2 0 -2 0"}},
		{Name: "padded", Op: "DFT", In: []string{"float32[1,1,1] 5", "int64[] 4"}, Want: []string{"float32[1,4,2] 5 0 5 0 5 0 5 0"}},
		{Name: "cut", Op: "DFT", In: []string{"float32[1,3,1] 1 2 9", "int64[] 2"}, Want: []string{"float32[1,2,2] 3 0 -1 0"}},
		{Name: "one side", Op: "DFT", Attrs: graph.Attrs{"onesided": int64(1)}, In: []string{"float32[1,5,1] 1"}, Want: []string{"float32[1,3,2] 5 0 0 0 0 0"}},
		{Name: "back to real", Op: "DFT", Attrs: graph.Attrs{"onesided": int64(1), "inverse": int64(1)}, In: []string{"float32[1,3,2] 5 0 0 0 0 0", "int64[] 5"}, Want: []string{"float32[1,5,1] 1"}},
		{Name: "float16", Op: "DFT", In: []string{"float16[1,2,1] 1 2"}, Want: []string{"float16[1,2,2] 3 0 -1 0"}},
		{Name: "no rows", Op: "DFT", In: []string{"float32[0,2,1]"}, Want: []string{"float32[0,2,2]"}},
		{Name: "last axis", Op: "DFT", In: []string{"float32[1,2,1] 1", "", "int64[] -1"}, Err: "axis 2 is that of real and imaginary parts"},
		{Name: "bad axis", Op: "DFT", In: []string{"float32[1,2,1] 1", "", "int64[] 3"}, Err: "axis 3"},
		{Name: "no length", Op: "DFT", In: []string{"float32[1,2,1] 1", "int64[] 0"}, Err: "want 1 or more"},
		{Name: "three parts", Op: "DFT", In: []string{"float32[1,2,3] 1"}, Err: "last dimension 3"},
		{Name: "one side of complex", Op: "DFT", Attrs: graph.Attrs{"onesided": int64(1)}, In: []string{"float32[1,2,2] 1"}, Err: "one-sided"},

		{Name: "frames", Op: "STFT", In: []string{"float32[1,5,1] 1 2 3 4 5", "int64[] 2", "", "int64[] 2"}, Want: []string{"float32[1,2,2,2] 3 0 -1 0 7 0 -1 0"}},
		{Name: "window", Op: "STFT", Attrs: graph.Attrs{"onesided": int64(0)}, In: []string{"float32[1,2,1] 1 2", "int64[] 1", "float32[2] 1 0"}, Want: []string{"float32[1,1,2,2] 1 0 1 0"}},
		{Name: "long frame", Op: "STFT", In: []string{"float32[1,2,1] 1", "int64[] 1", "", "int64[] 3"}, Err: "more than the length of the signal"},
		{Name: "no step", Op: "STFT", In: []string{"float32[1,2,1] 1", "int64[] 0", "", "int64[] 2"}, Err: "frame_step is 0"},
		{Name: "window of another length", Op: "STFT", In: []string{"float32[1,4,1] 1", "int64[] 1", "float32[2] 1", "int64[] 3"}, Err: "3 against 2"},

		{Name: "symmetric", Op: "HannWindow", Attrs: graph.Attrs{"periodic": int64(0)}, In: []string{"int64[] 5"}, Want: []string{"float32[5] 0 0.5 1 0.5 0"}},
		{Name: "one", Op: "BlackmanWindow", Attrs: graph.Attrs{"periodic": int64(0)}, In: []string{"int32[] 1"}, Want: []string{"float32[1] 1"}},
		{Name: "none", Op: "HammingWindow", In: []string{"int32[] 0"}, Want: []string{"float32[0]"}},
		{Name: "integers", Op: "HannWindow", Attrs: graph.Attrs{"output_datatype": int64(tensor.Int32)}, In: []string{"int64[] 2"}, Want: []string{"int32[2] 0 1"}},
		{Name: "negative", Op: "HannWindow", In: []string{"int64[] -1"}, Err: "want 0 or more"},
		{Name: "strings", Op: "HannWindow", Attrs: graph.Attrs{"output_datatype": int64(tensor.String)}, In: []string{"int64[] 2"}, Err: "not supported"},

		{Name: "beyond", Op: "MelWeightMatrix", In: []string{"int64[] 4", "int64[] 8", "int64[] 8000", "float32[] 0", "float32[] 80000"}, Err: "outside the spectrum"},
		{Name: "negative edge", Op: "MelWeightMatrix", In: []string{"int64[] 4", "int64[] 8", "int64[] 8000", "float32[] -1", "float32[] 80"}, Err: "input 3 is -1"},
	})
}

package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
)

func TestRecurrent(t *testing.T) {
	affine := graph.Attrs{"activations": []string{"affine"}, "activation_alpha": []float32{1}, "activation_beta": []float32{0}}
	with := func(more graph.Attrs) graph.Attrs {
		a := graph.Attrs{}
		for _, m := range []graph.Attrs{affine, more} {
			for k, v := range m {
				a[k] = v
			}
		}
		return a
	}
	// Without a nonlinearity h[t] = x[t] + 10·h[t−1], so the digits of Y say which steps were seen, and in which order.
	x, w, r := "float32[3,1,1] 1 2 3", "float32[1,1,1] 1", "float32[1,1,1] 10"
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "forward", Op: "RNN", Attrs: with(nil), In: []string{x, w, r},
			Want: []string{"float32[3,1,1,1] 1 12 123", "float32[1,1,1] 123"}},
		{Name: "reverse", Op: "RNN", Attrs: with(graph.Attrs{"direction": "reverse"}), In: []string{x, w, r},
			Want: []string{"float32[3,1,1,1] 321 32 3", "float32[1,1,1] 321"}},
		{Name: "bidirectional", Op: "RNN", Attrs: graph.Attrs{"direction": "bidirectional", "activations": []string{"Affine", "Affine"},
			"activation_alpha": []float32{1, 1}}, In: []string{x, "float32[2,1,1] 1", "float32[2,1,1] 10"},
			Want: []string{"float32[3,2,1,1] 1 321 12 32 123 3", "float32[2,1,1] 123 321"}},
		{Name: "batch first", Op: "RNN", Attrs: with(graph.Attrs{"layout": int64(1)}), In: []string{"float32[2,3,1] 1 2 3 4 5 6", w, r},
			Want: []string{"float32[2,3,1,1] 1 12 123 4 45 456", "float32[2,1,1] 123 456"}},
		{Name: "lengths", Op: "RNN", Attrs: with(nil), In: []string{"float32[2,3,1] 1 2 3 4 5 6", w, r, "", "int32[3] 2 0 1", "float32[1,3,1] 7"},
			Want: []string{"float32[2,1,3,1] 71 0 73 714 0 0", "float32[1,3,1] 714 0 73"}},
		{Name: "reversed lengths", Op: "RNN", Attrs: with(graph.Attrs{"direction": "reverse"}), In: []string{x, w, r, "", "int32[1] 2"},
			Want: []string{"float32[3,1,1,1] 21 2 0", "float32[1,1,1] 21"}},
		{Name: "clip", Op: "RNN", Attrs: with(graph.Attrs{"clip": float32(20)}), In: []string{x, w, r},
			Want: []string{"float32[3,1,1,1] 1 12 20"}},
		{Name: "bias", Op: "RNN", Attrs: with(nil), In: []string{x, w, r, "float32[1,2] 0.25 0.5"},
			Want: []string{"", "float32[1,1,1] 206.25"}},
		{Name: "float64", Op: "RNN", Attrs: with(nil), In: []string{"float64[1,1,1] 1", "float64[1,1,1] 2", "float64[1,1,1] 0"},
			Want: []string{"float64[1,1,1,1] 2"}},
		{Name: "float16", Op: "RNN", Attrs: with(nil), In: []string{"float16[1,1,1] 1", "float16[1,1,1] 2", "float16[1,1,1] 0"},
			Want: []string{"float16[1,1,1,1] 2", "float16[1,1,1] 2"}},
		{Name: "no steps", Op: "RNN", Attrs: with(nil), In: []string{"float32[0,1,1]", w, r},
			Want: []string{"float32[0,1,1,1]", "float32[1,1,1] 0"}},
		{Name: "no batch", Op: "LSTM", In: []string{"float32[3,0,1]", "float32[1,4,1] 1", "float32[1,4,1] 1"},
			Want: []string{"float32[3,1,0,1]", "float32[1,0,1]", "float32[1,0,1]"}},
		// With weights 0 the gates are sigmoid(0) = 1/2 and tanh(0) = 0.
		{Name: "half of the state", Op: "GRU", In: []string{"float32[1,1,1] 5", "float32[1,3,1] 0", "float32[1,3,1] 0", "", "", "float32[1,1,1] 3"},
			Want: []string{"float32[1,1,1,1] 1.5"}},
		{Name: "half of the cell", Op: "LSTM", In: []string{"float32[1,1,1] 5", "float32[1,4,1] 0", "float32[1,4,1] 0", "", "", "", "float32[1,1,1] 3"},
			Want: []string{"", "float32[1,1,1] 0.4525741", "float32[1,1,1] 1.5"}},

		{Name: "bad length", Op: "RNN", Attrs: with(nil), In: []string{x, w, r, "", "int32[1] 4"}, Err: "sequence_lens): element 0 is 4, want 0..3"},
		{Name: "bad direction", Op: "RNN", Attrs: graph.Attrs{"direction": "up"}, In: []string{x, w, r}, Err: `"direction": "up"`},
		{Name: "unknown function", Op: "GRU", Attrs: graph.Attrs{"activations": []string{"Sin", "Tanh"}}, In: []string{x, "float32[1,3,1] 0", "float32[1,3,1] 0"}, Err: `unknown function "Sin"`},
		{Name: "few functions", Op: "LSTM", Attrs: graph.Attrs{"activations": []string{"Tanh"}}, In: []string{x, "float32[1,4,1] 0", "float32[1,4,1] 0"}, Err: "1 functions, want 3"},
		{Name: "bad weights", Op: "LSTM", In: []string{x, "float32[1,3,1] 0", "float32[1,4,1] 0"}, Err: "input 1: shape [1,3,1], want [1,4,1]"},
		{Name: "bad hidden size", Op: "RNN", Attrs: graph.Attrs{"hidden_size": int64(2)}, In: []string{x, w, r}, Err: "hidden size"},
		{Name: "bad layout", Op: "RNN", Attrs: graph.Attrs{"layout": int64(2)}, In: []string{x, w, r}, Err: `"layout": 2`},
		{Name: "mixed types", Op: "RNN", In: []string{x, "float64[1,1,1] 1", r}, Err: "want one type"},
		{Name: "bad rank", Op: "RNN", In: []string{"float32[3,1] 1", w, r}, Err: "input 0: rank 2, want 3"},
	})
}

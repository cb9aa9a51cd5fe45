package ref_test

import (
	"context"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func TestAttention(t *testing.T) {
	// Keys of zeros weigh all values alike, so Y is the mean of those that are seen.
	q, k, v := "float32[1,1,3,2] 1", "float32[1,1,3,2] 0", "float32[1,1,3,1] 3 6 9"
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "all", Op: "Attention", In: []string{q, k, v}, Want: []string{"float32[1,1,3,1] 6"}},
		{Name: "causal", Op: "Attention", Attrs: graph.Attrs{"is_causal": int64(1)}, In: []string{q, k, v}, Want: []string{"float32[1,1,3,1] 3 4.5 6"}},
		{Name: "window", Op: "Attention", Attrs: graph.Attrs{"left_window_size": int64(0), "right_window_size": int64(1)}, In: []string{q, k, v},
			Want: []string{"float32[1,1,3,1] 4.5 7.5 9"}},
		{Name: "causal after past", Op: "Attention", Attrs: graph.Attrs{"is_causal": int64(1)},
			In:   []string{"float32[1,1,2,2] 1", "float32[1,1,2,2] 0", "float32[1,1,2,1] 6 9", "", "float32[1,1,1,2] 0", "float32[1,1,1,1] 3"},
			Want: []string{"float32[1,1,2,1] 4.5 6", "float32[1,1,3,2] 0", "float32[1,1,3,1] 3 6 9"}},
		{Name: "mask of nothing", Op: "Attention", In: []string{q, k, v, "bool[3,3] 0 0 0 1 0 0 0 1 1"}, Want: []string{"float32[1,1,3,1] 0 3 7.5"}},
		{Name: "short mask", Op: "Attention", In: []string{q, k, v, "bool[2] 1"}, Want: []string{"float32[1,1,3,1] 4.5"}},
		{Name: "mask of float", Op: "Attention", In: []string{q, k, v, "float32[1,3] 0 -inf -inf"}, Want: []string{"float32[1,1,3,1] 3"}},
		{Name: "mask of float16", Op: "Attention", In: []string{q, k, v, "float16[1,3] -inf 0 -inf"}, Want: []string{"float32[1,1,3,1] 6"}},
		{Name: "padding", Op: "Attention", Attrs: graph.Attrs{"is_causal": int64(1)}, In: []string{q, k, v, "", "", "", "int64[1] 2"},
			Want: []string{"float32[1,1,3,1] 0 3 4.5"}},
		{Name: "groups", Op: "Attention", In: []string{"float32[1,4,1,1] 1", "float32[1,2,1,1] 1", "float32[1,2,1,1] 5 7"},
			Want: []string{"float32[1,4,1,1] 5 5 7 7"}},
		{Name: "packed", Op: "Attention", Attrs: graph.Attrs{"q_num_heads": int64(2), "kv_num_heads": int64(1)}, In: []string{"float32[1,1,4] 1", "float32[1,2,2] 0", "float32[1,2,3] 1 2 3 3 4 5"},
			Want: []string{"float32[1,1,6] 2 3 4 2 3 4", "float32[1,1,2,2] 0", "float32[1,1,2,3] 1 2 3 3 4 5"}},
		{Name: "modes", Op: "Attention", Attrs: graph.Attrs{"qk_matmul_output_mode": int64(2), "scale": float32(2)}, In: []string{"float32[1,1,1,1] 3", "float32[1,1,2,1] 1 2", "float32[1,1,2,1] 0", "float32[2] 0.5 -inf"},
			Want: []string{"float32[1,1,1,1] 0", "", "", "float32[1,1,1,2] 6.5 -inf"}},
		{Name: "scores", Op: "Attention", Attrs: graph.Attrs{"scale": float32(2)}, In: []string{"float32[1,1,1,1] 3", "float32[1,1,2,1] 1 2", "float32[1,1,2,1] 0", "float32[2] 0.5 -inf"},
			Want: []string{"", "", "", "float32[1,1,1,2] 6 12"}},
		{Name: "no keys", Op: "Attention", In: []string{q, "float32[1,1,0,2]", "float32[1,1,0,1]"}, Want: []string{"float32[1,1,3,1] 0"}},
		{Name: "no queries", Op: "Attention", In: []string{"float32[1,1,0,2]", k, v}, Want: []string{"float32[1,1,0,1]", "float32[1,1,3,2] 0"}},
		{Name: "values of another type", Op: "Attention", In: []string{q, k, "float16[1,1,3,1] 3 6 9"}, Want: []string{"float32[1,1,3,1] 6", "", "float16[1,1,3,1] 3 6 9"}},
		{Name: "double", Op: "Attention", In: []string{"float64[1,1,1,1] 1", "float64[1,1,2,1] 0", "float64[1,1,2,1] 1 2"}, Want: []string{"float64[1,1,1,1] 1.5"}},

		{Name: "no heads", Op: "Attention", In: []string{"float32[1,1,4] 1", "float32[1,1,4] 1", "float32[1,1,4] 1"}, Err: `"q_num_heads"`},
		{Name: "bad hidden size", Op: "Attention", Attrs: graph.Attrs{"q_num_heads": int64(3), "kv_num_heads": int64(1)}, In: []string{"float32[1,1,4] 1", "float32[1,1,4] 1", "float32[1,1,4] 1"}, Err: "4 is no multiple of 3"},
		{Name: "bad groups", Op: "Attention", In: []string{"float32[1,3,1,1] 1", "float32[1,2,1,1] 1", "float32[1,2,1,1] 1"}, Err: "3 query heads are no multiple of 2"},
		{Name: "half a past", Op: "Attention", In: []string{q, k, v, "", "float32[1,1,1,2] 0"}, Err: "come together"},
		{Name: "bad mask", Op: "Attention", In: []string{q, k, v, "float32[2,3] 0"}, Err: "does not broadcast"},
		{Name: "long mask", Op: "Attention", In: []string{q, k, v, "float32[4] 0"}, Err: "does not broadcast"},
		{Name: "bad mode", Op: "Attention", Attrs: graph.Attrs{"qk_matmul_output_mode": int64(4)}, In: []string{q, k, v}, Err: "want 0..3"},
	})
}

func TestRotaryEmbedding(t *testing.T) {
	// Cosine 0 and sine 1 is a quarter turn: (a,b) becomes (−b,a).
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "halves", Op: "RotaryEmbedding", In: []string{"float32[1,1,1,4] 1 2 3 4", "float32[1,1,2] 0", "float32[1,1,2] 1"}, Want: []string{"float32[1,1,1,4] -3 -4 1 2"}},
		{Name: "interleaved", Op: "RotaryEmbedding", Attrs: graph.Attrs{"interleaved": int64(1)}, In: []string{"float32[1,1,1,4] 1 2 3 4", "float32[1,1,2] 0", "float32[1,1,2] 1"},
			Want: []string{"float32[1,1,1,4] -2 1 -4 3"}},
		{Name: "a part", Op: "RotaryEmbedding", Attrs: graph.Attrs{"rotary_embedding_dim": int64(2)}, In: []string{"float32[1,1,1,4] 1 2 3 4", "float32[1,1,1] 0", "float32[1,1,1] 1"},
			Want: []string{"float32[1,1,1,4] -2 1 3 4"}},
		{Name: "positions", Op: "RotaryEmbedding", Attrs: graph.Attrs{"num_heads": int64(2)},
			In:   []string{"float32[1,2,4] 1 2 3 4 5 6 7 8", "float32[2,1] 1 0", "float32[2,1] 0 1", "int64[1,2] 1 0"},
			Want: []string{"float32[1,2,4] -2 1 -4 3 5 6 7 8"}},
		{Name: "bad position", Op: "RotaryEmbedding", In: []string{"float32[1,1,1,2] 1", "float32[2,1] 1 0", "float32[2,1] 0 1", "int64[1,1] 2"}, Err: "element [0,0] is 2, want 0..1"},
		{Name: "odd", Op: "RotaryEmbedding", In: []string{"float32[1,1,1,3] 1", "float32[1,1,1] 0", "float32[1,1,1] 1"}, Err: "head size 3 is odd"},
		{Name: "too wide", Op: "RotaryEmbedding", Attrs: graph.Attrs{"rotary_embedding_dim": int64(4)}, In: []string{"float32[1,1,1,2] 1", "float32[1,1,2] 0", "float32[1,1,2] 1"}, Err: "more than the size of a head"},
		{Name: "no heads", Op: "RotaryEmbedding", In: []string{"float32[1,1,2] 1", "float32[1,1,1] 0", "float32[1,1,1] 1"}, Err: `"num_heads"`},
	})
}

func TestLinearAttention(t *testing.T) {
	heads := func(rule string) graph.Attrs {
		return graph.Attrs{"q_num_heads": int64(1), "kv_num_heads": int64(1), "update_rule": rule, "scale": float32(1)}
	}
	one, v := "float32[1,3,1] 1", "float32[1,3,1] 1 2 3"
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "sums", Op: "LinearAttention", Attrs: heads("linear"), In: []string{one, one, v}, Want: []string{"float32[1,3,1] 1 3 6", "float32[1,1,1,1] 6"}},
		{Name: "after past", Op: "LinearAttention", Attrs: heads("linear"), In: []string{one, one, v, "float32[1,1,1,1] 10"}, Want: []string{"float32[1,3,1] 11 13 16"}},
		{Name: "halves", Op: "LinearAttention", Attrs: heads("gated"), In: []string{one, one, v, "", "float32[1,3,1] -0.6931472"}, Want: []string{"float32[1,3,1] 1 2.5 4.25"}},
		{Name: "corrects", Op: "LinearAttention", Attrs: heads("delta"), In: []string{one, one, v, "", "", "float32[1,3,1] 1"}, Want: []string{"float32[1,3,1] 1 2 3"}},
		{Name: "half type", Op: "LinearAttention", Attrs: heads("linear"), In: []string{"float16[1,3,1] 1", "float16[1,3,1] 1", "float16[1,3,1] 1 2 3", "float32[1,1,1,1] 10"},
			Want: []string{"float16[1,3,1] 11 13 16", "float32[1,1,1,1] 16"}},
		{Name: "no decay", Op: "LinearAttention", Attrs: heads("gated"), In: []string{one, one, v}, Err: "input 4 (decay)"},
		{Name: "unknown rule", Op: "LinearAttention", Attrs: heads("best"), In: []string{one, one, v}, Err: `"best"`},
	})
}

func TestSwiGLU(t *testing.T) {
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "gate", Op: "SwiGLU", In: []string{"float32[3] 0 100 -100", "float32[3] 5 2 2"}, Want: []string{"float32[3] 0 200 0"}},
		{Name: "alpha", Op: "SwiGLU", Attrs: graph.Attrs{"alpha": float32(0)}, In: []string{"float64[1] 3", "float64[1] 5"}, Want: []string{"float64[1] 7.5"}},
		{Name: "shapes differ", Op: "SwiGLU", In: []string{"float32[2] 0", "float32[1] 5"}, Err: "input 1: shape [1], want [2]"},
	})
}

// TestFlexAttention has a body that adds a captured value to the scores.
func TestFlexAttention(t *testing.T) {
	body := &graph.Graph{Name: "body"}
	b := graph.NewBuilder(body, nil)
	scores := b.Input("scores", graph.TensorFact(tensor.Float32, nil))
	bias := b.Input("bias", graph.TensorFact(tensor.Float32, nil))
	b.Output("out", b.Op(&op.Binary{Fn: op.Add}, scores, bias))
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	o := &op.FlexAttention{ScoreMod: body, Captures: 1}
	in := []tensor.Value{
		exectest.Tensor("float32[1,2,1,1] 1"), exectest.Tensor("float32[1,1,3,1] 0"), exectest.Tensor("float32[1,1,3,1] 3 6 9"),
		exectest.Tensor("float32[3] 0 0 -inf"),
	}
	out, err := exec.EvalValues(context.Background(), o, in, 1, ref.Backend)
	if err != nil {
		t.Fatal(err)
	}
	if got := tensor.Data[float32](out[0]); got[0] != 4.5 || got[1] != 4.5 {
		t.Errorf("got %v, want 4.5 twice", got)
	}
}

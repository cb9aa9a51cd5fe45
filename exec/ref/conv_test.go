package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
)

func TestConv(t *testing.T) {
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "1d", Op: "Conv", Attrs: graph.Attrs{"pads": []int64{1, 1}},
			In:   []string{"float32[1,1,4] 1 2 3 4", "float32[1,1,3] 1 10 100", "float32[1] 0.5"},
			Want: []string{"float32[1,1,4] 210.5 321.5 432.5 43.5"}},
		{Name: "groups and strides", Op: "Conv", Attrs: graph.Attrs{"group": int64(2), "strides": []int64{2, 2}},
			In:   []string{"float64[1,2,3,3] 1 2 3 4 5 6 7 8 9 9 8 7 6 5 4 3 2 1", "float64[2,1,1,1] 1 10"},
			Want: []string{"float64[1,2,2,2] 1 3 7 9 90 70 30 10"}},
		{Name: "same lower, dilated", Op: "Conv", Attrs: graph.Attrs{"auto_pad": "SAME_LOWER", "dilations": []int64{3}},
			In:   []string{"float16[1,1,5] 1 2 3 4 5", "float16[1,1,2] 1 10"},
			Want: []string{"float16[1,1,5] 20 30 41 52 3"}},
		{Name: "pointwise with groups", Op: "Conv", Attrs: graph.Attrs{"group": int64(2)},
			In:   []string{"float32[2,2,2] 1 2 3 4 5 6 7 8", "float32[4,1,1] 1 2 3 4", "float32[4] 0 0 0 1"},
			Want: []string{"float32[2,4,2] 1 2 2 4 9 12 13 17 5 6 10 12 21 24 29 33"}},
		{Name: "no batch", Op: "Conv", In: []string{"float32[0,1,4]", "float32[2,1,3] 1"}, Want: []string{"float32[0,2,2]"}},
		{Name: "no channels", Op: "Conv", In: []string{"float32[1,0,4]", "float32[2,0,3]", "float32[2] 1 2"}, Want: []string{"float32[1,2,2] 1 1 2 2"}},
		{Name: "window too large", Op: "Conv", In: []string{"float32[1,1,2] 1", "float32[1,1,3] 1"}, Err: "a window of 3 taps with dilation 1 does not fit into 2 elements"},
		{Name: "channels", Op: "Conv", In: []string{"float32[1,3,2] 1", "float32[1,1,1] 1"}, Err: "channels of the weight times group: 3 against 1"},
		{Name: "rank", Op: "Conv", In: []string{"float32[1,3] 1", "float32[1,1] 1"}, Err: "input 0: rank 2, want at least 3"},
		{Name: "strides", Op: "Conv", Attrs: graph.Attrs{"strides": []int64{0}}, In: []string{"float32[1,1,2] 1", "float32[1,1,1] 1"}, Err: "strides: 0, want 1"},
		{Name: "type", Op: "Conv", In: []string{"int32[1,1,2] 1", "int32[1,1,1] 1"}, Err: "input 0: int32 is not supported"},
		{Name: "zero points", Op: "ConvInteger", Attrs: graph.Attrs{"pads": []int64{1, 0}},
			In:   []string{"uint8[1,1,3] 1 2 3", "int8[2,1,2] 1 -1 2 0", "uint8[] 1", "int8[2] 1 0"},
			Want: []string{"int32[1,2,3] 0 -2 -4 0 0 2"}},
		{Name: "strides", Op: "ConvTranspose", Attrs: graph.Attrs{"strides": []int64{2}, "output_padding": []int64{1}},
			In:   []string{"float32[1,1,3] 1 2 3", "float32[1,1,2] 1 10", "float32[1] 0.5"},
			Want: []string{"float32[1,1,7] 1.5 10.5 2.5 20.5 3.5 30.5 0.5"}},
		{Name: "output shape", Op: "ConvTranspose", Attrs: graph.Attrs{"strides": []int64{2}, "output_shape": []int64{5}},
			In:   []string{"float64[1,1,3] 1 2 3", "float64[1,1,2] 1 10"},
			Want: []string{"float64[1,1,5] 10 2 20 3 30"}},
		{Name: "groups", Op: "ConvTranspose", Attrs: graph.Attrs{"group": int64(2)},
			In:   []string{"float32[1,2,2] 1 2 3 4", "float32[2,2,1] 1 2 3 4"},
			Want: []string{"float32[1,4,2] 1 2 2 4 9 12 12 16"}},
		{Name: "between elements", Op: "DeformConv",
			In: []string{"float32[1,1,2,2] 1 2 3 4", "float32[1,1,1,1] 2", "float32[1,2,2,2] 0.5 0 0 0 0 0 0 0.5", "float32[1] 1",
				"float32[1,1,2,2] 1 1 0.5 1"},
			Want: []string{"float32[1,1,2,2] 5 5 4 5"}},
		{Name: "state", Op: "CausalConvWithState", Attrs: graph.Attrs{"activation": "silu"},
			In:   []string{"float32[1,1,2] 1 2", "float32[1,1,4] 0 0 1 1", "", "float32[1,1,3] 3 4 5"},
			Want: []string{"float32[1,1,2] 5.98516426 2.85772238", "float32[1,1,3] 5 1 2"}},
		{Name: "short input", Op: "CausalConvWithState",
			In:   []string{"float32[1,1,1] 1", "float32[1,1,4] 0 0 1 1", "float32[1] 1"},
			Want: []string{"float32[1,1,1] 2", "float32[1,1,3] 0 0 1"}},
		{Name: "overlap", Op: "Col2Im",
			In:   []string{"int32[1,2,2] 1 2 3 4", "int64[1] 3", "int64[1] 2"},
			Want: []string{"int32[1,1,3] 1 5 4"}},
		{Name: "blocks", Op: "Col2Im",
			In:  []string{"int32[1,2,3] 1", "int64[1] 3", "int64[1] 2"},
			Err: "blocks of the input against blocks of the image: 3 against 2"},
	})
}

func TestMatMul(t *testing.T) {
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "vectors", Op: "MatMul", In: []string{"float32[3] 1 2 3", "float32[3] 4 5 6"}, Want: []string{"float32[] 32"}},
		{Name: "vector by matrices", Op: "MatMul", In: []string{"int64[2] 1 2", "int64[2,2,1] 1 2 3 4"}, Want: []string{"int64[2,1] 5 11"}},
		{Name: "broadcast", Op: "MatMul", In: []string{"float64[2,1,1,2] 1 2 3 4", "float64[2,2,1] 1 2 3 4"},
			Want: []string{"float64[2,2,1,1] 5 11 11 25"}},
		{Name: "bfloat16", Op: "MatMul", In: []string{"bfloat16[1,2] 1 2", "bfloat16[2,1] 3 4"}, Want: []string{"bfloat16[1,1] 11"}},
		{Name: "nothing to add", Op: "MatMul", In: []string{"float32[2,0]", "float32[0,2]"}, Want: []string{"float32[2,2] 0"}},
		{Name: "empty", Op: "MatMul", In: []string{"float32[0,2]", "float32[2,3] 1"}, Want: []string{"float32[0,3]"}},
		{Name: "scalar", Op: "MatMul", In: []string{"float32[] 1", "float32[1] 1"}, Err: "input 0 is a scalar"},
		{Name: "sizes", Op: "MatMul", In: []string{"float32[1,2] 1", "float32[3,1] 1"}, Err: "2 against 3"},
		{Name: "transposed", Op: "Gemm", Attrs: graph.Attrs{"transA": int64(1), "transB": int64(1), "alpha": float32(2), "beta": float32(0.5)},
			In:   []string{"float32[2,1] 1 2", "float32[5,2] 1 2 3 4 5 6 7 8 9 10", "float32[5] 1 2 3 4 5"},
			Want: []string{"float32[1,5] 10.5 23 35.5 48 60.5"}},
		{Name: "unsigned", Op: "Gemm", In: []string{"uint64[1,1] 4294967297", "uint64[1,1] 3", "uint64[] 1"}, Want: []string{"uint64[1,1] 12884901892"}},
		{Name: "wide C", Op: "Gemm", In: []string{"float32[1,1] 1", "float32[1,1] 1", "float32[2,1] 1"}, Err: "input 2: shape [2,1] does not broadcast to [1,1]"},
		{Name: "zero points", Op: "MatMulInteger", In: []string{"uint8[2,2] 1 2 3 4", "int8[2,2] 1 2 3 4", "uint8[2] 1 2", "int8[2] 1 2"},
			Want: []string{"int32[2,2] 2 2 4 4"}},
		{Name: "zero points per batch", Op: "MatMulInteger", In: []string{"int8[2,1,1] 5 6", "int8[2,1,2] 1 2 3 4", "int8[2,1,1] 1 2", "int8[2,1,1] 1 2"},
			Want: []string{"int32[2,1,2] 0 4 4 8"}},
		{Name: "singular", Op: "Det", In: []string{"float32[2,2,2] 1 2 2 4 0 1 1 0"}, Want: []string{"float32[2] 0 -1"}},
		{Name: "empty matrix", Op: "Det", In: []string{"float64[0,0]"}, Want: []string{"float64[] 1"}},
	})
}

func TestEinsum(t *testing.T) {
	eq := func(s string) graph.Attrs { return graph.Attrs{"equation": s} }
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "implicit", Op: "Einsum", Attrs: eq("bA, Aa"), In: []string{"int8[1,2] 1 2", "int8[2,3] 1 2 3 4 5 6"}, Want: []string{"int8[3,1] 9 12 15"}},
		{Name: "diagonal", Op: "Einsum", Attrs: eq("ii->i"), In: []string{"float32[2,2] 1 2 3 4"}, Want: []string{"float32[2] 1 4"}},
		{Name: "trace", Op: "Einsum", Attrs: eq("ii"), In: []string{"float16[2,2] 1 2 3 4"}, Want: []string{"float16[] 5"}},
		{Name: "ellipsis", Op: "Einsum", Attrs: eq("...ij,...jk->...ik"), In: []string{"float32[2,1,1,2] 1 2 3 4", "float32[2,2,1] 1 2 3 4"},
			Want: []string{"float32[2,2,1,1] 5 11 11 25"}},
		{Name: "ellipses of different length", Op: "Einsum", Attrs: eq("a...,...a"), In: []string{"int32[2] 1 2", "int32[3,2] 1 2 3 4 5 6"},
			Want: []string{"int32[3] 5 11 17"}},
		{Name: "size 1 broadcasts", Op: "Einsum", Attrs: eq("ij,j->i"), In: []string{"int64[2,1] 1 2", "int64[3] 1 2 3"}, Want: []string{"int64[2] 6 12"}},
		{Name: "three", Op: "Einsum", Attrs: eq("ij,jk,k"), In: []string{"int64[1,2] 1 2", "int64[2,2] 1 2 3 4", "int64[2] 1 10"}, Want: []string{"int64[1] 107"}},
		{Name: "scalars", Op: "Einsum", Attrs: eq(",->"), In: []string{"float32[] 2", "float32[] 3"}, Want: []string{"float32[] 6"}},
		{Name: "empty sum", Op: "Einsum", Attrs: eq("ij->i"), In: []string{"float32[2,0]"}, Want: []string{"float32[2] 0"}},
		{Name: "rank", Op: "Einsum", Attrs: eq("ij->i"), In: []string{"float32[2] 1"}, Err: `term "ij" does not fit an input of rank 1`},
		{Name: "sizes", Op: "Einsum", Attrs: eq("i,i->"), In: []string{"float32[2] 1", "float32[3] 1"}, Err: "sizes of index i: 2 against 3"},
		{Name: "letters", Op: "Einsum", Attrs: eq("i1"), In: []string{"float32[2,2] 1"}, Err: "is not a letter"},
		{Name: "output", Op: "Einsum", Attrs: eq("i->j"), In: []string{"float32[2] 1"}, Err: "index j of the output is in no input"},
		{Name: "terms", Op: "Einsum", Attrs: eq("i,j->j"), In: []string{"float32[2] 1"}, Err: "2 terms, but there are 1 inputs"},
	})
}

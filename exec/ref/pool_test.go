package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
)

func TestPool(t *testing.T) {
	ints := func(xs ...int64) []int64 { return xs }
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "padding is not counted", Op: "AveragePool", Attrs: graph.Attrs{"kernel_shape": ints(2), "pads": ints(1, 1)},
			In: []string{"float32[1,1,3] 1 2 3"}, Want: []string{"float32[1,1,4] 1 1.5 2.5 3"}},
		{Name: "padding is counted", Op: "AveragePool", Attrs: graph.Attrs{"kernel_shape": ints(2), "pads": ints(1, 1), "count_include_pad": int64(1)},
			In: []string{"float64[1,1,3] 1 2 3"}, Want: []string{"float64[1,1,4] 0.5 1.5 2.5 1.5"}},
		{Name: "a last window partly outside", Op: "AveragePool",
			Attrs: graph.Attrs{"kernel_shape": ints(3), "strides": ints(2), "ceil_mode": int64(1), "count_include_pad": int64(1), "pads": ints(0, 1)},
			In:    []string{"float32[1,1,4] 1 2 3 4"}, Want: []string{"float32[1,1,2] 2 2.3333333"}},
		{Name: "no window starts in the end padding", Op: "AveragePool",
			Attrs: graph.Attrs{"kernel_shape": ints(1), "strides": ints(2), "ceil_mode": int64(1), "pads": ints(0, 0)},
			In:    []string{"float32[1,1,4] 1 2 3 4"}, Want: []string{"float32[1,1,2] 1 3"}},
		{Name: "dilations", Op: "AveragePool", Attrs: graph.Attrs{"kernel_shape": ints(2, 2), "dilations": ints(2, 1)},
			In: []string{"float32[1,1,3,2] 1 2 3 4 5 6"}, Want: []string{"float32[1,1,1,1] 3.5"}},
		{Name: "no batch", Op: "AveragePool", Attrs: graph.Attrs{"kernel_shape": ints(2)}, In: []string{"float32[0,1,3]"}, Want: []string{"float32[0,1,2]"}},
		{Name: "rank", Op: "AveragePool", Attrs: graph.Attrs{"kernel_shape": ints(2)}, In: []string{"float32[1,1,3,3] 1"}, Err: "input 0: rank 4, want 3"},
		{Name: "missing attribute", Op: "AveragePool", In: []string{"float32[1,1,3] 1"}, Err: `attribute "kernel_shape" is missing`},
		{Name: "other's attribute", Op: "AveragePool", Attrs: graph.Attrs{"kernel_shape": ints(2), "p": int64(1)}, In: []string{"float32[1,1,3] 1"},
			Err: `unknown attribute "p"`},
		{Name: "indices", Op: "MaxPool", Attrs: graph.Attrs{"kernel_shape": ints(2, 2)}, In: []string{"float32[1,2,2,3] 1 9 2 3 4 5 0 0 0 0 0 7"},
			Want: []string{"float32[1,2,1,2] 9 9 0 7", "int64[1,2,1,2] 1 1 6 11"}},
		{Name: "column-major indices", Op: "MaxPool", Attrs: graph.Attrs{"kernel_shape": ints(2, 2), "storage_order": int64(1)},
			In:   []string{"float32[1,2,2,3] 1 9 2 3 4 5 0 0 0 0 0 7"},
			Want: []string{"float32[1,2,1,2] 9 9 0 7", "int64[1,2,1,2] 2 2 6 11"}},
		{Name: "bytes with padding", Op: "MaxPool", Attrs: graph.Attrs{"kernel_shape": ints(3), "pads": ints(1, 1)}, In: []string{"int8[1,1,3] -5 -4 -9"},
			Want: []string{"int8[1,1,3] -4 -4 -4"}},
		{Name: "NaN", Op: "MaxPool", Attrs: graph.Attrs{"kernel_shape": ints(2)}, In: []string{"float32[1,1,4] 1 nan 2 -inf"},
			Want: []string{"float32[1,1,3] nan nan 2", "int64[1,1,3] 1 1 2"}},
		{Name: "float16", Op: "MaxPool", Attrs: graph.Attrs{"kernel_shape": ints(2), "auto_pad": "SAME_LOWER"}, In: []string{"float16[1,1,3] 3 1 2"},
			Want: []string{"float16[1,1,3] 3 3 2", "int64[1,1,3] 0 0 2"}},
		{Name: "3-norm", Op: "LpPool", Attrs: graph.Attrs{"kernel_shape": ints(2), "p": int64(3)}, In: []string{"float32[1,1,3] 3 -4 5"},
			Want: []string{"float32[1,1,2] 4.4979414 5.7387934"}},
		{Name: "mean", Op: "GlobalAveragePool", In: []string{"bfloat16[1,2,2,1] 1 2 3 5"}, Want: []string{"bfloat16[1,2,1,1] 1.5 4"}},
		{Name: "max", Op: "GlobalMaxPool", In: []string{"float64[1,2,2] -1 -2 3 5"}, Want: []string{"float64[1,2,1] -1 5"}},
		{Name: "1-norm", Op: "GlobalLpPool", Attrs: graph.Attrs{"p": int64(1)}, In: []string{"float32[1,1,3] 3 -4 5"}, Want: []string{"float32[1,1,1] 12"}},
		{Name: "3-norm", Op: "GlobalLpPool", Attrs: graph.Attrs{"p": int64(3)}, In: []string{"float32[1,1,2] 3 -4"}, Want: []string{"float32[1,1,1] 4.4979414"}},
		{Name: "rank", Op: "GlobalMaxPool", In: []string{"float32[1,1] 1"}, Err: "input 0: rank 2, want at least 3"},
		{Name: "larger shape", Op: "MaxUnpool", Attrs: graph.Attrs{"kernel_shape": ints(2), "strides": ints(2)},
			In: []string{"float32[1,1,2] 5 6", "int64[1,1,2] 1 2", "int64[3] 1 1 5"}, Want: []string{"float32[1,1,5] 0 5 6 0 0"}},
		{Name: "index", Op: "MaxUnpool", Attrs: graph.Attrs{"kernel_shape": ints(2)}, In: []string{"float32[1,1,1] 5", "int64[1,1,1] 2"},
			Err: "input 1: index 2, want 0 to 1"},
		{Name: "smaller shape", Op: "MaxUnpool", Attrs: graph.Attrs{"kernel_shape": ints(2)}, In: []string{"float32[1,1,1] 5", "int64[1,1,1] 0", "int64[3] 1 1 1"},
			Err: "input 2: dimension 2 is 1, want at least 2"},
	})
}

func TestRoi(t *testing.T) {
	x := "float32[1,1,3,3] 1 2 3 4 5 6 7 8 9"
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "cells", Op: "MaxRoiPool", Attrs: graph.Attrs{"pooled_shape": []int64{2, 1}}, In: []string{x, "float32[2,5] 0 0 0 1 2 0 2 2 9 9"},
			Want: []string{"float32[2,1,2,1] 5 8 9 0"}},
		{Name: "batch", Op: "MaxRoiPool", Attrs: graph.Attrs{"pooled_shape": []int64{1, 1}}, In: []string{x, "float32[1,5] 1 0 0 1 2"},
			Err: "batch index 1 of a region, want 0 to 0"},
		{Name: "mean", Op: "RoiAlign", Attrs: graph.Attrs{"coordinate_transformation_mode": "output_half_pixel"},
			In: []string{x, "float32[1,4] 0 0 2 2", "int64[1] 0"}, Want: []string{"float32[1,1,1,1] 5"}},
		{Name: "max of two samples", Op: "RoiAlign", Attrs: graph.Attrs{"mode": "max", "sampling_ratio": int64(2)},
			In: []string{x, "float32[1,4] 0.5 0.5 2.5 2.5", "int64[1] 0"}, Want: []string{"float32[1,1,1,1] 2.25"}},
		{Name: "no regions", Op: "RoiAlign", In: []string{x, "float32[0,4]", "int64[0]"}, Want: []string{"float32[0,1,1,1]"}},
		{Name: "not a number", Op: "RoiAlign", In: []string{x, "float32[1,4] 0 0 nan 1", "int64[1] 0"}, Err: "is too large"},
		{Name: "batch", Op: "RoiAlign", In: []string{x, "float32[1,4] 0 0 1 1", "int64[1] -1"}, Err: "batch index -1 of a region, want 0 to 0"},
		{Name: "mode", Op: "RoiAlign", Attrs: graph.Attrs{"mode": "sum"}, In: []string{x, "float32[1,4] 0", "int64[1] 0"}, Err: `mode "sum", want avg or max`},
	})
}

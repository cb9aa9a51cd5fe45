package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

func TestQuant(t *testing.T) {
	dtype := func(name string, dt tensor.DType) graph.Attrs { return graph.Attrs{name: int64(dt)} }
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "half to even, saturated", Op: "QuantizeLinear", In: []string{"float32[7] 1 3 5 -1 1000 -1000 nan", "float32[] 2", "int8[] 1"},
			Want: []string{"int8[7] 1 3 3 1 127 -128 -128"}},
		{Name: "default type", Op: "QuantizeLinear", In: []string{"float32[3] -1 1 999", "float32[1] 1"}, Want: []string{"uint8[3] 0 1 255"}},
		{Name: "axis", Op: "QuantizeLinear", Attrs: graph.Attrs{"axis": int64(-2)}, In: []string{"float32[2,2] 1 2 3 4", "float32[2] 1 2", "uint16[2] 10 20"},
			Want: []string{"uint16[2,2] 11 12 22 22"}},
		{Name: "blocks", Op: "QuantizeLinear", Attrs: graph.Attrs{"axis": int64(1), "block_size": int64(2)},
			In: []string{"float32[2,3] 1 2 3 4 5 6", "float32[2,2] 1 2 3 4", "int4[2,2] 0 0 1 1"}, Want: []string{"int4[2,3] 1 2 2 2 3 3"}},
		{Name: "packed pairs", Op: "QuantizeLinear", Attrs: dtype("output_dtype", tensor.Uint2), In: []string{"float16[5] 0 1 2 3 4", "float16[] 1"},
			Want: []string{"uint2[5] 0 1 2 3 3"}},
		{Name: "float8", Op: "QuantizeLinear", Attrs: dtype("output_dtype", tensor.Float8E4M3FN), In: []string{"float32[3] 1 1000 -4", "float32[] 2"},
			Want: []string{"float8e4m3fn[3] 0.5 448 -2"}},
		{Name: "float8 not saturated", Op: "QuantizeLinear", Attrs: graph.Attrs{"saturate": int64(0)},
			In: []string{"float32[2] 1 1000", "float32[] 2", "float8e4m3fn[] 0"}, Want: []string{"float8e4m3fn[2] 0.5 nan"}},
		{Name: "power of two scale", Op: "QuantizeLinear", In: []string{"float32[2] 1 3", "float8e8m0[] 0.5", "int8[] 0"}, Want: []string{"int8[2] 2 6"}},
		{Name: "precision", Op: "QuantizeLinear", Attrs: dtype("precision", tensor.Float16), In: []string{"float32[1] 2049", "float32[] 1", "int16[] 0"},
			Want: []string{"int16[1] 2048"}},
		{Name: "whole input", Op: "QuantizeLinear", In: []string{"int32[2] 10 -7", "float32[] 4", "int8[] 0"}, Want: []string{"int8[2] 2 -2"}},
		{Name: "two types", Op: "QuantizeLinear", Attrs: dtype("output_dtype", tensor.Int8), In: []string{"float32[1] 1", "float32[] 1", "uint8[] 0"},
			Err: "output_dtype is int8, but input 2 is uint8"},
		{Name: "scale length", Op: "QuantizeLinear", In: []string{"float32[2,3] 1", "float32[2] 1"}, Err: "the length of the axis against the scale: 3 against 2"},
		{Name: "block count", Op: "QuantizeLinear", Attrs: graph.Attrs{"block_size": int64(2)}, In: []string{"float32[2,3] 1", "float32[2,3] 1"}, Err: "2 against 3"},
		{Name: "zero point", Op: "DequantizeLinear", In: []string{"uint8[3] 0 128 255", "float32[] 0.5", "uint8[] 128"}, Want: []string{"float32[3] -64 0 63.5"}},
		{Name: "int32", Op: "DequantizeLinear", In: []string{"int32[2] 16777217 -3", "float16[] 0.5"}, Want: []string{"float16[2] inf -1.5"}},
		{Name: "blocks", Op: "DequantizeLinear", Attrs: graph.Attrs{"axis": int64(0), "block_size": int64(2)},
			In: []string{"int4[3,2] -8 7 1 2 3 4", "float32[2,2] 1 2 3 4", "int4[2,2] 0 1 0 1"}, Want: []string{"float32[3,2] -8 12 1 2 9 12"}},
		{Name: "float4 with a scale of powers of two", Op: "DequantizeLinear", Attrs: dtype("output_dtype", tensor.BFloat16),
			In: []string{"float4e2m1[3] 0.5 -6 3", "float8e8m0[] 4"}, Want: []string{"bfloat16[3] 2 -24 12"}},
		{Name: "float6", Op: "DequantizeLinear", In: []string{"float6e3m2[3] 0.25 -28 3", "float32[] 2"}, Want: []string{"float32[3] 0.5 -56 6"}},
		{Name: "output type", Op: "DequantizeLinear", In: []string{"int8[1] 1", "float8e8m0[] 4"}, Err: "want output_dtype"},
		{Name: "zeros", Op: "DynamicQuantizeLinear", In: []string{"float32[2] 0"}, Want: []string{"uint8[2] 0", "float32[] 1", "uint8[] 0"}},
		{Name: "range with zero", Op: "DynamicQuantizeLinear", In: []string{"float32[2] -2 1"}, Want: []string{"uint8[2] 0 255", "float32[] 0.011764706", "uint8[] 170"}},
		{Name: "nothing", Op: "DynamicQuantizeLinear", In: []string{"float32[0]"}, Want: []string{"uint8[0]", "float32[] 1", "uint8[] 0"}},
		{Name: "scale per channel", Op: "QLinearConv", Attrs: graph.Attrs{"pads": []int64{1, 0}},
			In: []string{"uint8[1,1,2] 3 5", "float32[] 1", "uint8[] 1", "int8[2,1,2] 1 2 3 4", "float32[2] 0.5 1", "int8[2] 0 1", "float32[] 1", "int8[] -1",
				"int32[2] 0 2"},
			Want: []string{"int8[1,2,2] 1 4 7 17"}},
		{Name: "scale per row and column", Op: "QLinearMatMul",
			In:   []string{"uint8[2,2] 2 3 4 5", "float32[2] 1 2", "uint8[2] 1 2", "int8[2,2] 1 2 3 4", "float32[2] 1 0.5", "int8[2] 0 1", "float32[] 1", "uint8[] 10"},
			Want: []string{"uint8[2,2] 17 14 32 21"}},
		{Name: "float8", Op: "QLinearMatMul",
			In: []string{"float8e5m2[1,2] 1 2", "float32[] 2", "float8e5m2[] 0", "float8e4m3fn[2,1] 3 4", "float32[] 1", "float8e4m3fn[] 0", "float32[] 1",
				"float8e4m3fn[] 0"},
			Want: []string{"float8e4m3fn[1,1] 22"}},
	})
}

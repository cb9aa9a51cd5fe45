package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func words(xs ...string) tensor.Value { return tensor.FromSlice(xs) }

func ints(xs ...float64) tensor.Value { return vec(i64, xs...) }

func scalar(dt tensor.DType, x float64) tensor.Value { return arr(dt, []int{}, x) }

func count(dt tensor.DType, shape ...int) tensor.Value {
	xs := make([]float64, tensor.Count(shape))
	for i := range xs {
		xs[i] = float64(i)
	}
	return arr(dt, shape, xs...)
}

func TestShape(t *testing.T) {
	x := count(f32, 2, 3, 4)
	for _, c := range []check{
		{&op.Shape{}, in(x), "int64[3] 2 3 4"},
		{&op.Shape{Start: -1}, in(x), "int64[1] 4"},
		{&op.Shape{End: graph.Some(-1)}, in(x), "int64[2] 2 3"},
		{&op.Shape{Start: 2, End: graph.Some(1)}, in(x), "int64[0]"},
		{&op.Shape{Start: -9, End: graph.Some(9)}, in(x), "int64[3] 2 3 4"},
		{&op.Shape{}, in(scalar(f32, 1)), "int64[0]"},
		{&op.Size{}, in(x), "int64[] 24"},
		{&op.Size{}, in(words()), "int64[] 0"},
		{&op.Identity{}, in(words("a", "")), "string[2] a "},
		{&op.Flatten{Axis: 1}, in(count(i32, 1, 2, 2)), "int32[1,4] 0 1 2 3"},
		{&op.Flatten{Axis: -1}, in(count(i32, 1, 2, 2)), "int32[2,2] 0 1 2 3"},
		{&op.Flatten{Axis: 0}, in(count(i32, 2, 0)), "int32[1,0]"},
		{&op.Flatten{Axis: 3}, in(count(i32, 2, 2)), `error: node "" (Flatten): axis 3 outside rank 2`},
		{&op.Reshape{}, in(count(i8, 2, 3), ints(3, -1)), "int8[3,2] 0 1 2 3 4 5"},
		{&op.Reshape{}, in(count(tensor.Int4, 2, 3), ints(0, 1, -1)), "int4[2,1,3] 0 1 2 3 4 5"},
		{&op.Reshape{}, in(count(f32, 0, 3, 4), ints(0, -1)), "float32[0,12]"},
		{&op.Reshape{AllowZero: true}, in(count(f32, 0, 3), ints(3, 0)), "float32[3,0]"},
		{&op.Reshape{}, in(count(f32, 1), ints()), "float32[] 0"},
		{&op.Reshape{}, in(count(f32, 4), ints(-1, -1)), `error: node "" (Reshape): input 1: [-1,-1] has more than one -1`},
		{&op.Reshape{}, in(count(f32, 4), ints(3)), `error: node "" (Reshape): input 1: shape [3] does not fit input 0 of shape [4]`},
		{&op.Reshape{}, in(count(f32, 4), ints(3, -1)), `error: node "" (Reshape): input 1: shape [3,-1] does not fit input 0 of shape [4]`},
		{&op.Reshape{AllowZero: true}, in(count(f32, 0), ints(0, -1)), `error: node "" (Reshape): input 1: [0,-1] has a 0 and a -1`},
		{&op.Reshape{}, in(count(f32, 4), ints(4, 0)),
			`error: node "" (Reshape): input 1: element 1 is 0, which copies a dimension that input 0 of rank 1 does not have`},
		{&op.Squeeze{}, in(count(f64, 1, 2, 1)), "float64[2] 0 1"},
		{&op.Squeeze{}, in(count(f64, 1, 2, 1), ints(-1)), "float64[1,2] 0 1"},
		{&op.Squeeze{}, in(count(f64, 1, 2), ints(1)), `error: node "" (Squeeze): input 0: dimension 1 is 2, want 1 to remove it`},
		{&op.Unsqueeze{}, in(count(f64, 2), ints(-1, 0)), "float64[1,2,1] 0 1"},
		{&op.Unsqueeze{}, in(count(f64, 2), ints(0, 0)), `error: node "" (Unsqueeze): axis 0 is repeated`},
	} {
		c.run(t)
	}
}

func TestConcatSplit(t *testing.T) {
	x := count(i64, 2, 3)
	for _, c := range []check{
		{&op.Concat{Axis: 0}, in(words("a"), words(), words("b", "c")), "string[3] a b c"},
		{&op.Concat{Axis: -1}, in(count(u8, 2, 1), count(u8, 2, 2)), "uint8[2,3] 0 0 1 1 2 3"},
		{&op.Concat{Axis: 0}, in(count(f32, 1, 2), count(f32, 1, 3)),
			`error: node "" (Concat): input 1: dimension 1 is 3, want 2 as in the inputs before`},
		{&op.Concat{Axis: 0}, in(count(f32, 1), count(f64, 1)), `error: node "" (Concat): input 0 is tensor(float32) and input 1 is tensor(float64), want one type`},
		{&op.Split{Axis: 1}, in(x, ints(1, 2)), "int64[2,1] 0 3 | int64[2,2] 1 2 4 5"},
		{&op.Split{Axis: -1, NumOutputs: graph.Some(2)}, in(x), "int64[2,2] 0 1 3 4 | int64[2,1] 2 5"},
		{&op.Split{}, in(x), "int64[1,3] 0 1 2 | int64[1,3] 3 4 5"},
		{&op.Split{}, in(x, ints(0, 2)), "int64[0,3] | int64[2,3] 0 1 2 3 4 5"},
		{&op.Split{}, in(x, ints(1)), `error: node "" (Split): input 1: the sizes add up to 1, dimension 0 of input 0 is 2`},
		{&op.Split{NumOutputs: graph.Some(3)}, in(x), `error: node "" (Split): attribute "num_outputs" is 3, the node has 1 outputs`},
	} {
		c.run(t)
	}
}

func TestSlice(t *testing.T) {
	x := count(i32, 3, 4)
	const big, small = 1 << 62, -1 << 63
	for _, c := range []check{
		{&op.Slice{}, in(x, ints(1), ints(2)), "int32[1,4] 4 5 6 7"},
		{&op.Slice{}, in(x, ints(1, 0), ints(3, 4), ints(0, 1), ints(1, 2)), "int32[2,2] 4 6 8 10"},
		{&op.Slice{}, in(x, ints(-1), ints(small), ints(-1), ints(-1)), "int32[3,4] 3 2 1 0 7 6 5 4 11 10 9 8"},
		{&op.Slice{}, in(x, ints(-1), ints(small), ints(-1), ints(small)), "int32[3,1] 3 7 11"},
		{&op.Slice{}, in(x, ints(0), ints(big), ints(1), ints(3)), "int32[3,2] 0 3 4 7 8 11"},
		{&op.Slice{}, in(x, ints(20), ints(big), ints(1)), "int32[3,0]"},
		{&op.Slice{}, in(x, ints(-20), ints(small), ints(1), ints(-1)), "int32[3,1] 0 4 8"}, // a start is not cut off, but moved
		{&op.Slice{}, in(words("a", "b", "c"), vec(i32, 20), vec(i32, 0), vec(i32, 0), vec(i32, -2)), "string[1] c"},
		{&op.Slice{}, in(x, ints(0), ints(1), ints(0), ints(0)), `error: node "" (Slice): input 4: a step is 0`},
		{&op.Slice{}, in(x, ints(0), ints(1), ints(2)), `error: node "" (Slice): axis 2 outside rank 2`},
		{&op.Slice{}, in(x, ints(0), ints(1, 2)), `error: node "" (Slice): input 2: 2 elements, want 1 as in input 1`},
	} {
		c.run(t)
	}
}

func TestExpandTile(t *testing.T) {
	for _, c := range []check{
		{&op.Expand{}, in(count(f16, 3, 1), ints(2, 1, 2)), "float16[2,3,2] 0 0 1 1 2 2 0 0 1 1 2 2"},
		{&op.Expand{}, in(count(f16, 3, 2), ints(1)), "float16[3,2] 0 1 2 3 4 5"},
		{&op.Expand{}, in(scalar(i64, 7), ints(3)), "int64[3] 7 7 7"},
		{&op.Expand{}, in(count(f32, 2), ints(0)), `error: node "" (Expand): shapes [2] and [0] do not broadcast: 2 against 0`},
		{&op.Expand{}, in(count(f32, 1), ints(-1)), `error: node "" (Expand): input 1: element 0 is -1, want at least 0`},
		{&op.Tile{}, in(words("a", "b"), ints(2)), "string[4] a b a b"},
		{&op.Tile{}, in(count(u8, 0, 2), ints(2, 2)), "uint8[0,4]"},
		{&op.Tile{}, in(count(u8, 2, 2), ints(2, 2)), "uint8[4,4] 0 1 0 1 2 3 2 3 0 1 0 1 2 3 2 3"},
		{&op.Tile{}, in(count(u8, 2), ints(0)), "uint8[0]"},
		{&op.Tile{}, in(count(u8, 2), ints(1, 1)), `error: node "" (Tile): input 1: 2 elements, want 1 as input 0 has dimensions`},
		{&op.Tile{}, in(count(u8, 2), ints(1<<62)), `error: node "" (Tile): input 1: 4611686018427387904 times dimension 0 of size 2 overflows`},
	} {
		c.run(t)
	}
}

func TestTranspose(t *testing.T) {
	square := arr(f32, []int{1, 3, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	depth := count(f32, 1, 8, 1, 2)
	for _, c := range []check{
		{&op.Transpose{}, in(count(i64, 2, 3)), "int64[3,2] 0 3 1 4 2 5"},
		{&op.Transpose{Perm: []int{1, 0, 2}}, in(count(tensor.Uint2, 2, 1, 2)), "uint2[1,2,2] 0 1 2 3"},
		{&op.Transpose{Perm: []int{1, 0}}, in(tensor.FromSlice([]string{"a", "b", "c", "d"}, 2, 2)), "string[2,2] a c b d"},
		{&op.Transpose{Perm: []int{1, 1}}, in(count(f32, 2, 2)), `error: node "" (Transpose): attribute "perm" [1 1] is no permutation`},
		{&op.Transpose{}, in(scalar(f32, 1)), "float32[] 1"},
		{&op.DepthToSpace{Blocksize: 2, Mode: "DCR"}, in(depth), "float32[1,2,2,4] 0 4 1 5 8 12 9 13 2 6 3 7 10 14 11 15"},
		{&op.DepthToSpace{Blocksize: 2, Mode: "CRD"}, in(depth), "float32[1,2,2,4] 0 2 1 3 4 6 5 7 8 10 9 11 12 14 13 15"},
		{&op.SpaceToDepth{Blocksize: 2, Mode: "DCR"}, in(arr(f32, []int{1, 2, 2, 4}, 0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15)),
			"float32[1,8,1,2] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"},
		{&op.SpaceToDepth{Blocksize: 2, Mode: "CRD"}, in(arr(f32, []int{1, 2, 2, 4}, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15)),
			"float32[1,8,1,2] 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"},
		{&op.DepthToSpace{Blocksize: 3, Mode: "DCR"}, in(depth), `error: node "" (DepthToSpace): input 0: dimension 1 is 8, want a multiple of 9`},
		{&op.ReverseSequence{BatchAxis: 1}, in(count(f32, 3, 2), ints(3, 2)), "float32[3,2] 4 3 2 1 0 5"},
		{&op.ReverseSequence{TimeAxis: 1}, in(count(f32, 2, 3), ints(0, 2)), "float32[2,3] 0 1 2 4 3 5"},
		{&op.ReverseSequence{TimeAxis: 1}, in(count(f32, 2, 3), ints(0, 4)), `error: node "" (ReverseSequence): input 1: length 1 is 4, want 0 to 3`},
		{&op.Trilu{Upper: true}, in(square), "float32[1,3,3] 1 2 3 0 5 6 0 0 9"},
		{&op.Trilu{Upper: true}, in(square, scalar(i64, 1)), "float32[1,3,3] 0 2 3 0 0 6 0 0 0"},
		{&op.Trilu{}, in(square, scalar(i64, -1)), "float32[1,3,3] 0 0 0 4 0 0 7 8 0"},
		{&op.Trilu{}, in(square, scalar(i64, 1<<62)), "float32[1,3,3] 1 2 3 4 5 6 7 8 9"},
		{&op.Trilu{}, in(count(tensor.Bool, 2, 2), scalar(i64, -9)), "bool[2,2] 0 0 0 0"},
	} {
		c.run(t)
	}
}

func TestPad(t *testing.T) {
	row := arr(f32, []int{3}, 1, 2, 3)
	for _, c := range []check{
		{&op.Pad{Mode: "constant"}, in(row, ints(1, 2)), "float32[6] 0 1 2 3 0 0"},
		{&op.Pad{Mode: "constant"}, in(row, ints(-1, 1), scalar(f32, 7)), "float32[3] 2 3 7"},
		{&op.Pad{Mode: "constant"}, in(words("a"), ints(1, 0), tensor.Scalar("p")), "string[2] p a"},
		{&op.Pad{Mode: "constant"}, in(count(tensor.Int4, 1, 2), ints(0, 1), scalar(tensor.Int4, -3), ints(-1)), "int4[1,3] 0 1 -3"},
		{&op.Pad{Mode: "constant"}, in(count(f32, 0), ints(1, 1)), "float32[2] 0 0"},
		{&op.Pad{Mode: "reflect"}, in(row, ints(4, 5)), "float32[12] 1 2 3 2 1 2 3 2 1 2 3 2"},
		{&op.Pad{Mode: "reflect"}, in(row, ints(-1, 2)), "float32[4] 2 3 2 3"},
		{&op.Pad{Mode: "edge"}, in(count(u8, 2, 2), ints(0, 1, 1, 1)), "uint8[3,4] 0 0 1 1 2 2 3 3 2 2 3 3"},
		{&op.Pad{Mode: "wrap"}, in(row, ints(4, 2)), "float32[9] 3 1 2 3 1 2 3 1 2"},
		{&op.Pad{Mode: "edge"}, in(count(f32, 0), ints(1, 1)), `error: node "" (Pad): input 0: dimension 0 is empty and cannot be padded in the mode "edge"`},
		{&op.Pad{Mode: "constant"}, in(row, ints(-2, -2)), `error: node "" (Pad): input 1: pads -2 and -2 leave -1 of dimension 0 of size 3`},
		{&op.Pad{Mode: "constant"}, in(row, ints(1)), `error: node "" (Pad): input 1: 1 elements, want 2 (a start and an end for each axis)`},
		{&op.CenterCropPad{}, in(count(i8, 4, 2), ints(1, 5)), "int8[1,5] 0 2 3 0 0"},
		{&op.CenterCropPad{Axes: []int{-1}}, in(count(i8, 2, 3), vec(i32, 2)), "int8[2,2] 0 1 3 4"},
	} {
		c.run(t)
	}
}

func TestFill(t *testing.T) {
	for _, c := range []check{
		{&op.ConstantOfShape{}, in(ints(2)), "float32[2] 0 0"},
		{&op.ConstantOfShape{Value: vec(tensor.Uint4, 9).(*tensor.Tensor)}, in(ints(1, 3)), "uint4[1,3] 9 9 9"},
		{&op.ConstantOfShape{Value: vec(i32, 1).(*tensor.Tensor)}, in(ints()), "int32[] 1"},
		{&op.ConstantOfShape{}, in(ints(-1)), `error: node "" (ConstantOfShape): input 0: element 0 is -1, want at least 0`},
		{&op.EyeLike{K: 1}, in(count(i32, 2, 3)), "int32[2,3] 0 1 0 0 0 1"},
		{&op.EyeLike{K: -1, DType: graph.Some(b16)}, in(count(i32, 2, 2)), "bfloat16[2,2] 0 0 1 0"},
		{&op.OneHot{Axis: -1}, in(ints(0, -1, 5), scalar(f32, 2), vec(f32, 1, 9)), "float32[3,2] 9 1 1 9 1 1"},
		{&op.OneHot{Axis: 0}, in(vec(f32, 1, 0), ints(3), words("o", "X")), "string[3,2] o X X o o o"},
		{&op.OneHot{Axis: 3}, in(ints(0), ints(2), vec(f32, 0, 1)), `error: node "" (OneHot): axis 3 outside rank 2`},
		{&op.Range{StashType: 1}, in(scalar(i64, 10), scalar(i64, 4), scalar(i64, -2)), "int64[3] 10 8 6"},
		{&op.Range{StashType: 1}, in(scalar(f32, 0), scalar(f32, 1), scalar(f32, 0.3)), "float32[4] 0 0.3 0.6 0.9"},
		{&op.Range{StashType: 1}, in(scalar(b16, 256), scalar(b16, 260), scalar(b16, 1)), "bfloat16[4] 256 256 258 260"},
		{&op.Range{StashType: 1}, in(scalar(i32, 1), scalar(i32, 1), scalar(i32, 1)), "int32[0]"},
		{&op.Range{StashType: 1}, in(scalar(i32, 1), scalar(i32, 5), scalar(i32, 0)), `error: node "" (Range): input 2: the step is 0`},
		{&op.Range{StashType: 1}, in(scalar(f32, 0), scalar(f32, 1), scalar(f32, 0)), `error: node "" (Range): range from 0 to 1 in steps of 0 does not end`},
	} {
		c.run(t)
	}
}

package ref_test

import (
	"math"
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func bools(xs ...bool) tensor.Value { return tensor.FromSlice(xs) }

func TestGather(t *testing.T) {
	x := count(f32, 3, 2)
	for _, c := range []check{
		{&op.Gather{}, in(x, arr(i64, []int{1, 2}, 2, -3)), "float32[1,2,2] 4 5 0 1"},
		{&op.Gather{Axis: -1}, in(x, scalar(i32, 1)), "float32[3] 1 3 5"},
		{&op.Gather{}, in(words("a", "b"), ints(1)), "string[1] b"},
		{&op.Gather{}, in(x, ints()), "float32[0,2]"},
		{&op.Gather{}, in(count(f32, 1), scalar(i64, 0)), "float32[] 0"},
		{&op.Gather{}, in(x, ints(0, 3)), `error: node "" (Gather): input 1: index 3 (element 1) outside [-3,3) of axis 0`},
		{&op.GatherElements{Axis: 1}, in(x, arr(i64, []int{2, 3}, 0, 1, -1, 1, 0, -2)), "float32[2,3] 0 1 1 3 2 2"},
		{&op.GatherElements{}, in(x, arr(i32, []int{1, 2}, -1, 0)), "float32[1,2] 4 1"},
		{&op.GatherElements{}, in(x, arr(i64, []int{1, 3}, 0, 0, 0)), `error: node "" (GatherElements): input 1: dimension 1 is 3, want at most 2 as in input 0`},
		{&op.GatherElements{}, in(x, arr(i64, []int{1, 1}, 4)), `error: node "" (GatherElements): input 1: index 4 (element 0) outside [-3,3) of axis 0`},
		{&op.GatherND{}, in(x, arr(i64, []int{2, 1}, 1, -1)), "float32[2,2] 2 3 4 5"},
		{&op.GatherND{}, in(x, arr(i64, []int{2, 2}, 1, 1, 0, -1)), "float32[2] 3 1"},
		{&op.GatherND{BatchDims: 1}, in(x, arr(i64, []int{3, 1}, 1, 0, -1)), "float32[3] 1 2 5"},
		{&op.GatherND{}, in(x, arr(i64, []int{2, 0})), "float32[2,3,2] 0 1 2 3 4 5 0 1 2 3 4 5"},
		{&op.GatherND{}, in(x, arr(i64, []int{1, 2}, 0, 2)), `error: node "" (GatherND): input 1: index 2 (element 1) outside [-2,2) of axis 1`},
		{&op.GatherND{}, in(x, arr(i64, []int{1, 3}, 0, 0, 0)), `error: node "" (GatherND): input 1: the last dimension is 3, want at most 2`},
	} {
		c.run(t)
	}
}

func TestScatter(t *testing.T) {
	x := count(f32, 2, 2)
	for _, c := range []check{
		{&op.ScatterElements{Reduction: "none"}, in(x, arr(i64, []int{1, 2}, 1, -2), arr(f32, []int{1, 2}, 8, 9)), "float32[2,2] 0 9 8 3"},
		{&op.ScatterElements{Axis: 1, Reduction: "add"}, in(x, arr(i64, []int{1, 2}, 1, 1), arr(f32, []int{1, 2}, 8, 9)), "float32[2,2] 0 18 2 3"},
		{&op.ScatterElements{Reduction: "min"}, in(vec(b16, 1, 2), ints(0, 0), vec(b16, 3, -1)), "bfloat16[2] -1 2"},
		{&op.ScatterElements{Reduction: "max"}, in(vec(u8, 1, 2), ints(1, 1), vec(u8, 3, 1)), "uint8[2] 1 3"},
		{&op.ScatterElements{Reduction: "add"}, in(bools(false, false), ints(1), bools(true)), "bool[2] 0 1"},
		{&op.ScatterElements{Reduction: "none"}, in(words("a", "b"), ints(1), words("c")), "string[2] a c"},
		{&op.ScatterElements{Reduction: "add"}, in(words("a", "b"), ints(1), words("c")), `error: node "" (ScatterElements): input 0: string is not supported`},
		{&op.ScatterElements{Reduction: "sub"}, in(x, ints(1), vec(f32, 1)),
			`error: node "" (ScatterElements): attribute "reduction" is "sub", want "none", "add", "mul", "min" or "max"`},
		{&op.ScatterND{Reduction: "none"}, in(x, arr(i64, []int{1, 1}, -1), arr(f32, []int{1, 2}, 8, 9)), "float32[2,2] 0 1 8 9"},
		{&op.ScatterND{Reduction: "mul"}, in(count(i32, 3), arr(i64, []int{2, 1}, 2, 2), vec(i32, 3, 5)), "int32[3] 0 1 30"},
		{&op.ScatterND{Reduction: "none"}, in(x, arr(i64, []int{1, 1}, 2), arr(f32, []int{1, 2}, 8, 9)),
			`error: node "" (ScatterND): input 1: index 2 (element 0) outside [-2,2) of axis 0`},
		{&op.ScatterND{Reduction: "none"}, in(x, arr(i64, []int{1, 1}, 0), vec(f32, 1)), `error: node "" (ScatterND): input 2: rank 1, want 2`},
		{&op.TensorScatter{Axis: -2, Mode: "linear"}, in(count(f32, 1, 3, 2), arr(f32, []int{1, 1, 2}, 8, 9), ints(2)), "float32[1,3,2] 0 1 2 3 8 9"},
		{&op.TensorScatter{Axis: 1, Mode: "circular"}, in(count(f32, 2, 3), arr(f32, []int{2, 2}, 6, 7, 8, 9), ints(2, 4)), "float32[2,3] 7 1 6 3 8 9"},
		{&op.TensorScatter{Axis: 1, Mode: "linear"}, in(count(f32, 1, 3), arr(f32, []int{1, 2}, 6, 7)), "float32[1,3] 6 7 2"},
		{&op.TensorScatter{Axis: 1, Mode: "linear"}, in(count(f32, 1, 3), arr(f32, []int{1, 2}, 6, 7), ints(2)),
			`error: node "" (TensorScatter): input 2: write index 2 of batch 0, want 0 to 1`},
	} {
		c.run(t)
	}
}

func TestSelect(t *testing.T) {
	xs := vec(f32, 2, 1, 1, 3, 4, 3)
	rows := arr(i32, []int{3, 2}, 2, 3, 1, 0, 1, 0)
	for _, c := range []check{
		{&op.Compress{}, in(count(f32, 2, 2), bools(false, true, true)), "float32[2] 1 2"},
		{&op.Compress{Axis: graph.Some(-1)}, in(count(f32, 2, 3), bools(false, true)), "float32[2,1] 1 4"},
		{&op.Compress{}, in(words("a", "b"), bools(false, true)), "string[1] b"},
		{&op.Compress{}, in(words("a"), bools(true, true)), `error: node "" (Compress): input 1: element 1 is true, axis 0 of input 0 has 1 elements`},
		{&op.NonZero{}, in(arr(f32, []int{2, 2}, 1, 0, 1, 1)), "int64[2,3] 0 1 1 0 0 1"},
		{&op.NonZero{}, in(vec(b16, 0, 2)), "int64[1,1] 1"},
		{&op.NonZero{}, in(scalar(i8, 5)), "int64[0,1]"},
		{&op.NonZero{}, in(count(f32, 0, 2)), "int64[2,0]"},
		{&op.TopK{Axis: -1, Largest: true}, in(xs, ints(3)), "float32[3] 4 3 3 | int64[3] 4 3 5"},
		{&op.TopK{Axis: 0, Largest: true}, in(vec(f32, 1, math.NaN(), 2), ints(2)), "float32[2] NaN 2 | int64[2] 1 2"},
		{&op.Unique{Sorted: true}, in(vec(f32, math.NaN(), 1, math.NaN())), "float32[2] 1 NaN"},
		{&op.TopK{Axis: 0}, in(rows, ints(1)), "int32[1,2] 1 0 | int64[1,2] 1 1"},
		{&op.TopK{Axis: -1, Largest: true}, in(vec(f16, 1, 2), ints(0)), "float16[0] | int64[0]"},
		{&op.TopK{Axis: -1}, in(vec(f16, 1, 2), ints(3)), `error: node "" (TopK): input 1: k is 3, want 0 to 2, the size of axis 0`},
		{&op.Unique{Sorted: true}, in(xs), "float32[4] 1 2 3 4 | int64[4] 1 0 3 4 | int64[6] 1 0 0 2 3 2 | int64[4] 2 1 2 1"},
		{&op.Unique{}, in(xs), "float32[4] 2 1 3 4 | int64[4] 0 1 3 4 | int64[6] 0 1 1 2 3 2 | int64[4] 1 2 2 1"},
		{&op.Unique{Sorted: true, Axis: graph.Some(0)}, in(rows), "int32[2,2] 1 0 2 3 | int64[2] 1 0"},
		{&op.Unique{Sorted: true}, in(words("b", "a", "b")), "string[2] a b"},
		{&op.Unique{Sorted: true}, in(words()), "string[0] | int64[0] | int64[0] | int64[0]"},
		{&op.Unique{Sorted: true, Axis: graph.Some(2)}, in(rows), `error: node "" (Unique): axis 2 outside rank 2`},
	} {
		c.run(t)
	}
}

func TestNonMaxSuppression(t *testing.T) {
	boxes := arr(f32, []int{1, 4, 4}, 0, 0, 1, 1, 1, 1.1, 0, 0.1, 0, 10, 1, 11, 0, 100, 1, 101)
	scores := arr(f32, []int{1, 1, 4}, 0.9, 0.75, 0.6, 0.95)
	for _, c := range []check{
		{&op.NonMaxSuppression{}, in(boxes, scores, ints(3), vec(f32, 0.5), vec(f32, 0)), "int64[3,3] 0 0 3 0 0 0 0 0 2"},
		{&op.NonMaxSuppression{}, in(boxes, scores, ints(2), vec(f32, 0.9)), "int64[2,3] 0 0 3 0 0 0"},
		{&op.NonMaxSuppression{}, in(boxes, scores, ints(9), vec(f32, 0.5), vec(f32, 0.9)), "int64[1,3] 0 0 3"},
		{&op.NonMaxSuppression{}, in(boxes, scores), "int64[0,3]"},
		{&op.NonMaxSuppression{CenterPointBox: true}, in(arr(f32, []int{1, 2, 4}, 0.5, 0.5, 1, 1, 0.5, 0.6, 1, 1), arr(f32, []int{1, 1, 2}, 1, 2),
			scalar(i64, 2), scalar(f32, 0.5)), "int64[1,3] 0 0 1"},
		{&op.NonMaxSuppression{}, in(boxes, arr(f32, []int{1, 1, 3}, 1, 2, 3)), `error: node "" (NonMaxSuppression): input 1: shape [1,1,3], want [1,1,4]`},
	} {
		c.run(t)
	}
}

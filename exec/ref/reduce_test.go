package ref_test

import (
	"math"
	"testing"

	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func reduce(fn op.ReduceFn) *op.Reduce { return &op.Reduce{Fn: fn, Keepdims: true} }
func flat(fn op.ReduceFn) *op.Reduce   { return &op.Reduce{Fn: fn} }
func noop(fn op.ReduceFn) *op.Reduce {
	return &op.Reduce{Fn: fn, Keepdims: true, NoopWithEmptyAxes: true}
}

func TestReduce(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	x := arr(f32, []int{2, 3, 2}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	none := arr(f32, []int{2, 0, 2})
	for _, c := range []check{
		{reduce(op.ReduceSum), in(x, vec(i64, 1)), "float32[2,1,2] 9 12 27 30"},
		{flat(op.ReduceSum), in(x, vec(i64, 0, -1)), "float32[3] 18 26 34"},
		{flat(op.ReduceSum), in(x, vec(i64, 2, 0)), "float32[3] 18 26 34"},
		{flat(op.ReduceSum), in(x), "float32[] 78"},
		{reduce(op.ReduceSum), in(x), "float32[1,1,1] 78"},
		{flat(op.ReduceSum), in(x, vec(i64)), "float32[] 78"},
		{noop(op.ReduceSum), in(arr(f32, []int{1, 2}, -1, 2), vec(i64)), "float32[1,2] -1 2"},
		{noop(op.ReduceSumSquare), in(arr(f32, []int{1, 2}, -1, 2)), "float32[1,2] 1 4"},
		{noop(op.ReduceLogSum), in(arr(f32, []int{1, 2}, 1, 0)), "float32[1,2] 0 -Inf"},
		{flat(op.ReduceSum), in(arr(f32, []int{}, 5)), "float32[] 5"},
		{flat(op.ReduceSum), in(arr(f32, []int{}, 5), vec(i64)), "float32[] 5"},
		{reduce(op.ReduceSum), in(x, vec(i64, 3)), `error: node "" (ReduceSum): axis 3 outside rank 3`},
		{flat(op.ReduceL1), in(vec(i32, -1, 2, -3)), "int32[] 6"},
		{flat(op.ReduceL1), in(vec(tensor.Uint32, 1, 2)), "uint32[] 3"},
		{flat(op.ReduceL1), in(vec(f32, -1, 2, -3)), "float32[] 6"},
		{flat(op.ReduceL2), in(vec(f16, 300, 400)), "float16[] 500"},
		{flat(op.ReduceL2), in(vec(i64, 3, 3)), "int64[] 4"},
		{flat(op.ReduceLogSum), in(vec(f32, 1, math.E-1)), "float32[] 1"},
		{flat(op.ReduceLogSumExp), in(vec(f32, 1000, 1000)), "float32[] 1000.69"},
		{flat(op.ReduceLogSumExp), in(vec(f32, -inf, -inf)), "float32[] -Inf"},
		{flat(op.ReduceLogSumExp), in(vec(f32, 1, inf)), "float32[] +Inf"},
		{flat(op.ReduceLogSumExp), in(vec(f64, 1, nan)), "float64[] NaN"},
		{flat(op.ReduceMax), in(vec(i8, -3, -128)), "int8[] -3"},
		{flat(op.ReduceMax), in(vec(f32, 1, nan)), "float32[] NaN"},
		{flat(op.ReduceMin), in(vec(u8, 200, 100)), "uint8[] 100"},
		{flat(op.ReduceMax), in(vec(tensor.Bool, 0, 1)), "bool[] 1"},
		{flat(op.ReduceMin), in(vec(tensor.Bool, 0, 1)), "bool[] 0"},
		{flat(op.ReduceMean), in(vec(i32, -1, -2)), "int32[] -1"},
		{flat(op.ReduceMean), in(vec(b16, 1, 2)), "bfloat16[] 1.5"},
		{flat(op.ReduceProd), in(vec(f64, 2, 3, 4)), "float64[] 24"},
		{flat(op.ReduceSumSquare), in(vec(i32, 2, 3)), "int32[] 13"},
		{flat(op.ReduceSum), in(none, vec(i64, 1)), "float32[2,2] 0 0 0 0"},
		{flat(op.ReduceSum), in(none, vec(i64, 0)), "float32[0,2]"},
		{flat(op.ReduceProd), in(none, vec(i64, 1, 2)), "float32[2] 1 1"},
		{flat(op.ReduceMax), in(none), "float32[] -Inf"},
		{flat(op.ReduceMax), in(vec(i32)), "int32[] -2147483648"},
		{flat(op.ReduceMin), in(vec(i8)), "int8[] 127"},
		{flat(op.ReduceMin), in(tensor.FromSlice([]uint64{})), "uint64[] 18446744073709551615"},
		{flat(op.ReduceMax), in(vec(tensor.Bool)), "bool[] 0"},
		{flat(op.ReduceMin), in(vec(tensor.Bool)), "bool[] 1"},
		{flat(op.ReduceMean), in(none), "float32[] NaN"},
		{flat(op.ReduceMean), in(vec(i32)), "int32[] 0"},
		{flat(op.ReduceLogSumExp), in(none), "float32[] -Inf"},
		{flat(op.ReduceLogSum), in(none), "float32[] -Inf"},
		{flat(op.ReduceLogSum), in(vec(i32, 1)), `error: node "" (ReduceLogSum): input 0: int32 is not supported`},
	} {
		c.run(t)
	}
}

func TestArgReduce(t *testing.T) {
	nan := math.NaN()
	arg := func(axis int, keep, last bool) op.ArgReduce {
		return op.ArgReduce{Axis: axis, Keepdims: keep, SelectLastIndex: last}
	}
	x := arr(f32, []int{2, 3}, 1, 3, 3, 5, 4, 5)
	for _, c := range []check{
		{&op.ArgMax{ArgReduce: arg(1, true, false)}, in(x), "int64[2,1] 1 0"},
		{&op.ArgMax{ArgReduce: arg(-1, false, true)}, in(x), "int64[2] 2 2"},
		{&op.ArgMax{ArgReduce: arg(0, false, false)}, in(x), "int64[3] 1 1 1"},
		{&op.ArgMin{ArgReduce: arg(0, true, false)}, in(x), "int64[1,3] 0 0 0"},
		{&op.ArgMin{ArgReduce: arg(0, true, true)}, in(vec(i8, 3, -1, -1)), "int64[1] 2"},
		{&op.ArgMax{ArgReduce: arg(0, false, false)}, in(vec(f16, 1, nan, 9, nan)), "int64[] 1"},
		{&op.ArgMax{ArgReduce: arg(0, false, false)}, in(arr(f32, []int{2, 0}, nil...)), "int64[0]"},
		{&op.ArgMax{ArgReduce: arg(1, false, false)}, in(arr(f32, []int{2, 0})), `error: node "" (ArgMax): input 0: shape [2,0] has no elements along axis 1`},
		{&op.ArgMin{ArgReduce: arg(2, false, false)}, in(x), `error: node "" (ArgMin): axis 2 outside rank 2`},
	} {
		c.run(t)
	}
}

func TestCumulative(t *testing.T) {
	x := arr(f32, []int{2, 3}, 1, 2, 3, 4, 5, 6)
	axis := func(a float64) tensor.Value { return arr(i32, []int{}, a) }
	cum := func(exclusive, reverse bool) op.Cumulative {
		return op.Cumulative{Exclusive: exclusive, Reverse: reverse}
	}
	for _, c := range []check{
		{&op.CumSum{Cumulative: cum(false, false)}, in(x, axis(1)), "float32[2,3] 1 3 6 4 9 15"},
		{&op.CumSum{Cumulative: cum(false, false)}, in(x, axis(-2)), "float32[2,3] 1 2 3 5 7 9"},
		{&op.CumSum{Cumulative: cum(true, false)}, in(x, axis(1)), "float32[2,3] 0 1 3 0 4 9"},
		{&op.CumSum{Cumulative: cum(false, true)}, in(x, axis(1)), "float32[2,3] 6 5 3 15 11 6"},
		{&op.CumSum{Cumulative: cum(true, true)}, in(vec(i32, 1, 2, 3), axis(0)), "int32[3] 5 3 0"},
		{&op.CumProd{Cumulative: cum(true, false)}, in(vec(i64, 2, 3, 4), axis(0)), "int64[3] 1 2 6"},
		{&op.CumProd{Cumulative: cum(false, true)}, in(vec(f16, 2, 3, 4), axis(0)), "float16[3] 24 12 4"},
		{&op.CumSum{}, in(arr(f32, []int{2, 0}), axis(1)), "float32[2,0]"},
		{&op.CumSum{}, in(x, axis(2)), `error: node "" (CumSum): axis 2 outside rank 2`},
	} {
		c.run(t)
	}
}

func TestSoftmax(t *testing.T) {
	inf := math.Inf(1)
	x := arr(f32, []int{2, 2}, 0, math.Ln2, 10000, 10000)
	for _, c := range []check{
		{op.NewSoftmax(-1), in(x), "float32[2,2] 0.333333 0.666667 0.5 0.5"},
		{op.NewSoftmax(0), in(x), "float32[2,2] 0 0 1 1"},
		{op.NewSoftmax(0), in(vec(f16, 1, -inf)), "float16[2] 1 0"},
		{op.NewSoftmax(0), in(vec(f32, -inf, -inf)), "float32[2] NaN NaN"},
		{op.NewSoftmax(1), in(arr(f32, []int{2, 0})), "float32[2,0]"},
		{op.NewSoftmax(1), in(vec(f32, 1)), `error: node "" (Softmax): axis 1 outside rank 1`},
		{op.NewSoftmax(-1), in(arr(f32, []int{}, 1)), `error: node "" (Softmax): axis -1 outside rank 0`},
		{op.NewSoftmax(0), in(vec(i32, 1)), `error: node "" (Softmax): input 0: int32 is not supported`},
		{&op.LogSoftmax{AlongAxis: op.AlongAxis{Axis: 1}}, in(x), "float32[2,2] -1.09861 -0.405465 -0.693147 -0.693147"},
		{&op.Hardmax{AlongAxis: op.AlongAxis{Axis: 1}}, in(x), "float32[2,2] 0 1 1 0"},
		{&op.Hardmax{AlongAxis: op.AlongAxis{Axis: 0}}, in(x), "float32[2,2] 0 0 1 1"},
		{&op.Hardmax{AlongAxis: op.AlongAxis{Axis: 1}}, in(arr(f64, []int{1, 0})), "float64[1,0]"},
	} {
		c.run(t)
	}
}

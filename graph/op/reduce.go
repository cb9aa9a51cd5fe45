package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A ReduceFn names a reduction.
type ReduceFn uint8

// The functions of Reduce; of no elements they are 0 unless noted.
const (
	ReduceL1 ReduceFn = iota
	ReduceL2
	ReduceLogSum    // of none: −∞
	ReduceLogSumExp // of none: −∞
	ReduceMax       // of none: −∞ or the smallest integer
	ReduceMean      // of none: NaN, for integers 0; of integers truncated
	ReduceMin       // of none: ∞ or the largest integer
	ReduceProd      // of none: 1
	ReduceSum       //
	ReduceSumSquare //
)

// Reduce is the family of reductions of data over axes, which are an optional vector: all when it is absent or empty, or
// none with NoopWithEmptyAxes.
//
// https://onnx.ai/onnx/operators/ under the name of the function
type Reduce struct {
	Fn                ReduceFn
	Keepdims          bool `onnx:"keepdims,1"`
	NoopWithEmptyAxes bool `onnx:"noop_with_empty_axes,0"`
}

var reduceTypes = floatTypes | setOf(tensor.Int32, tensor.Int64, tensor.Uint32, tensor.Uint64)

var reduceRows = [...]struct {
	name  string
	types typeSet
}{
	ReduceL1:        {"ReduceL1", reduceTypes},
	ReduceL2:        {"ReduceL2", reduceTypes},
	ReduceLogSum:    {"ReduceLogSum", floatTypes},
	ReduceLogSumExp: {"ReduceLogSumExp", floatTypes},
	ReduceMax:       {"ReduceMax", reduceTypes | setOf(tensor.Int8, tensor.Uint8, tensor.Bool)},
	ReduceMean:      {"ReduceMean", reduceTypes},
	ReduceMin:       {"ReduceMin", reduceTypes | setOf(tensor.Int8, tensor.Uint8, tensor.Bool)},
	ReduceProd:      {"ReduceProd", reduceTypes},
	ReduceSum:       {"ReduceSum", reduceTypes},
	ReduceSumSquare: {"ReduceSumSquare", reduceTypes},
}

var reduceOps = reduceEntries()

func reduceEntries() []Entry {
	es := []Entry{
		core[ArgMax]("data -> reduced"),
		core[ArgMin]("data -> reduced"),
		core[CumProd]("x axis -> y"),
		core[CumSum]("x axis -> y"),
	}
	for fn, r := range reduceRows {
		es = append(es, Entry{"", r.name, "data axes? -> reduced", func() graph.Op { return &Reduce{Fn: ReduceFn(fn), Keepdims: true} }})
	}
	return es
}

// OpName implements graph.Named.
func (o *Reduce) OpName() string { return reduceRows[o.Fn].name }

// Axes returns the axes, non-negative and in order, that are reduced of a tensor of the given rank when the second input
// has the elements axes. Those outside the rank are left out.
func (o *Reduce) Axes(axes []int64, rank int) []int {
	if len(axes) == 0 && !o.NoopWithEmptyAxes {
		out := make([]int, rank)
		for i := range out {
			out[i] = i
		}
		return out
	}
	var out []int
	for _, a := range axes {
		if a < 0 {
			a += int64(rank)
		}
		if a >= 0 && a < int64(rank) {
			out = append(out, int(a))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Infer implements graph.Op.
func (o *Reduce) Infer(c *graph.Infer) {
	dt := c.DType(0)
	checkTensor(c, 0, reduceRows[o.Fn].types)
	if checkOptional(c, 1, int64Only) && c.Dims(1) != nil {
		c.Check(c.Rank(1) == 1 || c.Rank(1) == 0, "input 1: rank %d, want 1", c.Rank(1))
	}
	rank := c.Rank(0)
	var axes []int64
	if c.Has(1) {
		t := c.Value(1)
		if t == nil || c.Failed() {
			c.Tensor(0, dt, o.unknownAxes(c, rank))
			return
		}
		axes = t.Int64s()
	}
	if rank < 0 {
		c.Tensor(0, dt, nil)
		return
	}
	list := make([]int, len(axes))
	for i, a := range axes {
		list[i] = int(a)
	}
	if c.Axes(list, rank); c.Failed() {
		return
	}
	all := o.Axes(axes, rank)
	dims := []graph.Dim{}
	for i, d := range c.Dims(0) {
		switch {
		case !slices.Contains(all, i):
			dims = append(dims, d)
		case o.Keepdims:
			dims = append(dims, graph.N(1))
		}
	}
	if v := formulas(c, 0); len(v) > 0 && len(all) == 1 && c.In(0).Const == nil {
		if d, ok := o.formula(v); ok {
			c.Known(0, dt, dims, []graph.Dim{d})
			return
		}
	}
	c.Tensor(0, dt, dims)
}

// unknownAxes returns what is known of the output's dimensions without the axes.
func (o *Reduce) unknownAxes(c *graph.Infer, rank int) []graph.Dim {
	if rank < 0 {
		return nil
	}
	if o.Keepdims {
		return c.FreshN(rank)
	}
	n, ok := c.In(1).Len().Int()
	if ok && n == 0 && !o.NoopWithEmptyAxes {
		return []graph.Dim{}
	}
	if !ok || c.Dims(1) == nil || n > rank {
		return nil
	}
	return c.FreshN(rank - n)
}

func (o *Reduce) formula(v []graph.Dim) (graph.Dim, bool) {
	fold := map[ReduceFn]BinaryFn{ReduceMax: Max, ReduceMin: Min, ReduceProd: Mul, ReduceSum: Add}
	fn, ok := fold[o.Fn]
	d := v[0]
	for _, e := range v[1:] {
		d, _ = (&Binary{fn}).formula([]graph.Dim{d, e})
	}
	return d, ok
}

// ArgMax is the index of the largest element along an axis: the first of equals, or the last. NaN is above all.
//
// https://onnx.ai/onnx/operators/onnx__ArgMax.html
type ArgMax struct{ ArgReduce }

// ArgMin is the index of the smallest element along an axis: the first of equals, or the last. NaN is below all.
//
// https://onnx.ai/onnx/operators/onnx__ArgMin.html
type ArgMin struct{ ArgReduce }

// ArgReduce holds the attributes of ArgMax and ArgMin, and their inference.
type ArgReduce struct {
	Axis            int  `onnx:"axis,0"`
	Keepdims        bool `onnx:"keepdims,1"`
	SelectLastIndex bool `onnx:"select_last_index,0"`
}

// Infer implements graph.Op.
func (o *ArgReduce) Infer(c *graph.Infer) {
	checkTensor(c, 0, numberTypes)
	if c.Dims(0) == nil {
		c.Tensor(0, tensor.Int64, nil)
		return
	}
	axis := c.Axis(o.Axis, c.Rank(0))
	if c.Failed() {
		return
	}
	dims := slices.Clone(c.Dims(0))
	c.Check(!dims[axis].Is(0), "input 0: shape %s has no elements along axis %d", graph.FormatDims(dims), axis)
	if o.Keepdims {
		dims[axis] = graph.N(1)
	} else {
		dims = slices.Delete(dims, axis, axis+1)
	}
	c.Tensor(0, tensor.Int64, dims)
}

// CumSum is the sum of the elements up to each along an axis, a scalar; without the element itself when Exclusive, from
// the end when Reverse.
//
// https://onnx.ai/onnx/operators/onnx__CumSum.html
type CumSum struct{ Cumulative }

// CumProd is the product of the elements up to each along an axis, a scalar; without the element itself when Exclusive,
// from the end when Reverse.
//
// https://onnx.ai/onnx/operators/onnx__CumProd.html
type CumProd struct{ Cumulative }

// Cumulative holds the attributes of CumSum and CumProd, and their inference.
type Cumulative struct {
	Exclusive bool `onnx:"exclusive,0"`
	Reverse   bool `onnx:"reverse,0"`
}

// Infer implements graph.Op.
func (o *Cumulative) Infer(c *graph.Infer) {
	checkTensor(c, 0, reduceTypes)
	if checkTensor(c, 1, indexTypes) {
		wantOne(c, 1)
		if t := c.In(1).Const; t != nil && c.Rank(0) >= 0 && !c.Failed() {
			c.Axis(int(t.Int64s()[0]), c.Rank(0))
		}
	}
	c.Like(0, 0)
}

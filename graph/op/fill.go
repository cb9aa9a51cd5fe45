package op

import (
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var fillOps = []Entry{
	core[ConstantOfShape]("input -> output"),
	core[EyeLike]("input -> output"),
	core[OneHot]("indices depth values -> output"),
	core[Range]("start limit delta -> output"),
}

// ConstantOfShape yields a tensor of the shape that its input lists, filled with Value, which has one element (default:
// the float32 0).
//
// https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html
type ConstantOfShape struct {
	Value *tensor.Tensor `onnx:"value"`
}

// Fill returns the value of all elements.
func (o *ConstantOfShape) Fill() *tensor.Tensor {
	if o.Value == nil {
		return tensor.Scalar(float32(0))
	}
	return o.Value
}

// Infer implements graph.Op.
func (o *ConstantOfShape) Infer(c *graph.Infer) {
	checkTensor(c, 0, int64Only)
	if c.Rank(0) >= 0 {
		c.CheckRank(0, 1)
	}
	v := o.Fill()
	c.Check(v.Len() == 1, "attribute \"value\" has %d elements, want 1", v.Len())
	c.Check((allTypes &^ complexTypes &^ stringOnly).has(v.DType()), "attribute \"value\": %v is not supported", v.DType())
	shape := c.Ints(0)
	if c.Failed() {
		return
	}
	if shape == nil {
		if c.Rank(0) == 1 {
			if n, ok := c.Dims(0)[0].Int(); ok && c.Check(n <= maxRank, "input 0: rank %d, want at most %d", n, maxRank) {
				c.Tensor(0, v.DType(), c.FreshN(n))
				return
			}
		}
		c.Tensor(0, v.DType(), nil)
		return
	}
	for i, d := range shape {
		n, ok := d.Int()
		c.Check(!ok || n >= 0, "input 0: element %d is %d, want at least 0", i, n)
	}
	if n, ok := product(shape).Int(); ok && n >= 0 && n <= graph.SmallValue && v.DType().IsInt() {
		c.Known(0, v.DType(), slices.Clone(shape), slices.Repeat([]graph.Dim{graph.N(int(v.Int64s()[0]))}, n))
		return
	}
	c.Tensor(0, v.DType(), slices.Clone(shape))
}

// EyeLike yields a matrix of the shape of its input with ones on diagonal K and zeros elsewhere.
//
// https://onnx.ai/onnx/operators/onnx__EyeLike.html
type EyeLike struct {
	DType graph.Opt[tensor.DType] `onnx:"dtype"`
	K     int                     `onnx:"k,0"`
}

// Infer implements graph.Op.
func (o *EyeLike) Infer(c *graph.Infer) {
	checkTensor(c, 0, numberTypes|boolOnly)
	dt := o.DType.Or(c.DType(0))
	c.Check((numberTypes | boolOnly).has(dt), "attribute \"dtype\": %v is not supported", dt)
	if c.Rank(0) >= 0 {
		c.CheckRank(0, 2)
	}
	c.Tensor(0, dt, dimsOr(c, 0, 2))
}

// OneHot yields, along a new Axis of size depth, values[1] where the index is the position and values[0] elsewhere.
// Negative indices count from the back; one outside of −depth…depth−1 has no position.
//
// https://onnx.ai/onnx/operators/onnx__OneHot.html
type OneHot struct {
	Axis int `onnx:"axis,-1"`
}

// Infer implements graph.Op.
func (o *OneHot) Infer(c *graph.Infer) {
	checkTensor(c, 0, numberTypes&^setOf(tensor.BFloat16))
	checkTensor(c, 1, numberTypes&^setOf(tensor.BFloat16))
	checkTensor(c, 2, classicTypes)
	wantOne(c, 1)
	if c.Rank(2) >= 0 && c.CheckRank(2, 1) {
		n, ok := c.Dims(2)[0].Int()
		c.Check(!ok || n == 2, "input 2: %d elements, want 2 (off and on)", n)
	}
	depth := c.Fresh()
	if t := c.Value(1); t != nil && !c.Failed() {
		x := t.Float64s()[0]
		c.Check(x >= 0 && x <= math.MaxInt32, "input 1: depth %v, want 0 to 2³¹−1", x)
		depth = graph.N(int(x))
	} else if v := c.In(1).Ints; len(v) == 1 {
		depth = v[0]
	}
	if c.Dims(0) == nil || c.Failed() {
		c.Tensor(0, c.DType(2), nil)
		return
	}
	if axis := c.Axis(o.Axis, c.Rank(0)+1); !c.Failed() {
		c.Tensor(0, c.DType(2), slices.Insert(slices.Clone(c.Dims(0)), axis, depth))
	}
}

// Range yields start, start+delta, start+2·delta and so on, as long as they are before limit.
//
// https://onnx.ai/onnx/operators/onnx__Range.html
type Range struct {
	StashType int `onnx:"stash_type,1"`
}

// Infer implements graph.Op.
func (o *Range) Infer(c *graph.Infer) {
	types := floatTypes | setOf(tensor.Int16, tensor.Int32, tensor.Int64)
	var vals [3]*tensor.Tensor
	known := true
	for i := range 3 {
		checkTensor(c, i, types)
		c.CheckSame(0, i)
		wantOne(c, i)
		vals[i] = c.Value(i)
		known = known && vals[i] != nil
	}
	c.Check(o.StashType == 1 || o.StashType == 11, "attribute \"stash_type\" is %d, want 1 (float32) or 11 (float64)", o.StashType)
	if c.Failed() {
		return
	}
	n := c.Fresh()
	switch start, limit, delta := c.In(0).Values(), c.In(1).Values(), c.In(2).Values(); {
	case known && c.DType(0).IsInt():
		n = graph.N(rangeLen(c, vals[0].Int64s()[0], vals[1].Int64s()[0], vals[2].Int64s()[0]))
	case known:
		a, b, d := vals[0].Float64s()[0], vals[1].Float64s()[0], vals[2].Float64s()[0]
		x := math.Ceil((b - a) / d)
		if c.Check(d != 0 && x < 1<<48, "range from %v to %v in steps of %v does not end", a, b, d) {
			n = graph.N(int(max(x, 0)))
		}
	case len(start) == 1 && len(limit) == 1 && len(delta) == 1:
		if d, ok := delta[0].Int(); ok && d > 0 {
			n = limit[0].Sub(start[0]).AtLeast0().CeilDiv(d)
		}
	}
	c.Tensor(0, c.DType(0), []graph.Dim{n})
}

// rangeLen returns how many elements a range of integers has.
func rangeLen(c *graph.Infer, start, limit, delta int64) int {
	if !c.Check(delta != 0, "input 2: the step is 0") || (delta > 0) != (limit > start) || limit == start {
		return 0
	}
	if delta < 0 {
		start, limit, delta = limit, start, -max(delta, -math.MaxInt64)
	}
	n := (uint64(limit)-uint64(start)-1)/uint64(delta) + 1 // the distance may not fit int64
	if !c.Check(n < 1<<48, "range from %d to %d in steps of %d is too long", start, limit, delta) {
		return 0
	}
	return int(n)
}

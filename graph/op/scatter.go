package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var scatterOps = []Entry{
	core[ScatterElements]("data indices updates -> output"),
	core[ScatterND]("data indices updates -> output"),
	core[TensorScatter]("past_cache update write_indices? -> present_cache"),
}

// ScatterElements copies data and puts each element of updates at the place of its own that differs along Axis, where it
// is what the index says. Reduction (none, add, mul, min, max) says how it meets what is there.
//
// https://onnx.ai/onnx/operators/onnx__ScatterElements.html
type ScatterElements struct {
	Axis      int    `onnx:"axis,0"`
	Reduction string `onnx:"reduction,none"`
}

// Infer implements graph.Op.
func (o *ScatterElements) Infer(c *graph.Infer) {
	checkTensor(c, 1, indexTypes)
	checkReduction(c, o.Reduction)
	checkElements(c, o.Axis)
	if d := c.Dims(1); d != nil {
		matchDims(c, 2, d...)
	}
	c.Like(0, 0)
}

// checkReduction checks data, updates and the way they are combined.
func checkReduction(c *graph.Infer, how string) {
	types := classicTypes
	switch how {
	case "none":
	case "add", "mul":
		types = numberTypes | complexTypes | boolOnly
	case "min", "max":
		types = numberTypes | boolOnly
	default:
		c.Check(false, "attribute \"reduction\" is %q, want \"none\", \"add\", \"mul\", \"min\" or \"max\"", how)
	}
	checkTensor(c, 0, types)
	checkTensor(c, 2, types)
	c.CheckSame(0, 2)
}

// ScatterND copies data and puts updates into the slices of it that the vectors along the last dimension of indices name.
// Reduction (none, add, mul, min, max) says how they meet what is there.
//
// https://onnx.ai/onnx/operators/onnx__ScatterND.html
type ScatterND struct {
	Reduction string `onnx:"reduction,none"`
}

// Infer implements graph.Op.
func (o *ScatterND) Infer(c *graph.Infer) {
	checkTensor(c, 1, int64Only)
	checkReduction(c, o.Reduction)
	dims, idx := c.Dims(0), c.Dims(1)
	c.Check(dims == nil || len(dims) > 0, "input 0: rank 0, want at least 1")
	c.Check(idx == nil || len(idx) > 0, "input 1: rank 0, want at least 1")
	if dims != nil && idx != nil && !c.Failed() {
		last := len(idx) - 1
		k, ok := idx[last].Int()
		if ok && c.Check(k <= len(dims), "input 1: the last dimension is %d, want at most %d", k, len(dims)) {
			matchDims(c, 2, slices.Concat(idx[:last], dims[k:])...)
		}
	}
	c.Like(0, 0)
}

// TensorScatter copies a cache and writes update into it along Axis, from write_indices on for each batch. In the mode
// circular, what goes past the end goes on at the start.
//
// https://onnx.ai/onnx/operators/onnx__TensorScatter.html
type TensorScatter struct {
	Axis int    `onnx:"axis,-2"`
	Mode string `onnx:"mode,linear"`
}

// Infer implements graph.Op.
func (o *TensorScatter) Infer(c *graph.Infer) {
	types := allTypes &^ setOf(tensor.Int2, tensor.Uint2)
	checkTensor(c, 0, types)
	checkTensor(c, 1, types)
	c.CheckSame(0, 1)
	checkOptional(c, 2, int64Only)
	c.Check(o.Mode == "linear" || o.Mode == "circular", "attribute \"mode\" is %q, want \"linear\" or \"circular\"", o.Mode)
	if dims := c.Dims(0); dims != nil && !c.Failed() {
		axis := c.Axis(o.Axis, len(dims))
		if c.Check(axis > 0, "axis %d is the batch", o.Axis) && c.Has(2) {
			matchDims(c, 2, dims[0])
		}
		if upd := c.Dims(1); upd != nil && c.CheckRank(1, len(dims)) && !c.Failed() {
			want := slices.Clone(dims)
			want[axis] = upd[axis]
			matchDims(c, 1, want...)
			n, ok1 := upd[axis].Int()
			m, ok2 := dims[axis].Int()
			c.Check(!ok1 || !ok2 || n <= m, "input 1: dimension %d is %d, want at most %d as in input 0", axis, n, m)
		}
	}
	c.Like(0, 0)
}

package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

var gatherOps = []Entry{
	core[Gather]("data indices -> output"),
	core[GatherElements]("data indices -> output"),
	core[GatherND]("data indices -> output"),
}

// Gather replaces dimension Axis of data by the dimensions of indices, each of which names an element along it.
// Negative indices count from the back.
//
// https://onnx.ai/onnx/operators/onnx__Gather.html
type Gather struct {
	Axis int `onnx:"axis,0"`
}

// Infer implements graph.Op.
func (o *Gather) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, indexTypes)
	dims, idx := c.Dims(0), c.Dims(1)
	if dims == nil || c.Failed() {
		unknown(c, -1)
		return
	}
	axis := c.Axis(o.Axis, len(dims))
	if c.Failed() {
		return
	}
	if idx == nil {
		unknown(c, -1)
		return
	}
	out := slices.Insert(slices.Delete(slices.Clone(dims), axis, axis+1), axis, idx...)
	if v := gatherValues(c.In(0).Values(), c.In(1).Values()); v != nil && len(dims) == 1 {
		c.Known(0, c.DType(0), out, v)
		return
	}
	c.Tensor(0, c.DType(0), out)
}

// gatherValues returns the elements of a vector that indices name; nil when one is unknown or outside.
func gatherValues(data, indices []graph.Dim) []graph.Dim {
	if data == nil || indices == nil {
		return nil
	}
	out := make([]graph.Dim, len(indices))
	for i, x := range indices {
		k, ok := x.Int()
		if k < 0 {
			k += len(data)
		}
		if !ok || k < 0 || k >= len(data) {
			return nil
		}
		out[i] = data[k]
	}
	return out
}

// GatherElements takes for each place of indices the element of data that differs from that place only along Axis, where
// it is what the index says.
//
// https://onnx.ai/onnx/operators/onnx__GatherElements.html
type GatherElements struct {
	Axis int `onnx:"axis,0"`
}

// Infer implements graph.Op.
func (o *GatherElements) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, indexTypes)
	checkElements(c, o.Axis)
	if c.Dims(1) == nil {
		unknown(c, c.Rank(0))
		return
	}
	c.Tensor(0, c.DType(0), c.Dims(1))
}

// checkElements checks that the indices, input 1, have the rank of input 0 and lie inside it in all dimensions but axis.
func checkElements(c *graph.Infer, axis int) {
	dims, idx := c.Dims(0), c.Dims(1)
	for _, d := range [][]graph.Dim{dims, idx} {
		if d != nil {
			c.Axis(axis, len(d))
		}
	}
	if dims == nil || idx == nil || !c.CheckRank(1, len(dims)) || c.Failed() {
		return
	}
	axis = c.Axis(axis, len(dims))
	for i := range dims {
		n, ok1 := dims[i].Int()
		k, ok2 := idx[i].Int()
		c.Check(!ok1 || !ok2 || i == axis || k <= n, "input 1: dimension %d is %d, want at most %d as in input 0", i, k, n)
	}
}

// GatherND takes the slices of data that the vectors along the last dimension of indices name, after BatchDims dimensions
// that both share.
//
// https://onnx.ai/onnx/operators/onnx__GatherND.html
type GatherND struct {
	BatchDims int `onnx:"batch_dims,0"`
}

// Infer implements graph.Op.
func (o *GatherND) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, int64Only)
	dims, idx := c.Dims(0), c.Dims(1)
	c.Check(o.BatchDims >= 0, "attribute \"batch_dims\" is %d, want at least 0", o.BatchDims)
	c.Check(dims == nil || o.BatchDims < len(dims), "attribute \"batch_dims\" is %d, input 0 has rank %d", o.BatchDims, len(dims))
	c.Check(idx == nil || o.BatchDims < len(idx), "attribute \"batch_dims\" is %d, input 1 has rank %d", o.BatchDims, len(idx))
	if dims == nil || idx == nil || c.Failed() {
		unknown(c, -1)
		return
	}
	last := len(idx) - 1
	k, ok := idx[last].Int()
	if !ok {
		unknown(c, -1)
		return
	}
	if !c.Check(o.BatchDims+k <= len(dims), "input 1: the last dimension is %d, want at most %d", k, len(dims)-o.BatchDims) {
		return
	}
	out := slices.Clone(idx[:last])
	for i := range o.BatchDims {
		out[i] = c.Unify(dims[i], idx[i], "batch dimensions of inputs 0 and 1")
	}
	c.Tensor(0, c.DType(0), append(out, dims[o.BatchDims+k:]...))
}

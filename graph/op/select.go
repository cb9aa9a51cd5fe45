package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var selectOps = []Entry{
	core[Compress]("input condition -> output"),
	core[NonMaxSuppression]("boxes scores max_output_boxes_per_class? iou_threshold? score_threshold? -> selected_indices"),
	core[NonZero]("X -> Y"),
	core[TopK]("X K -> Values Indices"),
	core[Unique]("X -> Y indices? inverse_indices? counts?"),
}

// Compress keeps the elements along Axis for which condition is true; without Axis, elements of the flattened input.
//
// https://onnx.ai/onnx/operators/onnx__Compress.html
type Compress struct {
	Axis graph.Opt[int] `onnx:"axis"`
}

// Infer implements graph.Op.
func (o *Compress) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, boolOnly)
	if c.Rank(1) >= 0 {
		c.CheckRank(1, 1)
	}
	dims := c.Dims(0)
	c.Check(dims == nil || len(dims) > 0, "input 0: rank 0, want at least 1")
	switch {
	case c.Failed():
	case !o.Axis.Set:
		c.Tensor(0, c.DType(0), c.FreshN(1))
	case dims == nil:
		unknown(c, -1)
	default:
		out := slices.Clone(dims)
		out[c.Axis(o.Axis.V, len(dims))] = c.Fresh()
		c.Tensor(0, c.DType(0), out)
	}
}

// NonMaxSuppression picks, for each batch and class, boxes by falling score, leaving out those that overlap a picked one
// by more than iou_threshold. Each row of the result is (batch, class, box). Boxes are two corners (y1, x1, y2, x2), or, when
// CenterPointBox, (x, y, width, height) of which x and y are the center.
//
// https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
type NonMaxSuppression struct {
	CenterPointBox bool `onnx:"center_point_box,0"`
}

// Infer implements graph.Op.
func (o *NonMaxSuppression) Infer(c *graph.Infer) {
	f32 := setOf(tensor.Float32)
	checkTensor(c, 0, f32)
	checkTensor(c, 1, f32)
	checkOptional(c, 2, int64Only)
	checkOptional(c, 3, f32)
	checkOptional(c, 4, f32)
	for i := 2; i <= 4; i++ {
		wantOne(c, i)
	}
	batch, boxes := dimOf(c, 0, 0), dimOf(c, 0, 1)
	matchDims(c, 0, batch, boxes, graph.N(4))
	matchDims(c, 1, batch, dimOf(c, 1, 1), boxes)
	c.Tensor(0, tensor.Int64, []graph.Dim{c.Fresh(), graph.N(3)})
}

// NonZero yields the indices of the elements that are not zero, one column each.
//
// https://onnx.ai/onnx/operators/onnx__NonZero.html
type NonZero struct{}

// Infer implements graph.Op.
func (o *NonZero) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	rank := c.Fresh()
	if r := c.Rank(0); r >= 0 {
		rank = graph.N(r)
	}
	c.Tensor(0, tensor.Int64, []graph.Dim{rank, c.Fresh()})
}

// TopK yields the K largest or smallest elements along Axis and their indices, in order. Of equal elements the one of the
// lower index comes first, and NaN is larger than any number.
//
// https://onnx.ai/onnx/operators/onnx__TopK.html
type TopK struct {
	Axis    int  `onnx:"axis,-1"`
	Largest bool `onnx:"largest,1"`
	Sorted  bool `onnx:"sorted,1"`
}

// Infer implements graph.Op.
func (o *TopK) Infer(c *graph.Infer) {
	checkTensor(c, 0, numberTypes)
	checkTensor(c, 1, int64Only)
	wantOne(c, 1)
	dims, k := c.Dims(0), c.Ints(1)
	if dims == nil || c.Failed() {
		unknown(c, -1)
		c.Tensor(1, tensor.Int64, nil)
		return
	}
	axis := c.Axis(o.Axis, len(dims))
	if c.Failed() {
		return
	}
	out := slices.Clone(dims)
	if out[axis] = c.Fresh(); len(k) == 1 {
		n, ok1 := k[0].Int()
		d, ok2 := dims[axis].Int()
		c.Check(!ok1 || n >= 0 && (!ok2 || n <= d), "input 1: k is %d, want 0 to %v, the size of axis %d", n, dims[axis], axis)
		out[axis] = k[0]
	}
	c.Tensor(0, c.DType(0), out)
	c.Tensor(1, tensor.Int64, out)
}

// Unique yields the distinct elements, or the distinct slices along Axis, sorted or in the order of their first
// occurrence; where each occurs first, which of them each element is, and how many of each there are. NaN equals NaN.
//
// https://onnx.ai/onnx/operators/onnx__Unique.html
type Unique struct {
	Axis   graph.Opt[int] `onnx:"axis"`
	Sorted bool           `onnx:"sorted,1"`
}

// Infer implements graph.Op.
func (o *Unique) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	dims, n := c.Dims(0), c.Fresh()
	all := c.Fresh() // how many there are
	switch {
	case o.Axis.Set && dims != nil:
		axis := c.Axis(o.Axis.V, len(dims))
		if c.Failed() {
			return
		}
		all = dims[axis]
		out := slices.Clone(dims)
		out[axis] = n
		c.Tensor(0, c.DType(0), out)
	case o.Axis.Set:
		unknown(c, -1)
	default:
		if dims != nil {
			all = c.In(0).Len()
		}
		c.Tensor(0, c.DType(0), []graph.Dim{n})
	}
	c.Tensor(1, tensor.Int64, []graph.Dim{n})
	c.Tensor(2, tensor.Int64, []graph.Dim{all})
	c.Tensor(3, tensor.Int64, []graph.Dim{n})
}

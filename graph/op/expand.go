package op

import (
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

var expandOps = []Entry{
	core[Expand]("input shape -> output"),
	core[Tile]("input repeats -> output"),
}

// Expand broadcasts a tensor against a shape.
//
// https://onnx.ai/onnx/operators/onnx__Expand.html
type Expand struct{}

// Infer implements graph.Op.
func (o *Expand) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, int64Only)
	if c.Rank(1) >= 0 {
		c.CheckRank(1, 1)
	}
	shape := c.Ints(1)
	if shape == nil {
		rank := -1
		if c.Rank(1) == 1 && c.Rank(0) >= 0 {
			if n, ok := c.Dims(1)[0].Int(); ok && c.Check(n <= maxRank, "input 1: rank %d, want at most %d", n, maxRank) {
				rank = max(n, c.Rank(0))
			}
		}
		unknown(c, rank)
		return
	}
	for i, d := range shape {
		n, ok := d.Int()
		if !c.Check(!ok || n >= 0, "input 1: element %d is %d, want at least 0", i, n) {
			return
		}
	}
	dims := c.Broadcast(c.Dims(0), shape)
	if v := c.In(0).Values(); len(v) == 1 && dims != nil && !c.Failed() {
		if n, ok := product(dims).Int(); ok && n <= graph.SmallValue {
			c.Known(0, c.DType(0), dims, slices.Repeat(v, n))
			return
		}
	}
	c.Tensor(0, c.DType(0), dims)
}

// Tile repeats a tensor along each dimension.
//
// https://onnx.ai/onnx/operators/onnx__Tile.html
type Tile struct{}

// Infer implements graph.Op.
func (o *Tile) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, int64Only)
	dims, reps := c.Dims(0), c.Ints(1)
	if c.Rank(1) >= 0 && c.CheckRank(1, 1) && dims != nil {
		n, ok := c.Dims(1)[0].Int()
		c.Check(!ok || n == len(dims), "input 1: %d elements, want %d as input 0 has dimensions", n, len(dims))
	}
	if dims == nil || reps == nil || c.Failed() || len(reps) != len(dims) {
		unknown(c, c.Rank(0))
		return
	}
	out := slices.Clone(dims)
	for i, r := range reps {
		n, ok1 := r.Int()
		d, ok2 := out[i].Int()
		c.Check(!ok1 || n >= 0, "input 1: element %d is %d, want at least 0", i, n)
		c.Check(!ok1 || !ok2 || n == 0 || d <= math.MaxInt/n, "input 1: %d times dimension %d of size %d overflows", n, i, d)
		out[i] = out[i].Mul(r)
	}
	c.Tensor(0, c.DType(0), out)
}

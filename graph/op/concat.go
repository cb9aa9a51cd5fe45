package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

var concatOps = []Entry{
	core[Concat]("inputs... -> concat_result"),
	core[Split]("input split? -> outputs..."),
}

// Concat joins tensors along Axis; all other dimensions are equal.
//
// https://onnx.ai/onnx/operators/onnx__Concat.html
type Concat struct {
	Axis int `onnx:"axis,required"`
}

// Infer implements graph.Op.
func (o *Concat) Infer(c *graph.Infer) {
	c.Check(c.NumIn() > 0, "no inputs, want at least 1")
	rank := -1
	for i := range c.NumIn() {
		checkTensor(c, i, classicTypes)
		c.CheckSame(0, i)
		if r := c.Rank(i); rank < 0 {
			rank = r
		} else if r >= 0 {
			c.CheckRank(i, rank)
		}
	}
	if c.Failed() || rank < 0 {
		unknown(c, -1)
		return
	}
	axis := c.Axis(o.Axis, rank)
	if c.Failed() {
		return
	}
	out := c.FreshN(rank)
	out[axis] = graph.N(0)
	for i := range c.NumIn() {
		dims := c.Dims(i)
		if dims == nil {
			out[axis] = c.Fresh()
			break
		}
		out[axis] = out[axis].Add(dims[axis])
	}
	for d := range out {
		first := true
		for i := range c.NumIn() {
			dims := c.Dims(i)
			if d == axis || dims == nil {
				continue
			}
			if first {
				out[d], first = dims[d], false
				continue
			}
			a, ok1 := out[d].Int()
			b, ok2 := dims[d].Int()
			c.Check(!ok1 || !ok2 || a == b, "input %d: dimension %d is %d, want %d as in the inputs before", i, d, b, a)
			if ok2 {
				out[d] = dims[d]
			}
		}
	}
	if v := concatValues(c); v != nil && rank == 1 && !c.Failed() {
		c.Known(0, c.DType(0), out, v)
		return
	}
	c.Tensor(0, c.DType(0), out)
}

// concatValues returns what is known of the elements of all inputs, one after the other; nil when one is unknown.
func concatValues(c *graph.Infer) []graph.Dim {
	if !c.DType(0).IsInt() {
		return nil
	}
	all := []graph.Dim{}
	for i := range c.NumIn() {
		v := c.In(i).Values()
		if v == nil || len(all)+len(v) > graph.SmallValue {
			return nil
		}
		all = append(all, v...)
	}
	return all
}

// Split cuts a tensor along Axis: into parts of the sizes that the input split lists, or into NumOutputs parts of one
// size, the last of which may be smaller.
//
// https://onnx.ai/onnx/operators/onnx__Split.html
type Split struct {
	Axis       int            `onnx:"axis,0"`
	NumOutputs graph.Opt[int] `onnx:"num_outputs"`
}

// Infer implements graph.Op.
func (o *Split) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	if checkOptional(c, 1, int64Only) {
		c.Check(!o.NumOutputs.Set, "both input 1 and attribute \"num_outputs\" say how to split")
	}
	n := c.NumOut()
	c.Check(o.NumOutputs.Or(n) == n, "attribute \"num_outputs\" is %d, the node has %d outputs", o.NumOutputs.V, n)
	dims := c.Dims(0)
	if dims == nil || c.Failed() || n == 0 {
		if c.Has(1) {
			c.Ints(1)
		}
		for i := range n {
			c.Tensor(i, c.DType(0), nil)
		}
		return
	}
	axis := c.Axis(o.Axis, len(dims))
	if c.Failed() {
		return
	}
	sizes := o.sizes(c, dims[axis], n)
	if c.Failed() {
		return
	}
	vals := c.In(0).Values()
	for i, d := range sizes {
		out := slices.Clone(dims)
		out[axis] = d
		if k, ok := d.Int(); ok && len(dims) == 1 && vals != nil && k <= len(vals) {
			c.Known(i, c.DType(0), out, vals[:k:k])
			vals = vals[k:]
			continue
		}
		vals = nil
		c.Tensor(i, c.DType(0), out)
	}
}

// sizes returns the sizes of n parts of a dimension of size d.
func (o *Split) sizes(c *graph.Infer, d graph.Dim, n int) []graph.Dim {
	size, isInt := d.Int()
	if !c.Has(1) {
		part := d.CeilDiv(n)
		last := d.Sub(part.Mul(graph.N(n - 1)))
		k, ok := last.Int()
		c.Check(!ok || k >= 0, "input 0: %d parts of %v do not fit dimension %d of size %v", n, part, o.Axis, d)
		return append(slices.Repeat([]graph.Dim{part}, n-1), last)
	}
	parts := c.Ints(1)
	if parts == nil {
		if c.CheckRank(1, 1) {
			k, ok := c.Dims(1)[0].Int()
			c.Check(!ok || k == n, "input 1: %d sizes, the node has %d outputs", k, n)
		}
		return c.FreshN(n)
	}
	if !c.CheckRank(1, 1) || !c.Check(len(parts) == n, "input 1: %d sizes, the node has %d outputs", len(parts), n) {
		return nil
	}
	sum := graph.N(0)
	for i, p := range parts {
		k, ok := p.Int()
		c.Check(!ok || k >= 0, "input 1: size %d is %d, want at least 0", i, k)
		c.Check(!ok || !isInt || k <= size, "input 1: size %d is %d, dimension %d of input 0 is %d", i, k, o.Axis, size)
		sum = sum.Add(p)
	}
	k, ok := sum.Int()
	c.Check(!ok || !isInt || k == size, "input 1: the sizes add up to %d, dimension %d of input 0 is %d", k, o.Axis, size)
	return parts
}

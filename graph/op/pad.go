package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

var padOps = []Entry{
	core[CenterCropPad]("input_data shape -> output_data"),
	core[Pad]("data pads constant_value? axes? -> output"),
}

// Pad adds elements before and after each axis, or takes them away where the number is negative. Mode says which: a
// constant, the reflection, the edge, or the other end (wrap).
//
// https://onnx.ai/onnx/operators/onnx__Pad.html
type Pad struct {
	Mode string `onnx:"mode,constant"`
}

// Infer implements graph.Op.
func (o *Pad) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	checkTensor(c, 1, int64Only)
	c.CheckSame(0, 2)
	wantOne(c, 2)
	checkOptional(c, 3, indexTypes)
	c.Check(slices.Contains([]string{"constant", "edge", "reflect", "wrap"}, o.Mode),
		"attribute \"mode\" is %q, want \"constant\", \"edge\", \"reflect\" or \"wrap\"", o.Mode)
	dims, pads := c.Dims(0), c.Ints(1)
	var axes []int
	if c.Has(3) {
		axes, _ = axesInput(c, 3)
	}
	if dims == nil || pads == nil || c.Has(3) && axes == nil || c.Failed() {
		unknown(c, c.Rank(0))
		return
	}
	if !c.Has(3) {
		for i := range dims {
			axes = append(axes, i)
		}
	}
	axes = c.Axes(axes, len(dims))
	c.Check(len(pads) == 2*len(axes), "input 1: %d elements, want %d (a start and an end for each axis)", len(pads), 2*len(axes))
	if c.Failed() {
		return
	}
	out := slices.Clone(dims)
	for i, a := range axes {
		lo, hi := pads[i], pads[i+len(axes)]
		if !checkPad(c, lo) || !checkPad(c, hi) {
			return
		}
		out[a] = out[a].Add(lo).Add(hi)
		n, ok := out[a].Int()
		c.Check(!ok || n >= 0, "input 1: pads %v and %v leave %d of dimension %d of size %v", lo, hi, n, a, dims[a])
		d, ok := dims[a].Int()
		c.Check(!ok || d > 0 || o.Mode == "constant" || out[a].Is(0), "input 0: dimension %d is empty and cannot be padded in the mode %q", a, o.Mode)
	}
	c.Tensor(0, c.DType(0), out)
}

// checkPad notes an error for a number of elements that no memory could hold.
func checkPad(c *graph.Infer, p graph.Dim) bool {
	n, ok := p.Int()
	return c.Check(!ok || -maxPad <= int64(n) && int64(n) <= maxPad, "input 1: pad %d is too large", n)
}

const maxPad = 1 << 48

// PadsOf returns the elements added before and after each axis of a tensor of the given rank; axes nil: all axes.
func (o *Pad) PadsOf(rank int, pads, axes []int64) (before, after []int) {
	before, after = make([]int, rank), make([]int, rank)
	n := len(pads) / 2
	for i := range n {
		a := i
		if axes != nil {
			a = int(axes[i])
		}
		if a < 0 {
			a += rank
		}
		before[a], after[a] = int(pads[i]), int(pads[n+i])
	}
	return before, after
}

// CenterCropPad cuts or fills with zeros, on both sides equally, the dimensions in Axes (default: all) to the sizes that
// the input shape lists.
//
// https://onnx.ai/onnx/operators/onnx__CenterCropPad.html
type CenterCropPad struct {
	Axes []int `onnx:"axes"`
}

// Infer implements graph.Op.
func (o *CenterCropPad) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, indexTypes)
	dims, sizes := c.Dims(0), c.Ints(1)
	if c.Rank(1) >= 0 {
		c.CheckRank(1, 1)
	}
	if dims == nil || c.Failed() {
		unknown(c, -1)
		return
	}
	axes := o.AxesOf(len(dims))
	if len(o.Axes) > 0 {
		axes = c.Axes(o.Axes, len(dims))
	}
	if c.Failed() {
		return
	}
	out := slices.Clone(dims)
	for i, a := range axes {
		switch {
		case sizes == nil:
			out[a] = c.Fresh()
		case c.Check(len(sizes) == len(axes), "input 1: %d sizes, want %d", len(sizes), len(axes)):
			n, ok := sizes[i].Int()
			c.Check(!ok || n >= 0, "input 1: size %d is %d, want at least 0", i, n)
			out[a] = sizes[i]
		}
	}
	c.Tensor(0, c.DType(0), out)
}

// AxesOf returns the axes for an input of the given rank.
func (o *CenterCropPad) AxesOf(rank int) []int {
	out := []int{}
	if len(o.Axes) == 0 {
		for i := range rank {
			out = append(out, i)
		}
		return out
	}
	for _, a := range o.Axes {
		if a < 0 {
			a += rank
		}
		out = append(out, a)
	}
	return out
}

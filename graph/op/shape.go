package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var shapeOps = []Entry{
	core[Flatten]("input -> output"),
	core[Identity]("input -> output"),
	core[Reshape]("data shape -> reshaped"),
	core[Shape]("data -> shape"),
	core[Size]("data -> size"),
	core[Squeeze]("data axes? -> squeezed"),
	core[Unsqueeze]("data axes -> expanded"),
}

// Shape yields the dimensions of its input from Start up to End as a vector of int64.
//
// https://onnx.ai/onnx/operators/onnx__Shape.html
type Shape struct {
	Start int            `onnx:"start,0"`
	End   graph.Opt[int] `onnx:"end"`
}

// Infer implements graph.Op.
func (o *Shape) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	dims := c.Dims(0)
	if dims == nil {
		c.Tensor(0, tensor.Int64, c.FreshN(1))
		return
	}
	start := clampAxis(o.Start, len(dims))
	end := max(start, clampAxis(o.End.Or(len(dims)), len(dims)))
	c.Known(0, tensor.Int64, graph.Dims(end-start), slices.Clone(dims[start:end]))
}

// clampAxis returns a position among rank axes, counted from the back when it is negative, moved into 0…rank.
func clampAxis(axis, rank int) int {
	if axis < 0 {
		axis += rank
	}
	return min(max(axis, 0), rank)
}

// Size yields the number of elements of its input as an int64 scalar.
//
// https://onnx.ai/onnx/operators/onnx__Size.html
type Size struct{}

// Infer implements graph.Op.
func (o *Size) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	if c.Dims(0) == nil {
		c.Tensor(0, tensor.Int64, graph.Dims())
		return
	}
	c.Known(0, tensor.Int64, graph.Dims(), []graph.Dim{c.In(0).Len()})
}

// Identity yields its input: a tensor, sequence or optional.
//
// https://onnx.ai/onnx/operators/onnx__Identity.html
type Identity struct{}

// ViewOf says that the output is input 0 under another shape.
func (o *Identity) ViewOf() int { return 0 }

// Infer implements graph.Op.
func (o *Identity) Infer(c *graph.Infer) {
	c.Check(c.Has(0), "input 0 is missing")
	c.Set(0, c.In(0))
}

// view sets output 0 to input 0 under other dimensions, with what is known of its elements.
func view(c *graph.Infer, dims []graph.Dim) {
	if c.Failed() {
		return
	}
	f, out := c.In(0), graph.TensorFact(c.DType(0), dims)
	if shape, ok := out.Shape(); ok && f.Const != nil {
		t, err := f.Const.Reshape(shape...)
		c.Check(err == nil, "input 0: %v does not have the elements of %v", f, out)
		out.Const = t
	} else if dims != nil {
		out.Ints = f.Values()
	}
	c.Set(0, out)
}

// Reshape yields the elements of data under the dimensions that the input shape lists. There 0 is the dimension of
// data in that place (unless AllowZero), and one −1 is what remains.
//
// https://onnx.ai/onnx/operators/onnx__Reshape.html
type Reshape struct {
	AllowZero bool `onnx:"allowzero,0"`
}

// ViewOf says that the output is input 0 under another shape.
func (o *Reshape) ViewOf() int { return 0 }

// Infer implements graph.Op.
func (o *Reshape) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	checkTensor(c, 1, int64Only)
	in, shape := c.Dims(0), c.Ints(1)
	rank := -1
	if c.Rank(1) == 1 {
		if n, ok := c.Dims(1)[0].Int(); ok && c.Check(n <= maxRank, "input 1: rank %d of the result, want at most %d", n, maxRank) {
			rank = n
		}
	} else if c.Rank(1) >= 0 {
		c.CheckRank(1, 1)
	}
	if c.Failed() {
		return
	}
	if rank == 0 {
		shape = []graph.Dim{} // which is known without its value
	}
	switch {
	case shape != nil:
		view(c, o.dims(c, in, shape))
	case rank >= 0:
		c.Tensor(0, c.DType(0), c.FreshN(rank))
	default:
		c.Tensor(0, c.DType(0), nil)
	}
}

// maxRank is the highest rank of a tensor whose rank comes from data.
const maxRank = 64

// dims returns the dimensions that shape means for data of dimensions in, which may be nil.
func (o *Reshape) dims(c *graph.Infer, in, shape []graph.Dim) []graph.Dim {
	out := slices.Clone(shape)
	free := -1                           // where the −1 is
	have, rest := graph.N(1), graph.N(1) // the sizes stated, and those of data that are not copied
	copied := map[int]bool{}
	for i, d := range shape {
		n, isInt := d.Int()
		switch {
		case isInt && n == -1:
			if !c.Check(free < 0, "input 1: %s has more than one -1", graph.FormatDims(shape)) {
				return nil
			}
			free = i
		case isInt && n == 0 && !o.AllowZero:
			if in == nil {
				out[i] = c.Fresh()
				continue
			}
			if !c.Check(i < len(in), "input 1: element %d is 0, which copies a dimension that input 0 of rank %d does not have", i, len(in)) {
				return nil
			}
			out[i], copied[i] = in[i], true
		default:
			if !c.Check(!isInt || n >= 0, "input 1: element %d is %d, want at least -1", i, n) {
				return nil
			}
			have = have.Mul(d)
		}
	}
	for i, d := range in {
		if !copied[i] {
			rest = rest.Mul(d)
		}
	}
	if in == nil {
		if free >= 0 {
			out[free] = c.Fresh()
		}
		return out
	}
	if free >= 0 {
		if !c.Check(!have.Is(0), "input 1: %s has a 0 and a -1", graph.FormatDims(shape)) {
			return nil
		}
		out[free] = rest.Div(have)
		have = have.Mul(out[free])
	}
	_, ok1 := have.Int()
	_, ok2 := rest.Int()
	c.Check(!ok1 || !ok2 || have.Equal(rest), "input 1: shape %s does not fit input 0 of shape %s",
		graph.FormatDims(shape), graph.FormatDims(in))
	return out
}

// Flatten yields a matrix: the dimensions before Axis become the rows, the others the columns.
//
// https://onnx.ai/onnx/operators/onnx__Flatten.html
type Flatten struct {
	Axis int `onnx:"axis,1"`
}

// ViewOf says that the output is input 0 under another shape.
func (o *Flatten) ViewOf() int { return 0 }

// Infer implements graph.Op.
func (o *Flatten) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	dims := c.Dims(0)
	if dims == nil {
		c.Tensor(0, c.DType(0), c.FreshN(2))
		return
	}
	axis, r := o.Axis, len(dims)
	if axis < 0 {
		axis += r
	}
	if c.Check(axis >= 0 && axis <= r, "axis %d outside rank %d", o.Axis, r) {
		view(c, []graph.Dim{product(dims[:axis]), product(dims[axis:])})
	}
}

// product returns the product of dimensions.
func product(dims []graph.Dim) graph.Dim {
	p := graph.N(1)
	for _, d := range dims {
		p = p.Mul(d)
	}
	return p
}

// Squeeze removes dimensions of size 1: those that the input axes lists, or all.
//
// https://onnx.ai/onnx/operators/onnx__Squeeze.html
type Squeeze struct{}

// ViewOf says that the output is input 0 under another shape.
func (o *Squeeze) ViewOf() int { return 0 }

// Infer implements graph.Op.
func (o *Squeeze) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	checkOptional(c, 1, int64Only)
	dims := c.Dims(0)
	var gone []int
	if c.Has(1) {
		list, n := axesInput(c, 1)
		if list == nil || dims == nil {
			rank := -1
			if dims != nil && n >= 0 && c.Check(n <= len(dims), "input 1: %d axes, input 0 has rank %d", n, len(dims)) {
				rank = len(dims) - n
			}
			unknown(c, rank)
			return
		}
		gone = c.Axes(list, len(dims))
	} else {
		for i, d := range dims {
			n, ok := d.Int()
			if !ok {
				dims = nil // it might be 1
				break
			}
			if n == 1 {
				gone = append(gone, i)
			}
		}
		if dims == nil {
			unknown(c, -1)
			return
		}
	}
	out := []graph.Dim{}
	for i, d := range dims {
		if !slices.Contains(gone, i) {
			out = append(out, d)
			continue
		}
		n, ok := d.Int()
		c.Check(!ok || n == 1, "input 0: dimension %d is %d, want 1 to remove it", i, n)
	}
	view(c, out)
}

// unknown sets output 0 to a tensor of the type of input 0 of which no more than the rank is known; −1: not even that.
func unknown(c *graph.Infer, rank int) {
	if rank < 0 {
		c.Tensor(0, c.DType(0), nil)
	} else {
		c.Tensor(0, c.DType(0), c.FreshN(rank))
	}
}

// axesInput returns the integers of input i, a vector of axes, or nil when they are unknown; and their number, −1 when
// that is unknown.
func axesInput(c *graph.Infer, i int) (axes []int, n int) {
	if r := c.Rank(i); r == 0 {
		n = 1 // some exporters write a lone axis as a scalar
	} else if r < 0 || !c.CheckRank(i, 1) {
		n = -1
	} else if k, ok := c.Dims(i)[0].Int(); ok {
		n = k
	} else {
		n = -1
	}
	vals := c.Ints(i)
	if vals == nil {
		return nil, n
	}
	axes = []int{}
	for _, v := range vals {
		a, ok := v.Int()
		if !ok {
			return nil, n
		}
		axes = append(axes, a)
	}
	return axes, len(axes)
}

// Unsqueeze inserts dimensions of size 1 where the input axes says, counted in the result.
//
// https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
type Unsqueeze struct{}

// ViewOf says that the output is input 0 under another shape.
func (o *Unsqueeze) ViewOf() int { return 0 }

// Infer implements graph.Op.
func (o *Unsqueeze) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	checkTensor(c, 1, int64Only)
	dims := c.Dims(0)
	list, n := axesInput(c, 1)
	if !c.Check(n <= maxRank, "input 1: %d axes, want at most %d", n, maxRank) {
		return
	}
	if dims == nil || list == nil {
		rank := -1
		if dims != nil && n >= 0 {
			rank = len(dims) + n
		}
		unknown(c, rank)
		return
	}
	axes := c.Axes(list, len(dims)+len(list))
	if c.Failed() {
		return
	}
	out := make([]graph.Dim, 0, len(dims)+len(axes))
	for i := range cap(out) {
		if slices.Contains(axes, i) {
			out = append(out, graph.N(1))
		} else {
			out = append(out, dims[0])
			dims = dims[1:]
		}
	}
	view(c, out)
}

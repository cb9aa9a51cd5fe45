package op

import (
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

var sliceOps = []Entry{
	core[Slice]("data starts ends axes? steps? -> output"),
}

// Slice cuts out, along each axis that the input axes lists (default: the first ones), the elements from starts up to
// ends in steps. Negative starts and ends count from the back; what lies outside is cut off; a negative step goes
// backwards.
//
// https://onnx.ai/onnx/operators/onnx__Slice.html
type Slice struct{}

// Infer implements graph.Op.
func (o *Slice) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, indexTypes)
	for i := 1; i < c.NumIn(); i++ {
		checkOptional(c, i, indexTypes)
		c.CheckSame(1, i)
		if c.Has(i) && c.Rank(i) >= 0 && c.CheckRank(i, 1) {
			a, ok1 := c.Dims(i)[0].Int()
			b, ok2 := dimOf(c, 1, 0).Int()
			c.Check(!ok1 || !ok2 || a == b, "input %d: %d elements, want %d as in input 1", i, a, b)
		}
	}
	dims := c.Dims(0)
	starts, ends := c.Ints(1), c.Ints(2)
	var axes, steps []graph.Dim
	if c.Has(3) {
		axes = c.Ints(3)
	}
	if c.Has(4) {
		steps = c.Ints(4)
	}
	if dims == nil || c.Failed() {
		unknown(c, -1)
		return
	}
	n := len(starts)
	if k := c.Rank(1); starts == nil && k == 1 {
		var ok bool
		if n, ok = c.Dims(1)[0].Int(); !ok {
			n = -1
		}
	} else if starts == nil {
		n = -1
	}
	where := o.axes(c, axes, n, len(dims))
	if c.Failed() {
		return
	}
	if where == nil {
		unknown(c, len(dims))
		return
	}
	out := slices.Clone(dims)
	for i, a := range where {
		if i >= len(starts) || i >= len(ends) || c.Has(4) && i >= len(steps) {
			out[a] = c.Fresh()
			continue
		}
		step := graph.N(1)
		if c.Has(4) {
			step = steps[i]
		}
		out[a] = sliceDim(c, dims[a], starts[i], ends[i], step)
	}
	if c.Failed() {
		return
	}
	if v := o.values(c, starts, ends, steps); v != nil && len(dims) == 1 && len(where) == 1 {
		c.Known(0, c.DType(0), out, v)
		return
	}
	c.Tensor(0, c.DType(0), out)
}

// axes returns the n axes that are sliced; nil when they are unknown.
func (o *Slice) axes(c *graph.Infer, axes []graph.Dim, n, rank int) []int {
	list := []int{}
	if !c.Has(3) {
		if n < 0 || !c.Check(n <= rank, "input 1: %d elements, input 0 has rank %d", n, rank) {
			return nil
		}
		for i := range n {
			list = append(list, i)
		}
		return list
	}
	if axes == nil {
		return nil
	}
	for _, a := range axes {
		k, ok := a.Int()
		if !ok {
			return nil
		}
		list = append(list, k)
	}
	return c.Axes(list, rank)
}

// values returns what is known of the elements of a sliced vector; nil when something is unknown.
func (o *Slice) values(c *graph.Infer, starts, ends, steps []graph.Dim) []graph.Dim {
	vals := c.In(0).Values()
	if vals == nil || len(starts) != 1 || len(ends) != 1 {
		return nil
	}
	start, ok1 := starts[0].Int()
	end, ok2 := ends[0].Int()
	step, ok3 := 1, true
	if len(steps) == 1 {
		step, ok3 = steps[0].Int()
	}
	if !ok1 || !ok2 || !ok3 || step == 0 || len(steps) == 0 && c.Has(4) {
		return nil
	}
	begin, n := SliceRange(len(vals), start, end, step)
	out := make([]graph.Dim, n)
	for i := range out {
		out[i] = vals[begin+i*step]
	}
	return out
}

// SliceRange returns which elements of a dimension of size d a slice takes: n of them, the first at begin, each step
// after the one before. step is not 0.
func SliceRange(d, start, end, step int) (begin, n int) {
	if start < 0 {
		start += d
	}
	if end < 0 {
		end += d
	}
	if step > 0 {
		start, end = min(max(start, 0), d), min(max(end, 0), d)
		if start >= end {
			return 0, 0
		}
		return start, (end-start-1)/step + 1
	}
	start, end = min(max(start, 0), d-1), min(max(end, -1), d-1)
	if start <= end {
		return 0, 0
	}
	return start, (start-end-1)/-max(step, -math.MaxInt) + 1
}

// sliceDim returns how many elements a slice takes of a dimension of size d.
func sliceDim(c *graph.Infer, d, start, end, step graph.Dim) graph.Dim {
	s, ok1 := start.Int()
	e, ok2 := end.Int()
	k, ok3 := step.Int()
	if !c.Check(!ok3 || k != 0, "input 4: a step is 0") {
		return d
	}
	if size, ok := d.Int(); ok && ok1 && ok2 && ok3 {
		_, n := SliceRange(size, s, e, k)
		return graph.N(n)
	}
	if size, ok := d.Int(); ok && size == 0 {
		return d
	}
	if ok1 && ok2 && ok3 && k < 0 && (s == -1 || s >= math.MaxInt32) && e <= -math.MaxInt32 {
		return d.CeilDiv(-max(k, -math.MaxInt32))
	}
	if !ok3 || k < 0 {
		return c.Fresh()
	}
	from, lo := sliceEdge(d, start)
	to, hi := sliceEdge(d, end)
	switch {
	case !lo || !hi:
		return c.Fresh()
	case from.Is(0):
		return to.CeilDiv(k)
	case to.Equal(d) && ok1 && s > 0:
		return d.Sub(start).AtLeast0().CeilDiv(k)
	case to.Equal(d) && ok1:
		return graph.MinDim(graph.N(-max(s, -math.MaxInt)), d).CeilDiv(k)
	}
	return to.Sub(from).AtLeast0().CeilDiv(k)
}

// sliceEdge returns a start or end moved into 0…d, for a step forward; false when it is unknown whether it counts from
// the back.
func sliceEdge(d, x graph.Dim) (graph.Dim, bool) {
	n, isInt := x.Int()
	switch {
	case isInt && n >= math.MaxInt32:
		return d, true
	case isInt && n < 0:
		return d.Add(x).AtLeast0(), true
	case x.Equal(d), x.Is(0):
		return x, true
	case x.NonNegative():
		return graph.MinDim(x, d), true
	}
	return x, false
}

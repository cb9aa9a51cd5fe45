package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// More sets of element types.
var (
	matmulTypes = floatTypes | setOf(tensor.Int32, tensor.Int64, tensor.Uint32, tensor.Uint64)
	byteTypes   = setOf(tensor.Int8, tensor.Uint8)
)

// wantVector checks that input i, when it is present, is a vector of n elements, which what says what they are; n may
// be unknown. It returns n, or what the input says of it.
func wantVector(c *graph.Infer, i int, n graph.Dim, what string) graph.Dim {
	if c.Has(i) && c.CheckRank(i, 1) {
		return c.Unify(n, c.Dims(i)[0], what)
	}
	return n
}

// wantOne checks that input i, when it is present, has one element.
func wantOne(c *graph.Infer, i int) {
	if n, ok := c.In(i).Len().Int(); ok && c.Has(i) {
		c.Check(n == 1, "input %d: %d elements, want 1", i, n)
	}
}

// wantOneOrVector checks that input i, when it is present, has one element or is a vector of n.
func wantOneOrVector(c *graph.Infer, i int, n graph.Dim) {
	d := c.Dims(i)
	if !c.Has(i) || d == nil || !c.Check(len(d) <= 1, "input %d: rank %d, want a scalar or a vector", i, len(d)) || len(d) == 0 {
		return
	}
	if !d[0].Is(1) {
		c.Unify(d[0], n, "the length of a vector against the channels or columns")
	}
}

// checkBroadcastTo checks that input i, when it is present, broadcasts to the given dimensions without widening them.
func checkBroadcastTo(c *graph.Infer, i int, to []graph.Dim) {
	d := c.Dims(i)
	if !c.Has(i) || d == nil || to == nil ||
		!c.Check(len(d) <= len(to), "input %d: shape %s does not broadcast to %s", i, graph.FormatDims(d), graph.FormatDims(to)) {
		return
	}
	for k, e := range d {
		t := to[len(to)-len(d)+k]
		m, ok1 := e.Int()
		n, ok2 := t.Int()
		c.Check(!ok1 || m == 1 || !ok2 || m == n, "input %d: shape %s does not broadcast to %s", i, graph.FormatDims(d), graph.FormatDims(to))
	}
}

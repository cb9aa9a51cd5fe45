package op

import "github.com/gneiss-ml/gneiss/graph"

// matchDims checks that input i, when it is present and its rank is known, has the given dimensions as far as both are
// known.
func matchDims(c *graph.Infer, i int, want ...graph.Dim) {
	dims := c.Dims(i)
	if dims == nil {
		return
	}
	if !c.CheckRank(i, len(want)) {
		return
	}
	for k, d := range dims {
		_, ok1 := d.Int()
		_, ok2 := want[k].Int()
		c.Check(!ok1 || !ok2 || d.Equal(want[k]), "input %d: shape %s, want %s", i, graph.FormatDims(dims), graph.FormatDims(want))
	}
}

// dimOf returns dimension k of input i; an unknown size when its rank is unknown or too small.
func dimOf(c *graph.Infer, i, k int) graph.Dim {
	if d := c.Dims(i); k < len(d) {
		return d[k]
	}
	return c.Fresh()
}

// parts divides a size that must be n equal parts; an unknown size is divided as a formula.
func parts(c *graph.Infer, d graph.Dim, n int, what string) graph.Dim {
	if k, ok := d.Int(); ok && (n <= 0 || !c.Check(k%n == 0, "%s: %d is no multiple of %d", what, k, n)) {
		return c.Fresh()
	}
	return d.Div(graph.N(n))
}

// scalarDim returns the single element of the integer input i, on which a shape depends; false and an unknown size when
// it is unknown.
func scalarDim(c *graph.Infer, i int) (graph.Dim, bool) {
	if n, ok := c.In(i).Len().Int(); ok && c.Rank(i) >= 0 && !c.Check(n == 1, "input %d: %d elements, want 1", i, n) {
		return c.Fresh(), false
	}
	if v := c.Ints(i); len(v) == 1 {
		return v[0], true
	}
	return c.Fresh(), false
}

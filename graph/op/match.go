package op

import (
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

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

// checkTypes checks that input i, when present, is a tensor of one of the given element types.
func checkTypes(c *graph.Infer, i int, types ...tensor.DType) bool {
	if !c.Has(i) {
		return true
	}
	f := c.In(i)
	if f.Kind == tensor.KindTensor && slices.Contains(types, f.DType) {
		return true
	}
	names := make([]string, len(types))
	for k, t := range types {
		names[k] = t.String()
	}
	return c.Check(false, "input %d: %v, want %s", i, f.Type, strings.Join(names, ", "))
}

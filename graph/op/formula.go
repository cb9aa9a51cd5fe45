package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Shape arithmetic: elementwise operators compute small vectors and scalars of int32 and int64 with formulas, so that
// what comes of Shape stays known while dimensions are symbols.

// formulas returns the elements of input i as integers or formulas; nil when they are not known or it is no vector or
// scalar of int32 or int64.
func formulas(c *graph.Infer, i int) []graph.Dim {
	f := c.In(i)
	if f.Kind != tensor.KindTensor || !indexTypes.has(f.DType) || f.Rank() > 1 {
		return nil
	}
	v := f.Values()
	if n, ok := f.Len().Int(); ok && n != len(v) {
		return nil
	}
	return v
}

// setFormulas sets output 0 to elements fn of the inputs' elements, which broadcast, when they are all known. fn returns
// false when the result is no formula. It reports whether it did.
func setFormulas(c *graph.Infer, dims []graph.Dim, fn func(x []graph.Dim) (graph.Dim, bool)) bool {
	n := 0
	in := make([][]graph.Dim, c.NumIn())
	for i := range in {
		if in[i] = formulas(c, i); len(in[i]) == 0 {
			return false
		}
		n = max(n, len(in[i]))
	}
	if len(dims) > 1 || dims == nil || c.Failed() {
		return false
	}
	out := make([]graph.Dim, n)
	x := make([]graph.Dim, len(in))
	for k := range out {
		for i, v := range in {
			if len(v) != 1 && len(v) != n {
				return false
			}
			x[i] = v[k%len(v)]
		}
		var ok bool
		if out[k], ok = fn(x); !ok {
			return false
		}
	}
	c.Known(0, c.DType(0), dims, out)
	return true
}

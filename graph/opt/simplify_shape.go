package opt

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
)

// Rules that move no data, or less.

// expandInto drops a broadcast that the operator does anyway.
//
//	Before: t = Expand (x, s); y = Add (t, z)   (y has the dimensions of x broadcast with z)
//	After:  y = Add (x, z)
func expandInto[P graph.Op](b *graph.Builder, n *graph.Node, o P) []*graph.Value {
	for i, v := range n.In {
		m, _, ok := from[*op.Expand](v)
		if !ok {
			continue
		}
		in := slices.Clone(n.In)
		in[i] = m.In[0]
		facts := make([]graph.Fact, len(in))
		for k, w := range in {
			if w != nil {
				facts[k] = w.Fact
			}
		}
		r, err := graph.InferOp(n.Name, n.Op, facts, len(n.Out), nil)
		if err == nil && equalDims(r.Out[0].Dims, n.Out[0].Fact.Dims) {
			return b.Add("", n.Op, len(n.Out), in...)
		}
	}
	return nil
}

// viewView makes one Reshape of two operators that only change dimensions.
//
//	Before: t = Flatten (x); y = Unsqueeze (t, axes)   (y has integer dimensions but for one at most)
//	After:  y = Reshape (x, s)
func viewView[P graph.Op](b *graph.Builder, n *graph.Node, o P) []*graph.Value {
	m := n.In[0].Def
	if m == nil || !isView(m.Op) {
		return nil
	}
	return reshapeTo(b, m.In[0], n.Out[0].Fact)
}

// isView reports whether an operator yields the elements of its input under other dimensions.
func isView(o graph.Op) bool {
	switch o.(type) {
	case *op.Flatten, *op.Reshape, *op.Squeeze, *op.Unsqueeze:
		return true
	}
	return false
}

// reshapeTo returns x under the dimensions of f; nil when those cannot be said by a constant.
func reshapeTo(b *graph.Builder, x *graph.Value, f graph.Fact) []*graph.Value {
	if f.Dims == nil || x.Fact.Dims == nil {
		return nil
	}
	shape := make([]int, len(f.Dims))
	free := false
	for i, d := range f.Dims {
		n, ok := d.Int()
		if !ok {
			if free {
				return nil
			}
			n, free = -1, true
		}
		shape[i] = n
	}
	if slices.Contains(shape, 0) && free {
		return nil
	}
	return []*graph.Value{b.Op(&op.Reshape{AllowZero: true}, x, b.Ints(shape...))}
}

// transposeTranspose makes one Transpose of two.
//
//	Before: t = Transpose <perm = [0, 2, 1]> (x); y = Transpose <perm = [1, 0, 2]> (t)
//	After:  y = Transpose <perm = [2, 0, 1]> (x)
func transposeTranspose(b *graph.Builder, n *graph.Node, o *op.Transpose) []*graph.Value {
	m, p, ok := from[*op.Transpose](n.In[0])
	if r := n.In[0].Fact.Rank(); ok && r >= 0 {
		first, second := p.PermOf(r), o.PermOf(r)
		perm := make([]int, r)
		for i, a := range second {
			perm[i] = first[a]
		}
		return []*graph.Value{b.Op(&op.Transpose{Perm: perm}, m.In[0])}
	}
	return nil
}

// transposeView makes a Reshape of a Transpose that moves only dimensions of size 1.
//
//	Before: y = Transpose <perm = [0, 2, 3, 1]> (x)   (x is float[N,1,28,28])
//	After:  y = Reshape (x, s)                        (s is {-1, 28, 28, 1})
func transposeView(b *graph.Builder, n *graph.Node, o *op.Transpose) []*graph.Value {
	dims := n.In[0].Fact.Dims
	last := -1
	for _, a := range o.PermOf(len(dims)) {
		if dims == nil {
			return nil
		}
		if dims[a].Is(1) {
			continue
		}
		if a < last {
			return nil
		}
		last = a
	}
	return reshapeTo(b, n.In[0], n.Out[0].Fact)
}

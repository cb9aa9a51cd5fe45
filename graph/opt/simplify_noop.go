package opt

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
)

// Rules for operators that change nothing here.

// castSame drops a cast to the type that is there.
//
//	Before: y = Cast <to = float> (x)   (x is float)
//	After:  x
func castSame(b *graph.Builder, n *graph.Node, o *op.Cast) []*graph.Value {
	if n.In[0].Fact.DType != o.To {
		return nil
	}
	return n.In[:1]
}

// concatOne drops a concatenation of one tensor.
//
//	Before: y = Concat (x)
//	After:  x
func concatOne(b *graph.Builder, n *graph.Node, o *op.Concat) []*graph.Value {
	if len(n.In) != 1 {
		return nil
	}
	return n.In
}

// expandSame drops a broadcast to the shape that is there.
//
//	Before: y = Expand (x, s)   (the dimensions of y are those of x)
//	After:  x
func expandSame(b *graph.Builder, n *graph.Node, o *op.Expand) []*graph.Value { return sameDims(n) }

// identity drops an Identity.
//
//	Before: y = Identity (x)
//	After:  x
func identity(b *graph.Builder, n *graph.Node, o *op.Identity) []*graph.Value { return n.In[:1] }

// padNothing drops a pad of zero elements everywhere.
//
//	Before: y = Pad (x, pads)   (pads is all 0)
//	After:  x
func padNothing(b *graph.Builder, n *graph.Node, o *op.Pad) []*graph.Value {
	if !allInts(n.In[1], 0) {
		return nil
	}
	return n.In[:1]
}

// reshapeSame drops a Reshape, Flatten, Squeeze or Unsqueeze that keeps the dimensions.
//
//	Before: y = Reshape (x, s)   (the dimensions of y are those of x)
//	After:  x
func reshapeSame[P graph.Op](b *graph.Builder, n *graph.Node, o P) []*graph.Value { return sameDims(n) }

// sliceAll drops a slice of everything.
//
//	Before: y = Slice (x, starts, ends, axes)   (the dimensions of y are those of x, the steps are 1)
//	After:  x
func sliceAll(b *graph.Builder, n *graph.Node, o *op.Slice) []*graph.Value {
	if n.Input(4) != nil && !allInts(n.In[4], 1) {
		return nil
	}
	return sameDims(n)
}

// splitOne drops a split into one part.
//
//	Before: y = Split <num_outputs = 1> (x)
//	After:  x
func splitOne(b *graph.Builder, n *graph.Node, o *op.Split) []*graph.Value {
	if len(n.Out) != 1 {
		return nil
	}
	return sameDims(n)
}

// tileOnce drops a Tile that repeats nothing.
//
//	Before: y = Tile (x, repeats)   (repeats is all 1)
//	After:  x
func tileOnce(b *graph.Builder, n *graph.Node, o *op.Tile) []*graph.Value {
	if !allInts(n.In[1], 1) {
		return nil
	}
	return n.In[:1]
}

// transposeSame drops a Transpose that keeps the order of the dimensions.
//
//	Before: y = Transpose <perm = [0, 1]> (x)
//	After:  x
func transposeSame(b *graph.Builder, n *graph.Node, o *op.Transpose) []*graph.Value {
	if r := n.In[0].Fact.Rank(); r < 0 || !slices.IsSorted(o.PermOf(r)) {
		return nil
	}
	return n.In[:1]
}

// variadicOne drops a Max, Mean, Min or Sum of one tensor.
//
//	Before: y = Max (x)
//	After:  x
func variadicOne(b *graph.Builder, n *graph.Node, o *op.Variadic) []*graph.Value {
	if len(n.In) != 1 {
		return nil
	}
	return n.In
}

// sameDims returns input 0 when output 0 is known to have its dimensions.
func sameDims(n *graph.Node) []*graph.Value {
	if n.Out[0] == nil || !equalDims(n.In[0].Fact.Dims, n.Out[0].Fact.Dims) {
		return nil
	}
	return n.In[:1]
}

// equalDims reports whether two lists of dimensions are known to be equal.
func equalDims(a, b []graph.Dim) bool {
	return a != nil && b != nil && slices.EqualFunc(a, b, graph.Dim.Equal)
}

// allInts reports whether v is known to hold nothing but the integer k.
func allInts(v *graph.Value, k int) bool {
	xs := v.Fact.Values()
	return xs != nil && !slices.ContainsFunc(xs, func(d graph.Dim) bool { return !d.Is(k) })
}

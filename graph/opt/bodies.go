package opt

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
)

// bodies brings what is known around If, Loop, Scan and SequenceMap into their bodies, and takes out of the node what its
// bodies do not need: captures that are constants become constants of the bodies, captures that are there twice or that
// no body uses go away, and so do outputs of an If that nobody takes.
//
//	Before: y = If (c, x, w, x) <then_branch = then (x, w, u) => (y) { y = Add (x, w) }, ...>   (w is constant)
//	After:  y = If (c, x) <then_branch = then (x) => (y) <w> { y = Add (x, w) }, ...>
func bodies(p *run, g *graph.Graph) (bool, error) {
	changed := false
	for _, n := range g.Nodes {
		if captures(n.Op) == nil {
			continue
		}
		bs := graph.Bodies(n.Op)
		if _, ok := n.Op.(*op.If); ok && dropOutputs(n, bs) {
			changed = true
		}
		sharper := map[*graph.Graph][]*graph.Node{}
		for k := len(n.In) - 1; k >= len(n.In)-*captures(n.Op); k-- {
			c, drop := capture(n, bs, k, sharper)
			if drop && p.allow("bodies", n) {
				dropInput(n, bs, k)
			}
			changed = changed || c || drop
		}
		for _, b := range bs {
			b.Sharpen(p.Eval, sharper[b]...)
		}
	}
	return changed, nil
}

// captures returns where an operator says how many of its last inputs are captures; nil for one without bodies.
func captures(o graph.Op) *int {
	switch o := o.(type) {
	case *op.If:
		return &o.Captures
	case *op.Loop:
		return &o.Captures
	case *op.Scan:
		return &o.Captures
	case *op.SequenceMap:
		return &o.Captures
	}
	return nil
}

// capture passes on what is known of input k of n, a capture, to the bodies. It reports whether a body changed, and
// whether the bodies do without the input now.
func capture(n *graph.Node, bs []*graph.Graph, k int, sharper map[*graph.Graph][]*graph.Node) (changed, drop bool) {
	v := n.In[k]
	if v == nil {
		return false, false
	}
	first := slices.Index(n.In[len(n.In)-*captures(n.Op):], v) + len(n.In) - *captures(n.Op)
	drop = true
	for _, b := range bs {
		inner := bodyInput(n, b, k)
		switch {
		case first < k:
			b.Replace(inner, bodyInput(n, b, first))
		case v.IsConst():
			sharper[b] = append(sharper[b], inner.Users()...)
			b.Replace(inner, &graph.Value{Name: inner.Name, Fact: graph.ConstFact(v.Fact.Const)})
		case len(inner.Users()) > 0 || slices.Contains(b.Out, inner):
			drop = false
			if f, better := inner.Fact.With(v.Fact); better {
				inner.Fact, changed = f, true
				sharper[b] = append(sharper[b], inner.Users()...)
			}
		}
	}
	return changed, drop
}

// bodyInput returns the input of a body that input k of n, a capture, becomes.
func bodyInput(n *graph.Node, b *graph.Graph, k int) *graph.Value { return b.In[len(b.In)-len(n.In)+k] }

// dropInput takes input k, a capture that no body needs, from n and its bodies.
func dropInput(n *graph.Node, bs []*graph.Graph, k int) {
	for _, b := range bs {
		i := len(b.In) - len(n.In) + k
		b.In = slices.Delete(b.In, i, i+1)
	}
	n.Op = graph.WithBodies(n.Op, bs)
	*captures(n.Op)--
	n.DropInput(k)
}

// dropOutputs takes the outputs that nobody wants from an If and its branches.
func dropOutputs(n *graph.Node, bs []*graph.Graph) bool {
	changed := false
	for i := len(n.Out) - 1; i >= 0; i-- {
		if n.Out[i] != nil {
			continue
		}
		n.Out = slices.Delete(n.Out, i, i+1)
		for _, v := range n.Out[i:] {
			if v != nil {
				v.Index--
			}
		}
		for _, b := range bs {
			b.Out = slices.Delete(b.Out, i, i+1)
			b.OutNames = slices.Delete(b.OutNames, i, i+1)
		}
		changed = true
	}
	return changed
}

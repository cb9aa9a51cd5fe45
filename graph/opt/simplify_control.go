package opt

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// dropoutOff drops a Dropout that does not train. Where the mask is taken it is all true.
//
//	Before: y, mask = Dropout (x)
//	After:  x
func dropoutOff(b *graph.Builder, n *graph.Node, o *op.Dropout) []*graph.Value {
	if mode := n.Input(2); mode != nil {
		if on, ok := boolean(mode.Const()); !ok || on {
			return nil
		}
	}
	out := []*graph.Value{n.In[0], nil}
	if n.Wants(1) {
		out[1] = b.Op(&op.Expand{}, b.Const(tensor.Scalar(true)), b.Op(&op.Shape{}, n.In[0]))
	}
	return out
}

// ifKnown puts the branch that is taken in the place of an If.
//
//	Before: y = If (yes, x) <then_branch = then (x) => (y) { y = Relu (x) }, ...>   (yes is true)
//	After:  y = Relu (x)
func ifKnown(b *graph.Builder, n *graph.Node, o *op.If) []*graph.Value {
	cond, ok := boolean(n.In[0].Const())
	if !ok {
		return nil
	}
	return b.Inline(o.Branch(cond), n.In[1:])[:len(n.Out)]
}

// boolean returns the value of a tensor of one boolean.
func boolean(t *tensor.Tensor) (value, ok bool) {
	if t == nil || t.DType() != tensor.Bool || t.Len() != 1 {
		return false, false
	}
	return tensor.Data[bool](t)[0], true
}

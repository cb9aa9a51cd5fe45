package op

import "github.com/gneiss-ml/gneiss/graph"

var swishOps = []Entry{
	core[SwiGLUExample]("X Y -> Z"),
}

// SwiGLUExample shows the form of a composite.
type SwiGLUExample struct{}

// Infer implements graph.Op.
func (o *SwiGLUExample) Infer(c *graph.Infer) { c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *SwiGLUExample) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&Binary{Fn: Mul}, b.Op(&Unary{Fn: Relu}, n.In[0]), n.In[1])}
}

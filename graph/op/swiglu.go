package op

import "github.com/gneiss-ml/gneiss/graph"

var swigluOps = []Entry{
	core[SwiGLU]("A B -> Y"),
}

// SwiGLU gates B by A: Y = A·sigmoid(Alpha·A)·B. A and B have one shape.
//
// https://onnx.ai/onnx/operators/onnx__SwiGLU.html
type SwiGLU struct {
	Alpha float32 `onnx:"alpha,1"`
}

// Infer implements graph.Op.
func (o *SwiGLU) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	if d := c.Dims(0); d != nil {
		matchDims(c, 1, d...)
		c.Like(0, 0)
	} else {
		c.Like(0, 1)
	}
}

// Expand implements graph.Composite.
func (o *SwiGLU) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&Binary{Fn: Mul}, b.Op(&Unary{Fn: Swish, Alpha: o.Alpha}, n.In[0]), n.In[1])}
}

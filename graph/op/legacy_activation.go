package op

import "github.com/gneiss-ml/gneiss/graph"

// Operators that were experimental in ONNX 1.0 and then removed; old converters wrote them.
var legacyActivationOps = []Entry{
	core[Affine]("X -> Y"),
	core[ParametricSoftplus]("X -> Y"),
	core[ScaledTanh]("X -> Y"),
}

// Affine is α·x + β.
//
// https://github.com/onnx/onnx/blob/rel-1.4.1/docs/Operators.md#experimental-affine
type Affine struct {
	Alpha float32 `onnx:"alpha,1"`
	Beta  float32 `onnx:"beta,0"`
}

// ParametricSoftplus is α·log(1 + exp(β·x)).
//
// https://github.com/onnx/onnx/blob/rel-1.4.1/docs/Operators.md#experimental-parametricsoftplus
type ParametricSoftplus struct {
	Alpha float32 `onnx:"alpha,required"`
	Beta  float32 `onnx:"beta,required"`
}

// ScaledTanh is α·tanh(β·x).
//
// https://github.com/onnx/onnx/blob/rel-1.4.1/docs/Operators.md#experimental-scaledtanh
type ScaledTanh struct {
	Alpha float32 `onnx:"alpha,required"`
	Beta  float32 `onnx:"beta,required"`
}

// Infer implements graph.Op.
func (o *Affine) Infer(c *graph.Infer) { inferFloat(c) }

// Infer implements graph.Op.
func (o *ParametricSoftplus) Infer(c *graph.Infer) { inferFloat(c) }

// Infer implements graph.Op.
func (o *ScaledTanh) Infer(c *graph.Infer) { inferFloat(c) }

func inferFloat(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.Like(0, 0)
}

// Expand implements graph.Composite.
func (o *Affine) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	a, x := arith{b}, n.In[0]
	return []*graph.Value{a.add(a.mul(x, a.num(float64(o.Alpha), x)), a.num(float64(o.Beta), x))}
}

// Expand implements graph.Composite.
func (o *ParametricSoftplus) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return scaled(b, NewUnary(Softplus), n.In[0], o.Alpha, o.Beta)
}

// Expand implements graph.Composite.
func (o *ScaledTanh) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return scaled(b, NewUnary(Tanh), n.In[0], o.Alpha, o.Beta)
}

// scaled is α·f(β·x).
func scaled(b *graph.Builder, f graph.Op, x *graph.Value, alpha, beta float32) []*graph.Value {
	a := arith{b}
	return []*graph.Value{a.mul(b.Op(f, a.mul(x, a.num(float64(beta), x))), a.num(float64(alpha), x))}
}

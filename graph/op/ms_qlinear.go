package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Operators of com.microsoft on quantized tensors: they compute in float32 between dequantized inputs and a quantized output.

var msQLinearOps = []Entry{
	core[MSQLinearConv]("x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B? -> y"),
	core[QLinearAdd]("A A_scale A_zero_point? B B_scale B_zero_point? C_scale C_zero_point? -> C"),
	core[QLinearAveragePool]("X x_scale x_zero_point? y_scale y_zero_point? -> Y"),
	core[QLinearConcat]("Y_scale Y_zero_point inputs... -> Y"),
	core[QLinearGlobalAveragePool]("X x_scale x_zero_point y_scale y_zero_point -> Y"),
	core[QLinearLeakyRelu]("X X_scale X_zero_point? Y_scale Y_zero_point? -> Y"),
	core[QLinearMul]("A A_scale A_zero_point? B B_scale B_zero_point? C_scale C_zero_point? -> C"),
	core[QLinearSigmoid]("X X_scale X_zero_point? Y_scale Y_zero_point? -> Y"),
	core[QLinearSoftmax]("X X_scale x_zero_point? y_scale y_zero_point -> Y"),
	core[QLinearWhere]("condition X x_scale x_zero_point Y y_scale y_zero_point z_scale z_zero_point -> Z"),
}

// checkQuantized checks inputs i, a tensor of bytes, i+1, its scale, and i+2, its zero point.
func checkQuantized(c *graph.Infer, i int) {
	checkTensor(c, i, byteTypes)
	checkScale(c, i+1)
	c.CheckSame(i, i+2)
}

// checkScale checks that inputs i and i+1, a scale and a zero point, have one element each.
func checkScale(c *graph.Infer, i int) {
	checkTensor(c, i, setOf(tensor.Float32))
	wantOne(c, i)
	if checkOptional(c, i+1, byteTypes) {
		wantOne(c, i+1)
	}
}

// qbinary expands an elementwise operator of two quantized inputs.
func qbinary(b *graph.Builder, n *graph.Node, fn BinaryFn) []*graph.Value {
	x := dequantize(b, n.In[0], n.In[1], n.In[2])
	y := dequantize(b, n.In[3], n.In[4], n.In[5])
	return []*graph.Value{quantize(b, n.In[0].Fact.DType, b.Op(&Binary{fn}, x, y), n.In[6], n.Input(7))}
}

// qunary expands an operator of one quantized input.
func qunary(b *graph.Builder, n *graph.Node, f func(x *graph.Value) *graph.Value) []*graph.Value {
	x := dequantize(b, n.In[0], n.In[1], n.In[2])
	return []*graph.Value{quantize(b, n.In[0].Fact.DType, f(x), n.In[3], n.Input(4))}
}

func inferQBinary(c *graph.Infer) {
	checkQuantized(c, 0)
	checkQuantized(c, 3)
	checkScale(c, 6)
	c.CheckSame(0, 3)
	c.CheckSame(0, 7)
	c.Tensor(0, c.DType(0), c.Broadcast(c.Dims(0), c.Dims(3)))
}

// checkQUnary checks the inputs of an operator of one quantized input.
func checkQUnary(c *graph.Infer) {
	checkQuantized(c, 0)
	checkScale(c, 3)
	c.CheckSame(0, 4)
}

// QLinearAdd is C = A + B with broadcasting.
type QLinearAdd struct{ microsoft }

// Infer implements graph.Op.
func (o *QLinearAdd) Infer(c *graph.Infer) { inferQBinary(c) }

// Expand implements graph.Composite.
func (o *QLinearAdd) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return qbinary(b, n, Add)
}

// QLinearMul is C = A·B with broadcasting.
type QLinearMul struct{ microsoft }

// Infer implements graph.Op.
func (o *QLinearMul) Infer(c *graph.Infer) { inferQBinary(c) }

// Expand implements graph.Composite.
func (o *QLinearMul) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return qbinary(b, n, Mul)
}

// QLinearLeakyRelu is LeakyRelu.
type QLinearLeakyRelu struct {
	microsoft
	Alpha float32 `onnx:"alpha,0.00999999978"`
}

// Infer implements graph.Op.
func (o *QLinearLeakyRelu) Infer(c *graph.Infer) { checkQUnary(c); c.Like(0, 0) }

// Expand implements graph.Composite.
func (o *QLinearLeakyRelu) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return qunary(b, n, func(x *graph.Value) *graph.Value { return b.Op(&Unary{Fn: LeakyRelu, Alpha: o.Alpha}, x) })
}

// QLinearSigmoid is the logistic function.
type QLinearSigmoid struct{ microsoft }

// Infer implements graph.Op.
func (o *QLinearSigmoid) Infer(c *graph.Infer) { checkQUnary(c); c.Like(0, 0) }

// Expand implements graph.Composite.
func (o *QLinearSigmoid) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return qunary(b, n, func(x *graph.Value) *graph.Value { return b.Op(NewUnary(Sigmoid), x) })
}

// QLinearSoftmax is Softmax as operator set Opset defines it: over all dimensions from Axis on before 13, along Axis since.
type QLinearSoftmax struct {
	microsoft
	Axis  int `onnx:"axis,-1"`
	Opset int `onnx:"opset,required"`
}

// Infer implements graph.Op.
func (o *QLinearSoftmax) Infer(c *graph.Infer) {
	checkQUnary(c)
	if r := c.Rank(0); r >= 0 {
		c.Axis(o.Axis, r)
	}
	c.Like(0, 0)
}

// Expand implements graph.Composite.
func (o *QLinearSoftmax) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return qunary(b, n, func(x *graph.Value) *graph.Value {
		if o.Opset >= 13 {
			return b.Op(NewSoftmax(o.Axis), x)
		}
		y := b.Op(NewSoftmax(-1), b.Op(&Flatten{Axis: o.Axis}, x))
		return b.Op(&Reshape{}, y, b.Op(&Shape{}, x))
	})
}

// QLinearConcat joins tensors along Axis. The inputs after the first two come in threes: a tensor, its scale and its zero point;
// a float32 tensor has scale 1 and zero point 0.
type QLinearConcat struct {
	microsoft
	Axis int `onnx:"axis,required"`
}

// Infer implements graph.Op.
func (o *QLinearConcat) Infer(c *graph.Infer) {
	checkScale(c, 0)
	if !c.Check((c.NumIn()-2)%3 == 0, "%d inputs, want 2 and then 3 for each tensor", c.NumIn()) {
		return
	}
	for i := 2; i < c.NumIn(); i += 3 {
		if c.DType(i) != tensor.Float32 {
			checkQuantized(c, i)
		}
	}
	if !c.Failed() {
		c.InferByExpansion(o)
	}
}

// Expand implements graph.Composite.
func (o *QLinearConcat) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	var parts []*graph.Value
	for i := 2; i+2 < len(n.In); i += 3 {
		x := n.In[i]
		if x.Fact.DType != tensor.Float32 {
			x = dequantize(b, x, n.In[i+1], n.In[i+2])
		}
		parts = append(parts, x)
	}
	return []*graph.Value{quantize(b, n.In[1].Fact.DType, b.Op(&Concat{Axis: o.Axis}, parts...), n.In[0], n.In[1])}
}

// QLinearWhere chooses from X where the condition is true, else from Y, with broadcasting.
type QLinearWhere struct{ microsoft }

// Infer implements graph.Op.
func (o *QLinearWhere) Infer(c *graph.Infer) {
	checkTensor(c, 0, boolOnly)
	checkQuantized(c, 1)
	checkQuantized(c, 4)
	checkScale(c, 7)
	c.CheckSame(1, 4)
	c.CheckSame(1, 8)
	c.Tensor(0, c.DType(1), c.Broadcast(c.Dims(0), c.Dims(1), c.Dims(4)))
}

// Expand implements graph.Composite.
func (o *QLinearWhere) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := dequantize(b, n.In[1], n.In[2], n.In[3])
	y := dequantize(b, n.In[4], n.In[5], n.In[6])
	return []*graph.Value{quantize(b, n.In[1].Fact.DType, b.Op(&Where{}, n.In[0], x, y), n.In[7], n.In[8])}
}

// QLinearAveragePool is AveragePool of an image [N, C, …], or [N, …, C] with ChannelsLast.
type QLinearAveragePool struct {
	microsoft
	ChannelsLast    bool `onnx:"channels_last,0"`
	CountIncludePad bool `onnx:"count_include_pad,0"`
	Pooling
}

// Infer implements graph.Op.
func (o *QLinearAveragePool) Infer(c *graph.Infer) { checkQUnary(c); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *QLinearAveragePool) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := dequantize(b, n.In[0], n.In[1], n.In[2])
	y := channelsFirst(b, o.ChannelsLast, x, func(x *graph.Value) *graph.Value {
		return b.Op(&AveragePool{CountIncludePad: o.CountIncludePad, Pooling: o.Pooling}, x)
	})
	if y == nil {
		return nil
	}
	return []*graph.Value{quantize(b, n.In[0].Fact.DType, y[0], n.In[3], n.Input(4))}
}

// QLinearGlobalAveragePool is GlobalAveragePool of an image [N, C, …], or [N, …, C] with ChannelsLast.
type QLinearGlobalAveragePool struct {
	microsoft
	ChannelsLast bool `onnx:"channels_last,0"`
}

// Infer implements graph.Op.
func (o *QLinearGlobalAveragePool) Infer(c *graph.Infer) { checkQUnary(c); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *QLinearGlobalAveragePool) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := dequantize(b, n.In[0], n.In[1], n.In[2])
	y := channelsFirst(b, o.ChannelsLast, x, func(x *graph.Value) *graph.Value { return b.Op(&GlobalAveragePool{}, x) })
	if y == nil {
		return nil
	}
	return []*graph.Value{quantize(b, n.In[0].Fact.DType, y[0], n.In[3], n.Input(4))}
}

// MSQLinearConv is QLinearConv of an image [N, C, …], or [N, …, C] with ChannelsLast; the weight is [M, C/Group, …] either way.
type MSQLinearConv struct {
	microsoft
	ChannelsLast bool  `onnx:"channels_last,0"`
	Group        int   `onnx:"group,1"`
	KernelShape  []int `onnx:"kernel_shape"`
	Slide
}

// OpName implements graph.Named.
func (o *MSQLinearConv) OpName() string { return "QLinearConv" }

// Infer implements graph.Op.
func (o *MSQLinearConv) Infer(c *graph.Infer) { c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *MSQLinearConv) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return channelsFirst(b, o.ChannelsLast, n.In[0], func(x *graph.Value) *graph.Value {
		in := append([]*graph.Value{x}, n.In[1:]...)
		return b.Op(&QLinearConv{Group: o.Group, KernelShape: o.KernelShape, Slide: o.Slide}, in...)
	})
}

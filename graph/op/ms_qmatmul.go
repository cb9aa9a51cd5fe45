package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Operators of com.microsoft for products of quantized matrices, and for quantization.

var msQMatMulOps = []Entry{
	core[DynamicQuantizeLSTM]("X W R B? sequence_lens? initial_h? initial_c? P? W_scale W_zero_point R_scale R_zero_point -> Y? Y_h? Y_c?"),
	core[DynamicQuantizeMatMul]("A B b_scale b_zero_point? bias? -> Y"),
	core[MSDequantizeLinear]("x x_scale x_zero_point? -> y"),
	core[MSQuantizeLinear]("x y_scale y_zero_point? -> y"),
	core[MatMulInteger16]("A B -> Y"),
	core[MatMulIntegerToFloat]("A B a_scale b_scale a_zero_point? b_zero_point? bias? -> Y"),
	core[NhwcMaxPool]("x -> y"),
	core[QGemm]("A a_scale a_zero_point B b_scale b_zero_point C? y_scale? y_zero_point? -> Y"),
}

// MSQuantizeLinear is QuantizeLinear for one scale, or one for each element of Axis.
type MSQuantizeLinear struct {
	microsoft
	Axis graph.Opt[int] `onnx:"axis"`
}

// OpName implements graph.Named.
func (o *MSQuantizeLinear) OpName() string { return "QuantizeLinear" }

// Infer implements graph.Op.
func (o *MSQuantizeLinear) Infer(c *graph.Infer) { c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *MSQuantizeLinear) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&QuantizeLinear{Axis: o.Axis.Or(1), Saturate: true}, n.In...)}
}

// MSDequantizeLinear is DequantizeLinear for one scale, or one for each element of Axis.
type MSDequantizeLinear struct {
	microsoft
	Axis graph.Opt[int] `onnx:"axis"`
}

// OpName implements graph.Named.
func (o *MSDequantizeLinear) OpName() string { return "DequantizeLinear" }

// Infer implements graph.Op.
func (o *MSDequantizeLinear) Infer(c *graph.Infer) { c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *MSDequantizeLinear) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&DequantizeLinear{Axis: o.Axis.Or(1)}, n.In...)}
}

// integerProduct returns (A − azero)·(B − bzero)·scale + bias as float32; zero points and bias may be nil.
func integerProduct(b *graph.Builder, x, y, xzero, yzero, scale, bias *graph.Value) *graph.Value {
	z := b.Op(NewCast(tensor.Float32), b.Op(&MatMulInteger{}, x, y, xzero, yzero))
	a := arith{b}
	if z = a.mul(z, scale); bias != nil {
		z = a.add(z, bias)
	}
	return z
}

// MatMulIntegerToFloat is Y = (A − a_zero_point)·(B − b_zero_point)·a_scale·b_scale + bias. Scale and zero point of B may be
// vectors with one element for each column.
type MatMulIntegerToFloat struct{ microsoft }

// Infer implements graph.Op.
func (o *MatMulIntegerToFloat) Infer(c *graph.Infer) { c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *MatMulIntegerToFloat) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	scale := arith{b}.mul(n.In[2], n.In[3])
	return []*graph.Value{integerProduct(b, n.In[0], n.In[1], n.Input(4), n.Input(5), scale, n.Input(6))}
}

// DynamicQuantizeMatMul is MatMulIntegerToFloat of a float A that is quantized to uint8 by its range.
type DynamicQuantizeMatMul struct{ microsoft }

// Infer implements graph.Op.
func (o *DynamicQuantizeMatMul) Infer(c *graph.Infer) { c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *DynamicQuantizeMatMul) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	q := b.Add("", &DynamicQuantizeLinear{}, 3, n.In[0])
	scale := arith{b}.mul(q[1], n.In[2])
	return []*graph.Value{integerProduct(b, q[0], n.In[1], q[2], n.Input(3), scale, n.Input(4))}
}

// MatMulInteger16 is the product of int16 matrices as int32.
type MatMulInteger16 struct{ microsoft }

// Infer implements graph.Op.
func (o *MatMulInteger16) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Int16))
	checkTensor(c, 1, setOf(tensor.Int16))
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *MatMulInteger16) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	to := NewCast(tensor.Int32)
	return []*graph.Value{b.Op(&MatMul{}, b.Op(to, n.In[0]), b.Op(to, n.In[1]))}
}

// QGemm is Y = Alpha·(A − a_zero_point)·(B − b_zero_point)·a_scale·b_scale + C, where C is int32 with the scale
// Alpha·a_scale·b_scale. Y is float32, or quantized when there is y_scale.
type QGemm struct {
	microsoft
	Alpha  float32 `onnx:"alpha,1"`
	TransA bool    `onnx:"transA,0"`
	TransB bool    `onnx:"transB,0"`
}

// Infer implements graph.Op.
func (o *QGemm) Infer(c *graph.Infer) {
	checkOptional(c, 6, setOf(tensor.Int32))
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *QGemm) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	a := arith{b}
	y := b.Op(&MatMulInteger{}, swapped(b, o.TransA, n.In[0]), swapped(b, o.TransB, n.In[3]), n.In[2], n.In[5])
	if c := n.Input(6); c != nil {
		y = a.add(y, c)
	}
	scale := a.mul(n.In[1], n.In[4])
	if o.Alpha != 1 {
		scale = a.mul(scale, a.num(float64(o.Alpha), scale))
	}
	y = a.mul(b.Op(NewCast(tensor.Float32), y), scale)
	if s := n.Input(7); s != nil {
		dt := n.In[0].Fact.DType
		if z := n.Input(8); z != nil {
			dt = z.Fact.DType
		}
		y = quantize(b, dt, y, s, n.Input(8))
	}
	return []*graph.Value{y}
}

// NhwcMaxPool is MaxPool of an image [N, …, C].
type NhwcMaxPool struct {
	microsoft
	Pooling
}

// Infer implements graph.Op.
func (o *NhwcMaxPool) Infer(c *graph.Infer) { checkTensor(c, 0, byteTypes); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *NhwcMaxPool) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return channelsFirst(b, true, n.In[0], func(x *graph.Value) *graph.Value { return b.Op(&MaxPool{Pooling: o.Pooling}, x) })
}

// DynamicQuantizeLSTM is LSTM with quantized weights, W [directions, inputs, 4·hidden] and R [directions, hidden, 4·hidden]: the
// transposes of those of LSTM. Scales and zero points are [directions], or [directions, 4·hidden] with one for each column.
// The inputs are not quantized here, so results are nearer to those of the float weights than ONNX Runtime's.
type DynamicQuantizeLSTM struct {
	microsoft
	ActivationAlpha []float32          `onnx:"activation_alpha"`
	ActivationBeta  []float32          `onnx:"activation_beta"`
	Activations     []string           `onnx:"activations"`
	Clip            graph.Opt[float32] `onnx:"clip"`
	Direction       string             `onnx:"direction,forward"`
	HiddenSize      graph.Opt[int]     `onnx:"hidden_size"`
	InputForget     bool               `onnx:"input_forget,0"`
}

// Infer implements graph.Op.
func (o *DynamicQuantizeLSTM) Infer(c *graph.Infer) {
	for i := 1; i < 3; i++ {
		checkTensor(c, i, byteTypes)
		c.CheckRank(i, 3)
	}
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *DynamicQuantizeLSTM) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	w := columnScaled(b, n.In[1], n.In[8], n.In[9])
	r := columnScaled(b, n.In[2], n.In[10], n.In[11])
	if w == nil || r == nil {
		return nil
	}
	lstm := &LSTM{InputForget: o.InputForget, Recurrent: Recurrent{
		ActivationAlpha: o.ActivationAlpha, ActivationBeta: o.ActivationBeta, Activations: o.Activations, Clip: o.Clip,
		Direction: o.Direction, HiddenSize: o.HiddenSize,
	}}
	return b.Add("", lstm, len(n.Out), n.In[0], w, r, n.In[3], n.In[4], n.In[5], n.In[6], n.In[7])
}

// columnScaled returns the transposed matrices of w [d, k, n], dequantized with scales and zero points [d] or [d, n]; nil when a
// rank is unknown.
func columnScaled(b *graph.Builder, w, scale, zero *graph.Value) *graph.Value {
	a := arith{b}
	spread := func(v *graph.Value) *graph.Value {
		switch v.Fact.Rank() {
		case 1:
			return b.Op(&Unsqueeze{}, v, b.Ints(1, 2))
		case 2:
			return b.Op(&Unsqueeze{}, v, b.Ints(1))
		}
		return nil
	}
	s, z := spread(scale), spread(zero)
	if s == nil || z == nil {
		return nil
	}
	to := NewCast(tensor.Float32)
	x := a.mul(a.sub(b.Op(to, w), b.Op(to, z)), s)
	return b.Op(&Transpose{Perm: []int{0, 2, 1}}, x)
}

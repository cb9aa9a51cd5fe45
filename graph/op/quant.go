package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var quantOps = []Entry{
	core[DequantizeLinear]("x x_scale x_zero_point? -> y"),
	core[DynamicQuantizeLinear]("x -> y y_scale y_zero_point"),
	core[QLinearConv]("x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B? -> y"),
	core[QLinearMatMul]("a a_scale a_zero_point b b_scale b_zero_point y_scale y_zero_point -> y"),
	core[QuantizeLinear]("x y_scale y_zero_point? -> y"),
}

var (
	quantizedTypes = float8Types | byteTypes | setOf(tensor.Int16, tensor.Uint16, tensor.Int4, tensor.Uint4, tensor.Int2, tensor.Uint2,
		tensor.Float4E2M1, tensor.Float6E2M3, tensor.Float6E3M2)
	scaleTypes = setOf(tensor.Float32, tensor.Float16, tensor.BFloat16)
)

// QuantizeLinear is y = saturate(round(x/y_scale) + y_zero_point), rounded to nearest even. Scale and zero point are one element for
// all, a vector along Axis, or, with BlockSize, of the shape of x with Axis cut into blocks that share one. The quotient has
// the type of y_scale or Precision.
//
// https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
type QuantizeLinear struct {
	Axis        int  `onnx:"axis,1"`
	BlockSize   int  `onnx:"block_size,0"`
	OutputDType int  `onnx:"output_dtype,0"` // a tensor.DType; 0: that of the zero point, else uint8
	Precision   int  `onnx:"precision,0"`    // a tensor.DType; 0: that of y_scale
	Saturate    bool `onnx:"saturate,1"`     // for float8: out of range becomes the largest number
}

// Infer implements graph.Op.
func (o *QuantizeLinear) Infer(c *graph.Infer) {
	checkTensor(c, 0, scaleTypes|setOf(tensor.Int32))
	checkTensor(c, 1, scaleTypes|setOf(tensor.Int32, tensor.Float8E8M0))
	dt := tensor.Uint8
	if o.OutputDType != 0 {
		dt = checkDType(c, "output_dtype", o.OutputDType, quantizedTypes)
	}
	if o.Precision != 0 {
		checkDType(c, "precision", o.Precision, scaleTypes)
	}
	if checkOptional(c, 2, quantizedTypes) {
		c.Check(o.OutputDType == 0 || c.DType(2) == dt, "output_dtype is %v, but input 2 is %v", dt, c.DType(2))
		dt = c.DType(2)
	}
	checkGrains(c, o.Axis, o.BlockSize)
	c.Tensor(0, dt, c.Dims(0))
}

// checkDType returns an attribute that is a type of the set.
func checkDType(c *graph.Infer, name string, value int, s typeSet) tensor.DType {
	dt := tensor.DType(value)
	if c.Check(value >= 0 && value <= 255 && s.has(dt), "%s %d is not a type that is supported", name, value) {
		return dt
	}
	return tensor.Undefined
}

// checkGrains checks the shapes of scale and zero point, inputs 1 and 2, against input 0.
func checkGrains(c *graph.Infer, axis, block int) {
	c.Check(block >= 0, "block_size %d is negative", block)
	x, s := c.Dims(0), c.Dims(1)
	if z := c.Dims(2); c.Has(2) && z != nil && s != nil {
		if n, ok := c.In(2).Len().Int(); !ok || n != 1 { // [1] and [] go together
			matchDims(c, 2, s...)
		}
	}
	if n, ok := c.In(1).Len().Int(); x == nil || s == nil || !ok || n == 1 || c.Failed() {
		return // one element goes with every input
	}
	axis = c.Axis(axis, len(x))
	switch {
	case c.Failed():
	case block == 0:
		if c.Check(len(s) == 1, "input 1: rank %d, want a scalar or a vector when block_size is 0", len(s)) {
			c.Unify(x[axis], s[0], "the length of the axis against the scale")
		}
	case c.Check(len(s) == len(x), "input 1: rank %d, want %d", len(s), len(x)):
		for i, d := range x {
			if i == axis {
				d = d.Add(graph.N(block)).Sub(graph.N(1)).Div(graph.N(block))
			}
			c.Unify(d, s[i], "the input, in blocks along the axis, against the scale")
		}
	}
}

// DequantizeLinear is y = (x − x_zero_point)·x_scale, with scale and zero point as in QuantizeLinear.
//
// https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
type DequantizeLinear struct {
	Axis        int `onnx:"axis,1"`
	BlockSize   int `onnx:"block_size,0"`
	OutputDType int `onnx:"output_dtype,0"` // a tensor.DType; 0: that of x_scale
}

// Infer implements graph.Op.
func (o *DequantizeLinear) Infer(c *graph.Infer) {
	checkTensor(c, 0, quantizedTypes|setOf(tensor.Int32))
	checkTensor(c, 1, scaleTypes|setOf(tensor.Float8E8M0))
	c.CheckSame(0, 2)
	dt := c.DType(1)
	if o.OutputDType != 0 {
		dt = checkDType(c, "output_dtype", o.OutputDType, scaleTypes)
	}
	c.Check(dt != tensor.Float8E8M0, "input 1 is %v, want output_dtype to say the type of the output", dt)
	checkGrains(c, o.Axis, o.BlockSize)
	c.Tensor(0, dt, c.Dims(0))
}

// DynamicQuantizeLinear quantizes x to uint8 with the scale and zero point that its least and largest element and 0 ask for. They
// are the second and third output. A tensor of zeros has scale 1.
//
// https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
type DynamicQuantizeLinear struct{}

// Infer implements graph.Op.
func (o *DynamicQuantizeLinear) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Float32))
	c.Tensor(0, tensor.Uint8, c.Dims(0))
	c.Tensor(1, tensor.Float32, []graph.Dim{})
	c.Tensor(2, tensor.Uint8, []graph.Dim{})
}

// QLinearConv is Conv of quantized tensors, with a quantized result. Scales and zero points have one element, but those of the
// weight may be vectors with one for each output channel. The bias B is int32 with the scale x_scale·w_scale.
//
// https://onnx.ai/onnx/operators/onnx__QLinearConv.html
type QLinearConv struct {
	Group       int   `onnx:"group,1"`
	KernelShape []int `onnx:"kernel_shape"`
	Slide
}

// Infer implements graph.Op.
func (o *QLinearConv) Infer(c *graph.Infer) {
	checkTensor(c, 0, byteTypes)
	checkTensor(c, 3, byteTypes)
	checkTensor(c, 7, byteTypes)
	c.CheckSame(0, 2)
	c.CheckSame(3, 5)
	for _, i := range []int{1, 4, 6} {
		checkTensor(c, i, setOf(tensor.Float32))
	}
	checkOptional(c, 8, setOf(tensor.Int32))
	dims := convDims(c, 0, 3, &o.Slide, o.KernelShape, o.Group)
	for _, i := range []int{1, 2, 6, 7} {
		wantOne(c, i)
	}
	if dims != nil {
		wantOneOrVector(c, 4, dims[1])
		wantOneOrVector(c, 5, dims[1])
		wantVector(c, 8, dims[1], "the length of B against the output channels")
	}
	c.Tensor(0, c.DType(7), dims)
}

// QLinearMatMul is MatMul of quantized tensors, with a quantized result. Scales and zero points of a have one element, one for
// each row, or the shape [batch…, M, 1]; those of b one element, one for each column, or [batch…, 1, N]; those of y one element.
//
// https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html
type QLinearMatMul struct{}

// Infer implements graph.Op.
func (o *QLinearMatMul) Infer(c *graph.Infer) {
	for _, i := range []int{0, 3, 7} {
		checkTensor(c, i, byteTypes|float8Types)
	}
	checkTensor(c, 1, scaleTypes)
	c.CheckSame(0, 2)
	c.CheckSame(3, 5)
	c.CheckSame(1, 4)
	c.CheckSame(1, 6)
	dims := matmulDims(c, 0, 3)
	checkRowPoint(c, 1, 0, dims)
	checkRowPoint(c, 2, 0, dims)
	checkColPoint(c, 4, 3, dims)
	checkColPoint(c, 5, 3, dims)
	wantOne(c, 6)
	wantOne(c, 7)
	c.Tensor(0, c.DType(7), dims)
}

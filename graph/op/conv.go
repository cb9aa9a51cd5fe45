package op

import "github.com/gneiss-ml/gneiss/graph"

var convOps = []Entry{
	core[Conv]("X W B? -> Y"),
}

// Conv is convolution: Y[n,m,…] = B[m] + Σ X[n,c,…]·W[m,c,…], over one or more spatial dimensions.
//
// https://onnx.ai/onnx/operators/onnx__Conv.html
type Conv struct {
	AutoPad     string `onnx:"auto_pad,NOTSET"`
	Dilations   []int  `onnx:"dilations"`
	Group       int    `onnx:"group,1"`
	KernelShape []int  `onnx:"kernel_shape"`
	Pads        []int  `onnx:"pads"`
	Strides     []int  `onnx:"strides"`
}

// Infer implements graph.Op.
func (o *Conv) Infer(c *graph.Infer) {
	c.CheckSame(0, 1)
	c.Tensor(0, c.DType(0), nil)
}

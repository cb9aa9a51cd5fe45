package op

import "github.com/gneiss-ml/gneiss/graph"

var softmaxOps = []Entry{
	core[Hardmax]("input -> output"),
	core[LogSoftmax]("input -> output"),
	core[Softmax]("input -> output"),
}

// Softmax is exp(x) divided by its sum along an axis.
//
// https://onnx.ai/onnx/operators/onnx__Softmax.html
type Softmax struct{ AlongAxis }

// LogSoftmax is the logarithm of Softmax.
//
// https://onnx.ai/onnx/operators/onnx__LogSoftmax.html
type LogSoftmax struct{ AlongAxis }

// Hardmax is 1 for the first largest element along an axis and 0 for the others.
//
// https://onnx.ai/onnx/operators/onnx__Hardmax.html
type Hardmax struct{ AlongAxis }

// AlongAxis holds the attribute of Softmax, LogSoftmax and Hardmax, and their inference.
type AlongAxis struct {
	Axis int `onnx:"axis,-1"`
}

// NewSoftmax returns the Softmax along an axis, which may be negative.
func NewSoftmax(axis int) *Softmax { return &Softmax{AlongAxis{axis}} }

// Infer implements graph.Op.
func (o *AlongAxis) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	if c.Dims(0) != nil {
		c.Axis(o.Axis, c.Rank(0))
	}
	c.Like(0, 0)
}

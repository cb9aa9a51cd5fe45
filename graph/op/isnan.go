package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var isNaNOps = []Entry{
	core[IsInf]("X -> Y"),
	core[IsNaN]("X -> Y"),
}

// IsInf is true where an element is infinite, of the signs that are asked for.
//
// https://onnx.ai/onnx/operators/onnx__IsInf.html
type IsInf struct {
	DetectNegative bool `onnx:"detect_negative,1"`
	DetectPositive bool `onnx:"detect_positive,1"`
}

// IsNaN is true where an element is not a number.
//
// https://onnx.ai/onnx/operators/onnx__IsNaN.html
type IsNaN struct{}

var float8Types = setOf(tensor.Float8E4M3FN, tensor.Float8E4M3FNUZ, tensor.Float8E5M2, tensor.Float8E5M2FNUZ)

// Infer implements graph.Op.
func (o *IsInf) Infer(c *graph.Infer) { inferPredicate(c) }

// Infer implements graph.Op.
func (o *IsNaN) Infer(c *graph.Infer) { inferPredicate(c) }

func inferPredicate(c *graph.Infer) {
	checkTensor(c, 0, floatTypes|float8Types)
	c.Tensor(0, tensor.Bool, c.Dims(0))
}

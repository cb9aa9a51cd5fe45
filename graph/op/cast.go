package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var castOps = []Entry{
	core[BitCast]("input -> output"),
	core[Cast]("input -> output"),
	core[CastLike]("input target_type -> output"),
}

var castTypes = allTypes &^ complexTypes

// Cast converts the elements to the type To; see tensor.Cast for the rules.
//
// https://onnx.ai/onnx/operators/onnx__Cast.html
type Cast struct {
	RoundMode string       `onnx:"round_mode,up"`
	Saturate  bool         `onnx:"saturate,1"`
	To        tensor.DType `onnx:"to,required"`
}

// NewCast returns the operator that converts to dt with the default options.
func NewCast(dt tensor.DType) *Cast { return &Cast{"up", true, dt} }

// Infer implements graph.Op.
func (o *Cast) Infer(c *graph.Infer) {
	checkTensor(c, 0, castTypes)
	c.Check(castTypes.has(o.To), "attribute %q: %v is not supported", "to", o.To)
	checkRoundMode(c, o.RoundMode)
	if v := formulas(c, 0); v != nil && indexTypes.has(o.To) {
		c.Known(0, o.To, c.Dims(0), v)
		return
	}
	c.Tensor(0, o.To, c.Dims(0))
}

// Options returns the options of tensor.Cast.
func (o *Cast) Options() tensor.CastOptions {
	r := tensor.RoundUp
	switch o.RoundMode {
	case "down":
		r = tensor.RoundDown
	case "nearest":
		r = tensor.RoundNearest
	}
	return tensor.CastOptions{NoSaturate: !o.Saturate, Round: r}
}

func checkRoundMode(c *graph.Infer, mode string) {
	c.Check(mode == "up" || mode == "down" || mode == "nearest", "attribute %q: %q, want up, down or nearest", "round_mode", mode)
}

// CastLike is Cast to the element type of the second input, whose elements are not read.
//
// https://onnx.ai/onnx/operators/onnx__CastLike.html
type CastLike struct {
	RoundMode string `onnx:"round_mode,up"`
	Saturate  bool   `onnx:"saturate,1"`
}

// Infer implements graph.Op.
func (o *CastLike) Infer(c *graph.Infer) {
	if checkTensor(c, 1, castTypes) {
		(&Cast{o.RoundMode, o.Saturate, c.DType(1)}).Infer(c)
	}
}

// Expand implements graph.Composite.
func (o *CastLike) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&Cast{o.RoundMode, o.Saturate, n.In[1].Fact.DType}, n.In[0])}
}

// BitCast gives the bits of the elements another type of the same width.
//
// https://onnx.ai/onnx/operators/onnx__BitCast.html
type BitCast struct {
	To tensor.DType `onnx:"to,required"`
}

// Infer implements graph.Op.
func (o *BitCast) Infer(c *graph.Infer) {
	types := allTypes &^ stringOnly
	ok := checkTensor(c, 0, types) && c.Check(types.has(o.To), "attribute %q: %v is not supported", "to", o.To)
	if ok {
		c.Check(o.To.Bits() == c.DType(0).Bits(), "input 0: %v has elements of %d bits, %v of %d", c.DType(0), c.DType(0).Bits(), o.To, o.To.Bits())
	}
	c.Tensor(0, o.To, c.Dims(0))
}

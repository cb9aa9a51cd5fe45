package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var optionalOps = []Entry{
	core[Optional]("input? -> output"),
	core[OptionalGetElement]("input -> output"),
	core[OptionalHasElement]("input? -> output"),
}

// Optional makes an optional that holds its input, or an empty one for values of the type Elem.
//
// https://onnx.ai/onnx/operators/onnx__Optional.html
type Optional struct {
	Elem graph.Opt[tensor.Type] `onnx:"type"`
}

// Infer implements graph.Op.
func (o *Optional) Infer(c *graph.Infer) {
	elem := o.Elem.V
	if o.Elem.Set && elem.Kind == tensor.KindOptional && elem.Elem != nil {
		elem = *elem.Elem
	}
	if c.Has(0) {
		in := c.In(0).Type
		c.Check(!o.Elem.Set || in.Equal(elem), "input 0: %v, attribute \"type\" is %v", in, elem)
		elem = in
	} else {
		c.Check(o.Elem.Set, "neither an input nor the attribute \"type\" is there")
	}
	c.Check(holdable(elem), "%v, want a tensor or a sequence of tensors", elem)
	c.Set(0, graph.Fact{Type: tensor.OptionalOf(elem)})
}

// holdable reports whether an optional may hold values of a type.
func holdable(t tensor.Type) bool {
	if t.Kind == tensor.KindSequence && t.Elem != nil {
		t = *t.Elem
	}
	return t.Kind == tensor.KindTensor && t.DType.Valid()
}

// OptionalGetElement yields what an optional holds, which must not be empty. A tensor or sequence it yields as it is.
//
// https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html
type OptionalGetElement struct{}

// Infer implements graph.Op.
func (o *OptionalGetElement) Infer(c *graph.Infer) {
	f := c.In(0)
	if f.Kind == tensor.KindOptional && c.Check(f.Elem != nil, "input 0: %v, want a type of the elements", f.Type) {
		f = graph.Fact{Type: *f.Elem}
	}
	if c.Check(c.Has(0), "input 0 is missing") && c.Check(holdable(f.Type), "input 0: %v is not supported", f.Type) {
		c.Set(0, f)
	}
}

// OptionalHasElement yields whether its input is a tensor, a sequence or an optional that is not empty.
//
// https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html
type OptionalHasElement struct{}

// Infer implements graph.Op.
func (o *OptionalHasElement) Infer(c *graph.Infer) {
	if f := c.In(0); f.Kind == tensor.KindOptional {
		c.Tensor(0, tensor.Bool, graph.Dims())
		return
	}
	c.Check(!c.Has(0) || holdable(c.In(0).Type), "input 0: %v is not supported", c.In(0).Type)
	c.Set(0, graph.ConstFact(tensor.Scalar(c.Has(0))))
}

package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var sequenceOps = []Entry{
	core[ConcatFromSequence]("input_sequence -> concat_result"),
	core[SequenceAt]("input_sequence position -> tensor"),
	core[SequenceConstruct]("inputs... -> output_sequence"),
	core[SequenceEmpty]("-> output"),
	core[SequenceErase]("input_sequence position? -> output_sequence"),
	core[SequenceInsert]("input_sequence tensor position? -> output_sequence"),
	core[SequenceLength]("input_sequence -> length"),
	core[SplitToSequence]("input split? -> output_sequence"),
}

// checkSequence returns the type of the elements of input i, a sequence of tensors of types that sequence operators take;
// it notes an error when it is something else.
func checkSequence(c *graph.Infer, i int) (tensor.Type, bool) {
	t := c.In(i).Type
	ok := c.Check(t.Kind == tensor.KindSequence && t.Elem != nil, "input %d: %v, want a sequence", i, t) &&
		c.Check(t.Elem.Kind == tensor.KindTensor && classicTypes.has(t.Elem.DType), "input %d: %v is not supported", i, t)
	if !ok {
		return tensor.Type{}, false
	}
	return *t.Elem, true
}

// checkPosition checks that input i, when it is present, is one index.
func checkPosition(c *graph.Infer, i int) {
	if checkOptional(c, i, indexTypes) {
		wantOne(c, i)
	}
}

// SequenceConstruct makes a sequence of its inputs.
//
// https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html
type SequenceConstruct struct{}

// Infer implements graph.Op.
func (o *SequenceConstruct) Infer(c *graph.Infer) {
	c.Check(c.NumIn() > 0, "no inputs, want at least 1")
	for i := range c.NumIn() {
		checkTensor(c, i, classicTypes)
		c.CheckSame(0, i)
	}
	c.Set(0, graph.Fact{Type: tensor.SequenceOf(c.In(0).Type)})
}

// SequenceEmpty makes a sequence without elements, for tensors of type DType (default float32).
//
// https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html
type SequenceEmpty struct {
	DType graph.Opt[tensor.DType] `onnx:"dtype"`
}

// Elem returns the type of the elements.
func (o *SequenceEmpty) Elem() tensor.Type { return tensor.TypeOf(o.DType.Or(tensor.Float32)) }

// Infer implements graph.Op.
func (o *SequenceEmpty) Infer(c *graph.Infer) {
	c.Check(classicTypes.has(o.Elem().DType), "attribute \"dtype\": %v is not supported", o.Elem().DType)
	c.Set(0, graph.Fact{Type: tensor.SequenceOf(o.Elem())})
}

// SequenceAt yields the tensor at a position of a sequence, counted from the back when it is negative.
//
// https://onnx.ai/onnx/operators/onnx__SequenceAt.html
type SequenceAt struct{}

// Infer implements graph.Op.
func (o *SequenceAt) Infer(c *graph.Infer) {
	c.Check(c.Has(1), "input 1 is missing")
	checkPosition(c, 1)
	if elem, ok := checkSequence(c, 0); ok {
		c.Tensor(0, elem.DType, nil)
	}
}

// SequenceErase removes the tensor at a position of a sequence, by default the last one.
//
// https://onnx.ai/onnx/operators/onnx__SequenceErase.html
type SequenceErase struct{}

// Infer implements graph.Op.
func (o *SequenceErase) Infer(c *graph.Infer) {
	checkSequence(c, 0)
	checkPosition(c, 1)
	c.Like(0, 0)
}

// SequenceInsert inserts a tensor before a position of a sequence, by default at the end.
//
// https://onnx.ai/onnx/operators/onnx__SequenceInsert.html
type SequenceInsert struct{}

// Infer implements graph.Op.
func (o *SequenceInsert) Infer(c *graph.Infer) {
	checkTensor(c, 1, classicTypes)
	checkPosition(c, 2)
	if elem, ok := checkSequence(c, 0); ok {
		c.Check(elem.DType == c.DType(1), "input 1: %v in a sequence of %v", c.DType(1), elem.DType)
	}
	c.Like(0, 0)
}

// SequenceLength yields the number of tensors of a sequence as an int64 scalar.
//
// https://onnx.ai/onnx/operators/onnx__SequenceLength.html
type SequenceLength struct{}

// Infer implements graph.Op.
func (o *SequenceLength) Infer(c *graph.Infer) {
	checkSequence(c, 0)
	c.Tensor(0, tensor.Int64, graph.Dims())
}

// SplitToSequence cuts a tensor along Axis into a sequence: into parts of the sizes that the vector split lists, of the
// size that the scalar split is, or of size 1, without that dimension unless KeepDims.
//
// https://onnx.ai/onnx/operators/onnx__SplitToSequence.html
type SplitToSequence struct {
	Axis     int  `onnx:"axis,0"`
	KeepDims bool `onnx:"keepdims,1"`
}

// Infer implements graph.Op.
func (o *SplitToSequence) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	if checkOptional(c, 1, indexTypes) {
		r := c.Rank(1)
		c.Check(r <= 1, "input 1: rank %d, want a scalar or a vector", r)
	}
	if r := c.Rank(0); r >= 0 {
		c.Axis(o.Axis, r)
	}
	c.Set(0, graph.Fact{Type: tensor.SequenceOf(c.In(0).Type)})
}

// ConcatFromSequence joins the tensors of a sequence along Axis, which is a new one when NewAxis.
//
// https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html
type ConcatFromSequence struct {
	Axis    int  `onnx:"axis,required"`
	NewAxis bool `onnx:"new_axis,0"`
}

// Infer implements graph.Op.
func (o *ConcatFromSequence) Infer(c *graph.Infer) {
	if elem, ok := checkSequence(c, 0); ok {
		c.Tensor(0, elem.DType, nil)
	}
}

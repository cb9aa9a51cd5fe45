package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func seq(vs ...tensor.Value) tensor.Value { return &tensor.Sequence{Elem: vs[0].Type(), Items: vs} }

func TestSequence(t *testing.T) {
	s := seq(ints(1), ints(2, 3), ints())
	empty := &tensor.Sequence{Elem: tensor.TypeOf(i64)}
	x := count(f32, 3, 2)
	for _, c := range []check{
		{&op.SequenceConstruct{}, in(words("a"), words()), "seq(tensor(string)){string[1] a; string[0]}"},
		{&op.SequenceConstruct{}, in(words("a"), ints()), `error: node "" (SequenceConstruct): input 0 is tensor(string) and input 1 is tensor(int64), want one type`},
		{&op.SequenceEmpty{}, in(), "seq(tensor(float32)){}"},
		{&op.SequenceEmpty{DType: graph.Some(u8)}, in(), "seq(tensor(uint8)){}"},
		{&op.SequenceAt{}, in(s, scalar(i64, -2)), "int64[2] 2 3"},
		{&op.SequenceAt{}, in(s, scalar(i32, 3)), `error: node "" (SequenceAt): input 1: position 3 outside [-3,3)`},
		{&op.SequenceAt{}, in(x, scalar(i32, 3)), `error: node "" (SequenceAt): input 0: tensor(float32), want a sequence`},
		{&op.SequenceErase{}, in(s), "seq(tensor(int64)){int64[1] 1; int64[2] 2 3}"},
		{&op.SequenceErase{}, in(s, scalar(i64, 0)), "seq(tensor(int64)){int64[2] 2 3; int64[0]}"},
		{&op.SequenceErase{}, in(empty), `error: node "" (SequenceErase): input 0: the sequence is empty`},
		{&op.SequenceInsert{}, in(empty, ints(7)), "seq(tensor(int64)){int64[1] 7}"},
		{&op.SequenceInsert{}, in(seq(ints(1), ints(2)), ints(7), scalar(i64, -1)), "seq(tensor(int64)){int64[1] 1; int64[1] 7; int64[1] 2}"},
		{&op.SequenceInsert{}, in(s, ints(7), scalar(i64, 4)), `error: node "" (SequenceInsert): input 2: position 4 outside [-3,3]`},
		{&op.SequenceInsert{}, in(s, vec(f32, 1)), `error: node "" (SequenceInsert): input 1: float32 in a sequence of int64`},
		{&op.SequenceLength{}, in(s), "int64[] 3"},
		{&op.SplitToSequence{KeepDims: true}, in(x), "seq(tensor(float32)){float32[1,2] 0 1; float32[1,2] 2 3; float32[1,2] 4 5}"},
		{&op.SplitToSequence{Axis: -1}, in(x), "seq(tensor(float32)){float32[3] 0 2 4; float32[3] 1 3 5}"},
		{&op.SplitToSequence{}, in(x, scalar(i64, 2)), "seq(tensor(float32)){float32[2,2] 0 1 2 3; float32[1,2] 4 5}"},
		{&op.SplitToSequence{}, in(words("a", "b"), vec(i32, 0, 2)), "seq(tensor(string)){string[0]; string[2] a b}"},
		{&op.SplitToSequence{}, in(x, ints(1, 1)), `error: node "" (SplitToSequence): input 1: the sizes add up to 2, want 3`},
		{&op.SplitToSequence{}, in(x, scalar(i64, 0)), `error: node "" (SplitToSequence): input 1: size 0, want at least 1`},
		{&op.ConcatFromSequence{}, in(s), "int64[3] 1 2 3"},
		{&op.ConcatFromSequence{Axis: -1, NewAxis: true}, in(seq(ints(1, 2), ints(3, 4))), "int64[2,2] 1 3 2 4"},
		{&op.ConcatFromSequence{NewAxis: true}, in(s), `error: node "" (ConcatFromSequence): input 0: tensor 1 has shape [1 2], tensor 0 [1 1]`},
		{&op.ConcatFromSequence{Axis: 1}, in(s), `error: node "" (ConcatFromSequence): axis 1 outside rank 1`},
		{&op.Identity{}, in(s), "seq(tensor(int64)){int64[1] 1; int64[2] 2 3; int64[0]}"},
	} {
		c.run(t)
	}
}

func TestOptional(t *testing.T) {
	elem := tensor.TypeOf(i64)
	full := &tensor.Optional{Elem: elem, Value: ints(1)}
	empty := &tensor.Optional{Elem: elem}
	for _, c := range []check{
		{&op.Optional{}, in(ints(1)), "optional(tensor(int64)){int64[1] 1}"},
		{&op.Optional{Elem: graph.Some(tensor.SequenceOf(elem))}, in(), "optional(seq(tensor(int64))){}"},
		{&op.Optional{}, in(), `error: node "" (Optional): neither an input nor the attribute "type" is there`},
		{&op.Optional{Elem: graph.Some(elem)}, in(words()), `error: node "" (Optional): input 0: tensor(string), attribute "type" is tensor(int64)`},
		{&op.OptionalGetElement{}, in(full), "int64[1] 1"},
		{&op.OptionalGetElement{}, in(ints(2)), "int64[1] 2"},
		{&op.OptionalGetElement{}, in(seq(ints(2))), "seq(tensor(int64)){int64[1] 2}"},
		{&op.OptionalGetElement{}, in(empty), `error: node "" (OptionalGetElement): input 0: the optional is empty`},
		{&op.OptionalHasElement{}, in(full), "bool[] 1"},
		{&op.OptionalHasElement{}, in(empty), "bool[] 0"},
		{&op.OptionalHasElement{}, in(seq(ints(2))), "bool[] 1"},
		{&op.OptionalHasElement{}, in(), "bool[] 0"},
		{&op.OptionalHasElement{}, in(nil), "bool[] 0"},
	} {
		c.run(t)
	}
}

package op

import (
	"reflect"
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestCodec decodes attributes and encodes them again.
func TestCodec(t *testing.T) {
	for _, c := range []struct {
		name string
		in   graph.Attrs
		want graph.Attrs // nil: as in
		op   graph.Op
	}{
		{"BitShift", graph.Attrs{"direction": "LEFT"}, nil, &Binary{ShiftLeft}},
		{"BitShift", graph.Attrs{"direction": "RIGHT"}, nil, &Binary{ShiftRight}},
		{"Mod", graph.Attrs{"fmod": int64(1)}, nil, &Binary{FMod}},
		{"Mod", graph.Attrs{"fmod": int64(0)}, graph.Attrs{}, &Binary{Mod}},
		{"Gelu", graph.Attrs{"approximate": "tanh"}, nil, &Unary{Fn: GeluTanh}},
		{"Gelu", graph.Attrs{"approximate": "none"}, graph.Attrs{}, &Unary{Fn: Gelu}},
		{"Selu", graph.Attrs{"gamma": float32(2)}, nil, &Unary{Selu, 1.6732632, 2}},
		{"Elu", graph.Attrs{}, nil, &Unary{Elu, 1, 0}},
		{"Shrink", graph.Attrs{"bias": float32(1), "lambd": float32(0.5)}, graph.Attrs{"bias": float32(1)}, &Unary{Shrink, 0.5, 1}},
		{"Cast", graph.Attrs{"to": int64(10), "saturate": int64(0)}, nil, &Cast{"up", false, tensor.Float16}},
	} {
		o := Lookup("", c.name).New()
		if err := graph.Decode(o, c.in); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !reflect.DeepEqual(o, c.op) {
			t.Errorf("%s %v: %+v, want %+v", c.name, c.in, o, c.op)
		}
		want := c.want
		if want == nil {
			want = c.in
		}
		if got := graph.Encode(o); !reflect.DeepEqual(got, want) || graph.OpName(o) != c.name {
			t.Errorf("%s: encoded %s %v, want %v", c.name, graph.OpName(o), got, want)
		}
	}
	for _, c := range []struct {
		name string
		in   graph.Attrs
		want string
	}{
		{"BitShift", graph.Attrs{}, `attribute "direction" is missing`},
		{"BitShift", graph.Attrs{"direction": "UP"}, `attribute "direction": "UP", want LEFT or RIGHT`},
		{"Gelu", graph.Attrs{"approximate": "x"}, `attribute "approximate": "x", want none or tanh`},
		{"Elu", graph.Attrs{"alpha": int64(1)}, `attribute "alpha": int64, want a float`},
		{"Relu", graph.Attrs{"alpha": float32(1)}, `unknown attribute "alpha"`},
		{"Relu", graph.Attrs{"": float32(1)}, `unknown attribute ""`},
		{"Add", graph.Attrs{"axis": int64(1)}, `unknown attribute "axis"`},
	} {
		if err := graph.Decode(Lookup("", c.name).New(), c.in); err == nil || err.Error() != c.want {
			t.Errorf("%s %v: %v, want %s", c.name, c.in, err, c.want)
		}
	}
}

// TestFormulas infers shape arithmetic on symbols.
func TestFormulas(t *testing.T) {
	s, n := graph.Sym("s"), graph.N
	ints := func(v ...graph.Dim) graph.Fact {
		return graph.Fact{Type: tensor.TypeOf(tensor.Int64), Dims: graph.Dims(len(v)), Ints: v}
	}
	consts := func(v ...int64) graph.Fact { return graph.ConstFact(tensor.FromSlice(v)) }
	bools := func(v ...bool) graph.Fact { return graph.ConstFact(tensor.FromSlice(v)) }
	for _, c := range []struct {
		op   graph.Op
		in   []graph.Fact
		want []graph.Dim
	}{
		{&Binary{Add}, []graph.Fact{ints(s, n(2)), consts(1)}, []graph.Dim{s.Add(n(1)), n(3)}},
		{&Binary{Sub}, []graph.Fact{ints(s), ints(s)}, []graph.Dim{n(0)}},
		{&Binary{Mul}, []graph.Fact{ints(s), consts(2, 3)}, []graph.Dim{s.Mul(n(2)), s.Mul(n(3))}},
		{&Binary{Div}, []graph.Fact{ints(s.Mul(n(4))), consts(2)}, []graph.Dim{s.Mul(n(2))}},
		{&Binary{Div}, []graph.Fact{ints(s), consts(0)}, nil},
		{&Binary{Mod}, []graph.Fact{ints(s.Mul(n(4))), consts(2)}, []graph.Dim{n(0)}},
		{&Unary{Fn: Neg}, []graph.Fact{ints(s)}, []graph.Dim{s.Mul(n(-1))}},
		{&Unary{Fn: Abs}, []graph.Fact{ints(s)}, []graph.Dim{s}},
		{&Variadic{MaxOf}, []graph.Fact{ints(s), consts(1)}, []graph.Dim{graph.MaxDim(s, n(1))}},
		{&Clip{}, []graph.Fact{ints(s, n(-1)), consts(0)}, []graph.Dim{s, n(0)}},
		{NewCast(tensor.Int32), []graph.Fact{ints(s)}, []graph.Dim{s}},
		{&Where{}, []graph.Fact{bools(true, false), ints(s), consts(5)}, []graph.Dim{s, n(5)}},
	} {
		r, err := graph.InferOp("", c.op, c.in, 1, nil)
		if err != nil {
			t.Errorf("%s: %v", graph.OpName(c.op), err)
			continue
		}
		if got := r.Out[0].Values(); graph.FormatDims(got) != graph.FormatDims(c.want) {
			t.Errorf("%s of %v: %s, want %s", graph.OpName(c.op), c.in, graph.FormatDims(got), graph.FormatDims(c.want))
		}
	}
	r, err := graph.InferOp("", &Compare{Equal}, []graph.Fact{ints(s, n(-1)), consts(-1)}, 1, nil)
	if err != nil || r.Out[0].Const == nil || tensor.Data[bool](r.Out[0].Const)[0] || !tensor.Data[bool](r.Out[0].Const)[1] {
		t.Error("Equal:", r, err)
	}
}

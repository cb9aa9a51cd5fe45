package op

import (
	"fmt"
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// inferCase infers an operator and compares what is known of its first output, written as text, with want.
type inferCase struct {
	op   graph.Op
	in   []graph.Fact
	want string
}

func (c inferCase) run(t *testing.T) {
	t.Helper()
	r, err := graph.InferOp("n", c.op, c.in, 1, nil)
	got := ""
	switch {
	case err != nil:
		got = err.Error()
	case r.Out[0].Values() != nil:
		got = fmt.Sprint(r.Out[0], " = ", graph.FormatDims(r.Out[0].Values()))
	default:
		got = r.Out[0].String()
	}
	if len(r.Want) > 0 {
		got += fmt.Sprint(" wants ", r.Want)
	}
	if got != c.want {
		t.Errorf("%s %v of %v:\n got %s\nwant %s", graph.OpName(c.op), graph.Encode(c.op), c.in, got, c.want)
	}
}

// TestSymbolicMoves infers operators that move elements on shapes and shape arithmetic with symbols.
func TestSymbolicMoves(t *testing.T) {
	b, s, n := graph.Sym("b"), graph.Sym("s"), graph.N
	x := func(d ...graph.Dim) graph.Fact { return graph.TensorFact(tensor.Float32, append([]graph.Dim{}, d...)) }
	any := graph.TensorFact(tensor.Float32, nil)
	vals := func(v ...graph.Dim) graph.Fact {
		return graph.Fact{Type: tensor.TypeOf(tensor.Int64), Dims: graph.Dims(len(v)), Ints: v}
	}
	ints := func(v ...int64) graph.Fact { return graph.ConstFact(tensor.FromSlice(v, len(v))) }
	scalar := func(v int64) graph.Fact { return graph.ConstFact(tensor.Scalar(v)) }
	in := func(f ...graph.Fact) []graph.Fact { return f }
	none := graph.Fact{}
	const big = 1<<63 - 1
	for _, c := range []inferCase{
		{&Shape{}, in(x(b, s, n(3))), "int64[3] = [b,s,3]"},
		{&Shape{Start: 1, End: graph.Some(2)}, in(x(b, s, n(3))), "int64[1] = [s]"},
		{&Size{}, in(x(b, s, n(3))), "int64[] = [3*b*s]"},
		{&Gather{}, in(vals(b, s), scalar(1)), "int64[] = [s]"},
		{&Gather{Axis: 1}, in(x(b, s, n(3)), ints(0, 1)), "float32[b,2,3]"},
		{&Gather{}, in(any, scalar(1)), "float32[?]"},
		{&Unsqueeze{}, in(graph.Fact{Type: vals().Type, Dims: graph.Dims(), Ints: []graph.Dim{s}}, ints(0)), "int64[1] = [s]"},
		{&Concat{}, in(vals(b), ints(-1), vals(s)), "int64[3] = [b,-1,s]"},
		{&Concat{Axis: 1}, in(x(b, s, n(3)), x(n(2), n(4), n(3))), "float32[2,s+4,3]"},
		{&Reshape{}, in(x(b, s, n(12)), vals(b, s, n(4), n(-1))), "float32[b,s,4,3] wants [1]"},
		{&Reshape{}, in(x(b, s, n(12)), ints(0, 0, 4, -1)), "float32[b,s,4,3]"},
		{&Reshape{}, in(x(b, s, n(12)), ints(-1, 12)), "float32[b*s,12]"},
		{&Reshape{}, in(any, ints(2, 3)), "float32[2,3]"},
		{&Flatten{Axis: 2}, in(x(b, s, n(12))), "float32[b*s,12]"},
		{&Squeeze{}, in(x(b, n(1)), ints(1)), "float32[b]"},
		{&Squeeze{}, in(x(b, n(1))), "float32[?]"},
		{&Squeeze{}, in(vals(s), ints(0)), "int64[] = [s]"},
		{&Transpose{Perm: []int{2, 0, 1}}, in(x(b, s, n(3))), "float32[3,b,s]"},
		{&Split{Axis: 1}, in(x(b, n(6)), ints(6)), "float32[b,6]"},
		{&Split{}, in(vals(b, s), ints(2)), "int64[2] = [b,s]"},
		{&Slice{}, in(x(b, s), ints(1), ints(big), ints(1)), "float32[b,max(s-1,0)]"},
		{&Slice{}, in(x(b, s), ints(-1), ints(big), ints(1)), "float32[b,min(1,s)]"},
		{&Slice{}, in(x(b, s), ints(0), ints(5), ints(1)), "float32[b,min(5,s)]"},
		{&Slice{}, in(x(b, s), ints(0), ints(big), ints(1), ints(2)), "float32[b,floordiv(s+1,2)]"},
		{&Slice{}, in(x(b, s), ints(-1), ints(-1<<63), ints(1), ints(-1)), "float32[b,s]"},
		{&Slice{}, in(x(n(8), s), vals(n(0)), vals(s), ints(1)), "float32[8,s] wants [1 2]"},
		{&Slice{}, in(vals(b, s, n(3)), ints(1), ints(3)), "int64[2] = [s,3]"},
		{&Expand{}, in(x(n(1), s), vals(b, n(1))), "float32[b,s] wants [1]"},
		{&Expand{}, in(graph.Fact{Type: vals().Type, Dims: graph.Dims(), Ints: []graph.Dim{s}}, ints(2)), "int64[2] = [s,s]"},
		{&Tile{}, in(x(b, s), ints(1, 3)), "float32[b,3*s]"},
		{&Pad{Mode: "constant"}, in(x(b, s), ints(0, 1, 0, 2)), "float32[b,s+3]"},
		{&Pad{Mode: "constant"}, in(x(b, s), ints(1, 1), none, ints(-1)), "float32[b,s+2]"},
		{&DepthToSpace{Blocksize: 2, Mode: "DCR"}, in(x(b, n(8), s, s)), "float32[b,2,2*s,2*s]"},
		{&ConstantOfShape{}, in(vals(b, s)), "float32[b,s] wants [0]"},
		{&OneHot{Axis: 1}, in(x(b, s), scalar(7), ints(0, 1)), "int64[b,7,s]"},
		{&Range{StashType: 1}, in(scalar(0), graph.Fact{Type: vals().Type, Dims: graph.Dims(), Ints: []graph.Dim{s}}, scalar(1)), "int64[s] wants [1]"},
		{&GatherND{BatchDims: 1}, in(x(b, s, n(3)), graph.TensorFact(tensor.Int64, []graph.Dim{b, n(5), n(1)})), "float32[b,5,3]"},
		{&TopK{}, in(x(b, s), ints(4)), "float32[4,s]"},
		{&Resize{Coordinates: "asymmetric", Aspect: "stretch", Mode: "nearest", NearestMode: "floor"},
			in(x(b, s), none, graph.ConstFact(tensor.FromSlice([]float32{1, 2}))), "float32[b,2*s]"},
		{&Resize{Coordinates: "asymmetric", Aspect: "stretch", Mode: "nearest", NearestMode: "floor"},
			in(x(b, s), none, none, vals(b, s.Mul(n(2)))), "float32[b,2*s] wants [3]"},
	} {
		c.run(t)
	}
}

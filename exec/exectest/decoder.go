package exectest

import (
	"fmt"
	"math/rand/v2"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Decoder builds a transformer decoder in the way exporters write it, shape arithmetic included: it takes one token's
// embedding and, per layer, keys and values of the past, and gives them one longer.
func Decoder(b *graph.Builder, layers, heads, head int) {
	r := rand.New(rand.NewPCG(1, 2))
	hidden := heads * head
	weight := func(n, m int) *graph.Value {
		t := tensor.New(tensor.Float32, n, m)
		for i := range tensor.Data[float32](t) {
			tensor.Data[float32](t)[i] = float32(r.NormFloat64()) / float32(n)
		}
		return b.Const(t)
	}
	batch, past := graph.Sym("batch"), graph.Sym("past")
	matmul := func(x, y *graph.Value) *graph.Value { return b.Op(&op.MatMul{}, x, y) }
	dimOf := func(x *graph.Value, i int) *graph.Value {
		d := b.Op(&op.Gather{}, b.Op(&op.Shape{}, x), b.Const(tensor.Scalar(int64(i))))
		return b.Op(&op.Unsqueeze{}, d, b.Ints(0))
	}
	x := b.Input("x", floats(batch, graph.N(1), graph.N(hidden)))
	for l := range layers {
		split := func(v *graph.Value) *graph.Value {
			shape := b.Op(&op.Concat{Axis: 0}, dimOf(v, 0), dimOf(v, 1), b.Ints(heads), b.Ints(head))
			return b.Op(&op.Transpose{Perm: []int{0, 2, 1, 3}}, b.Op(&op.Reshape{}, v, shape))
		}
		cache := func(name string, v *graph.Value) *graph.Value {
			p := b.Input(fmt.Sprintf("past.%d.%s", l, name), floats(batch, graph.N(heads), past, graph.N(head)))
			v = b.Op(&op.Concat{Axis: 2}, p, split(v))
			b.Output(fmt.Sprintf("present.%d.%s", l, name), v)
			return v
		}
		q := split(matmul(x, weight(hidden, hidden)))
		k, v := cache("key", matmul(x, weight(hidden, hidden))), cache("value", matmul(x, weight(hidden, hidden)))
		scores := b.Op(&op.Binary{Fn: op.Mul}, matmul(q, b.Op(&op.Transpose{Perm: []int{0, 1, 3, 2}}, k)), b.Const(tensor.Scalar(float32(0.5))))
		mask := b.Op(&op.Slice{}, b.Const(tensor.New(tensor.Float32, 1, 1, 1, 4096)), b.Ints(0), dimOf(k, 2), b.Ints(3))
		a := matmul(b.Op(&op.Softmax{AlongAxis: op.AlongAxis{Axis: -1}}, b.Op(&op.Binary{Fn: op.Add}, scores, mask)), v)
		merged := b.Op(&op.Concat{Axis: 0}, dimOf(x, 0), dimOf(x, 1), b.Ints(hidden))
		a = b.Op(&op.Reshape{}, b.Op(&op.Transpose{Perm: []int{0, 2, 1, 3}}, a), merged)
		x = b.Op(&op.Binary{Fn: op.Add}, x, matmul(a, weight(hidden, hidden)))
		h := b.Op(&op.Unary{Fn: op.Relu}, matmul(x, weight(hidden, 4*hidden)))
		x = b.Op(&op.Binary{Fn: op.Add}, x, matmul(h, weight(4*hidden, hidden)))
	}
	b.Output("y", x)
}

// DecoderInputs returns random inputs of a Decoder, by position, for a past of the given length.
func DecoderInputs(r *rand.Rand, g *graph.Graph, batch, past int) []tensor.Value {
	var in []tensor.Value
	for _, v := range g.In {
		shape := []int{batch, 1, 0, 0}[:v.Fact.Rank()]
		for i, d := range v.Fact.Dims {
			if n, ok := d.Int(); ok {
				shape[i] = n
			} else if i == 2 {
				shape[i] = past
			}
		}
		t := tensor.New(tensor.Float32, shape...)
		for i := range tensor.Data[float32](t) {
			tensor.Data[float32](t)[i] = float32(r.NormFloat64())
		}
		in = append(in, t)
	}
	return in
}

func floats(dims ...graph.Dim) graph.Fact { return graph.TensorFact(tensor.Float32, dims) }

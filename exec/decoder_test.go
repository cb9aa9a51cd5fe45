package exec_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// decoder builds a transformer decoder in the way exporters write it, shape arithmetic included: it takes one token's
// embedding and, per layer, keys and values of the past, and gives them one longer.
func decoder(b *graph.Builder, layers, heads, head int) {
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
		d := b.Op(&op.Gather{}, b.Op(&op.Shape{}, x), b.Const(scalar(int64(i))))
		return b.Op(&op.Unsqueeze{}, d, b.Ints(0))
	}
	x := b.Input("x", f32(batch, graph.N(1), graph.N(hidden)))
	for l := range layers {
		split := func(v *graph.Value) *graph.Value {
			shape := b.Op(&op.Concat{Axis: 0}, dimOf(v, 0), dimOf(v, 1), b.Ints(heads), b.Ints(head))
			return b.Op(&op.Transpose{Perm: []int{0, 2, 1, 3}}, b.Op(&op.Reshape{}, v, shape))
		}
		cache := func(name string, v *graph.Value) *graph.Value {
			p := b.Input(fmt.Sprintf("past.%d.%s", l, name), f32(batch, graph.N(heads), past, graph.N(head)))
			v = b.Op(&op.Concat{Axis: 2}, p, split(v))
			b.Output(fmt.Sprintf("present.%d.%s", l, name), v)
			return v
		}
		q := split(matmul(x, weight(hidden, hidden)))
		k, v := cache("key", matmul(x, weight(hidden, hidden))), cache("value", matmul(x, weight(hidden, hidden)))
		scores := b.Op(mul, matmul(q, b.Op(&op.Transpose{Perm: []int{0, 1, 3, 2}}, k)), b.Const(scalar(float32(0.5))))
		mask := b.Op(&op.Slice{}, b.Const(tensor.New(tensor.Float32, 1, 1, 1, 4096)), b.Ints(0), dimOf(k, 2), b.Ints(3))
		a := matmul(b.Op(&op.Softmax{AlongAxis: op.AlongAxis{Axis: -1}}, b.Op(add, scores, mask)), v)
		merged := b.Op(&op.Concat{Axis: 0}, dimOf(x, 0), dimOf(x, 1), b.Ints(hidden))
		a = b.Op(&op.Reshape{}, b.Op(&op.Transpose{Perm: []int{0, 2, 1, 3}}, a), merged)
		x = b.Op(add, x, matmul(a, weight(hidden, hidden)))
		h := b.Op(&op.Unary{Fn: op.Relu}, matmul(x, weight(hidden, 4*hidden)))
		x = b.Op(add, x, matmul(h, weight(4*hidden, hidden)))
	}
	b.Output("y", x)
}

// decoderInputs returns random inputs of a decoder.
func decoderInputs(r *rand.Rand, g *graph.Graph, batch, past int) []tensor.Value {
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

func compileDecoder(t testing.TB, c exec.Config, layers int) *exec.Program {
	return compileOn(t, c, []*exec.Backend{ref.Backend}, func(b *graph.Builder) { decoder(b, layers, 2, 4) })
}

// TestDecoder feeds the cache of one run to the next, and compares with programs that have seen nothing else.
func TestDecoder(t *testing.T) {
	p := compileDecoder(t, exec.Config{}, 2)
	in := decoderInputs(rand.New(rand.NewPCG(3, 4)), p.Graph(), 2, 0)
	for step := range 20 {
		out, fresh := make([]tensor.Value, 5), make([]tensor.Value, 5)
		if err := p.Run(context.Background(), 0, in, out); err != nil {
			t.Fatal(err)
		}
		if err := compileDecoder(t, exec.Config{}, 2).Run(context.Background(), 0, in, fresh); err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if show(out[i]) != show(fresh[i]) {
				t.Fatalf("step %d: output %d differs", step, i)
			}
		}
		if got := out[0].(*tensor.Tensor).Shape()[2]; got != step+1 {
			t.Fatalf("step %d: the cache has length %d", step, got)
		}
		in = append(in[:1:1], out[:4]...)
		in[0] = out[4]
	}
}

// BenchmarkRebind makes plans for a decoder whose cache grows by one each time. It reports the time for each node whose
// facts changed.
func BenchmarkRebind(b *testing.B) {
	p := compileDecoder(b, exec.Config{}, 12)
	r := rand.New(rand.NewPCG(5, 6))
	var in [][]tensor.Value
	for past := range 4000 {
		in = append(in, nil)
		_ = past
	}
	g := p.Graph()
	for i := range in {
		in[i] = decoderInputs(r, g, 1, i+1)
		if i > 300 {
			in = in[:i]
			break
		}
	}
	for i := range 2 {
		if err := p.Prepare(in[i]); err != nil {
			b.Fatal(err)
		}
	}
	i, changed, plans := 2, 0, 0
	for b.Loop() {
		before := p.Inferred()
		if err := p.Prepare(in[i]); err != nil {
			b.Fatal(err)
		}
		changed += p.Inferred() - before
		plans++
		if i++; i == len(in) {
			i = 2
		}
	}
	nodes := len(g.Nodes)
	b.ReportMetric(float64(nodes), "nodes")
	b.ReportMetric(float64(changed)/float64(plans), "changed/plan")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(changed), "ns/changed")
}

// BenchmarkReplan makes plans of which every node is remembered. It reports the time for each node.
func BenchmarkReplan(b *testing.B) {
	p := compileDecoder(b, exec.Config{Limits: exec.Limits{Plans: 1}}, 12)
	r := rand.New(rand.NewPCG(5, 6))
	in := [][]tensor.Value{decoderInputs(r, p.Graph(), 1, 5), decoderInputs(r, p.Graph(), 1, 6)}
	i := 0
	for b.Loop() {
		if err := p.Prepare(in[i%2]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(i*len(p.Graph().Nodes)), "ns/node")
}

package gneiss_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// dynamic builds a graph whose shapes depend on the dimensions of inputs, on their values, and on computed data.
func dynamic(b *graph.Builder) {
	batch, seq := graph.Sym("batch"), graph.Sym("seq")
	i64 := func(dims ...graph.Dim) graph.Fact { return graph.TensorFact(tensor.Int64, dims) }
	x := b.Input("x", f32(batch, seq, graph.N(4)))
	split := b.Input("split", i64(graph.N(4))) // a shape of x, from its values
	count := b.Input("count", i64())           // trips, and a length
	w := make([]float32, 16)
	for i := range w {
		w[i] = float32(i%5) / 4
	}
	h := b.Op(&op.MatMul{}, x, b.Const(tensor.FromSlice(w, 4, 4)))
	h = b.Op(&op.Softmax{AlongAxis: op.AlongAxis{Axis: -1}}, b.Op(&op.Unary{Fn: op.Relu}, h))

	// The values of an input are a shape.
	r := b.Op(&op.Transpose{Perm: []int{0, 2, 1, 3}}, b.Op(&op.Reshape{}, h, split))
	b.Output("reshaped", b.Op(add, r, r))

	// A computed value is a length.
	twice := b.Op(add, count, count)
	steps := b.Op(&op.Range{StashType: 1}, b.Const(tensor.Scalar(int64(0))), twice, b.Const(tensor.Scalar(int64(1))))
	b.Output("range", b.Op(mul, steps, steps))

	// Data decides a length.
	flat := b.Op(&op.Reshape{}, x, b.Ints(-1))
	where := b.Op(&op.NonZero{}, b.Op(&op.Unary{Fn: op.Relu}, flat))
	picked := b.Op(&op.Gather{}, flat, b.Op(&op.Reshape{}, where, b.Ints(-1)))
	b.Output("positive", b.Op(add, picked, picked))

	// A loop makes as many trips as an input says, and carries what grows.
	body := &graph.Graph{Name: "body"}
	bb := graph.NewBuilder(body, b.Eval)
	bb.Input("i", i64())
	cond := bb.Input("cond", graph.TensorFact(tensor.Bool, []graph.Dim{}))
	y := bb.Input("y", f32(graph.FreshDim()))
	inner := bb.Input("flat", f32(graph.FreshDim()))
	z := bb.Op(&op.Concat{Axis: 0}, y, inner)
	bb.Output("cond", cond)
	bb.Output("y", z)
	bb.Output("sum", bb.Op(&op.Reduce{Fn: op.ReduceSum}, z))
	if err := bb.Err(); err != nil {
		b.Fail(err)
	}
	out := b.Add("loop", &op.Loop{Body: body, Captures: 1}, 2, count, nil, flat, flat)
	b.Output("grown", out[0])
	b.Output("sums", out[1])
}

type dynamicCase struct {
	in   gneiss.Values
	want gneiss.Values
}

// newDynamicCase returns random inputs and what a fresh session makes of them.
func newDynamicCase(t *testing.T, m *gneiss.Model, r *rand.Rand) dynamicCase {
	batch, seq := 1+r.IntN(4), 1+r.IntN(12)
	x := tensor.New(tensor.Float32, batch, seq, 4)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(r.NormFloat64())
	}
	split := []int64{int64(batch), int64(seq), 1, 4}
	if n := r.IntN(3); n > 0 {
		split[2], split[3] = int64(2*n), int64(2/n)
	}
	c := dynamicCase{in: gneiss.Values{"x": x, "split": tensor.FromSlice(split), "count": tensor.Scalar(int64(r.IntN(4)))}}
	s, err := m.NewSession(gneiss.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if c.want, err = s.Run(context.Background(), c.in); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDynamicShapes runs one session on many shapes from many goroutines.
func TestDynamicShapes(t *testing.T) {
	for _, o := range []gneiss.Options{{Threads: 2, MaxRuns: 8}, {Threads: 2, MaxRuns: 3, Limits: gneiss.Limits{Plans: 7}}} {
		s := session(t, o, dynamic)
		r := rand.New(rand.NewPCG(7, 8))
		cases := make([]dynamicCase, 100)
		for i := range cases {
			cases[i] = newDynamicCase(t, s.Model(), r)
		}
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(9, uint64(g)))
				for _, i := range r.Perm(len(cases)) {
					out, err := s.Run(context.Background(), cases[i].in)
					if err != nil {
						t.Error(err)
						return
					}
					for name, v := range cases[i].want {
						if got, want := describe(out[name]), describe(v); got != want {
							t.Errorf("case %d: %s is %s, want %s", i, name, got, want)
						}
					}
				}
			})
		}
		wg.Wait()
	}
}

func describe(v tensor.Value) string {
	t := v.(*tensor.Tensor)
	return fmt.Sprintf("%s %x", t.Describe(), t.Bytes())
}

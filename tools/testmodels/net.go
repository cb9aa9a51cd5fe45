package main

import (
	"math"
	"math/rand/v2"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A net is a graph that is being built, with a source of random weights.
type net struct {
	*graph.Builder
	rng *rand.Rand
}

func newNet(name string) *net {
	var seed [32]byte
	copy(seed[:], name)
	return &net{graph.NewBuilder(&graph.Graph{Name: name}, nil), rand.New(rand.NewChaCha8(seed))}
}

// input adds an input: a number among dims is a size, text the name of one.
func (n *net) input(name string, dt tensor.DType, dims ...any) *graph.Value {
	list := []graph.Dim{}
	for _, d := range dims {
		switch d := d.(type) {
		case int:
			list = append(list, graph.N(d))
		case string:
			list = append(list, graph.Sym(d))
		}
	}
	return n.Input(name, graph.TensorFact(dt, list))
}

// ops adds a node by the names of the standard and returns its outputs.
func (n *net) ops(name string, attrs graph.Attrs, outputs int, in ...*graph.Value) []*graph.Value {
	return n.domainOps("", name, attrs, outputs, in...)
}

func (n *net) domainOps(domain, name string, attrs graph.Attrs, outputs int, in ...*graph.Value) []*graph.Value {
	have, want := make([]bool, len(in)), make([]bool, outputs)
	for i, v := range in {
		have[i] = v != nil
	}
	for i := range want {
		want[i] = true
	}
	o, err := op.Make(domain, name, have, want)
	if err == nil {
		err = graph.Decode(o, attrs)
	}
	if err != nil {
		n.Fail(err)
		out := make([]*graph.Value, outputs)
		for i := range out {
			out[i] = &graph.Value{}
		}
		return out
	}
	return n.Add("", o, outputs, in...)
}

// op is ops of a node with one output.
func (n *net) op(name string, attrs graph.Attrs, in ...*graph.Value) *graph.Value {
	return n.ops(name, attrs, 1, in...)[0]
}

// random returns a tensor of normal numbers of the given deviation.
func (n *net) random(deviation float64, shape ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float32, shape...)
	for i := range tensor.Data[float32](t) {
		tensor.Data[float32](t)[i] = float32(n.rng.NormFloat64() * deviation)
	}
	return t
}

// weight returns a random matrix or kernel whose outputs are about as large as its inputs.
func (n *net) weight(name string, shape ...int) *graph.Value {
	fan := 1
	for _, d := range shape[:len(shape)-1] {
		fan *= d
	}
	return n.Named(name, n.random(1/math.Sqrt(float64(fan)), shape...))
}

// floats returns a constant of the given shape.
func (n *net) floats(name string, xs []float32, shape ...int) *graph.Value {
	return n.Named(name, tensor.FromSlice(xs, shape...))
}

// number returns a constant scalar.
func (n *net) number(x float32) *graph.Value { return n.Const(tensor.Scalar(x)) }

// index returns a constant scalar of int64.
func (n *net) index(i int64) *graph.Value { return n.Const(tensor.Scalar(i)) }

func ints(xs ...int64) []int64 { return xs }

// ones returns a vector of n times x.
func filled(n int, x float32) []float32 {
	xs := make([]float32, n)
	for i := range xs {
		xs[i] = x
	}
	return xs
}

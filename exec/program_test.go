package exec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// The operators of these tests.
type (
	// shaped gives input 0 the shape that input 1 holds, as a view.
	shaped struct{}
	// positive lists the elements of input 0 that are positive: how many depends on data.
	positive struct{}
	// join concatenates along axis 0.
	join struct{}
	// sizeOf is the shape of input 0.
	sizeOf struct{}
	// pairUp makes a sequence of its two inputs.
	pairUp struct{}
	// pick takes item 1 of a sequence.
	pick struct{}
	// unranked is its input, of which inference says nothing but the type.
	unranked struct{}
	// tripled is a composite that needs a rank to be expanded.
	tripled struct{}
	// panics always does.
	panics struct{}
	// sleepy runs many tiles until it is told to stop.
	sleepy struct{}
)

func (*shaped) ViewOf() int { return 0 }
func (*shaped) Infer(c *graph.Infer) {
	dims := c.Ints(1)
	if c.Rank(1) == 1 && dims == nil {
		if n, ok := c.Dims(1)[0].Int(); ok {
			dims = c.FreshN(n)
		}
	}
	c.Tensor(0, c.DType(0), dims)
}

func (*positive) Infer(c *graph.Infer) { c.Tensor(0, c.DType(0), c.FreshN(1)) }

func (*join) Infer(c *graph.Infer) {
	dims := append([]graph.Dim{}, c.Dims(0)...)
	dims[0] = dims[0].Add(c.Dims(1)[0])
	c.Tensor(0, c.DType(0), dims)
}

func (*sizeOf) Infer(c *graph.Infer) {
	if c.Rank(0) < 0 {
		c.Tensor(0, tensor.Int64, c.FreshN(1))
		return
	}
	c.Known(0, tensor.Int64, graph.Dims(c.Rank(0)), c.Dims(0))
}

func (*pairUp) Infer(c *graph.Infer) {
	c.Set(0, graph.Fact{Type: tensor.SequenceOf(tensor.TypeOf(c.DType(0)))})
}
func (*pick) Infer(c *graph.Infer)     { c.Tensor(0, c.In(0).Elem.DType, nil) }
func (*unranked) Infer(c *graph.Infer) { c.Tensor(0, c.DType(0), nil) }
func (*panics) Infer(c *graph.Infer)   { c.Like(0, 0) }
func (*sleepy) Infer(c *graph.Infer)   { c.Like(0, 0) }
func (*tripled) Infer(c *graph.Infer)  { c.Like(0, 0) }

func (*tripled) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	if n.In[0].Fact.Dims == nil {
		return nil
	}
	return []*graph.Value{b.Op(add, n.In[0], b.Op(add, n.In[0], n.In[0]))}
}

var (
	add = &op.Binary{Fn: op.Add}
	mul = &op.Binary{Fn: op.Mul}
	neg = &op.Unary{Fn: op.Neg}
)

var fake = exec.NewBackend("fake", []exec.Kernel{
	exec.On(func(b *exec.Binding, o *shaped) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error { f.Out(0).CopyFrom(f.In(0)); return nil }), nil
	}),
	exec.On(func(b *exec.Binding, o *positive) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error {
			var out []float32
			for _, x := range tensor.Data[float32](f.In(0)) {
				if x > 0 {
					out = append(out, x)
				}
			}
			t, err := f.Make(0, tensor.Float32, len(out))
			if err == nil {
				copy(tensor.Data[float32](t), out)
			}
			return err
		}), nil
	}),
	exec.On(func(b *exec.Binding, o *sizeOf) (exec.Step, error) {
		return exec.Step{}, nil // always a constant
	}),
	exec.On(func(b *exec.Binding, o *join) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error {
			n := copy(f.Out(0).Bytes(), f.In(0).Bytes())
			copy(f.Out(0).Bytes()[n:], f.In(1).Bytes())
			return nil
		}), nil
	}),
	exec.On(func(b *exec.Binding, o *pairUp) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error {
			f.Emit(0, &tensor.Sequence{Elem: tensor.TypeOf(tensor.Float32), Items: []tensor.Value{f.InValue(0), f.InValue(1)}})
			return nil
		}), nil
	}),
	exec.On(func(b *exec.Binding, o *pick) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error { f.Emit(0, f.InValue(0).(*tensor.Sequence).Items[1]); return nil }), nil
	}),
	exec.On(func(b *exec.Binding, o *unranked) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error { f.Emit(0, f.In(0)); return nil }), nil
	}),
	exec.On(func(b *exec.Binding, o *panics) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error { panic("oh") }), nil
	}),
	exec.On(func(b *exec.Binding, o *sleepy) (exec.Step, error) {
		return exec.Tiled(1<<30, func(f *exec.Frame, tile int) error { return nil }), nil
	}),
	exec.On(func(b *exec.Binding, o *op.Binary) (exec.Step, error) {
		if b.DType(0) != tensor.Float32 || (o.Fn != op.Add && o.Fn != op.Mul) {
			return exec.Step{}, exec.ErrUnsupported
		}
		shape := b.OutShape(0)
		strides := [][]int{tensor.BroadcastStrides(b.Shape(0), shape), tensor.BroadcastStrides(b.Shape(1), shape)}
		same := tensor.Count(b.Shape(0)) == tensor.Count(shape) && tensor.Count(b.Shape(1)) == tensor.Count(shape)
		return exec.Once(func(f *exec.Frame) error {
			x, y, z := tensor.Data[float32](f.In(0)), tensor.Data[float32](f.In(1)), tensor.Data[float32](f.Out(0))
			if same && o.Fn == op.Mul {
				for i := range z {
					z[i] = x[i] * y[i]
				}
				return nil
			} else if same {
				for i := range z {
					z[i] = x[i] + y[i]
				}
				return nil
			}
			return walk(o, shape, strides, x, y, z)
		}), nil
	}),
})

func walk(o *op.Binary, shape []int, strides [][]int, x, y, z []float32) error {
	tensor.Walk(shape, strides, func(k int, offs []int) {
		if z[k] = x[offs[0]] + y[offs[1]]; o.Fn == op.Mul {
			z[k] = x[offs[0]] * y[offs[1]]
		}
	})
	return nil
}

func floats(xs ...float32) *tensor.Tensor { return tensor.FromSlice(xs) }
func ints(xs ...int64) *tensor.Tensor     { return tensor.FromSlice(xs) }

func f32(dims ...graph.Dim) graph.Fact { return graph.TensorFact(tensor.Float32, dims) }

// compile builds a graph and compiles it on the fake and the reference backend.
func compile(t testing.TB, c exec.Config, build func(b *graph.Builder)) *exec.Program {
	t.Helper()
	return compileOn(t, c, []*exec.Backend{fake, ref.Backend}, build)
}

func compileOn(t testing.TB, c exec.Config, backends []*exec.Backend, build func(b *graph.Builder)) *exec.Program {
	t.Helper()
	g := &graph.Graph{Name: "test"}
	b := graph.NewBuilder(g, exec.Eval(backends...))
	build(b)
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	c.Backends = backends
	p, err := exec.NewEngine(c).Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs a program and returns the outputs as text.
func run(p *exec.Program, in ...tensor.Value) (string, error) {
	out := make([]tensor.Value, len(p.Graph().Out))
	err := p.Run(context.Background(), 0, in, out)
	if err != nil {
		return "", err
	}
	var text []string
	for _, v := range out {
		text = append(text, show(v))
	}
	return strings.Join(text, "; "), nil
}

func show(v tensor.Value) string {
	switch v := v.(type) {
	case *tensor.Tensor:
		switch v.DType() {
		case tensor.Float32:
			return fmt.Sprint(v.Shape(), tensor.Data[float32](v))
		case tensor.String:
			return fmt.Sprint(v.Shape(), tensor.Data[string](v))
		}
		return fmt.Sprint(v.Shape(), v.Int64s())
	case *tensor.Sequence:
		var text []string
		for _, x := range v.Items {
			text = append(text, show(x))
		}
		return "<" + strings.Join(text, ", ") + ">"
	}
	return fmt.Sprint(v)
}

// want fails the test unless the program gives the outputs.
func want(t *testing.T, p *exec.Program, outputs string, in ...tensor.Value) {
	t.Helper()
	got, err := run(p, in...)
	if err != nil {
		t.Fatal(err)
	}
	if got != outputs {
		t.Errorf("got %s, want %s", got, outputs)
	}
}

func TestShapes(t *testing.T) {
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		y := b.Op(add, x, b.Const(floats(10)))
		b.Output("y", b.Op(mul, y, y))
		b.Output("x again", x)
		b.Output("c", b.Const(floats(7)))
	})
	for range 3 {
		want(t, p, "[2] [121 144]; [2] [1 2]; [1] [7]", floats(1, 2))
		want(t, p, "[3] [121 144 169]; [3] [1 2 3]; [1] [7]", floats(1, 2, 3))
		want(t, p, "[0] []; [0] []; [1] [7]", floats())
	}
}

func TestShapeFromInput(t *testing.T) {
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		s := b.Input("s", graph.TensorFact(tensor.Int64, graph.Dims(2)))
		y := b.Op(&shaped{}, b.Op(add, x, x), s)
		b.Output("y", b.Op(add, y, b.Const(floats(1))))
		b.Output("v", y)
	})
	for range 2 {
		want(t, p, "[2 3] [3 5 7 9 11 13]; [2 3] [2 4 6 8 10 12]", floats(1, 2, 3, 4, 5, 6), ints(2, 3))
		want(t, p, "[3 2] [3 5 7 9 11 13]; [3 2] [2 4 6 8 10 12]", floats(1, 2, 3, 4, 5, 6), ints(3, 2))
	}
}

func TestShapeFromComputed(t *testing.T) {
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		s := b.Input("s", graph.TensorFact(tensor.Int64, graph.Dims(2)))
		big := b.Op(add, x, x)
		shape := b.Op(add, s, b.Op(neg, b.Const(ints(1, 0))))
		y := b.Op(&shaped{}, big, shape)
		b.Output("y", b.Op(add, y, b.Const(floats(1))))
		b.Output("big", big)
	})
	for range 2 {
		want(t, p, "[2 3] [3 5 7 9 11 13]; [6] [2 4 6 8 10 12]", floats(1, 2, 3, 4, 5, 6), ints(3, 3))
		want(t, p, "[3 2] [3 5 7 9 11 13]; [6] [2 4 6 8 10 12]", floats(1, 2, 3, 4, 5, 6), ints(4, 2))
	}
}

func TestShapeFromData(t *testing.T) {
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		y := b.Op(add, x, b.Const(floats(0)))
		z := b.Op(&positive{}, y)
		w := b.Op(&positive{}, b.Op(add, z, b.Const(floats(-2))))
		b.Output("w", b.Op(mul, w, b.Const(floats(10))))
		b.Output("z", z)
		b.Output("y", b.Op(add, y, y))
		b.Output("size", b.Op(&sizeOf{}, w))
	})
	for range 2 {
		want(t, p, "[2] [10 20]; [3] [3 1 4]; [4] [-2 6 2 8]; [1] [2]", floats(-1, 3, 1, 4))
		want(t, p, "[0] []; [0] []; [2] [-2 -4]; [1] [0]", floats(-1, -2))
		want(t, p, "[1] [20]; [1] [4]; [4] [-2 8 -2 -2]; [1] [1]", floats(-1, 4, -1, -1))
	}
}

func TestSequence(t *testing.T) {
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		y := b.Op(add, x, x)
		q := b.Op(&pairUp{}, x, y)
		z := b.Op(add, b.Op(mul, b.Op(add, y, y), y), x) // overwrites what the sequence holds, unless it was kept
		b.Output("q", q)
		b.Output("z", z)
		b.Output("p", b.Op(add, b.Op(&pick{}, q), z))
	})
	in := floats(1, 2)
	for range 2 {
		want(t, p, "<[2] [1 2], [2] [2 4]>; [2] [9 34]; [2] [11 38]", in)
	}
	out := make([]tensor.Value, 3)
	if err := p.Run(context.Background(), 0, []tensor.Value{in}, out); err != nil {
		t.Fatal(err)
	}
	item := tensor.Data[float32](out[0].(*tensor.Sequence).Items[0])
	if item[0] = 100; tensor.Data[float32](in)[0] != 1 {
		t.Error("an output shares memory with an input")
	}
}

func TestUnknownRank(t *testing.T) {
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		b.Output("y", b.Op(add, b.Op(&tripled{}, b.Op(&unranked{}, b.Op(add, x, x))), x))
	})
	for range 2 {
		want(t, p, "[2] [7 14]", floats(1, 2))
		want(t, p, "[3] [7 14 21]", floats(1, 2, 3))
	}
}

func TestPanic(t *testing.T) {
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		b.Output("y", b.Add("bad", &panics{}, 1, x)[0])
	})
	if _, err := run(p, floats(1)); err == nil || err.Error() != `node "bad" (panics): kernel fake: panic: oh` {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	p := compile(t, exec.Config{Threads: 2}, func(b *graph.Builder) {
		b.Output("y", b.Op(&sleepy{}, b.Input("x", f32(graph.Sym("N")))))
	})
	ctx, cancel := context.WithCancel(context.Background())
	go cancel()
	err := p.Run(ctx, 0, []tensor.Value{floats(1)}, make([]tensor.Value, 1))
	if err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Error(err)
	}
}

func TestMemoryLimit(t *testing.T) {
	p := compile(t, exec.Config{Limits: exec.Limits{Memory: 1000}}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		b.Output("y", b.Op(&positive{}, b.Op(add, x, x)))
	})
	for range 2 {
		want(t, p, "[1] [2]", floats(1))
		if _, err := run(p, tensor.New(tensor.Float32, 300)); err == nil || !strings.Contains(err.Error(), "memory limit") {
			t.Error(err)
		}
	}
}

func TestRunAllocates(t *testing.T) {
	p := compile(t, exec.Config{Threads: 2}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		for range 20 {
			x = b.Op(add, b.Op(mul, x, x), x)
		}
		b.Output("y", x)
	})
	in, out := []tensor.Value{floats(1, 2, 3)}, []tensor.Value{tensor.New(tensor.Float32, 3)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := testing.AllocsPerRun(100, func() {
		if err := p.Run(ctx, 0, in, out); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per run", n)
	}
}

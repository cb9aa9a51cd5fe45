package exec_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// append1 appends input 1 to the sequence that input 0 is.
type append1 struct{}

func (*append1) Infer(c *graph.Infer) { c.Set(0, graph.Fact{Type: c.In(0).Type}) }

// empty is an empty sequence of float32 tensors.
type empty struct{}

func (*empty) Infer(c *graph.Infer) {
	c.Set(0, graph.Fact{Type: tensor.SequenceOf(tensor.TypeOf(tensor.Float32))})
}

// less compares two scalars.
type less struct{}

func (*less) Infer(c *graph.Infer) { c.Tensor(0, tensor.Bool, c.Dims(0)) }

// toFloat is an int64 scalar as float32.
type toFloat struct{}

func (*toFloat) Infer(c *graph.Infer) { c.Tensor(0, tensor.Float32, c.Dims(0)) }

var fakeControl = exec.NewBackend("fakecontrol", []exec.Kernel{
	exec.On(func(b *exec.Binding, o *append1) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error {
			s := f.InValue(0).(*tensor.Sequence)
			f.Emit(0, &tensor.Sequence{Elem: s.Elem, Items: append(append([]tensor.Value{}, s.Items...), f.In(1))})
			return nil
		}), nil
	}),
	exec.On(func(b *exec.Binding, o *empty) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error {
			f.Emit(0, &tensor.Sequence{Elem: tensor.TypeOf(tensor.Float32)})
			return nil
		}), nil
	}),
	exec.On(func(b *exec.Binding, o *less) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error {
			tensor.Data[bool](f.Out(0))[0] = tensor.Data[float32](f.In(0))[0] < tensor.Data[float32](f.In(1))[0]
			return nil
		}), nil
	}),
	exec.On(func(b *exec.Binding, o *toFloat) (exec.Step, error) {
		return exec.Once(func(f *exec.Frame) error {
			tensor.Data[float32](f.Out(0))[0] = float32(tensor.Data[int64](f.In(0))[0])
			return nil
		}), nil
	}),
})

// body builds a graph of a body.
func body(t testing.TB, build func(b *graph.Builder)) *graph.Graph {
	t.Helper()
	g := &graph.Graph{Name: "body"}
	b := graph.NewBuilder(g, nil)
	build(b)
	if b.Err() != nil {
		t.Fatal(b.Err())
	}
	return g
}

var (
	boolean = graph.TensorFact(tensor.Bool, []graph.Dim{})
	number  = graph.TensorFact(tensor.Int64, []graph.Dim{})
	list    = graph.Fact{Type: tensor.SequenceOf(tensor.TypeOf(tensor.Float32))}
)

func scalar[T tensor.Element](x T) *tensor.Tensor { return tensor.Scalar(x) }

func TestIf(t *testing.T) {
	n := graph.Sym("N")
	p := compile(t, exec.Config{}, func(b *graph.Builder) {
		cond, x := b.Input("cond", boolean), b.Input("x", f32(n))
		o := &op.If{Captures: 1}
		o.Then = body(t, func(b *graph.Builder) {
			x := b.Input("x", f32(n))
			b.Output("same", b.Op(add, x, x))
			b.Output("other", b.Op(&join{}, x, x))
		})
		o.Else = body(t, func(b *graph.Builder) {
			x := b.Input("x", f32(n))
			b.Output("same", x)
			b.Output("other", b.Const(floats(7)))
		})
		y := b.Add("if", o, 2, cond, b.Op(add, x, b.Const(floats(1))))
		b.Output("y", b.Op(add, y[0], x))
		b.Output("z", b.Op(add, y[1], y[1]))
		b.Output("w", y[1])
	})
	for range 2 {
		want(t, p, "[2] [5 8]; [4] [4 6 4 6]; [4] [2 3 2 3]", scalar(true), floats(1, 2))
		want(t, p, "[2] [3 5]; [1] [14]; [1] [7]", scalar(false), floats(1, 2))
	}
}

// loopSum is y = y + x + trip while y < limit, with y of each trip as a scan output.
func loopSum(t *testing.T) *op.Loop {
	return &op.Loop{Captures: 2, Body: body(t, func(b *graph.Builder) {
		i, _, y := b.Input("i", number), b.Input("cond", boolean), b.Input("y", f32())
		x, limit := b.Input("x", f32()), b.Input("limit", f32())
		z := b.Op(add, b.Op(add, y, x), b.Op(&toFloat{}, i))
		b.Output("next", b.Op(&less{}, z, limit))
		b.Output("y", z)
		b.Output("elem", y)
	})}
}

func TestLoop(t *testing.T) {
	p := compileControl(t, exec.Config{Limits: exec.Limits{Trips: 50}}, func(b *graph.Builder) {
		m, cond := b.Input("m", number), b.Input("cond", boolean)
		x, limit := b.Input("x", f32()), b.Input("limit", f32())
		y := b.Add("loop", loopSum(t), 2, m, cond, b.Op(add, x, x), x, limit)
		b.Output("y", y[0])
		b.Output("elems", y[1])
	})
	for range 2 {
		want(t, p, "[] [8]; [3] [2 3 5]", scalar[int64](10), scalar(true), scalar[float32](1), scalar[float32](6))
		want(t, p, "[] [5]; [2] [2 3]", scalar[int64](2), scalar(true), scalar[float32](1), scalar[float32](100))
		want(t, p, "[] [2]; [0] []", scalar[int64](0), scalar(true), scalar[float32](1), scalar[float32](100))
		want(t, p, "[] [2]; [0] []", scalar[int64](5), scalar(false), scalar[float32](1), scalar[float32](100))
		_, err := run(p, scalar[int64](51), scalar(true), scalar[float32](0), scalar[float32](1e9))
		if !errors.As(err, new(*exec.TripError)) || err.Error() != `node "loop" (Loop): more than 50 trips, the limit` {
			t.Error(err)
		}
	}
}

// TestLoopKnownTrips has everything known before it runs, so it is one segment.
func TestLoopKnownTrips(t *testing.T) {
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N")))
		o := &op.Loop{Body: body(t, func(b *graph.Builder) {
			b.Input("i", number)
			cond := b.Input("cond", boolean)
			y := b.Input("y", f32(graph.Sym("N")))
			b.Output("cond", cond)
			b.Output("y", b.Op(add, y, y))
			b.Output("elem", y)
		})}
		y := b.Add("loop", o, 2, b.Const(scalar[int64](3)), nil, x)
		if got := y[1].Fact.String(); got != "float32[3,N]" {
			t.Errorf("scan output %s", got)
		}
		b.Output("y", b.Op(add, y[0], x))
		b.Output("elems", y[1])
	})
	want(t, p, "[2] [9 18]; [3 2] [1 2 2 4 4 8]", floats(1, 2))
	want(t, p, "[1] [9]; [3 1] [1 2 4]", floats(1))
}

// TestLoopGrows carries a tensor whose size changes and a sequence of what it was.
func TestLoopGrows(t *testing.T) {
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		m, x := b.Input("m", number), b.Input("x", f32(graph.Sym("N")))
		o := &op.Loop{Captures: 1, Body: body(t, func(b *graph.Builder) {
			i := b.Input("i", number)
			cond := b.Input("cond", boolean)
			y, s := b.Input("y", f32(graph.FreshDim())), b.Input("s", list)
			x := b.Input("x", f32(graph.Sym("N")))
			b.Output("cond", cond)
			z := b.Op(&join{}, y, b.Op(add, x, b.Op(&toFloat{}, i)))
			b.Output("y", z)
			b.Output("s", b.Op(&append1{}, b.Op(&append1{}, s, y), z))
		})}
		y := b.Add("loop", o, 2, m, nil, x, b.Op(&empty{}), x)
		b.Output("y", b.Op(add, y[0], b.Const(floats(0))))
		b.Output("s", y[1])
	})
	for range 2 {
		want(t, p, "[3] [5 5 6]; <[1] [5], [2] [5 5], [2] [5 5], [3] [5 5 6]>", scalar[int64](2), floats(5))
		want(t, p, "[4] [5 6 5 6]; <[2] [5 6], [4] [5 6 5 6]>", scalar[int64](1), floats(5, 6))
		want(t, p, "[1] [5]; <>", scalar[int64](0), floats(5))
	}
}

func TestLoopNested(t *testing.T) {
	inner := &op.Loop{Captures: 1, Body: body(t, func(b *graph.Builder) {
		i, cond, y, k := b.Input("i", number), b.Input("cond", boolean), b.Input("y", f32()), b.Input("k", f32())
		b.Output("cond", cond)
		b.Output("y", b.Op(add, y, b.Op(mul, b.Op(&toFloat{}, i), k)))
	})}
	outer := &op.Loop{Captures: 1, Body: body(t, func(b *graph.Builder) {
		i, cond, y, m := b.Input("i", number), b.Input("cond", boolean), b.Input("y", f32()), b.Input("m", number)
		b.Output("cond", cond)
		b.Output("y", b.Op(inner, m, nil, y, b.Op(&toFloat{}, i)))
	})}
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		m := b.Input("m", number)
		b.Output("y", b.Op(outer, m, nil, b.Input("y", f32()), m))
	})
	want(t, p, "[] [19]", scalar[int64](4), scalar[float32](-17)) // -17 + (0+1+2+3)·(0+1+2+3)
	if p = compileDeep(t, inner, 70); p != nil {
		t.Error("deep nesting compiles")
	}
}

// compileDeep nests Ifs and returns nil when the result does not run because of it.
func compileDeep(t *testing.T, o graph.Op, depth int) *exec.Program {
	branch := body(t, func(b *graph.Builder) { b.Output("y", b.Op(add, b.Input("x", f32()), b.Const(scalar[float32](1)))) })
	for range depth {
		o := &op.If{Then: branch, Else: body(t, func(b *graph.Builder) { b.Output("y", b.Input("x", f32())) }), Captures: 1}
		branch = body(t, func(b *graph.Builder) {
			x := b.Input("x", f32())
			b.Output("y", b.Op(o, b.Op(&less{}, x, b.Const(scalar[float32](1))), x))
		})
	}
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		c, x := b.Input("c", boolean), b.Input("x", f32())
		b.Output("y", b.Op(&op.If{Then: branch, Else: branch, Captures: 1}, c, x))
	})
	if _, err := run(p, scalar(true), scalar[float32](0)); err == nil || !strings.Contains(err.Error(), "nested deeper than 64") {
		t.Error(err)
		return p
	}
	return nil
}

func TestLoopForever(t *testing.T) {
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		x := b.Input("x", f32())
		o := &op.Loop{Body: body(t, func(b *graph.Builder) {
			b.Input("i", number)
			b.Output("cond", b.Input("cond", boolean))
			b.Output("y", b.Input("y", f32()))
		})}
		b.Output("y", b.Add("loop", o, 1, nil, nil, x)[0])
	})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := p.Run(ctx, 0, []tensor.Value{scalar[float32](1)}, make([]tensor.Value, 1))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestScan(t *testing.T) {
	n, h := graph.Sym("N"), graph.Sym("H")
	cumulate := body(t, func(b *graph.Builder) {
		s, x := b.Input("s", f32(h)), b.Input("x", f32(h))
		y := b.Op(add, s, x)
		b.Output("s", y)
		b.Output("y", y)
	})
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		s, x, xt := b.Input("s", f32(h)), b.Input("x", f32(n, h)), b.Input("xt", f32(h, n))
		y := b.Op(&op.Scan{Body: cumulate, NumScanInputs: 1}, s, x)
		_ = y
		a := b.Add("a", &op.Scan{Body: cumulate, NumScanInputs: 1}, 2, s, x)
		c := b.Add("c", &op.Scan{Body: cumulate, NumScanInputs: 1, InputAxes: []int{-1}, OutputAxes: []int{1}}, 2, s, xt)
		d := b.Add("d", &op.Scan{Body: cumulate, NumScanInputs: 1, InputDirections: []int{1}, OutputDirections: []int{1}}, 2, s, x)
		for i, v := range append(a, c[1], d[1]) {
			b.Output(string(rune('p'+i)), v)
		}
	})
	x, xt := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2), tensor.FromSlice([]float32{1, 3, 5, 2, 4, 6}, 2, 3)
	for range 2 {
		want(t, p, "[2] [19 22]; [3 2] [11 12 14 16 19 22]; [2 3] [11 14 19 12 16 22]; [3 2] [19 22 18 20 15 16]", floats(10, 10), x, xt)
		want(t, p, "[2] [1 2]; [0 2] []; [2 0] []; [0 2] []", floats(1, 2), tensor.New(tensor.Float32, 0, 2), tensor.New(tensor.Float32, 2, 0))
	}
}

func TestSequenceMap(t *testing.T) {
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		s, x := b.Input("s", list), b.Input("x", f32(graph.N(1)))
		o := &op.SequenceMap{Captures: 1, Body: body(t, func(b *graph.Builder) {
			a, c, x := b.Input("a", graph.Fact{Type: tensor.TypeOf(tensor.Float32)}), b.Input("b", f32(graph.N(1))), b.Input("x", f32(graph.N(1)))
			b.Output("y", b.Op(add, b.Op(add, a, c), x))
			b.Output("z", a)
		})}
		y := b.Add("map", o, 2, s, x, b.Op(add, x, x))
		b.Output("y", y[0])
		b.Output("z", y[1])
	})
	s := &tensor.Sequence{Elem: tensor.TypeOf(tensor.Float32), Items: []tensor.Value{floats(1), floats(2, 3)}}
	for range 2 {
		want(t, p, "<[1] [301], [2] [302 303]>; <[1] [1], [2] [2 3]>", s, floats(100))
	}
}

// TestBranchNotTaken has a branch that does not fit the input.
func TestBranchNotTaken(t *testing.T) {
	p := compileControl(t, exec.Config{}, func(b *graph.Builder) {
		cond, x := b.Input("cond", boolean), b.Input("x", f32(graph.Sym("N")))
		good := body(t, func(b *graph.Builder) {
			b.Output("y", b.Op(add, b.Input("x", f32(graph.Sym("N"))), b.Const(floats(1))))
		})
		bad := body(t, func(b *graph.Builder) {
			b.Output("y", b.Op(add, b.Input("x", f32(graph.Sym("N"))), b.Const(floats(1, 2, 3))))
		})
		b.Output("y", b.Add("if", &op.If{Then: good, Else: bad, Captures: 1}, 1, cond, x)[0])
	})
	want(t, p, "[2] [2 3]", scalar(true), floats(1, 2))
	if _, err := run(p, scalar(false), floats(1, 2)); err == nil || !strings.Contains(err.Error(), "do not broadcast") {
		t.Error(err)
	}
}

func compileControl(t testing.TB, c exec.Config, build func(b *graph.Builder)) *exec.Program {
	t.Helper()
	return compileOn(t, c, []*exec.Backend{fake, fakeControl, ref.Backend}, build)
}

// noise is the number of the run.
type noise struct{}

func (*noise) Infer(c *graph.Infer) { c.Tensor(0, tensor.Float32, []graph.Dim{}) }
func (*noise) Impure() bool         { return true }

// TestRunIndex has random nodes in and around a loop: each trip and each run draws other numbers, and the same run the
// same ones.
func TestRunIndex(t *testing.T) {
	random := exec.NewBackend("random", []exec.Kernel{exec.On(func(b *exec.Binding, o *noise) (exec.Step, error) {
		r := b.Random(0)
		return exec.Once(func(f *exec.Frame) error {
			x, _ := r.Pair(f.RunIndex(), 0)
			tensor.Data[float32](f.Out(0))[0] = float32(x)
			return nil
		}), nil
	})})
	p := compileOn(t, exec.Config{Seed: 5}, []*exec.Backend{random, fake, fakeControl}, func(b *graph.Builder) {
		o := &op.Loop{Body: body(t, func(b *graph.Builder) {
			b.Input("i", number)
			b.Output("cond", b.Input("cond", boolean))
			b.Output("elem", b.Op(&noise{}))
		})}
		b.Output("a", b.Op(&noise{}))
		b.Output("b", b.Op(&noise{}))
		b.Output("loop", b.Op(o, b.Const(scalar[int64](3))))
	})
	draw := func(run uint64) (string, map[float32]bool) {
		out := make([]tensor.Value, 3)
		if err := p.Run(context.Background(), run, nil, out); err != nil {
			t.Fatal(err)
		}
		seen := map[float32]bool{}
		for _, v := range out {
			for _, x := range tensor.Data[float32](v) {
				seen[x] = true
			}
		}
		return show(out[0]) + show(out[1]) + show(out[2]), seen
	}
	first, seen := draw(0)
	if again, _ := draw(0); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	other, more := draw(1)
	for x := range more {
		seen[x] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d different numbers of 10: %s %s", len(seen), first, other)
	}
}

func TestHook(t *testing.T) {
	var log []string
	p := compileControl(t, exec.Config{Hook: func(e *exec.Event) {
		log = append(log, strings.Join(append(append([]string{}, e.Path...), e.Node.Name), "/")+" "+e.Kernel+" "+show(e.In[0]))
	}}, func(b *graph.Builder) {
		o := &op.Loop{Body: body(t, func(b *graph.Builder) {
			b.Input("i", number)
			cond, y := b.Input("cond", boolean), b.Input("y", f32(graph.N(1)))
			b.Output("cond", cond)
			b.Output("y", b.Add("twice", add, 1, y, y)[0])
		})}
		b.Output("y", b.Add("loop", o, 1, b.Const(scalar[int64](2)), nil, b.Add("first", mul, 1, b.Input("x", f32(graph.N(1))), b.Const(floats(3)))[0])[0])
	})
	want(t, p, "[1] [12]", floats(1))
	if got := strings.Join(log, "; "); got != "first fake [1] [1]; loop/twice fake [1] [3]; loop/twice fake [1] [6]; loop control [] [2]" {
		t.Error(got)
	}
}

// TestLoopMemory makes a list longer in many trips, in little memory: what earlier trips made is given back.
func TestLoopMemory(t *testing.T) {
	p := compileControl(t, exec.Config{Limits: exec.Limits{Memory: 200 << 10}}, func(b *graph.Builder) {
		m, x := b.Input("m", number), b.Input("x", f32(graph.N(1)))
		o := &op.Loop{Captures: 1, Body: body(t, func(b *graph.Builder) {
			b.Input("i", number)
			cond := b.Input("cond", boolean)
			y, x := b.Input("y", f32(graph.FreshDim())), b.Input("x", f32(graph.N(1)))
			b.Output("cond", cond)
			b.Output("y", b.Op(&join{}, b.Op(&positive{}, y), x))
		})}
		b.Output("y", b.Op(&positive{}, b.Op(o, m, nil, x, x)))
	})
	out := make([]tensor.Value, 1)
	if err := p.Run(context.Background(), 0, []tensor.Value{scalar[int64](2000), floats(1)}, out); err != nil {
		t.Fatal(err)
	}
	if got := out[0].(*tensor.Tensor).Len(); got != 2001 {
		t.Errorf("%d elements", got)
	}
}

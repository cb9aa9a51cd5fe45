package gneiss_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var (
	add = &op.Binary{Fn: op.Add}
	mul = &op.Binary{Fn: op.Mul}
)

func f32(dims ...graph.Dim) graph.Fact { return graph.TensorFact(tensor.Float32, dims) }

// session builds a graph and opens a session of it.
func session(t testing.TB, o gneiss.Options, build func(b *graph.Builder)) *gneiss.Session {
	t.Helper()
	g := &graph.Graph{Name: "test"}
	b := graph.NewBuilder(g, ref.Eval)
	build(b)
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := gneiss.FromGraph(g).NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func affine(b *graph.Builder) {
	x := b.Input("x", f32(graph.Sym("N"), graph.N(2)))
	w := b.Input("w", f32(graph.Sym("N"), graph.N(2)))
	bias := b.Input("bias", f32(graph.N(2)))
	b.G.Defaults = map[*graph.Value]*tensor.Tensor{bias: tensor.FromSlice([]float32{10, 20})}
	b.Output("y", b.Op(add, b.Op(mul, x, w), bias))
	b.Output("twice", b.Op(add, x, x))
}

func matrix(n, m int, xs ...float32) *tensor.Tensor { return tensor.FromSlice(xs, n, m) }

func TestRun(t *testing.T) {
	s := session(t, gneiss.Options{}, affine)
	in := gneiss.Values{"x": matrix(1, 2, 1, 2), "w": matrix(1, 2, 3, 4)}
	check := func(in gneiss.Values, want string) {
		t.Helper()
		out, err := s.Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(tensor.Data[float32](out["y"]), tensor.Data[float32](out["twice"])); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check(in, "[13 28] [2 4]")
	in["bias"] = tensor.FromSlice([]float32{0, 1})
	check(in, "[3 9] [2 4]")
	delete(in, "bias")
	check(in, "[13 28] [2 4]")
	in["w"] = matrix(3, 2, 1, 2, 3, 4, 5, 6) // N is 1 and 3
	check(in, "[11 24 13 28 15 32] [2 4]")
}

func TestRunInto(t *testing.T) {
	s := session(t, gneiss.Options{}, affine)
	in := gneiss.Values{"x": matrix(1, 2, 1, 2), "w": matrix(1, 2, 3, 4)}
	y := tensor.New(tensor.Float32, 1, 2)
	out := gneiss.Values{"y": y}
	n := testing.AllocsPerRun(10, func() {
		if err := s.RunInto(context.Background(), in, out); err != nil {
			t.Fatal(err)
		}
	})
	if got := fmt.Sprint(tensor.Data[float32](y), len(out)); got != "[13 28] 1" {
		t.Error(got)
	}
	if n > 0 {
		t.Logf("%v allocations per run", n) // the reference kernels allocate
	}
	out["y"] = tensor.New(tensor.Float32, 5, 2)
	if err := s.RunInto(context.Background(), in, out); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(out["y"].(*tensor.Tensor).Shape()); got != "[1 2]" {
		t.Error(got)
	}
	out["y"] = tensor.New(tensor.Float32, 1)
	if err := s.RunInto(context.Background(), in, out); err == nil || err.Error() != `output "y": float32[1] given, want float32[1,2]` {
		t.Error(err)
	}
	out = gneiss.Values{}
	if err := s.RunInto(context.Background(), in, out); err != nil || len(out) != 2 {
		t.Error(err, out)
	}
}

func TestBadInputs(t *testing.T) {
	s := session(t, gneiss.Options{}, affine)
	x := matrix(1, 2, 1, 2)
	for _, c := range []struct {
		in   gneiss.Values
		want string
	}{
		{gneiss.Values{"x": x}, `input "w" is missing: float32[N,2]`},
		{gneiss.Values{"x": x, "w": x, "z": x}, `there is no input "z": the inputs are "x", "w", "bias"`},
		{gneiss.Values{"x": x, "w": tensor.New(tensor.Float64, 1, 2)}, `input "w": float64, want float32`},
		{gneiss.Values{"x": x, "w": tensor.New(tensor.Float32, 2)}, `input "w": shape [2] of rank 1, want rank 2: float32[N,2]`},
		{gneiss.Values{"x": x, "w": tensor.New(tensor.Float32, 1, 3)}, `input "w": dimension 1 is 3, want 2`},
		{gneiss.Values{"x": x, "w": &tensor.Sequence{Elem: tensor.TypeOf(tensor.Float32)}}, `input "w": seq(tensor(float32)), want tensor(float32)`},
		{gneiss.Values{"x": tensor.New(tensor.Float32, 2, 2), "w": tensor.New(tensor.Float32, 3, 2)}, `do not broadcast`},
	} {
		if _, err := s.Run(context.Background(), c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if err := s.RunInto(context.Background(), gneiss.Values{"x": x, "w": x}, gneiss.Values{"q": nil}); err == nil ||
		err.Error() != `there is no output "q": the outputs are "y", "twice"` {
		t.Error(err)
	}
}

func TestState(t *testing.T) {
	s := session(t, gneiss.Options{State: map[string]string{"past.*": "present.*"}}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.N(2)))
		past := b.Input("past.0.v", f32(graph.N(2)))
		sum := b.Op(add, past, x)
		b.Output("present.0.v", sum)
		b.Output("y", b.Op(mul, sum, sum))
	})
	for range 2 {
		st := s.NewState()
		for i, want := range []string{"[1 4]", "[4 16]", "[9 36]", "[16 64]"} {
			out := gneiss.Values{}
			if err := s.RunState(context.Background(), st, gneiss.Values{"x": tensor.FromSlice([]float32{1, 2})}, out); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(tensor.Data[float32](out["y"])); got != want || len(out) != 1 {
				t.Errorf("run %d: %v, want %s", i, out, want)
			}
		}
	}
	if _, err := gneiss.FromGraph(s.Model().Graph()).NewSession(gneiss.Options{State: map[string]string{"x": "z"}}); err == nil ||
		err.Error() != `state "x": "z": input "x" goes with output "z", which the model does not have` {
		t.Error(err)
	}
}

// BenchmarkRunInto is the cost of a run beside its kernels: of one node, and of a hundred.
func BenchmarkRunInto(b *testing.B) {
	for _, n := range []int{1, 100} {
		s := session(b, gneiss.Options{Threads: 1, Off: []string{"dedupe", "simplify"}}, func(b *graph.Builder) {
			x := b.Input("x", f32(graph.N(1)))
			y := x
			for range n {
				y = b.Op(add, y, x)
			}
			b.Output("y", y)
		})
		in, out := gneiss.Values{"x": tensor.FromSlice([]float32{1})}, gneiss.Values{"y": tensor.New(tensor.Float32, 1)}
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.RunInto(context.Background(), in, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestMaxRuns holds one run in its hook, so that a second one waits, until its context ends.
func TestMaxRuns(t *testing.T) {
	in, hold := make(chan bool), make(chan bool)
	s := session(t, gneiss.Options{MaxRuns: 1, Hook: func(*exec.Event) { in <- true; <-hold }}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.N(1)))
		b.Output("y", b.Op(add, x, x))
	})
	x := gneiss.Values{"x": tensor.FromSlice([]float32{1})}
	done := make(chan error)
	go func() {
		_, err := s.Run(context.Background(), x)
		done <- err
	}()
	<-in
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Run(ctx, x); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	hold <- true
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestMaxMemory(t *testing.T) {
	s := session(t, gneiss.Options{MaxMemory: 1 << 20}, func(b *graph.Builder) {
		x := b.Input("x", f32(graph.Sym("N"), graph.N(1)))
		b.Output("y", b.Add("big", &op.MatMul{}, 1, x, b.Op(&op.Transpose{Perm: []int{1, 0}}, x))[0])
	})
	for _, n := range []int{100, 1000, 100} {
		_, err := s.Run(context.Background(), gneiss.Values{"x": tensor.New(tensor.Float32, n, 1)})
		if (err != nil) != (n == 1000) || n == 1000 && err.Error() != `node "big" (MatMul): output "y" of float32[1000,1000]: memory limit: 3.8 MiB more needed, 4.0 KiB of 1.0 MiB in use` {
			t.Error(n, err)
		}
	}
}

package cpu_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/cpu"
	"github.com/gneiss-ml/gneiss/exec/cpu/simd"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// check computes an operator with every level of instructions that this machine has, with inputs as variables and as constants,
// and compares with the reference.
func check(t *testing.T, o graph.Op, in ...*tensor.Tensor) {
	t.Helper()
	vals := make([]tensor.Value, len(in))
	for i, x := range in {
		if x != nil {
			vals[i] = x
		}
	}
	want, err := exec.EvalValues(context.Background(), o, vals, 1, ref.Backend)
	if err != nil {
		t.Fatal(err)
	}
	for l := range simd.Available() + 1 {
		for _, constant := range []bool{true, false} {
			got, err := run(cpu.New(l), o, in, constant)
			if err != nil {
				t.Fatal(err)
			}
			if r := compare.Values(got, want[0], compare.Tolerance{RTol: 1e-4, ATol: 1e-4}); !r.OK() {
				t.Fatalf("%v, constant %t: %s of %s: %s", l, constant, graph.QualifiedName(o), describe(in), r.Diff)
			}
		}
	}
}

// run compiles a graph of one node, whose inputs after the first are constants or not, and runs it twice: the second run has what
// the first left in its memory.
func run(k *exec.Backend, o graph.Op, in []*tensor.Tensor, constant bool) (tensor.Value, error) {
	b := graph.NewBuilder(&graph.Graph{Name: "one"}, nil)
	var args []*graph.Value
	var vals []tensor.Value
	for i, x := range in {
		switch {
		case x == nil:
			args = append(args, nil)
		case constant && i > 0:
			args = append(args, b.Const(x))
		default:
			args = append(args, b.Input(fmt.Sprintf("x%d", i), graph.FactOf(x)))
			vals = append(vals, x)
		}
	}
	b.Output("y", b.Op(o, args...))
	if err := b.Err(); err != nil {
		return nil, err
	}
	p, err := exec.NewEngine(exec.Config{Backends: []*exec.Backend{k, ref.Backend}, Threads: 2}).Compile(b.G)
	if err != nil {
		return nil, err
	}
	out := make([]tensor.Value, 1)
	for i := range 2 {
		out[0] = nil
		if err := p.Run(context.Background(), uint64(i), vals, out); err != nil {
			return nil, err
		}
	}
	return out[0], nil
}

func describe(in []*tensor.Tensor) string {
	s := ""
	for _, x := range in {
		if x != nil {
			s += " " + x.Describe()
		}
	}
	return s
}

func random(r *rand.Rand, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(math.Round(r.NormFloat64()*64) / 64)
	}
	return x
}

func TestMatMul(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range [][2][]int{
		{{1, 1}, {1, 1}}, {{3, 4}, {4, 5}}, {{5}, {5}}, {{5}, {5, 3}}, {{2, 5}, {5}}, {{0, 4}, {4, 3}}, {{2, 3, 4}, {4, 33}},
		{{2, 3, 4}, {2, 4, 5}}, {{2, 1, 3, 4}, {3, 4, 5}}, {{3, 4}, {2, 3, 4, 17}}, {{7, 600}, {600, 31}}, {{1, 1030}, {1030, 70}},
		{{29, 16}, {16, 64}}, {{100, 20}, {20, 100}}, {{13, 513}, {513, 32}}, {{2, 0}, {0, 3}},
	} {
		check(t, &op.MatMul{}, random(r, c[0]...), random(r, c[1]...))
	}
	for range 200 {
		m, k, n := 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(80)
		check(t, &op.MatMul{}, random(r, m, k), random(r, k, n))
	}
}

func TestGemm(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 200 {
		m, k, n := 1+r.IntN(40), 1+r.IntN(600), 1+r.IntN(80)
		o := &op.Gemm{Alpha: 1, Beta: 1, TransA: r.IntN(4) == 0, TransB: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			o.Alpha, o.Beta = 0.5, -2
		}
		x, w := random(r, m, k), random(r, k, n)
		if o.TransA {
			x = random(r, k, m)
		}
		if o.TransB {
			w = random(r, n, k)
		}
		shapes := [][]int{nil, {n}, {1, n}, {m, 1}, {m, n}, {}, {1}}
		var c *tensor.Tensor
		if s := shapes[i%len(shapes)]; s != nil {
			c = random(r, s...)
		}
		check(t, o, x, w, c)
	}
}

func TestConv(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		dims := 1 + r.IntN(3)
		group := []int{1, 1, 2, 3}[r.IntN(4)]
		cin, cout := group*(1+r.IntN(5)), group*(1+r.IntN(40))
		o := &op.Conv{Group: group, Slide: op.Slide{AutoPad: []string{"NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}[r.IntN(5)]}}
		xs, ws := []int{1 + r.IntN(2), cin}, []int{cout, cin / group}
		var ends []int
		for range dims {
			kernel := 1 + r.IntN(3)
			d := 1 + r.IntN(2)
			o.Dilations = append(o.Dilations, d)
			o.Strides = append(o.Strides, 1+r.IntN(3))
			if o.AutoPad == "NOTSET" {
				o.Pads, ends = append(o.Pads, r.IntN(3)), append(ends, r.IntN(3))
			}
			xs, ws = append(xs, (kernel-1)*d+1+r.IntN(12)), append(ws, kernel)
		}
		o.Pads = append(o.Pads, ends...)
		var bias *tensor.Tensor
		if r.IntN(2) == 0 {
			bias = random(r, cout)
		}
		check(t, o, random(r, xs...), random(r, ws...), bias)
	}
	for range 100 { // one output channel for each group
		group, per := 1+r.IntN(6), 1+r.IntN(2)
		o := &op.Conv{Group: group, Slide: op.Slide{AutoPad: []string{"NOTSET", "SAME_UPPER", "VALID"}[r.IntN(3)]}}
		xs, ws := []int{1 + r.IntN(2), group * per}, []int{group, per}
		var ends []int
		for range 1 + r.IntN(2) {
			kernel, d := 1+r.IntN(4), 1+r.IntN(2)
			o.Dilations, o.Strides = append(o.Dilations, d), append(o.Strides, 1+r.IntN(3))
			if o.AutoPad == "NOTSET" {
				o.Pads, ends = append(o.Pads, r.IntN(4)), append(ends, r.IntN(4))
			}
			xs, ws = append(xs, (kernel-1)*d+1+r.IntN(40)), append(ws, kernel)
		}
		o.Pads = append(o.Pads, ends...)
		check(t, o, random(r, xs...), random(r, ws...), random(r, group))
	}
	check(t, &op.Conv{Group: 1, Slide: op.Slide{AutoPad: "NOTSET"}}, random(r, 1, 64, 14, 14), random(r, 30, 64, 1, 1), random(r, 30))
}

func TestUnary(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, e := range op.Table() {
		o := e.New()
		if _, ok := o.(*op.Unary); !ok || graph.Decode(o, nil) != nil || e.Name == "Not" || e.Name == "BitwiseNot" {
			continue
		}
		for _, n := range []int{0, 1, 7, 100, 40000} {
			x := random(r, n)
			if e.Name == "Acosh" || e.Name == "Acos" || e.Name == "Asin" || e.Name == "Atanh" {
				continue // outside their domains, and no vector form
			}
			check(t, o, x)
		}
	}
}

func TestBinary(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, fn := range []op.BinaryFn{op.Add, op.Div, op.Max, op.Min, op.Mul, op.PRelu, op.Sub} {
		for _, c := range [][2][]int{
			{{}, {}}, {{5}, {5}}, {{0, 3}, {1}}, {{2, 3, 40}, {40}}, {{2, 3, 40}, {3, 1}}, {{2, 3, 40}, {2, 1, 40}}, {{2, 1, 40}, {3, 1}}, {{40}, {2, 3, 1}},
			{{1, 30, 7, 7}, {30, 1, 1}}, {{3, 4, 5, 6}, {1, 4, 1, 6}}, {{70000}, {1}}, {{2, 20000}, {2, 1}}, {{1}, {9}}, {{3, 1}, {1, 9}}, {{3, 2}, {3, 1}},
		} {
			if fn == op.PRelu && len(c[1]) > len(c[0]) || fn == op.PRelu && tensor.Count(c[1]) > tensor.Count(c[0]) || fn == op.PRelu && len(c[0]) == 3 && c[0][1] == 1 {
				continue // its second operand broadcasts to the first
			}
			if fn == op.PRelu && len(c[0]) == 2 && c[0][1] == 1 {
				continue
			}
			check(t, &op.Binary{Fn: fn}, random(r, c[0]...), random(r, c[1]...))
		}
	}
}

func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, s := range [][]int{{1}, {3}, {2, 3}, {2, 0}, {0, 3}, {2, 3, 100}, {3, 5000}, {1, 1, 17}} {
		check(t, op.NewSoftmax(-1), random(r, s...))
		check(t, op.NewSoftmax(0), random(r, s...))
		check(t, &op.LogSoftmax{AlongAxis: op.AlongAxis{Axis: len(s) - 1}}, random(r, s...))
		for axis := range s {
			tail := s[axis:]
			check(t, &op.LayerNormalization{Axis: axis, Epsilon: 1e-5, StashType: 1}, random(r, s...), random(r, tail...), random(r, tail...))
			check(t, &op.LayerNormalization{Axis: axis - len(s), Epsilon: 1e-5, StashType: 1}, random(r, s...), random(r, tail...))
			check(t, &op.LayerNormalization{Axis: axis, Epsilon: 1e-5, StashType: 1}, random(r, s...), random(r, 1), random(r, tail...))
			check(t, &op.RMSNormalization{Axis: axis, Epsilon: 1e-5, StashType: 1}, random(r, s...), random(r, tail...))
		}
	}
}

func TestAllocations(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	b := graph.NewBuilder(&graph.Graph{Name: "two"}, nil)
	x := b.Input("x", graph.FactOf(random(r, 1, 3, 8, 8)))
	y := b.Op(&op.Conv{Group: 1, Slide: op.Slide{AutoPad: "SAME_UPPER"}}, x, b.Const(random(r, 20, 3, 3, 3)), b.Const(random(r, 20)))
	b.Output("y", b.Op(&op.MatMul{}, y, b.Const(random(r, 8, 8))))
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	k, err := cpu.Default()
	if err != nil {
		t.Fatal(err)
	}
	p, err := exec.NewEngine(exec.Config{Backends: []*exec.Backend{k, ref.Backend}, Threads: 1}).Compile(b.G)
	if err != nil {
		t.Fatal(err)
	}
	in, out := []tensor.Value{random(r, 1, 3, 8, 8)}, []tensor.Value{tensor.New(tensor.Float32, 1, 20, 8, 8)}
	var n float64
	for range 5 { // what other tests left running is counted too
		n = testing.AllocsPerRun(20, func() {
			if err := p.Run(context.Background(), 0, in, out); err != nil {
				t.Fatal(err)
			}
		})
		if n == 0 {
			return
		}
	}
	t.Errorf("%v allocations a run, want 0", n)
}

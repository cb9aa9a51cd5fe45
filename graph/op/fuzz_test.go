package op_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// blur returns less than is known of a value: sizes become symbols, with their values in sizes, or the rank unknown.
func blur(g *exectest.Random, v tensor.Value, sizes map[string]int) graph.Fact {
	f := graph.FactOf(v)
	t, ok := v.(*tensor.Tensor)
	if !ok {
		return f
	}
	if t.DType().IsInt() && t.Len() <= graph.SmallValue && g.N(3) > 0 {
		return graph.ConstFact(t)
	}
	if g.Once(10) {
		f.Dims = nil
		return f
	}
	for i, d := range t.Shape() {
		if g.Once(3) {
			name := fmt.Sprintf("%c%d", 'a'+i, d)
			sizes[name] = d
			f.Dims[i] = graph.Sym(name)
		}
	}
	return f
}

// randomNode is what a run of the generator gives.
type randomNode struct {
	op      graph.Op
	in      []tensor.Value
	outputs int
	gen     *exectest.Random
}

func makeNode(name string, data []byte) (randomNode, bool) {
	g := &exectest.Random{Data: data}
	e := exectest.Entry(name)
	o := e.New()
	if graph.Decode(o, g.Attrs(o)) != nil {
		return randomNode{}, false
	}
	in, out := e.Inputs(), e.Outputs()
	count := in.Required + g.N(len(in.Names)-in.Required+1)
	if in.Variadic {
		count += g.N(3)
	}
	node := randomNode{op: o, outputs: out.Required + g.N(len(out.Names)-out.Required+1), gen: g}
	if out.Variadic {
		node.outputs += g.N(3)
	}
	dt := g.DType(tensor.Float32)
	rank := exectest.Pick(g, 2, 4, 3, 1, 2, 4, 0, 5)
	for i := range count {
		if in.Optional[min(i, len(in.Optional)-1)] && g.Once(4) {
			node.in = append(node.in, nil)
			continue
		}
		idt, r := dt, rank
		if g.Once(4) {
			idt = tensor.Int64
		}
		if g.Once(3) {
			r = g.N(5)
		}
		node.in = append(node.in, g.Value(idt, r))
	}
	return node, true
}

// check infers a random node from sharp and from blurred facts, runs it when the result is small, and compares the shapes.
// It reports how far the node came.
func check(t *testing.T, name string, data []byte) (inferred, ran bool) {
	node, ok := makeNode(name, data)
	if !ok {
		return false, false
	}
	return checkNode(t, node)
}

// checkNode is check for a node.
func checkNode(t *testing.T, node randomNode) (inferred, ran bool) {
	start := time.Now()
	defer func() {
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%s took %v", graph.QualifiedName(node.op), d)
		}
		if r := recover(); r != nil {
			t.Errorf("%s %+v of %v panics", graph.QualifiedName(node.op), node.op, describe(node.in))
			panic(r)
		}
	}()
	sharp := make([]graph.Fact, len(node.in))
	vague := make([]graph.Fact, len(node.in))
	sizes := map[string]int{}
	for i, v := range node.in {
		if v == nil {
			continue
		}
		sharp[i] = graph.FactOf(v)
		if x, ok := v.(*tensor.Tensor); ok && (x.DType().IsInt() || x.DType() == tensor.Bool) {
			sharp[i] = graph.ConstFact(x)
		}
		vague[i] = blur(node.gen, v, sizes)
	}
	want, err := graph.InferOp("n", node.op, sharp, node.outputs, nil)
	rough, err2 := graph.InferOp("n", node.op, vague, node.outputs, ref.Eval)
	if err != nil {
		return false, false
	}
	if err2 != nil {
		t.Fatalf("%s %+v: inferred from %v, not from %v: %v", graph.QualifiedName(node.op), node.op, sharp, vague, err2)
	}
	for i, f := range rough.Out {
		if f.Kind != tensor.KindTensor || f.Dims == nil {
			continue
		}
		w := want.Out[i]
		if w.Dims == nil {
			continue
		}
		if len(f.Dims) != len(w.Dims) || f.DType != w.DType {
			t.Fatalf("%s %+v: output %d: %v from %v, %v from %v", graph.QualifiedName(node.op), node.op, i, w, sharp, f, vague)
		}
		for k, d := range f.Dims {
			n, ok := d.Eval(sizes)
			m, ok2 := w.Dims[k].Int()
			if ok && ok2 && n != m {
				t.Fatalf("%s %+v: output %d: %v from %v, %v from %v", graph.QualifiedName(node.op), node.op, i, w, sharp, f, vague)
			}
		}
	}
	return true, run(t, node, want)
}

func describe(in []tensor.Value) string {
	s := ""
	for _, v := range in {
		switch v := v.(type) {
		case nil:
			s += " none"
		case *tensor.Tensor:
			s += " " + v.Describe()
			if v.Len() < 8 && v.DType().IsInt() {
				s += fmt.Sprint(v.Int64s())
			}
		default:
			s += " " + v.Type().String()
		}
	}
	return s
}

// run computes the node and compares the outputs with what was inferred. It reports whether there were any.
func run(t *testing.T, node randomNode, want graph.Inferred) bool {
	total := 0
	for _, f := range want.Out {
		if n, ok := f.Len().Int(); ok {
			total += n
			if n > 1<<16 || total > 1<<16 {
				return false
			}
		}
	}
	out, err := exec.EvalValues(context.Background(), node.op, node.in, node.outputs, ref.Backend)
	if err != nil {
		return false
	}
	for i, v := range out {
		f := want.Out[i]
		if v == nil {
			continue
		}
		if !f.Type.Equal(v.Type()) {
			t.Fatalf("%s %+v of%s: output %d is %v, inferred %v", graph.QualifiedName(node.op), node.op, describe(node.in), i, v.Type(), f)
		}
		x, ok := v.(*tensor.Tensor)
		if !ok || f.Dims == nil {
			continue
		}
		good := x.Rank() == len(f.Dims)
		for k := 0; good && k < x.Rank(); k++ {
			n, ok := f.Dims[k].Int()
			good = !ok || n == x.Shape()[k]
		}
		if !good {
			t.Fatalf("%s %+v of%s: output %d is %s, inferred %v", graph.QualifiedName(node.op), node.op, describe(node.in), i, x.Describe(), f)
		}
	}
	return true
}

// FuzzInfer checks that inference takes anything without a panic, that what it says of symbolic sizes holds for integers,
// and that the reference kernels give what it says.
func FuzzInfer(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, e := range op.Table() {
		f.Add(strings.TrimPrefix(e.Domain+"."+e.Name, "."), randomBytes(r))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) { check(t, name, data) })
}

// TestInferRandom is FuzzInfer on some random nodes of every operator.
func TestInferRandom(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	for _, e := range op.Table() {
		name := strings.TrimPrefix(e.Domain+"."+e.Name, ".")
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			inferred, ran := 0, 0
			for range rounds {
				a, b := check(t, name, randomBytes(r))
				if a {
					inferred++
				}
				if b {
					ran++
				}
			}
			t.Logf("%d nodes: %d inferred, %d ran", rounds, inferred, ran)
		})
	}
}

func randomBytes(r *rand.Rand) []byte {
	b := make([]byte, 200)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// FuzzAttrs checks that what Encode writes, Decode reads as the same operator.
func FuzzAttrs(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, e := range op.Table() {
		f.Add(strings.TrimPrefix(e.Domain+"."+e.Name, "."), randomBytes(r))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		e := exectest.Entry(name)
		a, b := e.New(), e.New()
		attrs := (&exectest.Random{Data: data}).Attrs(a)
		if graph.Decode(a, attrs) != nil {
			return
		}
		again := graph.Encode(a)
		if err := graph.Decode(b, again); err != nil {
			t.Fatalf("%s: %v becomes %v: %v", name, attrs, again, err)
		}
		if x, y := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b); x != y && !strings.Contains(x, "0x") {
			t.Fatalf("%s: %v becomes %v: %s and %s", name, attrs, again, x, y)
		}
	})
}

package op_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// gen makes choices from bytes, so that a fuzzer steers them; when they run out every choice is the first.
type gen struct{ data []byte }

func (g *gen) byte() int {
	if len(g.data) == 0 {
		return 0
	}
	b := g.data[0]
	g.data = g.data[1:]
	return int(b)
}

// n returns a number below n, a small one.
func (g *gen) n(n int) int { return g.byte() % n }

// one reports true once in n times.
func (g *gen) one(n int) bool { return g.byte()%n == n-1 }

func pick[T any](g *gen, xs ...T) T { return xs[g.n(len(xs))] }

// entry returns the operator of the given name, or any when there is none.
func entry(name string) op.Entry {
	domain, short := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		domain, short = name[:i], name[i+1:]
	}
	if e := op.Lookup(domain, short); e != nil {
		return *e
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return op.Table()[int(h.Sum32())%len(op.Table())]
}

// attrs returns attributes for the tagged fields of an operator type, most of the right kind and many of sensible size.
func (g *gen) attrs(o graph.Op) graph.Attrs {
	a := graph.Attrs{}
	t := reflect.TypeOf(o).Elem()
	if t.Kind() != reflect.Struct {
		return a
	}
	for _, f := range reflect.VisibleFields(t) {
		tag, ok := f.Tag.Lookup("onnx")
		name, def, _ := strings.Cut(tag, ",")
		if !ok || strings.HasPrefix(name, "-") || (def != "required" && g.n(3) > 0) {
			continue
		}
		ft := f.Type
		if strings.HasPrefix(ft.Name(), "Opt[") {
			ft = ft.Field(1).Type
		}
		if v := g.attr(ft, def); v != nil {
			a[name] = v
		}
	}
	if g.one(40) {
		a["axis"] = pick[any](g, "no", float32(1), int64(1), []int64{1})
	}
	return a
}

func (g *gen) attr(t reflect.Type, def string) any {
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Int32:
		return g.int()
	case reflect.Bool, reflect.Uint8:
		return int64(g.n(4))
	case reflect.Float32:
		return pick[float32](g, 0, 1, 0.5, -1, 2, 1e30, 0.1)
	case reflect.String:
		return pick(g, def, def, "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "linear", "nearest", "constant", "sum", "mean", "none", "", "x")
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.Int, reflect.Int64:
			xs := make([]int64, g.n(5))
			for i := range xs {
				xs[i] = g.int()
			}
			return xs
		case reflect.Float32:
			xs := make([]float32, g.n(4))
			for i := range xs {
				xs[i] = float32(g.n(5)) - 1
			}
			return xs
		case reflect.String:
			xs := make([]string, g.n(4))
			for i := range xs {
				xs[i] = pick(g, "a", "b", "", "Tanh", "Relu")
			}
			return xs
		}
	case reflect.Pointer:
		if t == reflect.TypeFor[*tensor.Tensor]() {
			return g.tensor(g.dtype(tensor.Float32), g.shape(g.n(3)))
		}
	}
	return nil
}

func (g *gen) int() int64 {
	if g.one(30) {
		return pick[int64](g, -1<<63, 1<<63-1, 1<<31, 1<<40, -1<<40, 1<<62, 100000)
	}
	return pick[int64](g, 0, 1, 2, -1, 3, -2, 4, 5, 1, 1)
}

func (g *gen) dtype(usual tensor.DType) tensor.DType {
	if g.n(10) < 7 {
		return usual
	}
	return pick(g, tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Bool, tensor.Float64, tensor.Float16, tensor.Int8, tensor.String,
		tensor.BFloat16, tensor.Complex64, tensor.Float8E4M3FN, tensor.Int4, tensor.Uint64)
}

func (g *gen) shape(rank int) []int {
	s := make([]int, rank)
	for i := range s {
		s[i] = pick(g, 2, 2, 2, 3, 1, 4, 0, 1)
	}
	return s
}

// tensor returns a tensor of small values.
func (g *gen) tensor(dt tensor.DType, shape []int) *tensor.Tensor {
	n := tensor.Count(shape)
	if dt == tensor.String {
		xs := make([]string, n)
		for i := range xs {
			xs[i] = pick(g, "a", "b", "", "1.5", "ab cd")
		}
		return tensor.FromSlice(xs, shape...)
	}
	xs := make([]int64, n)
	for i := range xs {
		xs[i] = pick[int64](g, 1, 0, 2, 3, 1, 4, 2, 1)
		if dt == tensor.Int64 && g.one(20) {
			xs[i] = pick[int64](g, -1, -2, -1<<63, 1<<63-1, 1<<40)
		}
	}
	t := tensor.FromSlice(xs, shape...)
	c := tensor.New(dt, shape...)
	if tensor.CastInto(c, t, tensor.CastOptions{}) != nil {
		return tensor.New(dt, shape...)
	}
	return c
}

// value returns an input: a tensor, or now and then a sequence or optional.
func (g *gen) value(dt tensor.DType, rank int) tensor.Value {
	t := g.tensor(g.dtype(dt), g.shape(rank))
	switch {
	case g.one(30):
		return &tensor.Sequence{Elem: t.Type(), Items: []tensor.Value{t, t}[:g.n(3)]}
	case g.one(30):
		return &tensor.Optional{Elem: t.Type(), Value: pick(g, tensor.Value(t), nil)}
	}
	return t
}

// blur returns less than is known of a value: sizes become symbols, with their values in sizes, or the rank unknown.
func (g *gen) blur(v tensor.Value, sizes map[string]int) graph.Fact {
	f := graph.FactOf(v)
	t, ok := v.(*tensor.Tensor)
	if !ok {
		return f
	}
	if t.DType().IsInt() && t.Len() <= graph.SmallValue && g.n(3) > 0 {
		return graph.ConstFact(t)
	}
	if g.one(10) {
		f.Dims = nil
		return f
	}
	for i, d := range t.Shape() {
		if g.one(3) {
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
	gen     *gen
}

func makeNode(name string, data []byte) (randomNode, bool) {
	g := &gen{data}
	e := entry(name)
	o := e.New()
	if graph.Decode(o, g.attrs(o)) != nil {
		return randomNode{}, false
	}
	in, out := e.Inputs(), e.Outputs()
	count := in.Required + g.n(len(in.Names)-in.Required+1)
	if in.Variadic {
		count += g.n(3)
	}
	node := randomNode{op: o, outputs: out.Required + g.n(len(out.Names)-out.Required+1), gen: g}
	if out.Variadic {
		node.outputs += g.n(3)
	}
	dt := g.dtype(tensor.Float32)
	rank := pick(g, 2, 4, 3, 1, 2, 4, 0, 5)
	for i := range count {
		if i >= in.Required && g.one(4) {
			node.in = append(node.in, nil)
			continue
		}
		idt, r := dt, rank
		if g.one(4) {
			idt = tensor.Int64
		}
		if g.one(3) {
			r = g.n(5)
		}
		node.in = append(node.in, g.value(idt, r))
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
		vague[i] = node.gen.blur(v, sizes)
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
		e := entry(name)
		a, b := e.New(), e.New()
		attrs := (&gen{data}).attrs(a)
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

package exectest

import (
	"hash/fnv"
	"math/rand/v2"
	"reflect"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A Random makes choices from bytes, so that a fuzzer steers them; when they run out every choice is the first.
type Random struct{ Data []byte }

// NewRandom returns a Random of n bytes that depend on the seed.
func NewRandom(seed uint64, n int) *Random {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return &Random{b}
}

// Byte returns the next byte, 0 after the last.
func (g *Random) Byte() int {
	if len(g.Data) == 0 {
		return 0
	}
	b := g.Data[0]
	g.Data = g.Data[1:]
	return int(b)
}

// N returns a number below n, a small one.
func (g *Random) N(n int) int { return g.Byte() % n }

// Once reports true once in n times.
func (g *Random) Once(n int) bool { return g.Byte()%n == n-1 }

// Pick returns one of some things.
func Pick[T any](g *Random, xs ...T) T { return xs[g.N(len(xs))] }

// Entry returns the operator of the given name (its domain before a dot), or any when there is none.
func Entry(name string) op.Entry {
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

// Attrs returns attributes for an operator type, most of the right kind and many of sensible size.
func (g *Random) Attrs(o graph.Op) graph.Attrs {
	a := graph.Attrs{}
	t := reflect.TypeOf(o).Elem()
	if t.Kind() != reflect.Struct {
		return a
	}
	if _, ok := o.(graph.Coded); ok {
		g.coded(a)
		return a
	}
	for _, f := range reflect.VisibleFields(t) {
		tag, ok := f.Tag.Lookup("onnx")
		name, def, _ := strings.Cut(tag, ",")
		if !ok || strings.HasPrefix(name, "-") || (def != "required" && g.N(3) > 0) {
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
	if g.Once(40) {
		a["axis"] = Pick[any](g, "no", float32(1), int64(1), []int64{1})
	}
	return a
}

// codedAttrs are attributes of operators that decode their own.
var codedAttrs = []struct {
	name   string
	values []any
}{
	{"alpha", []any{float32(0.5), float32(2), float32(-1)}},
	{"approximate", []any{"none", "tanh", "other"}},
	{"beta", []any{float32(0.5), float32(2)}},
	{"direction", []any{"LEFT", "RIGHT"}},
	{"fmod", []any{int64(0), int64(1)}},
	{"gamma", []any{float32(1.5)}},
	{"lambd", []any{float32(1.5)}},
}

// coded adds at most one attribute that the operator may or may not have.
func (g *Random) coded(a graph.Attrs) {
	if g.N(3) == 0 {
		c := Pick(g, codedAttrs...)
		a[c.name] = Pick(g, c.values...)
	}
}

func (g *Random) attr(t reflect.Type, def string) any {
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Int32:
		return g.int()
	case reflect.Bool, reflect.Uint8:
		return int64(g.N(4))
	case reflect.Float32:
		return Pick[float32](g, 0, 1, 0.5, -1, 2, 1e30, 0.1)
	case reflect.String:
		return Pick(g, def, def, "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "linear", "nearest", "constant", "sum", "mean", "none", "", "x")
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.Int, reflect.Int64:
			xs := make([]int64, g.N(5))
			for i := range xs {
				xs[i] = g.int()
			}
			return xs
		case reflect.Float32:
			xs := make([]float32, g.N(4))
			for i := range xs {
				xs[i] = float32(g.N(5)) - 1
			}
			return xs
		case reflect.String:
			xs := make([]string, g.N(4))
			for i := range xs {
				xs[i] = Pick(g, "a", "b", "", "Tanh", "Relu")
			}
			return xs
		}
	case reflect.Pointer:
		if t == reflect.TypeFor[*tensor.Tensor]() {
			return g.Tensor(g.DType(tensor.Float32), g.Shape(g.N(3)))
		}
	}
	return nil
}

func (g *Random) int() int64 {
	if g.Once(30) {
		return Pick[int64](g, -1<<63, 1<<63-1, 1<<31, 1<<40, -1<<40, 1<<62, 100000)
	}
	return Pick[int64](g, 0, 1, 2, -1, 3, -2, 4, 5, 1, 1)
}

// DType returns the usual type, or now and then another.
func (g *Random) DType(usual tensor.DType) tensor.DType {
	if g.N(10) < 7 {
		return usual
	}
	return Pick(g, tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Bool, tensor.Float64, tensor.Float16, tensor.Int8, tensor.String,
		tensor.BFloat16, tensor.Complex64, tensor.Float8E4M3FN, tensor.Int4, tensor.Uint64)
}

// Shape returns a shape of small sizes.
func (g *Random) Shape(rank int) []int {
	s := make([]int, rank)
	for i := range s {
		s[i] = Pick(g, 2, 2, 2, 3, 1, 4, 0, 1)
	}
	return s
}

// Tensor returns a tensor of small values.
func (g *Random) Tensor(dt tensor.DType, shape []int) *tensor.Tensor {
	n := tensor.Count(shape)
	if dt == tensor.String {
		xs := make([]string, n)
		for i := range xs {
			xs[i] = Pick(g, "a", "b", "", "1.5", "ab cd")
		}
		return tensor.FromSlice(xs, shape...)
	}
	xs := make([]int64, n)
	for i := range xs {
		xs[i] = Pick[int64](g, 1, 0, 2, 3, 1, 4, 2, 1)
		if dt == tensor.Int64 && g.Once(20) {
			xs[i] = Pick[int64](g, -1, -2, -1<<63, 1<<63-1, 1<<40)
		}
	}
	t := tensor.FromSlice(xs, shape...)
	c := tensor.New(dt, shape...)
	if tensor.CastInto(c, t, tensor.CastOptions{}) != nil {
		return tensor.New(dt, shape...)
	}
	return c
}

// Value returns an input: a tensor, or now and then a sequence or optional.
func (g *Random) Value(dt tensor.DType, rank int) tensor.Value {
	t := g.Tensor(g.DType(dt), g.Shape(rank))
	switch {
	case g.Once(30):
		return &tensor.Sequence{Elem: t.Type(), Items: []tensor.Value{t, t}[:g.N(3)]}
	case g.Once(30):
		return &tensor.Optional{Elem: t.Type(), Value: Pick(g, tensor.Value(t), nil)}
	}
	return t
}

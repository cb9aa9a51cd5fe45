package op

import (
	"cmp"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A CompareFn names a comparison.
type CompareFn uint8

// The functions of Compare. Comparisons with NaN are false.
const (
	Equal CompareFn = iota
	Greater
	GreaterOrEqual
	Less
	LessOrEqual
)

// Compare is the family of elementwise comparisons of two inputs of one type, which broadcast; the output is Bool.
//
// https://onnx.ai/onnx/operators/ under the name of the function
type Compare struct{ Fn CompareFn }

var compareRows = [...]struct {
	name  string
	types typeSet
}{
	Equal:          {"Equal", numberTypes | setOf(tensor.Bool, tensor.String)},
	Greater:        {"Greater", numberTypes},
	GreaterOrEqual: {"GreaterOrEqual", numberTypes},
	Less:           {"Less", numberTypes},
	LessOrEqual:    {"LessOrEqual", numberTypes},
}

var compareOps = compareEntries()

func compareEntries() []Entry {
	var es []Entry
	for fn, r := range compareRows {
		es = append(es, Entry{"", r.name, "A B -> C", func() graph.Op { return &Compare{CompareFn(fn)} }})
	}
	return es
}

// OpName implements graph.Named.
func (o *Compare) OpName() string { return compareRows[o.Fn].name }

// Infer implements graph.Op.
func (o *Compare) Infer(c *graph.Infer) {
	checkTensor(c, 0, compareRows[o.Fn].types)
	c.CheckSame(0, 1)
	f := graph.TensorFact(tensor.Bool, c.Broadcast(c.Dims(0), c.Dims(1)))
	if shape, ok := f.Shape(); ok && len(shape) <= 1 {
		f.Const = o.known(shape, formulas(c, 0), formulas(c, 1))
	}
	c.Set(0, f)
}

// known compares formulas; nil where the outcome depends on the size of a symbol.
func (o *Compare) known(shape []int, a, b []graph.Dim) *tensor.Tensor {
	n := tensor.Count(shape)
	if len(a) == 0 || len(b) == 0 || (len(a) != n && len(a) != 1) || (len(b) != n && len(b) != 1) {
		return nil
	}
	out := tensor.New(tensor.Bool, shape...)
	for i := range n {
		x, y := a[i%len(a)], b[i%len(b)]
		m, ok1 := x.Int()
		n, ok2 := y.Int()
		d := x.Sub(y)
		k, ok := d.Int()
		switch {
		case ok1 && ok2:
			k = cmp.Compare(m, n) // the difference may overflow
		case ok:
		case d.Sub(graph.N(1)).NonNegative():
			k = 1
		case graph.N(-1).Sub(d).NonNegative():
			k = -1
		default:
			return nil
		}
		tensor.Data[bool](out)[i] = o.holds(k)
	}
	return out
}

// holds reports the outcome of a comparison from the sign of the difference.
func (o *Compare) holds(d int) bool {
	switch o.Fn {
	case Equal:
		return d == 0
	case Greater:
		return d > 0
	case GreaterOrEqual:
		return d >= 0
	case Less:
		return d < 0
	}
	return d <= 0
}

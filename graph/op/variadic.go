package op

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A VariadicFn names an elementwise function of any number of inputs.
type VariadicFn uint8

// The functions of Variadic.
const (
	MaxOf VariadicFn = iota
	MeanOf
	MinOf
	SumOf
)

// Variadic is the family of elementwise operators of one or more inputs of one type, which broadcast. It is a composite:
// a chain of Binary.
//
// https://onnx.ai/onnx/operators/ under the name of the function
type Variadic struct{ Fn VariadicFn }

var variadicRows = [...]struct {
	name  string
	types typeSet
	fold  BinaryFn
}{
	MaxOf:  {"Max", numberTypes, Max},
	MeanOf: {"Mean", floatTypes, Add},
	MinOf:  {"Min", numberTypes, Min},
	SumOf:  {"Sum", floatTypes, Add},
}

var variadicOps = variadicEntries()

func variadicEntries() []Entry {
	var es []Entry
	for fn, r := range variadicRows {
		es = append(es, Entry{"", r.name, "data_0... -> Y", func() graph.Op { return &Variadic{VariadicFn(fn)} }})
	}
	return es
}

// OpName implements graph.Named.
func (o *Variadic) OpName() string { return variadicRows[o.Fn].name }

// Infer implements graph.Op.
func (o *Variadic) Infer(c *graph.Infer) {
	r := &variadicRows[o.Fn]
	checkTensor(c, 0, r.types)
	shapes := make([][]graph.Dim, c.NumIn())
	for i := range shapes {
		c.Check(c.Has(i), "input %d is missing", i)
		c.CheckSame(0, i)
		shapes[i] = c.Dims(i)
	}
	dims := c.Broadcast(shapes...)
	fold := (&Binary{r.fold}).formula
	if !setFormulas(c, dims, func(x []graph.Dim) (graph.Dim, bool) {
		d := x[0]
		for _, e := range x[1:] {
			d, _ = fold([]graph.Dim{d, e})
		}
		return d, true
	}) {
		c.Tensor(0, c.DType(0), dims)
	}
}

// Expand implements graph.Composite.
func (o *Variadic) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	y := n.In[0]
	for _, x := range n.In[1:] {
		y = b.Op(&Binary{variadicRows[o.Fn].fold}, y, x)
	}
	if o.Fn == MeanOf && len(n.In) > 1 {
		y = b.Op(&Binary{Div}, y, scalar(b, n.In[0].Fact.DType, float64(len(n.In))))
	}
	return []*graph.Value{y}
}

// scalar returns a constant of rank 0 of a number type. Any other type, such as that of a value whose node could not be
// inferred, fails the builder.
func scalar(b *graph.Builder, dt tensor.DType, x float64) *graph.Value {
	if !dt.IsNumber() {
		b.Fail(fmt.Errorf("graph: a constant %v of type %v", x, dt))
		dt = tensor.Float32
	}
	return b.Const(tensor.Convert(tensor.Scalar(x), dt))
}

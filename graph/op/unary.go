package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A UnaryFn names an elementwise function of one input.
type UnaryFn uint8

// The functions of Unary.
const (
	Abs UnaryFn = iota
	Neg
	Relu
)

// Unary is the family of elementwise operators of one input, Y = Fn(X), whose output has the type and shape of X.
type Unary struct{ Fn UnaryFn }

type unaryRow struct {
	name   string
	domain func(tensor.DType) bool // the element types it takes
}

var unaryRows = [...]unaryRow{
	Abs:  {"Abs", tensor.DType.IsNumber},
	Neg:  {"Neg", tensor.DType.IsNumber},
	Relu: {"Relu", tensor.DType.IsNumber},
}

var unaryOps = unaryEntries()

func unaryEntries() []Entry {
	var es []Entry
	for fn, r := range unaryRows {
		es = append(es, Entry{"", r.name, "X -> Y", func() graph.Op { return &Unary{Fn: UnaryFn(fn)} }})
	}
	return es
}

// OpName implements graph.Named.
func (o *Unary) OpName() string { return unaryRows[o.Fn].name }

// Infer implements graph.Op.
func (o *Unary) Infer(c *graph.Infer) {
	c.Check(unaryRows[o.Fn].domain(c.DType(0)), "input 0: %v is not supported", c.DType(0))
	c.Like(0, 0)
}

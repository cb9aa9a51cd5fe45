package op

import (
	"fmt"
	"strconv"

	"github.com/gneiss-ml/gneiss/graph"
)

// A UnaryFn names an elementwise function of one input.
type UnaryFn uint8

// The functions of Unary; α is Alpha and β is Beta.
const (
	Abs UnaryFn = iota
	Acos
	Acosh
	Asin
	Asinh
	Atan
	Atanh
	BitwiseNot
	Ceil
	Celu // max(x,0) + min(α·(exp(x/α)−1),0)
	Cos
	Cosh
	Elu // x ≥ 0: x, else α·(exp(x)−1)
	Erf
	Exp
	Floor
	Gelu            // x·Φ(x) = x/2·(1+erf(x/√2))
	GeluTanh        // x/2·(1+tanh(√(2/π)·(x+0.044715x³))): Gelu with approximate=tanh
	HardSigmoid     // max(0,min(1,αx+β))
	HardSwish       // x·max(0,min(1,x/6+1/2))
	LeakyRelu       // x ≥ 0: x, else αx
	Log             // to base e
	Mish            // x·tanh(log(1+exp(x)))
	Neg             // −x
	Not             // of bool
	Reciprocal      // 1/x
	Relu            // max(x,0)
	Round           // to nearest, ties to even
	Selu            // x > 0: β·x, else β·α·(exp(x)−1); β is called gamma
	Shrink          // x < −α: x+β; x > α: x−β; else 0; α is called lambd and β bias
	Sigmoid         // 1/(1+exp(−x))
	Sign            // −1, 0 or 1; NaN stays NaN
	Sin             //
	Sinh            //
	Softplus        // log(1+exp(x))
	Softsign        // x/(1+|x|)
	Sqrt            //
	Swish           // x·sigmoid(αx)
	Tan             //
	Tanh            //
	ThresholdedRelu // x > α: x, else 0
)

// Unary is the family of elementwise operators of one input, Y = Fn(X), whose output has the type and shape of X.
// Alpha and Beta are the parameters of Fn, under whatever names ONNX gives them; NewUnary sets their defaults.
//
// https://onnx.ai/onnx/operators/ under the name of the function
type Unary struct {
	Fn          UnaryFn
	Alpha, Beta float32
}

type unaryRow struct {
	name        string
	types       typeSet
	alpha, beta param
}

// A param is a float attribute and its default.
type param struct {
	name string
	def  float32
}

var unaryRows = [...]unaryRow{
	Abs:             {name: "Abs", types: numberTypes},
	Acos:            {name: "Acos", types: floatTypes},
	Acosh:           {name: "Acosh", types: floatTypes},
	Asin:            {name: "Asin", types: floatTypes},
	Asinh:           {name: "Asinh", types: floatTypes},
	Atan:            {name: "Atan", types: floatTypes},
	Atanh:           {name: "Atanh", types: floatTypes},
	BitwiseNot:      {name: "BitwiseNot", types: wholeTypes},
	Ceil:            {name: "Ceil", types: floatTypes},
	Celu:            {name: "Celu", types: floatTypes, alpha: param{"alpha", 1}},
	Cos:             {name: "Cos", types: floatTypes},
	Cosh:            {name: "Cosh", types: floatTypes},
	Elu:             {name: "Elu", types: floatTypes, alpha: param{"alpha", 1}},
	Erf:             {name: "Erf", types: floatTypes},
	Exp:             {name: "Exp", types: floatTypes},
	Floor:           {name: "Floor", types: floatTypes},
	Gelu:            {name: "Gelu", types: floatTypes},
	GeluTanh:        {name: "Gelu", types: floatTypes},
	HardSigmoid:     {name: "HardSigmoid", types: floatTypes, alpha: param{"alpha", 0.2}, beta: param{"beta", 0.5}},
	HardSwish:       {name: "HardSwish", types: floatTypes},
	LeakyRelu:       {name: "LeakyRelu", types: floatTypes, alpha: param{"alpha", 0.01}},
	Log:             {name: "Log", types: floatTypes},
	Mish:            {name: "Mish", types: floatTypes},
	Neg:             {name: "Neg", types: floatTypes | signedTypes},
	Not:             {name: "Not", types: boolOnly},
	Reciprocal:      {name: "Reciprocal", types: floatTypes},
	Relu:            {name: "Relu", types: floatTypes | signedTypes},
	Round:           {name: "Round", types: floatTypes},
	Selu:            {name: "Selu", types: floatTypes, alpha: param{"alpha", 1.67326319217681884765625}, beta: param{"gamma", 1.05070102214813232421875}},
	Shrink:          {name: "Shrink", types: numberTypes, alpha: param{"lambd", 0.5}, beta: param{"bias", 0}},
	Sigmoid:         {name: "Sigmoid", types: floatTypes},
	Sign:            {name: "Sign", types: numberTypes},
	Sin:             {name: "Sin", types: floatTypes},
	Sinh:            {name: "Sinh", types: floatTypes},
	Softplus:        {name: "Softplus", types: floatTypes},
	Softsign:        {name: "Softsign", types: floatTypes},
	Sqrt:            {name: "Sqrt", types: floatTypes},
	Swish:           {name: "Swish", types: floatTypes, alpha: param{"alpha", 1}},
	Tan:             {name: "Tan", types: floatTypes},
	Tanh:            {name: "Tanh", types: floatTypes},
	ThresholdedRelu: {name: "ThresholdedRelu", types: floatTypes, alpha: param{"alpha", 1}},
}

var unaryOps = unaryEntries()

func unaryEntries() []Entry {
	var es []Entry
	for fn, r := range unaryRows {
		if UnaryFn(fn) != GeluTanh {
			es = append(es, Entry{"", r.name, "X -> Y", func() graph.Op { return NewUnary(UnaryFn(fn)) }})
		}
	}
	return es
}

// NewUnary returns the operator with the default parameters of fn.
func NewUnary(fn UnaryFn) *Unary {
	r := &unaryRows[fn]
	return &Unary{fn, r.alpha.def, r.beta.def}
}

// OpName implements graph.Named.
func (o *Unary) OpName() string { return unaryRows[o.Fn].name }

// Overwrites implements graph.Overwriter.
func (o *Unary) Overwrites() []int { return overwriteFirst }

// DecodeAttrs implements graph.Coded.
func (o *Unary) DecodeAttrs(attrs graph.Attrs) error {
	if o.Fn == Gelu || o.Fn == GeluTanh {
		var a geluAttrs
		if err := graph.DecodeFields(&a, attrs); err != nil {
			return err
		}
		switch a.Approximate {
		case "none":
			o.Fn = Gelu
		case "tanh":
			o.Fn = GeluTanh
		default:
			return fmt.Errorf("attribute %q: %q, want none or tanh", "approximate", a.Approximate)
		}
		return nil
	}
	r := &unaryRows[o.Fn]
	*o = *NewUnary(o.Fn)
	for name, a := range attrs {
		p := &o.Alpha
		if name == r.beta.name {
			p = &o.Beta
		} else if name != r.alpha.name {
			p = nil
		}
		if x, ok := a.(float32); p == nil || name == "" {
			return &graph.UnknownAttributeError{Names: []string{strconv.Quote(name)}}
		} else if !ok {
			return fmt.Errorf("attribute %q: %T, want a float", name, a)
		} else {
			*p = x
		}
	}
	return nil
}

type geluAttrs struct {
	Approximate string `onnx:"approximate,none"`
}

// EncodeAttrs implements graph.Coded.
func (o *Unary) EncodeAttrs() graph.Attrs {
	attrs := graph.Attrs{}
	if o.Fn == GeluTanh {
		attrs["approximate"] = "tanh"
	}
	r := &unaryRows[o.Fn]
	if r.alpha.name != "" && o.Alpha != r.alpha.def {
		attrs[r.alpha.name] = o.Alpha
	}
	if r.beta.name != "" && o.Beta != r.beta.def {
		attrs[r.beta.name] = o.Beta
	}
	return attrs
}

// Infer implements graph.Op.
func (o *Unary) Infer(c *graph.Infer) {
	checkTensor(c, 0, unaryRows[o.Fn].types)
	if setFormulas(c, c.Dims(0), o.formula) {
		return
	}
	c.Like(0, 0)
}

func (o *Unary) formula(x []graph.Dim) (graph.Dim, bool) {
	switch {
	case o.Fn == Neg:
		return graph.N(0).Sub(x[0]), true
	case (o.Fn == Abs || o.Fn == Relu) && x[0].NonNegative():
		return x[0], true
	}
	return graph.Dim{}, false
}

// The inputs that elementwise operators may overwrite.
var (
	overwriteFirst = []int{0}
	overwriteBoth  = []int{0, 1}
)

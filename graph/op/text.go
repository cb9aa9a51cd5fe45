package op

import (
	"regexp"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var textOps = []Entry{
	core[RegexFullMatch]("X -> Y"),
	core[StringConcat]("X Y -> Z"),
	core[StringNormalizer]("X -> Y"),
	core[StringSplit]("X -> Y Z"),
}

// RegexFullMatch yields which strings match Pattern, a regular expression in the syntax of RE2, as a whole.
//
// https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html
type RegexFullMatch struct {
	Pattern string `onnx:"pattern"`
}

// Regexp returns the compiled pattern.
func (o *RegexFullMatch) Regexp() (*regexp.Regexp, error) {
	if _, err := regexp.Compile(o.Pattern); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + o.Pattern + `)\z`)
}

// Infer implements graph.Op.
func (o *RegexFullMatch) Infer(c *graph.Infer) {
	checkTensor(c, 0, stringOnly)
	_, err := o.Regexp()
	c.Check(err == nil, "attribute \"pattern\": %v", err)
	c.Tensor(0, tensor.Bool, c.Dims(0))
}

// StringConcat joins the strings of two tensors, which broadcast.
//
// https://onnx.ai/onnx/operators/onnx__StringConcat.html
type StringConcat struct{}

// Infer implements graph.Op.
func (o *StringConcat) Infer(c *graph.Infer) {
	checkTensor(c, 0, stringOnly)
	checkTensor(c, 1, stringOnly)
	c.Tensor(0, tensor.String, c.Broadcast(c.Dims(0), c.Dims(1)))
}

// StringNormalizer removes the strings that are Stopwords and changes the case of the others, by the rules of the language
// that Locale names. Where nothing is left there is one empty string.
//
// https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
type StringNormalizer struct {
	CaseChange    string   `onnx:"case_change_action,NONE"`
	CaseSensitive bool     `onnx:"is_case_sensitive,0"`
	Locale        string   `onnx:"locale"`
	Stopwords     []string `onnx:"stopwords"`
}

// Infer implements graph.Op.
func (o *StringNormalizer) Infer(c *graph.Infer) {
	checkTensor(c, 0, stringOnly)
	checkChoice(c, "case_change_action", o.CaseChange, "NONE LOWER UPPER")
	d := c.Dims(0)
	c.Check(d == nil || len(d) == 1 || len(d) == 2, "input 0: rank %d, want 1 or 2", len(d))
	switch {
	case len(d) == 1:
		c.Tensor(0, tensor.String, c.FreshN(1))
	case len(d) == 2:
		n, ok := d[0].Int()
		c.Check(!ok || n == 1, "input 0: shape %s, want one row", graph.FormatDims(d))
		c.Tensor(0, tensor.String, []graph.Dim{graph.N(1), c.Fresh()})
	default:
		c.Tensor(0, tensor.String, nil)
	}
}

// StringSplit cuts strings at Delimiter, or at white space when it is empty, into at most MaxSplit+1 parts. The parts lie
// along a new last axis, filled up with empty strings; Z says how many each string has.
//
// https://onnx.ai/onnx/operators/onnx__StringSplit.html
type StringSplit struct {
	Delimiter string         `onnx:"delimiter"`
	MaxSplit  graph.Opt[int] `onnx:"maxsplit"`
}

// Infer implements graph.Op.
func (o *StringSplit) Infer(c *graph.Infer) {
	checkTensor(c, 0, stringOnly)
	d := c.Dims(0)
	if d == nil {
		c.Tensor(0, tensor.String, nil)
	} else {
		c.Tensor(0, tensor.String, append(d[:len(d):len(d)], c.Fresh()))
	}
	c.Tensor(1, tensor.Int64, d)
}

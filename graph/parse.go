package graph

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gneiss-ml/gneiss/tensor"
)

// Parse reads a graph in ONNX's textual syntax, as Print writes it: without a model's header and without functions.
// newOp makes the operator of a node that has the given inputs and outputs: op.Make. Bodies are closed, as in memory: they
// name only their own values. Sizes in quotes are symbols.
func Parse(text string, newOp NewOp, eval Evaluator) (*Graph, error) {
	p := &parser{scanner: scanner{src: text, line: 1}, newOp: newOp, eval: eval}
	p.next()
	g := p.graph()
	if p.err == nil && p.tok != "" {
		p.fail("%q after the end of the graph", p.tok)
	}
	if p.err != nil {
		return nil, p.err
	}
	return g, nil
}

// NewOp returns a new operator without attributes for a node that has the given inputs and outputs (false: absent).
type NewOp func(domain, name string, in, out []bool) (Op, error)

type parser struct {
	scanner
	newOp NewOp
	eval  Evaluator
	depth int
}

// maxDepth bounds the nesting of bodies and types.
const maxDepth = 50

func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail("nested deeper than %d", maxDepth)
	}
	return p.err == nil
}

// at reports whether a punctuation is next.
func (p *parser) at(tok string) bool { return p.kind == punct && p.tok == tok }

// expect consumes a punctuation.
func (p *parser) expect(tok string) {
	if !p.at(tok) {
		p.fail("%s, want %q", p.describe(), tok)
	}
	p.next()
}

// accept consumes a punctuation if it is next.
func (p *parser) accept(tok string) bool {
	if p.err != nil || !p.at(tok) {
		return false
	}
	p.next()
	return true
}

// list parses items between open and end, separated by commas.
func (p *parser) list(open, end string, item func()) {
	p.expect(open)
	for p.err == nil && !p.accept(end) {
		item()
		if !p.accept(",") {
			p.expect(end)
			return
		}
	}
}

// name consumes an identifier or a string.
func (p *parser) name() string {
	s := p.tok
	if p.kind != ident && p.kind != str {
		p.fail("%s, want a name", p.describe())
	}
	p.next()
	return s
}

func (p *parser) graph() *Graph {
	g := &Graph{Name: p.name()}
	if !p.enter() {
		return g
	}
	b := NewBuilder(g, p.eval)
	values := map[string]*Value{}
	define := func(name string, v *Value) {
		if values[name] != nil {
			p.fail("value %q is defined twice", name)
		}
		values[name] = v
	}
	p.list("(", ")", func() {
		f := p.fact()
		v := b.Input(p.name(), f)
		define(v.Name, v)
		if p.accept("=") {
			if g.Defaults == nil {
				g.Defaults = map[*Value]*tensor.Tensor{}
			}
			g.Defaults[v] = p.elements(f)
		}
	})
	p.expect("=")
	p.expect(">")
	var outs []string
	p.list("(", ")", func() {
		if p.isType() {
			p.fact()
		}
		outs = append(outs, p.name())
	})
	if p.at("<") {
		p.list("<", ">", func() {
			f := p.fact()
			name := p.name()
			if p.accept("=") { // else a hint, which nothing is made of
				if t := p.elements(f); t != nil {
					define(name, b.Named(name, t))
				}
			}
		})
	}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		p.node(b, values, define)
	}
	for _, name := range outs {
		v := values[name]
		if v == nil {
			p.fail("output %q is not defined", name)
			break
		}
		b.Output(name, v)
	}
	p.depth--
	return g
}

func (p *parser) node(b *Builder, values map[string]*Value, define func(string, *Value)) {
	name := ""
	if p.accept("[") {
		name = p.name()
		p.expect("]")
	}
	var outs []string
	for p.err == nil {
		outs = append(outs, p.name())
		if !p.accept(",") {
			break
		}
	}
	p.expect("=")
	parts := []string{p.name()}
	for p.accept(".") {
		parts = append(parts, p.name())
	}
	last := len(parts) - 1
	domain, opName := strings.Join(parts[:last], "."), parts[last]
	attrs := p.attributes()
	var in []*Value
	p.list("(", ")", func() {
		s := p.name()
		v := values[s]
		if v == nil && s != "" {
			p.fail("value %q is not defined", s)
		}
		in = append(in, v)
	})
	if len(attrs) == 0 {
		attrs = p.attributes()
	}
	if p.err != nil {
		return
	}
	if name == "" {
		name = outs[0]
	}
	hasIn, hasOut := make([]bool, len(in)), make([]bool, len(outs))
	for i, v := range in {
		hasIn[i] = v != nil
	}
	for i, s := range outs {
		hasOut[i] = s != ""
	}
	if n, ok := attrs["-captures"].(int64); ok && 0 <= n && n <= int64(len(hasIn)) {
		hasIn = hasIn[:len(hasIn)-int(n)] // signatures do not count them
	}
	o, err := p.newOp(domain, opName, hasIn, hasOut)
	if err != nil {
		p.fail("node %q (%s): %v", name, strings.Join(parts, "."), err)
		return
	}
	if err := Decode(o, attrs); err != nil {
		p.fail("node %q (%s): %v", name, QualifiedName(o), err)
		return
	}
	out := b.Add(name, o, len(outs), in...)
	if err := b.Err(); err != nil {
		p.fail("%v", err)
		return
	}
	n := out[0].Def
	for i, s := range outs {
		if s == "" {
			n.Out[i] = nil
		} else {
			n.Out[i].Name = s
			define(s, n.Out[i])
		}
	}
}

func (p *parser) attributes() Attrs {
	if !p.at("<") {
		return nil
	}
	attrs := Attrs{}
	p.list("<", ">", func() {
		name, want := p.name(), ""
		if p.accept(":") {
			want = p.name()
		}
		p.expect("=")
		if rest, internal := strings.CutPrefix(name, "_"); internal {
			name = "-" + rest
		}
		attrs[name] = p.attribute(want)
	})
	return attrs
}

// attribute parses the value of an attribute; want is the type that was written, or "".
func (p *parser) attribute(want string) any {
	if !p.at("[") {
		return p.single(want)
	}
	var items []any
	p.list("[", "]", func() { items = append(items, p.single(strings.TrimSuffix(want, "s"))) })
	if len(items) == 0 {
		switch want {
		case "floats":
			return []float32{}
		case "strings":
			return []string{}
		}
		return []int64{}
	}
	switch items[0].(type) {
	case int64:
		return allOf[int64](p, items)
	case float32:
		return allOf[float32](p, items)
	case string:
		return allOf[string](p, items)
	}
	p.fail("a list of %s", kindOf(items[0]))
	return nil
}

func allOf[T any](p *parser, items []any) []T {
	out := make([]T, len(items))
	for i, x := range items {
		v, ok := x.(T)
		if !ok {
			p.fail("%s in a list of %s", kindOf(x), kindOf(items[0]))
		}
		out[i] = v
	}
	return out
}

func (p *parser) single(want string) any {
	switch {
	case p.kind == number && want != "float" && isInteger(p.tok):
		return p.int64()
	case p.kind == number || p.isFloatWord():
		return float32(p.float(32))
	case p.kind == str:
		return p.name()
	case p.isType():
		f := p.fact()
		if p.at("{") || p.at("=") || p.kind == ident {
			if p.kind == ident {
				p.next() // the tensor's name
			}
			p.accept("=")
			return p.elements(f)
		}
		return f.Type
	case p.kind == ident:
		return p.graph()
	}
	p.fail("%s, want the value of an attribute", p.describe())
	return nil
}

func isInteger(s string) bool { return !strings.ContainsAny(s, ".eEinIN") }

func (p *parser) isFloatWord() bool {
	switch strings.ToLower(strings.TrimPrefix(p.tok, "-")) {
	case "inf", "infinity", "nan":
		return p.kind == ident || p.kind == number
	}
	return false
}

func (p *parser) int64() int64 {
	x, err := strconv.ParseInt(p.tok, 10, 64)
	if err != nil || p.kind != number {
		p.fail("%s, want an integer", p.describe())
	}
	p.next()
	return x
}

func (p *parser) float(bits int) float64 {
	x, err := strconv.ParseFloat(p.tok, bits)
	if (err != nil && !errors.Is(err, strconv.ErrRange)) || p.kind != number && !p.isFloatWord() {
		p.fail("%s, want a number", p.describe())
	}
	p.next()
	return x
}

// isType reports whether a type is next.
func (p *parser) isType() bool { return p.kind == ident && isTypeWord(p.tok) }

// fact parses a type with dimensions.
func (p *parser) fact() Fact {
	if !p.enter() {
		return Fact{}
	}
	defer func() { p.depth-- }()
	word := p.tok
	if !p.isType() {
		p.fail("%s, want a type", p.describe())
	}
	p.next()
	switch word {
	case "seq", "optional":
		p.expect("(")
		elem := p.fact().Type
		p.expect(")")
		if word == "seq" {
			return Fact{Type: tensor.SequenceOf(elem)}
		}
		return Fact{Type: tensor.OptionalOf(elem)}
	case "map":
		p.expect("(")
		key := p.dtype(p.name())
		p.expect(",")
		elem := p.fact().Type
		p.expect(")")
		return Fact{Type: tensor.MapOf(key, elem)}
	}
	dt := p.dtype(word)
	if !p.at("[") {
		return TensorFact(dt, []Dim{})
	}
	var dims []Dim
	p.list("[", "]", func() {
		switch {
		case p.accept("?"):
			dims = append(dims, FreshDim())
		case p.kind == number:
			n, err := strconv.Atoi(p.tok)
			if err != nil || n < 0 {
				p.fail("%s, want a size", p.describe())
			}
			p.next()
			dims = append(dims, N(n))
		default:
			dims = append(dims, Sym(p.name()))
		}
	})
	return TensorFact(dt, dims)
}

func (p *parser) dtype(word string) tensor.DType {
	switch word {
	case "float":
		return tensor.Float32
	case "double":
		return tensor.Float64
	}
	dt, err := tensor.ParseDType(word)
	if err != nil {
		p.fail("%q is not an element type", word)
	}
	return dt
}

// elements parses what a tensor holds: {1, 2, 3}; nil after an error.
func (p *parser) elements(f Fact) *tensor.Tensor {
	shape, ok := f.Shape()
	if !ok {
		p.fail("%v, want a tensor of integer dimensions", f)
		return nil
	}
	var items []string
	p.list("{", "}", func() {
		if p.kind == str != (f.DType == tensor.String) || p.kind == punct {
			p.fail("%s, want an element of %v", p.describe(), f.DType)
		}
		items = append(items, p.tok)
		p.next()
	})
	if p.err != nil {
		return nil
	}
	t, err := tensorOfText(f.DType, shape, items)
	if err != nil {
		p.fail("%v", err)
		return nil
	}
	return t
}

// tensorOfText returns the tensor whose elements are written as elementTexts does.
func tensorOfText(dt tensor.DType, shape []int, items []string) (*tensor.Tensor, error) {
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	if dt.IsComplex() {
		n *= 2
	}
	if n != len(items) {
		return nil, fmt.Errorf("%d elements for %v%s", len(items), dt, tensor.FormatShape(shape))
	}
	if dt == tensor.String {
		return tensor.FromSlice(slices.Clone(items), shape...), nil
	}
	if dt.IsInt() && dt != tensor.Uint64 || dt == tensor.Bool {
		xs := make([]int64, len(items))
		for i, s := range items {
			if xs[i], err = strconv.ParseInt(s, 10, 64); err != nil {
				return nil, fmt.Errorf("%q is not an integer", s)
			}
		}
		return tensor.FromInt64s(dt, xs, shape)
	}
	t, err := tensor.Make(dt, shape)
	if err != nil {
		return nil, err
	}
	if dt.IsPacked() {
		codes := make([]byte, len(items))
		for i, s := range items {
			x, err := strconv.ParseUint(s, 10, dt.Bits())
			if err != nil {
				return nil, fmt.Errorf("%q is not an element of %v", s, dt)
			}
			codes[i] = byte(x)
		}
		t.SetCodes(codes)
		return t, nil
	}
	for i, s := range items {
		if err := setText(t, i, s); err != nil {
			return nil, fmt.Errorf("%q is not an element of %v", s, dt)
		}
	}
	return t, nil
}

// setText sets element i of a tensor of floats, complex numbers (whose parts are counted), uint64, or of a type of 8 or 16
// bits that is written as such.
func setText(t *tensor.Tensor, i int, s string) error {
	dt := t.DType()
	if dt == tensor.Float32 || dt == tensor.Float64 || dt.IsComplex() {
		x, err := strconv.ParseFloat(s, 64)
		switch dt {
		case tensor.Float32, tensor.Complex64:
			x32, _ := strconv.ParseFloat(s, 32)
			tensor.View[float32](t.Bytes())[i] = float32(x32)
		default:
			tensor.View[float64](t.Bytes())[i] = x
		}
		if errors.Is(err, strconv.ErrRange) {
			err = nil
		}
		return err
	}
	bits := dt.Bits()
	x, err := strconv.ParseUint(s, 10, bits)
	if err != nil {
		return err
	}
	for k := range bits / 8 {
		t.Bytes()[i*bits/8+k] = byte(x >> (8 * k))
	}
	return nil
}

package graph

import (
	"bufio"
	"cmp"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gneiss-ml/gneiss/tensor"
)

// Print writes a graph in ONNX's textual syntax. Each node is followed by a comment with the facts of its outputs and,
// when there is more than one, the names of its Sources. The name of a node is written, in brackets, where it is not that
// of its first output. Constants of more than SmallValue elements are written as external data of no location with
// their checksum. An attribute that no file has starts with an underscore. An output that is an input or another output is written as an Identity.
//
// https://onnx.ai/onnx/repo-docs/Syntax.html
func Print(w io.Writer, g *Graph) error {
	p := &printer{w: bufio.NewWriter(w)}
	p.graph(g, "")
	p.text("\n")
	return p.w.Flush()
}

// String returns what Print writes.
func (g *Graph) String() string {
	var b strings.Builder
	Print(&b, g)
	return b.String()
}

type printer struct{ w *bufio.Writer }

func (p *printer) text(s string) { p.w.WriteString(s) }

func (p *printer) graph(g *Graph, indent string) {
	names := nameValues(g)
	if indent == "" {
		p.text(quoteIdent(g.Name))
	} else {
		p.text(bodyName(g.Name)) // may not be quoted there
	}
	p.text(" (")
	for i, v := range g.In {
		p.comma(i)
		p.text(typeText(v.Fact) + " " + quoteIdent(names.of[v]))
		if t := g.Defaults[v]; t != nil {
			p.text(" = ")
			p.elements(t)
		}
	}
	p.text(") => (")
	for i, v := range g.Out {
		p.comma(i)
		p.text(typeText(v.Fact) + " " + quoteIdent(g.OutNames[i]))
	}
	p.text(")\n" + indent)
	if consts := g.Consts(); len(consts) > 0 {
		p.text("<\n")
		for i, v := range consts {
			p.text(indent + "  " + typeText(ConstFact(v.Fact.Const)) + " " + quoteIdent(names.of[v]) + " = ")
			p.elements(v.Fact.Const)
			if i < len(consts)-1 {
				p.text(",")
			}
			p.text("\n")
		}
		p.text(indent + ">\n" + indent)
	}
	p.text("{\n")
	for _, n := range g.Nodes {
		p.node(n, names, indent+"  ")
	}
	for i, v := range g.Out {
		if name := names.of[v]; name != g.OutNames[i] {
			p.text(indent + "  " + quoteIdent(g.OutNames[i]) + " = Identity (" + quoteIdent(name) + ")  # the same value\n")
		}
	}
	p.text(indent + "}")
}

func (p *printer) comma(i int) {
	if i > 0 {
		p.text(", ")
	}
}

func (p *printer) node(n *Node, names valueNames, indent string) {
	p.text(indent)
	if len(n.Out) == 0 || names.ref(n.Out[0]) != n.Name {
		p.text("[" + quoteIdent(n.Name) + "] ")
	}
	for i, v := range n.Out {
		p.comma(i)
		p.text(quoteIdent(names.ref(v)))
	}
	p.text(" = " + QualifiedName(n.Op))
	bodies := len(Bodies(n.Op)) > 0
	if !bodies {
		p.attributes(n.Op, indent)
	}
	p.text(" (")
	for i, v := range n.In {
		p.comma(i)
		p.text(quoteIdent(names.ref(v)))
	}
	p.text(")")
	if bodies {
		p.attributes(n.Op, indent)
	}
	p.text("  # ")
	for i, v := range n.Out {
		p.comma(i)
		if v == nil {
			p.text("none")
		} else {
			p.text(typeText(v.Fact) + valueText(v.Fact))
		}
	}
	if len(n.Sources) > 1 {
		p.text(" from " + strings.ReplaceAll(strings.Join(n.Sources, " "), "\n", " "))
	}
	p.text("\n")
}

func (p *printer) attributes(o Op, indent string) {
	attrs := Encode(o)
	for k, a := range encodeFields(o, true) {
		attrs["_"+k[1:]] = a
	}
	if len(attrs) == 0 {
		return
	}
	keys := make([]string, 0, len(attrs))
	for k := range attrs {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	p.text(" <")
	for i, k := range keys {
		p.comma(i)
		p.text(k + annotation(attrs[k]) + " = ")
		p.attrValue(attrs[k], indent)
	}
	p.text(">")
}

// annotation returns the type of an attribute where it must be written: for empty lists.
func annotation(a any) string {
	switch a := a.(type) {
	case []int64:
		if len(a) == 0 {
			return ": ints"
		}
	case []float32:
		if len(a) == 0 {
			return ": floats"
		}
	case []string:
		if len(a) == 0 {
			return ": strings"
		}
	}
	return ""
}

func (p *printer) attrValue(a any, indent string) {
	switch a := a.(type) {
	case int64:
		p.text(strconv.FormatInt(a, 10))
	case float32:
		p.text(floatText(float64(a), 32))
	case string:
		p.text(quote(a))
	case []int64:
		p.list(len(a), func(i int) string { return strconv.FormatInt(a[i], 10) })
	case []float32:
		p.list(len(a), func(i int) string { return floatText(float64(a[i]), 32) })
	case []string:
		p.list(len(a), func(i int) string { return quote(a[i]) })
	case *tensor.Tensor:
		p.text(typeText(ConstFact(a)) + " ")
		if a.Len() > SmallValue {
			p.text("= ")
		}
		p.elements(a)
	case *Graph:
		p.graph(a, indent+"  ")
	case tensor.Type:
		p.text(typeText(Fact{Type: a}))
	default:
		p.text(quote(fmt.Sprint(a)))
	}
}

func (p *printer) list(n int, item func(int) string) {
	p.text("[")
	for i := range n {
		p.comma(i)
		p.text(item(i))
	}
	p.text("]")
}

// elements writes what a tensor holds: {1, 2, 3}. Floats of 16 bits and less are written as bits.
func (p *printer) elements(t *tensor.Tensor) {
	if n := t.Len(); n > SmallValue {
		p.text(fmt.Sprintf(`["location": "", "crc32": "%08x"]`, checksum(t)))
		return
	}
	p.text("{")
	for i, s := range elementTexts(t) {
		p.comma(i)
		p.text(s)
	}
	p.text("}")
}

func checksum(t *tensor.Tensor) uint32 {
	if t.DType() == tensor.String {
		return crc32.ChecksumIEEE([]byte(strings.Join(tensor.Data[string](t), "\x00")))
	}
	return crc32.ChecksumIEEE(t.Bytes())
}

func elementTexts(t *tensor.Tensor) []string {
	switch dt := t.DType(); {
	case dt == tensor.Float32:
		return texts(tensor.Data[float32](t), func(x float32) string { return floatText(float64(x), 32) })
	case dt == tensor.Float64:
		return texts(tensor.Data[float64](t), func(x float64) string { return floatText(x, 64) })
	case dt == tensor.Uint64:
		return texts(tensor.Data[uint64](t), func(x uint64) string { return strconv.FormatUint(x, 10) })
	case dt == tensor.String:
		return texts(tensor.Data[string](t), quote)
	case dt == tensor.Complex64:
		return texts(tensor.Data[complex64](t), func(x complex64) string {
			return floatText(float64(real(x)), 32) + ", " + floatText(float64(imag(x)), 32)
		})
	case dt == tensor.Complex128:
		return texts(tensor.Data[complex128](t), func(x complex128) string { return floatText(real(x), 64) + ", " + floatText(imag(x), 64) })
	case dt.IsInt(), dt == tensor.Bool:
		return texts(t.Int64s(), func(x int64) string { return strconv.FormatInt(x, 10) })
	case dt.IsPacked():
		return texts(t.Codes(), func(x byte) string { return strconv.Itoa(int(x)) })
	case dt.Bits() == 8:
		return texts(t.Bytes(), func(x byte) string { return strconv.Itoa(int(x)) })
	default:
		return texts(tensor.View[tensor.BF16](t.Bytes()), func(x tensor.BF16) string { return strconv.Itoa(int(x)) })
	}
}

func texts[T any](xs []T, f func(T) string) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = f(x)
	}
	return out
}

// floatText returns a number that is read as a float, not an integer.
func floatText(x float64, bits int) string {
	s := strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(x, 'g', -1, bits)), "+")
	if !strings.ContainsAny(s, ".einf") && s != "nan" {
		s += ".0"
	}
	return s
}

// valueText returns the elements of a small value that is known, after an equals sign; "" when it is not.
func valueText(f Fact) string {
	var parts []string
	switch {
	case f.Const != nil && f.Const.Len() <= 16:
		parts = elementTexts(f.Const)
	case f.Ints != nil && len(f.Ints) <= 16:
		for _, d := range f.Ints {
			parts = append(parts, dimText(d))
		}
	default:
		return ""
	}
	return " = {" + strings.ReplaceAll(strings.Join(parts, ", "), "\n", `\n`) + "}"
}

// typeText returns a fact as ONNX's syntax has types: float for a scalar, float[N,3], float[] for an unknown rank.
func typeText(f Fact) string {
	if f.Kind != tensor.KindTensor {
		return kindText(f.Type)
	}
	s := dtypeText(f.DType)
	if f.Dims == nil {
		return s + "[]"
	}
	if len(f.Dims) == 0 {
		return s
	}
	parts := make([]string, len(f.Dims))
	for i, d := range f.Dims {
		parts[i] = dimText(d)
	}
	return s + "[" + strings.Join(parts, ",") + "]"
}

func kindText(t tensor.Type) string {
	switch t.Kind {
	case tensor.KindTensor:
		return dtypeText(t.DType) + "[]"
	case tensor.KindSequence:
		return "seq(" + kindText(*t.Elem) + ")"
	case tensor.KindOptional:
		return "optional(" + kindText(*t.Elem) + ")"
	case tensor.KindMap:
		return "map(" + dtypeText(t.DType) + ", " + kindText(*t.Elem) + ")"
	}
	return "sparse_tensor(" + dtypeText(t.DType) + "[])"
}

// dtypeText returns the name of an element type in ONNX's syntax, which differs from ours for two.
func dtypeText(dt tensor.DType) string {
	switch dt {
	case tensor.Float32:
		return "float"
	case tensor.Float64:
		return "double"
	}
	return dt.String()
}

var freshNames = regexp.MustCompile(`\?(\d+|#[0-9a-f]+)`)

// dimText returns a size: an integer, a name, a formula in quotes, or a question mark. The numbers of unknown sizes are
// left out, as they differ from run to run.
func dimText(d Dim) string {
	s := freshNames.ReplaceAllString(d.String(), "?")
	if _, ok := d.Int(); ok || s == "?" {
		return s
	}
	return quoteIdent(s)
}

func isIdent(s string) bool {
	for i, c := range []byte(s) {
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}

func quoteIdent(s string) string {
	if isIdent(s) && !isTypeWord(s) {
		return s
	}
	return quote(s)
}

// isTypeWord reports whether s begins a type, so that it cannot stand for a name unless quoted.
func isTypeWord(s string) bool {
	switch s {
	case "float", "double", "seq", "optional", "map", "sparse_tensor", "opaque":
		return true
	}
	_, err := tensor.ParseDType(s)
	return err == nil
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// bodyName returns the name of a body as an identifier.
func bodyName(s string) string {
	if isIdent(s) && !isTypeWord(s) && !slices.Contains([]string{"inf", "infinity", "nan"}, strings.ToLower(s)) {
		return s
	}
	return "body"
}

// valueNames are the names that values have in text: distinct, and an output's own where it can be.
type valueNames struct {
	of    map[*Value]string
	taken map[string]bool
}

func (m valueNames) ref(v *Value) string {
	if v == nil {
		return ""
	}
	return m.of[v]
}

func (m valueNames) name(v *Value, name string) {
	if _, ok := m.of[v]; ok {
		return
	}
	name = cmp.Or(name, "v")
	unique := name
	for i := 2; m.taken[unique]; i++ {
		unique = name + "_" + strconv.Itoa(i)
	}
	m.of[v], m.taken[unique] = unique, true
}

func nameValues(g *Graph) valueNames {
	m := valueNames{map[*Value]string{}, map[string]bool{}}
	for _, v := range g.In {
		m.name(v, v.Name)
	}
	for _, name := range g.OutNames {
		m.taken[name] = true
	}
	for i, v := range g.Out {
		if _, ok := m.of[v]; !ok && !slices.Contains(g.In, v) {
			m.of[v] = g.OutNames[i]
		}
	}
	for _, v := range g.Consts() {
		m.name(v, v.Name)
	}
	for _, n := range g.Nodes {
		for _, v := range n.Out {
			if v != nil {
				m.name(v, cmp.Or(v.Name, n.Name))
			}
		}
	}
	return m
}

package onnx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// lowestOpset is the first version of ai.onnx that the writer considers. ONNX Runtime promises to run models from there on.
const lowestOpset = 7

// writtenFrom are the first versions of operators of ai.onnx that the writer uses, where that is not the one after the last
// that has an adapter. Some adapters only move or name things, so that what an older signature can say at all means
// the same; some operators came to allow more without a change of the signature.
var writtenFrom = map[string]int64{
	"BatchNormalization": 7, // one output is inference; training needs the attribute of version 14
	"DequantizeLinear":   13,
	"Erf":                7,
	"Gather":             11, // negative indices
	"Max":                8,  // broadcasting
	"Mean":               8,
	"Min":                8,
	"QuantizeLinear":     13,
	"ReduceL1":           7,
	"ReduceL2":           7,
	"ReduceLogSum":       7,
	"ReduceLogSumExp":    7,
	"ReduceMax":          7,
	"ReduceMean":         7,
	"ReduceMin":          7,
	"ReduceProd":         7,
	"ReduceSum":          7,
	"ReduceSumSquare":    7,
	"Resize":             11,
	"Split":              7,
	"Squeeze":            7,
	"Sum":                8,
}

// A valueSpan says in which versions an attribute may have a value.
type valueSpan struct {
	op, attr, value string
	from, until     int64 // until 0: to this day
}

// valueSpans are the values of attributes that not every version with the attribute knows.
var valueSpans = []valueSpan{
	{"Pad", "mode", "wrap", 19, 0},
	{"Resize", "coordinate_transformation_mode", "half_pixel_symmetric", 19, 0},
	{"Resize", "coordinate_transformation_mode", "tf_half_pixel_for_nn", 11, 12},
	{"ScatterElements", "reduction", "max", 18, 0},
	{"ScatterElements", "reduction", "min", 18, 0},
	{"ScatterND", "reduction", "max", 18, 0},
	{"ScatterND", "reduction", "min", 18, 0},
}

// leavesEmpty reports whether input i of a node, which must be there in this version, is left out by an empty tensor of
// float32 in its place.
func leavesEmpty(s *schema, i int) bool {
	return s.op == "Resize" && s.domain == "" && (i == 1 || i == 2) && s.since == 11
}

// meaningSince returns the first version in which the writer may use an operator.
func meaningSince(domain, op string) int64 {
	if v, ok := writtenFrom[op]; ok && domain == "" {
		return v
	}
	if domain == "ai.onnx.ml" && op == "LabelEncoder" {
		return 4 // from where on NaN is a key like others, and the last of repeated keys counts
	}
	since := int64(1)
	for _, a := range adapters()[[2]string{domain, op}] {
		if a.until < newest {
			since = max(since, a.until+1)
		}
	}
	return since
}

// chooseOpsets returns the lowest version of each domain that expresses all nodes of a graph. A version of ai.onnx that is
// not 0 is taken as it is.
func chooseOpsets(g *graph.Graph, want int64) (map[string]int64, error) {
	nodes := map[string][]*graph.Node{}
	constants := nodesByDomain(g, nodes)
	opsets := map[string]int64{}
	for domain, list := range nodes {
		last, ok := newestOpsets[domain]
		if !ok || domain == op.Internal {
			return nil, fmt.Errorf("%v: domain %q cannot be written", list[0], domain)
		}
		first := int64(1)
		if domain == "" {
			first = lowestOpset
			if want != 0 {
				first, last = want, want
			}
		}
		v, err := lowest(list, constants, domain, first, last)
		if err != nil {
			return nil, err
		}
		opsets[domain] = v
	}
	return opsets, nil
}

func lowest(nodes []*graph.Node, constants []tensor.DType, domain string, first, last int64) (int64, error) {
	var why error
	for v := first; v <= last; v++ {
		why = nil
		for _, n := range nodes {
			if reason := inexpressible(n, domain, v); reason != "" {
				why = fmt.Errorf("%v: opset %d of domain %q cannot express it: %s", n, v, domain, reason)
				break
			}
		}
		for _, dt := range constants {
			if s := schemaAt("", "Constant", v); domain == "" && !s.typeSet(s.out[0])[tensor.TypeOf(dt).String()] {
				why = fmt.Errorf("opset %d has no constants of type %v", v, dt)
			}
		}
		if why == nil {
			return v, nil
		}
	}
	return 0, why
}

// nodesByDomain collects the nodes of a graph and of its bodies. It returns the types of constants that are outputs, which
// are written as nodes; for these and for outputs that need a second name there is always domain ai.onnx.
func nodesByDomain(g *graph.Graph, nodes map[string][]*graph.Node) []tensor.DType {
	if _, ok := nodes[""]; !ok {
		nodes[""] = nil
	}
	var constants []tensor.DType
	for _, v := range g.Out {
		if v.IsConst() && !slices.Contains(g.In, v) {
			constants = append(constants, v.Fact.DType)
		}
	}
	for _, n := range g.Nodes {
		d := graph.OpDomain(n.Op)
		nodes[d] = append(nodes[d], n)
		for _, body := range graph.Bodies(n.Op) {
			constants = append(constants, nodesByDomain(body, nodes)...)
		}
	}
	return constants
}

// inexpressible returns why a version of a domain cannot express a node; "" when it can.
func inexpressible(n *graph.Node, domain string, version int64) string {
	name := graph.OpName(n.Op)
	if schemas()[opName{domain, name}] == nil {
		return "" // an operator of ours only by name: of another vendor, or of the time before versions
	}
	s := schemaAt(domain, name, version)
	switch {
	case s == nil:
		return "the operator is newer"
	case s.deprecated:
		return "the operator is deprecated"
	case version < meaningSince(domain, name):
		return "the operator meant something else"
	}
	if why := attrsDiffer(n, s, version); why != "" {
		return why
	}
	types := map[string]tensor.Type{}
	in := n.In[:len(n.In)-graph.Captures(n.Op)]
	if why := paramsDiffer("input", in, s.in, s, types); why != "" {
		return why
	}
	return paramsDiffer("output", n.Out, s.out, s, types)
}

// attrsDiffer returns why the attributes of a node do not fit a schema.
func attrsDiffer(n *graph.Node, s *schema, version int64) string {
	attrs := graph.Encode(n.Op)
	for _, name := range sortedKeys(attrs) {
		a := s.attr(name)
		if a == nil {
			return fmt.Sprintf("it has no attribute %q", name)
		}
		if k := attrKindName(attrs[name]); k != a.kind {
			return fmt.Sprintf("attribute %q is of kind %s, want %s", name, k, a.kind)
		}
		if negative(name, attrs[name]) && version < 11 && s.domain == "" {
			return fmt.Sprintf("attribute %q cannot be negative", name)
		}
		for _, span := range valueSpans {
			if span.op == s.op && span.attr == name && span.value == attrs[name] && (version < span.from || span.until > 0 && version > span.until) {
				return fmt.Sprintf("attribute %q cannot be %s", name, span.value)
			}
		}
	}
	for _, a := range s.attrs {
		if _, ok := attrs[a.name]; a.required && !ok {
			return fmt.Sprintf("attribute %q is required", a.name)
		}
	}
	if s.op == "Mod" && s.domain == "" && version < 28 && attrs["fmod"] == nil && n.In[0].Fact.DType.IsFloat() {
		return "numbers with a fraction need fmod"
	}
	return ""
}

// negative reports whether an attribute that names axes counts some from the end.
func negative(name string, a any) bool {
	switch a := a.(type) {
	case int64:
		return name == "axis" && a < 0
	case []int64:
		return name == "axes" && slices.Min(append(a, 0)) < 0
	}
	return false
}

func attrKindName(a any) string {
	switch a.(type) {
	case int64:
		return "int"
	case float32:
		return "float"
	case string:
		return "string"
	case []int64:
		return "ints"
	case []float32:
		return "floats"
	case []string:
		return "strings"
	case *tensor.Tensor:
		return "tensor"
	case *graph.Graph:
		return "graph"
	case tensor.Type:
		return "type_proto"
	}
	return strings.ToLower(fmt.Sprintf("%T", a))
}

// paramsDiffer returns why inputs or outputs do not fit a schema. types holds what the type parameters are, as far as the
// values have told.
func paramsDiffer(what string, vs []*graph.Value, ps []param, s *schema, types map[string]tensor.Type) string {
	for i, v := range vs {
		if len(ps) == 0 || i >= len(ps) && !ps[len(ps)-1].variadic {
			if v == nil {
				continue
			}
			return fmt.Sprintf("it has only %d %ss", len(ps), what)
		}
		p := ps[min(i, len(ps)-1)]
		if v == nil {
			if !p.optional && what == "input" && !leavesEmpty(s, i) {
				return fmt.Sprintf("%s %d is required", what, i)
			}
			continue
		}
		t := v.Fact.Type
		if !s.typeSet(p)[t.String()] {
			return fmt.Sprintf("%s %d cannot be %v", what, i, t)
		}
		if p.mixed || strings.Contains(p.typ, "(") {
			continue
		}
		if known, ok := types[p.typ]; ok && !known.Equal(t) {
			return fmt.Sprintf("%s %d is %v, want %v", what, i, t, known)
		}
		types[p.typ] = t
	}
	for i := len(vs); i < len(ps); i++ {
		if p := ps[i]; what == "input" && !p.optional && !leavesEmpty(s, i) && !(p.variadic && p.min <= len(vs)-i) {
			return fmt.Sprintf("%s %d is required", what, i)
		}
	}
	return ""
}

// irVersions are the first versions of the file format that know each version of a domain.
//
// https://github.com/onnx/onnx/blob/main/docs/Versioning.md
var irVersions = map[string][]int64{ // index: version
	"":           {0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 10, 10, 11, 12, 13, 13, 13, 13},
	"ai.onnx.ml": {0, 4, 6, 8, 9, 10},
}

// irVersion returns the version of the file format for a choice of operator sets: at least 4, since constants are no
// inputs.
func irVersion(opsets map[string]int64) int64 {
	ir := int64(4)
	for d, v := range opsets {
		if table := irVersions[d]; v < int64(len(table)) {
			ir = max(ir, table[v])
		}
	}
	return ir
}

// plain returns g with the nodes of the internal domain expanded: g itself when it has none.
func plain(g *graph.Graph) (*graph.Graph, error) {
	if !hasInternal(g) {
		return g, nil
	}
	c := g.Clone()
	return c, expandInternal(c)
}

func hasInternal(g *graph.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n *graph.Node) bool {
		return graph.OpDomain(n.Op) == op.Internal || slices.ContainsFunc(graph.Bodies(n.Op), hasInternal)
	})
}

func expandInternal(g *graph.Graph) error {
	_, err := g.Rewrite(nil, func(b *graph.Builder, n *graph.Node) []*graph.Value {
		if graph.OpDomain(n.Op) != op.Internal {
			return nil
		}
		if c, ok := n.Op.(graph.Composite); ok {
			return c.Expand(b, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	g.RemoveDead()
	for _, n := range g.Nodes {
		if graph.OpDomain(n.Op) == op.Internal {
			return fmt.Errorf("%v: the operator has no form in ONNX", n)
		}
		for _, body := range graph.Bodies(n.Op) {
			if err := expandInternal(body); err != nil {
				return err
			}
		}
	}
	return nil
}

package onnx

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// title returns the operator of a node after its domain.
func (n *nodeProto) title() string {
	if n.domain != "" {
		return n.domain + "." + n.op
	}
	return n.op
}

// id returns the name of a node; one without a name is called after its first output.
func (n *nodeProto) id() string {
	if n.name != "" {
		return n.name
	}
	for _, name := range n.out {
		if name != "" {
			return name
		}
	}
	return ""
}

// label returns how messages call a node.
func (n *nodeProto) label() string { return fmt.Sprintf("node %q (%s)", n.id(), n.title()) }

// maxRepeated is how many nodes of bodies may be made again, because something around them changed: so many, and eight
// times the nodes of the file.
const maxRepeated = 1 << 16

// all makes nodes in an order that works.
func (im *importer) all(sc *scope, nodes []*nodeProto) error {
	for _, n := range nodes {
		for i, name := range n.out {
			if name != "" && sc.names[name] != nil {
				return fmt.Errorf("%s: output %d: %q is an input or a constant of the graph", n.label(), i, name)
			}
		}
	}
	nodes, err := sortNodes(nodes)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := im.node(sc, n); err != nil {
			return err
		}
	}
	return nil
}

// node makes one node, or what takes its place: the nodes of a function, a constant, what an adapter makes.
func (im *importer) node(sc *scope, n *nodeProto) error {
	im.nodes++
	im.work++
	switch {
	case im.nodes > im.opt.Limits.Nodes:
		return fmt.Errorf("more than %d nodes: Limits.Nodes allows no more", im.opt.Limits.Nodes)
	case im.work-im.nodes > maxRepeated+8*im.s.nodes:
		return fmt.Errorf("%s: loops in loops take too long to read", n.label())
	}
	in := make([]*graph.Value, len(n.in))
	known := true
	for i, name := range n.in {
		if name == "" {
			continue
		}
		v, ok := sc.find(name)
		if !ok {
			return fmt.Errorf("%s: input %d: %q is not defined", n.label(), i, name)
		}
		in[i], known = v, known && v != unknown
	}
	attrs, err := sc.bind(n)
	if err != nil {
		return fmt.Errorf("%s: %w", n.label(), err)
	}
	out, done, err := im.branch(sc, n, in, attrs)
	switch f := im.functions[Function{n.domain, n.op, n.overload}]; {
	case done || err != nil:
	case f != nil:
		out, err = im.call(sc, n, f, in, attrs)
	case n.domain == "" && n.op == "Constant":
		out, err = im.constant(sc, n, attrs)
	default:
		out, err = im.operator(sc, n, in, known, attrs)
	}
	if err != nil {
		return err
	}
	return sc.define(n, out)
}

// define gives the outputs of a node their names; out is nil when they are unknown.
func (sc *scope) define(n *nodeProto, out []*graph.Value) error {
	for i, name := range n.out {
		if name == "" {
			continue
		}
		if v, ok := sc.names[name]; ok && v != nil {
			return fmt.Errorf("%s: output %d: %q is defined before", n.label(), i, name)
		}
		v := unknown
		if out != nil {
			if v = out[i]; v == nil {
				if sc.used[name] {
					return fmt.Errorf("%s: output %d: %q is not computed", n.label(), i, name)
				}
				continue
			}
			if untyped(v) {
				return fmt.Errorf("%s: output %d: %q is none that the operator has with these inputs and attributes", n.label(), i, name)
			}
			if v.Def != nil && v.Name == "" {
				v.Name = sc.prefix + name
			}
		}
		sc.names[name] = v
	}
	return nil
}

// untyped reports whether inference gave a value no type.
func untyped(v *graph.Value) bool {
	return v.Fact.Kind == tensor.KindTensor && !v.Fact.DType.Valid() && v != unknown
}

// operator makes a node of an operator. It returns nil where that is not supported, which is noted. known says
// whether all inputs are.
func (im *importer) operator(sc *scope, n *nodeProto, in []*graph.Value, known bool, attrs []boundAttr) ([]*graph.Value, error) {
	version, ok := sc.opsets[n.domain]
	if !ok {
		version, ok = im.m.Opsets[n.domain]
	}
	newest, isKnown := newestOpsets[n.domain]
	if !ok {
		im.warn("no opset import for domain %q, of %s", n.domain, n.label())
		version = newest
	}
	fix := adapterFor(n.domain, n.op, version)
	entry := op.Lookup(n.domain, n.op)
	switch {
	case isKnown && version > newest:
		im.bad.add("", "", "opset %d of domain %q, newest known is %d", version, cmp.Or(n.domain, "ai.onnx"), newest)
		return nil, nil
	case entry == nil && fix == nil:
		im.bad.add(sc.prefix+n.id(), n.title(), "unknown operator")
		return nil, nil
	}
	l := &legacy{b: sc.b, node: sc.prefix + n.id(), op: n.op, domain: n.domain, version: version, in: in, outputs: len(n.out)}
	for _, name := range n.out {
		l.want = append(l.want, name != "" && sc.used[name])
	}
	bodies, known, err := im.attrs(sc, n, l, known, attrs)
	if err != nil {
		return nil, err
	}
	if !known {
		if fix == nil && bodies == nil {
			im.decode(n, l, entry.New())
		}
		return nil, nil
	}
	if bodies != nil {
		l.captures = bodies.outer
	}
	if fix != nil {
		sc.b.Before(&graph.Node{Name: l.node}, -1)
		out, err := fix.fix(l)
		sc.b.Before(nil, -1)
		if err == nil {
			err = sc.b.Err()
		}
		if err != nil || out != nil {
			return im.adapted(n, out, err)
		}
		if entry = op.Lookup(l.domain, l.op); entry == nil {
			im.bad.add(l.node, n.title(), "unknown operator")
			return nil, nil
		}
	}
	return im.current(sc, n, l, entry, bodies)
}

// adapted checks what an adapter returned.
func (im *importer) adapted(n *nodeProto, out []*graph.Value, err error) ([]*graph.Value, error) {
	if err != nil {
		if strings.HasPrefix(err.Error(), "node ") {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", n.label(), err)
	}
	if len(out) < len(n.out) {
		out = append(out, make([]*graph.Value, len(n.out)-len(out))...)
	}
	return out, nil
}

// current decodes a node of the current form and adds it.
func (im *importer) current(sc *scope, n *nodeProto, l *legacy, entry *op.Entry, bodies *captures) ([]*graph.Value, error) {
	o := entry.New()
	if bodies != nil {
		l.attrs["-captures"] = int64(len(bodies.outer))
		l.in = append(l.in[:len(l.in):len(l.in)], bodies.outer...)
	}
	if ok, err := im.decode(n, l, o); !ok {
		return nil, err
	}
	have := make([]bool, len(l.in))
	for i, v := range l.in {
		have[i] = v != nil
	}
	if bodies != nil {
		have = have[:len(have)-len(bodies.outer)]
	}
	for len(have) > 0 && !have[len(have)-1] {
		have = have[:len(have)-1]
	}
	outs := l.outputs
	for outs > 0 && n.out[outs-1] == "" {
		outs--
	}
	err := entry.Inputs().Check("inputs", have)
	if sig := entry.Outputs(); err == nil && outs > len(sig.Names) && !sig.Variadic {
		err = fmt.Errorf("%d outputs, want at most %d (%s)", outs, len(sig.Names), strings.Join(sig.Names, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.label(), err)
	}
	if outs == 0 {
		im.warn("%s has no outputs", n.label())
		return make([]*graph.Value, len(n.out)), nil
	}
	out := sc.b.Add(l.node, o, outs, l.in...)
	if err := sc.b.Err(); err != nil {
		return nil, err
	}
	made := out[0].Def
	some := slices.Contains(l.want, true)
	for i, v := range out {
		if !l.want[i] && (some || untyped(v)) {
			made.Out[i] = nil
		}
	}
	return append(slices.Clone(made.Out), make([]*graph.Value, len(n.out)-outs)...), nil
}

// decode sets the attributes of an operator. Those that it does not have are noted.
func (im *importer) decode(n *nodeProto, l *legacy, o graph.Op) (bool, error) {
	err := graph.Decode(o, l.attrs)
	var bad *graph.UnknownAttributeError
	if errors.As(err, &bad) {
		im.bad.add(l.node, n.title(), "%v", err)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", n.label(), err)
	}
	return true, nil
}

// constant returns the value of a Constant node, in any of the forms that its attributes may have.
//
// https://onnx.ai/onnx/operators/onnx__Constant.html
func (im *importer) constant(sc *scope, n *nodeProto, attrs []boundAttr) ([]*graph.Value, error) {
	if len(attrs) != 1 || len(n.out) != 1 || len(n.in) != 0 {
		return nil, fmt.Errorf("%s: %d attributes, %d inputs and %d outputs, want 1, 0 and 1", n.label(), len(attrs), len(n.in), len(n.out))
	}
	a := attrs[0]
	v, err := im.value(a.attrProto)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.label(), err)
	}
	var t *tensor.Tensor
	switch v := v.(type) {
	case *tensor.Tensor:
		t = v
	case int64:
		t = tensor.Scalar(v)
	case float32:
		t = tensor.Scalar(v)
	case string:
		t = tensor.Scalar(v)
	case []int64:
		t = tensor.FromSlice(v, len(v))
	case []float32:
		t = tensor.FromSlice(v, len(v))
	case []string:
		t = tensor.FromSlice(v, len(v))
	}
	if want, ok := constantForms[a.name]; !ok || t == nil || want != a.kind() {
		im.bad.add(sc.prefix+n.id(), n.title(), "unknown attribute %q", a.name)
		return nil, nil
	}
	return []*graph.Value{sc.b.Named(sc.prefix+n.out[0], t)}, nil
}

// constantForms are the attributes of Constant.
var constantForms = map[string]attrKind{
	"sparse_value":  attrSparse,
	"value":         attrTensor,
	"value_float":   attrFloat,
	"value_floats":  attrFloats,
	"value_int":     attrInt,
	"value_ints":    attrInts,
	"value_string":  attrString,
	"value_strings": attrStrings,
}

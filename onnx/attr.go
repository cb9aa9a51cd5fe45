package onnx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A boundAttr is an attribute of a node with references to attributes of the function around it resolved. Its bodies
// see the names of sc, which is that of a caller for attributes that were handed to a function.
type boundAttr struct {
	*attrProto
	name string
	sc   *scope
}

// bind returns the attributes of a node. One that refers to an attribute that the caller of the function left out is
// left out too.
func (sc *scope) bind(n *nodeProto) ([]boundAttr, error) {
	out := make([]boundAttr, 0, len(n.attrs))
	seen := make(map[string]bool, len(n.attrs))
	for _, a := range n.attrs {
		if seen[a.name] {
			return nil, fmt.Errorf("attribute %q is there twice", a.name)
		}
		seen[a.name] = true
		if a.ref == "" {
			out = append(out, boundAttr{a, a.name, sc})
			continue
		}
		if sc.attrs == nil {
			return nil, fmt.Errorf("attribute %q refers to attribute %q of a function, but there is none around it", a.name, a.ref)
		}
		b, ok := sc.attrs[a.ref]
		if !ok {
			continue
		}
		if a.typ != 0 && attrKind(a.typ) != b.kind() {
			return nil, fmt.Errorf("attribute %q has type %d, but attribute %q of the call has %d", a.name, a.typ, a.ref, b.kind())
		}
		b.name = a.name
		out = append(out, b)
	}
	return out, nil
}

// attrs decodes the attributes of a node into l.attrs. The bodies among them come last, when the inputs are known.
// What they capture is returned, nil where there are no bodies; known is false where something in them, or known
// itself, is not supported.
func (im *importer) attrs(sc *scope, n *nodeProto, l *legacy, known bool, attrs []boundAttr) (*captures, bool, error) {
	l.attrs = graph.Attrs{}
	var bodies []boundAttr
	for _, a := range attrs {
		if a.kind() == attrGraph {
			bodies = append(bodies, a)
			continue
		}
		v, err := im.value(a.attrProto)
		if err != nil {
			return nil, false, fmt.Errorf("%s: attribute %q: %w", n.label(), a.name, err)
		}
		if v == nil || len(a.name) > 0 && a.name[0] == '-' {
			im.bad.add(l.node, n.title(), "attribute %q of type %d", a.name, a.kind())
			known = false
			continue
		}
		l.attrs[a.name] = v
	}
	if len(bodies) == 0 {
		return nil, known, nil
	}
	// The order in which bodies are made decides that of what they capture, so it is the same in every file: then_branch comes
	// before else_branch.
	slices.SortFunc(bodies, func(a, b boundAttr) int { return strings.Compare(b.name, a.name) })
	c, ok, err := im.bodies(sc, n, l, bodies, known)
	return c, known && ok, err
}

// value returns an attribute that is no graph as graph.Attrs holds it; nil when its type is not supported.
func (im *importer) value(a *attrProto) (any, error) {
	s := im.s
	var v any
	switch a.kind() {
	case attrFloat:
		v = a.f
	case attrInt:
		v = a.i
	case attrString:
		v = a.s
	case attrFloats:
		v = a.floatList()
	case attrInts:
		v = append([]int64{}, a.ints...)
	case attrStrings:
		v = append([]string{}, a.strings...)
	case attrTensor:
		t, _ := s.tensor(a.t, "tensor")
		v = t
	case attrTensors:
		ts := []*tensor.Tensor{}
		for _, b := range a.tensors {
			t, _ := s.tensor(b, "tensor")
			ts = append(ts, t)
		}
		v = ts
	case attrSparse:
		t, _ := s.sparse(a.sparse, "sparse tensor")
		v = t
	case attrType:
		v = s.valueType(a.tp).Type
	case 0:
		// Without a type and a value it can only be an empty list.
		v = []int64{}
	default:
		return nil, nil
	}
	if s.err != nil {
		return nil, s.err
	}
	return v, nil
}

package onnx

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

// A Function names a model-local function; nodes call it by all three.
type Function struct{ Domain, Name, Overload string }

// String returns the name after the domain and before the overload: domain.name:overload.
func (k Function) String() string {
	s := k.Name
	if k.Domain != "" {
		s = k.Domain + "." + s
	}
	if k.Overload != "" {
		s += ":" + k.Overload
	}
	return s
}

// call makes the nodes of a model-local function in the place of a node that calls it, under the opset imports of the
// function. It returns a value per output of the node.
//
// https://github.com/onnx/onnx/blob/main/docs/IR.md#functions
func (im *importer) call(sc *scope, n *nodeProto, f *functionProto, in []*graph.Value, attrs []boundAttr) ([]*graph.Value, error) {
	k := Function{f.domain, f.name, f.overload}
	if slices.Contains(im.calls, k) {
		return nil, fmt.Errorf("%s: function %v calls itself", n.label(), k)
	}
	if len(im.calls) >= im.opt.Limits.Depth {
		return nil, fmt.Errorf("%s: function calls nest deeper than %d", n.label(), im.opt.Limits.Depth)
	}
	if len(in) > len(f.in) || len(n.out) > len(f.out) {
		return nil, fmt.Errorf("%s: %d inputs and %d outputs, but function %v has %d and %d", n.label(), len(in), len(n.out), k, len(f.in), len(f.out))
	}
	opsets, err := opsetMap(f.opsets)
	if err != nil {
		return nil, fmt.Errorf("function %v: %w", k, err)
	}
	fs := &scope{b: sc.b, loose: sc.loose, names: map[string]*graph.Value{}, inputs: sc.inputs, opsets: opsets, prefix: sc.prefix + n.id() + "/", attrs: map[string]boundAttr{}}
	for i, name := range f.in {
		var v *graph.Value
		if i < len(in) {
			v = in[i]
		}
		fs.names[name] = v
	}
	for _, a := range f.defaults {
		fs.attrs[a.name] = boundAttr{a, a.name, fs}
	}
	declared := map[string]bool{}
	for _, name := range f.attrs {
		declared[name] = true
	}
	for _, a := range attrs {
		if _, ok := fs.attrs[a.name]; !ok && !declared[a.name] {
			im.bad.add(sc.prefix+n.id(), n.title(), "unknown attribute %q", a.name)
			return nil, nil
		}
		fs.attrs[a.name] = a
	}
	p := &graphProto{nodes: f.nodes}
	for i, name := range f.out[:len(n.out)] {
		if n.out[i] == "" {
			name = ""
		}
		p.out = append(p.out, valueProto{name: name})
	}
	fs.count(p)
	im.calls = append(im.calls, k)
	err = im.all(fs, f.nodes)
	im.calls = im.calls[:len(im.calls)-1]
	if err != nil {
		return nil, fmt.Errorf("function %v, called by %s: %w", k, n.label(), err)
	}
	out, err := fs.results(sc, n, p.out)
	if err != nil {
		return nil, fmt.Errorf("function %v, called by %s: %w", k, n.label(), err)
	}
	return out, nil
}

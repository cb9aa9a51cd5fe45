package onnx

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// captures are the computed values that the bodies of one node take from around it, in the order in which they are
// trailing inputs of the node and of each body.
type captures struct{ outer []*graph.Value }

func (c *captures) add(v *graph.Value) {
	if !slices.Contains(c.outer, v) {
		c.outer = append(c.outer, v)
	}
}

// bodies makes the bodies of a node and stores them in l.attrs. ok is false where something in them is not supported.
func (im *importer) bodies(sc *scope, n *nodeProto, l *legacy, attrs []boundAttr, known bool) (*captures, bool, error) {
	c := &captures{}
	var made []*scope
	before := len(im.bad.Items)
	for _, a := range attrs {
		if a.g == nil {
			return nil, false, fmt.Errorf("%s: attribute %q: no graph", n.label(), a.name)
		}
		bs := &scope{
			b:        graph.NewBuilder(&graph.Graph{Name: a.g.name, Meta: a.g.meta}, im.opt.Eval),
			names:    map[string]*graph.Value{},
			inputs:   map[*graph.Value]bool{},
			opsets:   a.sc.opsets,
			prefix:   sc.prefix,
			outer:    a.sc,
			captured: c,
			inner:    map[*graph.Value]*graph.Value{},
			attrs:    a.sc.attrs,
		}
		if err := im.body(bs, n, l, a.g, known); err != nil {
			return nil, false, fmt.Errorf("%s: %s: %w", n.label(), a.name, err)
		}
		l.attrs[a.name] = bs.b.G
		made = append(made, bs)
	}
	for _, bs := range made {
		for _, v := range c.outer {
			in := bs.inner[v]
			if in == nil {
				in = &graph.Value{Name: v.Name, Fact: v.Fact}
			}
			bs.b.G.In = append(bs.b.G.In, in)
		}
	}
	return c, len(im.bad.Items) == before, nil
}

// body makes the graph of one body in its scope.
func (im *importer) body(bs *scope, n *nodeProto, l *legacy, p *graphProto, known bool) error {
	if err := im.initializers(bs, p); err != nil {
		return err
	}
	for i, in := range p.in {
		if in.name == "" || bs.names[in.name] != nil {
			return fmt.Errorf("input %q is there twice or has no name", in.name)
		}
		t := im.s.valueType(in.typ)
		if im.s.err != nil {
			return fmt.Errorf("input %q: %w", in.name, im.s.err)
		}
		if !known {
			bs.names[in.name] = unknown
			continue
		}
		v := bs.b.Input(in.name, bodyInput(n, l, i, t))
		bs.names[in.name], bs.inputs[v] = v, true
	}
	return im.contents(bs, p)
}

// bodyInput returns what is known of input i of a body when it is made: the type, and the dimensions that the file
// declares.
func bodyInput(n *nodeProto, l *legacy, i int, declared valueType) graph.Fact {
	if declared.known {
		return declared.Fact
	}
	switch {
	case n.op == "Loop" && i == 0:
		return graph.TensorFact(tensor.Int64, []graph.Dim{})
	case n.op == "Loop" && i == 1:
		return graph.TensorFact(tensor.Bool, []graph.Dim{})
	case i < len(l.in) && l.in[i] != nil:
		return graph.Fact{Type: l.in[i].Fact.Type}
	}
	return graph.Fact{}
}

package graph

import "fmt"

// Inline adds copies of the nodes of a body to the graph, with in for its inputs, and returns its outputs. Random nodes
// keep their names, by which they draw.
func (b *Builder) Inline(body *Graph, in []*Value) []*Value {
	if len(in) != len(body.In) {
		b.Fail(fmt.Errorf("graph: body %q: %d values for %d inputs", body.Name, len(in), len(body.In)))
		return make([]*Value, len(body.Out))
	}
	m := map[*Value]*Value{nil: nil}
	for i, v := range body.In {
		m[v] = in[i]
	}
	value := func(v *Value) *Value {
		w, ok := m[v]
		if !ok {
			w = &Value{Name: v.Name, Fact: v.Fact}
			m[v] = w
		}
		return w
	}
	for _, n := range body.Nodes {
		args := make([]*Value, len(n.In))
		for i, v := range n.In {
			args[i] = value(v)
		}
		name := ""
		if IsImpure(n.Op) {
			name = n.Name
		}
		for i, w := range b.Add(name, CloneBodies(n.Op), len(n.Out), args...) {
			if v := n.Out[i]; v != nil {
				m[v] = w
			} else {
				w.Def.Out[i] = nil
			}
		}
	}
	out := make([]*Value, len(body.Out))
	for i, v := range body.Out {
		out[i] = value(v)
	}
	return out
}

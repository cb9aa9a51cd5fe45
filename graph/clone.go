package graph

import (
	"maps"
	"reflect"
	"slices"

	"github.com/gneiss-ml/gneiss/tensor"
)

// Clone returns a copy of g with nodes and values of its own, bodies among them. Operators without bodies, facts and
// tensors are shared: they are not changed once made.
func (g *Graph) Clone() *Graph {
	c := &Graph{Name: g.Name, OutNames: slices.Clone(g.OutNames), Meta: maps.Clone(g.Meta)}
	m := map[*Value]*Value{}
	value := func(v *Value) *Value {
		if v == nil {
			return nil
		}
		w := m[v]
		if w == nil {
			w = &Value{Name: v.Name, Fact: v.Fact}
			m[v] = w
		}
		return w
	}
	values := func(vs []*Value) []*Value {
		if vs == nil {
			return nil
		}
		ws := make([]*Value, len(vs))
		for i, v := range vs {
			ws[i] = value(v)
		}
		return ws
	}
	c.In = values(g.In)
	c.Nodes = make([]*Node, len(g.Nodes))
	for i, n := range g.Nodes {
		d := &Node{Name: n.Name, Op: CloneBodies(n.Op), In: values(n.In), Out: values(n.Out), Sources: n.Sources}
		for _, v := range d.In {
			if v != nil {
				v.uses = append(v.uses, d)
			}
		}
		for j, v := range d.Out {
			if v != nil {
				v.Def, v.Index = d, j
			}
		}
		c.Nodes[i] = d
	}
	c.Out = values(g.Out)
	if g.Defaults != nil {
		c.Defaults = map[*Value]*tensor.Tensor{}
		for v, t := range g.Defaults {
			c.Defaults[value(v)] = t
		}
	}
	return c
}

// CloneBodies returns an operator whose bodies are copies; o itself when it has none.
func CloneBodies(o Op) Op {
	bodies := Bodies(o)
	if len(bodies) == 0 {
		return o
	}
	copies := make([]*Graph, len(bodies))
	for i, g := range bodies {
		copies[i] = g.Clone()
	}
	return WithBodies(o, copies)
}

// WithBodies returns a copy of o whose bodies, in the order of Bodies, are the given ones.
func WithBodies(o Op, bodies []*Graph) Op {
	v := reflect.ValueOf(o).Elem()
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	i := 0
	for _, f := range fieldsOf(v.Type()) {
		if f.graph && !v.FieldByIndex(f.index).IsNil() {
			p.Elem().FieldByIndex(f.index).Set(reflect.ValueOf(bodies[i]))
			i++
		}
	}
	return p.Interface().(Op)
}

package onnx

import (
	"cmp"
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A nameSet is the names that are taken in a graph, those of the graphs around it among them.
type nameSet struct {
	taken map[string]bool
	tried map[string]int // the last number that was given to a name
	outer *nameSet
}

func newNames(outer *nameSet) *nameSet {
	return &nameSet{taken: map[string]bool{}, tried: map[string]int{}, outer: outer}
}

func (s *nameSet) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.taken[name] {
			return true
		}
	}
	return false
}

// pick returns name, or it with a number where it is taken, and takes it.
func (s *nameSet) pick(name string) string {
	unique := name
	for s.has(unique) {
		s.tried[name]++
		unique = fmt.Sprintf("%s_%d", name, s.tried[name])
	}
	s.taken[unique] = true
	return unique
}

// assignNames names all values and nodes of the main graph and of all bodies. Inputs and outputs of the main graph keep
// their names.
func (w *writer) assignNames(g *graph.Graph) error {
	w.names = map[*graph.Value]string{}
	w.outs = map[*graph.Graph][]string{}
	w.nodes = map[*graph.Node]string{}
	w.captures = map[*graph.Graph]int{}
	s := newNames(nil)
	for i, v := range g.In {
		if v.Name == "" || s.has(v.Name) {
			return fmt.Errorf("input %d: the name %q is not its own", i, v.Name)
		}
		w.names[v] = s.pick(v.Name)
	}
	if len(g.OutNames) != len(g.Out) {
		return fmt.Errorf("%d names for %d outputs", len(g.OutNames), len(g.Out))
	}
	for i, v := range g.Out {
		name := g.OutNames[i]
		if name == "" || s.has(name) && w.names[v] != name {
			return fmt.Errorf("output %d: the name %q is not its own", i, name)
		}
		s.taken[name] = true
	}
	w.empty = s.pick("empty")
	w.share(g, s)
	w.outs[g] = g.OutNames
	w.nameNodes(g, s, newNames(nil))
	return nil
}

// share finds the constants that nodes of more than one graph take.
func (w *writer) share(g *graph.Graph, s *nameSet) {
	w.shared = map[*tensor.Tensor]string{}
	first := map[*tensor.Tensor]*graph.Graph{}
	var walk func(g *graph.Graph)
	walk = func(g *graph.Graph) {
		for _, v := range initializers(g) {
			t := v.Fact.Const
			switch in, ok := first[t]; {
			case !ok:
				first[t] = g
			case in != g && w.shared[t] == "":
				w.shared[t] = s.pick(cmp.Or(v.Name, "constant"))
				w.hoisted = append(w.hoisted, v)
			}
		}
		for _, n := range g.Nodes {
			for _, body := range graph.Bodies(n.Op) {
				walk(body)
			}
		}
	}
	walk(g)
}

// nameNodes names what a graph defines, whose inputs and outputs have names, and then the bodies in it.
func (w *writer) nameNodes(g *graph.Graph, s, nodes *nameSet) {
	for i, v := range g.Out {
		if v.Def != nil && w.names[v] == "" {
			w.names[v] = w.outs[g][i]
		}
	}
	for _, v := range initializers(g) {
		if name := w.shared[v.Fact.Const]; name != "" {
			w.names[v] = name
		} else {
			w.names[v] = s.pick(cmp.Or(v.Name, "constant"))
		}
	}
	for _, n := range g.Nodes {
		w.nodes[n] = nodes.pick(cmp.Or(n.Name, graph.OpName(n.Op)))
		for i, v := range n.Out {
			if v != nil && w.names[v] == "" {
				w.names[v] = s.pick(cmp.Or(v.Name, fmt.Sprintf("%s_out%d", w.nodes[n], i)))
			}
		}
	}
	for _, n := range g.Nodes {
		captures := graph.Captures(n.Op)
		for _, body := range graph.Bodies(n.Op) {
			inner := newNames(s)
			own := len(body.In) - captures
			for i, v := range body.In {
				if i < own {
					w.names[v] = inner.pick(cmp.Or(v.Name, "in"))
				} else {
					w.names[v] = w.names[n.In[len(n.In)-len(body.In)+i]]
				}
			}
			w.captures[body] = captures
			outs := make([]string, len(body.Out))
			for i, v := range body.Out {
				if name := w.names[v]; name != "" && name == body.OutNames[i] && v.Def == nil && !isCapture(body, v, captures) {
					outs[i] = name // an input that is passed through
				} else {
					outs[i] = inner.pick(cmp.Or(body.OutNames[i], "out"))
				}
			}
			w.outs[body] = outs
			w.nameNodes(body, inner, nodes)
		}
	}
}

// isCapture reports whether v is among the last inputs of a body, those it takes from around it.
func isCapture(body *graph.Graph, v *graph.Value, captures int) bool {
	for _, in := range body.In[len(body.In)-captures:] {
		if in == v {
			return true
		}
	}
	return false
}

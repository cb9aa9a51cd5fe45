package graph

import "fmt"

// InferGraph infers the outputs of g when its inputs have the given facts, without changing g. It is what the Infer of
// If, Loop and Scan does with their bodies.
func InferGraph(g *Graph, in []Fact, eval Evaluator) ([]Fact, error) {
	if len(in) != len(g.In) {
		return nil, fmt.Errorf("graph %q: %d inputs, want %d", g.Name, len(in), len(g.In))
	}
	facts := make(map[*Value]Fact, len(g.In)+2*len(g.Nodes))
	for i, v := range g.In {
		facts[v] = in[i]
	}
	get := func(v *Value) Fact {
		if v == nil {
			return Fact{}
		}
		if f, ok := facts[v]; ok {
			return f
		}
		return v.Fact // a constant
	}
	for _, n := range g.Nodes {
		args := make([]Fact, len(n.In))
		for i, v := range n.In {
			args[i] = get(v)
		}
		r, err := InferOp(n.Name, n.Op, args, len(n.Out), eval)
		if err != nil {
			return nil, err
		}
		for i, v := range n.Out {
			if v != nil {
				facts[v] = r.Out[i]
			}
		}
	}
	out := make([]Fact, len(g.Out))
	for i, v := range g.Out {
		out[i] = get(v)
	}
	return out, nil
}

// Fail notes err, unless there was one before.
func (c *Infer) Fail(err error) {
	if c.err == nil && err != nil {
		c.err = fmt.Errorf("node %q (%s): %w", c.name, QualifiedName(c.op), err)
	}
}

// Body infers the outputs of a body of the operator from facts of the body's inputs.
func (c *Infer) Body(g *Graph, in []Fact) ([]Fact, error) { return InferGraph(g, in, c.eval) }

// Bare returns the fact that f is of its type, without dimensions and value.
func (f Fact) Bare() Fact { return Fact{Type: f.Type} }

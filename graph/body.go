package graph

import "fmt"

// InferGraph infers the outputs of g when its inputs have the given facts, without changing g. It is what the Infer of
// If, Loop and Scan does with their bodies.
func InferGraph(g *Graph, in []Fact, eval Evaluator) ([]Fact, error) {
	return inferGraph(g, in, eval, &nesting{})
}

// nesting bounds the inference of bodies in bodies, since every Loop may infer its body more than once.
type nesting struct{ depth, nodes int }

const (
	maxNesting = 100     // bodies in bodies
	maxNested  = 1 << 20 // nodes of bodies that are inferred for one node outside
)

func inferGraph(g *Graph, in []Fact, eval Evaluator, nest *nesting) ([]Fact, error) {
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
		if nest.nodes++; nest.nodes > maxNested {
			return nil, fmt.Errorf("graph %q: bodies in bodies take too long to infer", g.Name)
		}
		args := make([]Fact, len(n.In))
		for i, v := range n.In {
			args[i] = get(v)
		}
		r, err := inferOp(n.Name, n.Op, args, len(n.Out), eval, nest)
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
func (c *Infer) Body(g *Graph, in []Fact) ([]Fact, error) {
	if c.nest == nil {
		c.nest = &nesting{}
	}
	if c.nest.depth == maxNesting {
		return nil, fmt.Errorf("graph %q: bodies are nested deeper than %d", g.Name, maxNesting)
	}
	c.nest.depth++
	defer func() { c.nest.depth-- }()
	return inferGraph(g, in, c.eval, c.nest)
}

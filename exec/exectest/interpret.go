package exectest

import (
	"context"
	"fmt"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Interpret runs a graph node by node, without a plan: what programs are compared with. in are the values of the
// graph's inputs by name. The outputs come in the graph's order. Nodes with bodies are an error.
func Interpret(g *graph.Graph, in map[string]tensor.Value, backends ...*exec.Backend) ([]tensor.Value, error) {
	vals := map[*graph.Value]tensor.Value{}
	for _, v := range g.In {
		if x := in[v.Name]; x != nil {
			vals[v] = x
		} else if t := g.Defaults[v]; t != nil {
			vals[v] = t
		} else {
			return nil, fmt.Errorf("input %q is missing", v.Name)
		}
	}
	get := func(v *graph.Value) tensor.Value {
		if v.IsConst() {
			return v.Fact.Const
		}
		return vals[v]
	}
	for _, n := range g.Nodes {
		if len(graph.Bodies(n.Op)) > 0 {
			return nil, fmt.Errorf("%v has a body", n)
		}
		args := make([]tensor.Value, len(n.In))
		for i, v := range n.In {
			if v != nil {
				args[i] = get(v)
			}
		}
		out, err := exec.EvalValues(context.Background(), n.Op, args, len(n.Out), backends...)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", n, err)
		}
		for i, v := range n.Out {
			if v != nil {
				vals[v] = out[i]
			}
		}
	}
	outs := make([]tensor.Value, len(g.Out))
	for i, v := range g.Out {
		outs[i] = get(v)
	}
	return outs, nil
}

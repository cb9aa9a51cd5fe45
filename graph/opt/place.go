package opt

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
)

// A Target runs nodes: a backend, or the executor for control flow.
type Target interface {
	// Probe returns nil when the target runs a node as its facts stand, which may be symbolic.
	Probe(n *graph.Node) error
}

// Place expands each composite that no target runs, and what its expansion is made of in turn, in bodies too. A composite
// that needs facts which are still missing stays as it is: who compiles the graph asks again when they are known. What
// is left that nobody runs and nothing expands is reported as one UnsupportedError.
func Place(g *graph.Graph, targets []Target, eval graph.Evaluator) error {
	bad := &UnsupportedError{}
	if err := place(g, targets, eval, bad); err != nil {
		return err
	}
	if len(bad.Nodes) > 0 {
		return bad
	}
	return nil
}

func place(g *graph.Graph, targets []Target, eval graph.Evaluator, bad *UnsupportedError) error {
	refused := map[*graph.Node]error{}
	changed, err := g.Rewrite(eval, func(b *graph.Builder, n *graph.Node) []*graph.Value {
		why := probe(targets, n)
		if why == nil {
			return nil
		}
		if c, ok := n.Op.(graph.Composite); ok {
			return c.Expand(b, n)
		}
		refused[n] = why
		return nil
	})
	if err != nil {
		return err
	}
	if changed {
		g.RemoveDead()
	}
	for _, n := range g.Nodes {
		if why := refused[n]; why != nil {
			bad.Nodes = append(bad.Nodes, Unsupported{n, why})
		}
		for _, body := range graph.Bodies(n.Op) {
			if err := place(body, targets, eval, bad); err != nil {
				return err
			}
		}
	}
	return nil
}

// probe returns nil when a target runs n, else what the targets say.
func probe(targets []Target, n *graph.Node) error {
	why := errors.New("there is no backend")
	for i, t := range targets {
		err := t.Probe(n)
		if err == nil {
			return nil
		}
		if i == 0 {
			why = err
		} else if err.Error() != why.Error() {
			why = fmt.Errorf("%w; %w", why, err)
		}
	}
	return why
}

// Unsupported is a node that nobody runs.
type Unsupported struct {
	Node *graph.Node
	Why  error // what the targets said
}

// An UnsupportedError lists all nodes of a graph that no target runs.
type UnsupportedError struct{ Nodes []Unsupported }

// Error lists the operators with the types of their inputs, and the nodes of each.
func (e *UnsupportedError) Error() string {
	var what []string
	names := map[string][]string{}
	for _, u := range e.Nodes {
		key := graph.QualifiedName(u.Node.Op) + inputTypes(u.Node)
		if names[key] == nil {
			what = append(what, key)
		}
		names[key] = append(names[key], fmt.Sprintf("%q", u.Node.Name))
	}
	for i, key := range what {
		what[i] += " at node " + strings.Join(names[key], ", ")
	}
	return "no backend runs " + strings.Join(what, "; ")
}

// inputTypes returns the types and ranks of a node's inputs, such as (float32[N,3], none, int64[2]).
func inputTypes(n *graph.Node) string {
	parts := make([]string, len(n.In))
	for i, v := range n.In {
		if v == nil {
			parts[i] = "none"
		} else {
			parts[i] = v.Fact.String()
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

package graph

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/tensor"
)

// Verify checks that g, and each body in it, is well formed: values are defined before they are used and belong to one
// graph, uses and definitions agree, every value has a type, outputs have distinct names, and inferring a node again
// does not contradict the facts of its outputs. It is for tests and for finding the pass that broke a graph.
func Verify(g *Graph) error { return verify(g, map[*Value]*Graph{}) }

func verify(g *Graph, owner map[*Value]*Graph) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("graph %q: %s", g.Name, fmt.Sprintf(format, args...))
	}
	defined := map[*Value]bool{}
	uses := map[*Value][]*Node{}
	define := func(v *Value, what string) error {
		switch {
		case defined[v]:
			return fail("%s: value %q is defined twice", what, v.Name)
		case owner[v] != nil && owner[v] != g:
			return fail("%s: value %q belongs to graph %q", what, v.Name, owner[v].Name)
		case v.Fact.Kind == tensor.KindTensor && !v.Fact.DType.Valid():
			return fail("%s: value %q has no type", what, v.Name)
		case v.Fact.Const != nil && contradict(v.Fact, ConstFact(v.Fact.Const)):
			return fail("%s: value %q is %v but holds %s", what, v.Name, v.Fact, v.Fact.Const.Describe())
		}
		defined[v], owner[v] = true, g
		return nil
	}
	use := func(v *Value, what string) error {
		if !defined[v] && v.IsConst() {
			return define(v, what)
		}
		if !defined[v] {
			return fail("%s: value %q is not defined before", what, v.Name)
		}
		return nil
	}
	for i, v := range g.In {
		if v == nil || v.Def != nil {
			return fail("input %d is computed by a node or missing", i)
		}
		if err := define(v, fmt.Sprintf("input %d", i)); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		if len(n.In) > 0 && n.In[len(n.In)-1] == nil {
			return fail("%v: the last input is absent", n)
		}
		for i, v := range n.In {
			if v == nil {
				continue
			}
			if err := use(v, fmt.Sprintf("%v: input %d", n, i)); err != nil {
				return err
			}
			uses[v] = append(uses[v], n)
		}
		for i, v := range n.Out {
			if v == nil {
				continue
			}
			if v.Def != n || v.Index != i {
				return fail("%v: output %d does not know its node", n, i)
			}
			if err := define(v, fmt.Sprintf("%v: output %d", n, i)); err != nil {
				return err
			}
		}
		if err := verifyFacts(n); err != nil {
			return fail("%v", err)
		}
		for _, body := range Bodies(n.Op) {
			if err := verify(body, owner); err != nil {
				return fail("%v: %v", n, err)
			}
		}
	}
	if err := verifyOutputs(g, use); err != nil {
		return fail("%v", err)
	}
	for v := range defined {
		if !sameNodes(uses[v], v.uses) {
			return fail("value %q lists %d uses, has %d", v.Name, len(v.uses), len(uses[v]))
		}
	}
	for v := range g.Defaults {
		if !slices.Contains(g.In, v) {
			return fail("default of %q, which is no input", v.Name)
		}
	}
	return nil
}

func verifyOutputs(g *Graph, use func(*Value, string) error) error {
	if len(g.OutNames) != len(g.Out) {
		return fmt.Errorf("%d names for %d outputs", len(g.OutNames), len(g.Out))
	}
	for i, v := range g.Out {
		name := g.OutNames[i]
		if name == "" || slices.Index(g.OutNames, name) != i {
			return fmt.Errorf("output %d: the name %q is not its own", i, name)
		}
		if v == nil {
			return fmt.Errorf("output %q is missing", name)
		}
		if err := use(v, fmt.Sprintf("output %q", name)); err != nil {
			return err
		}
	}
	return nil
}

// sameNodes reports whether two lists hold the same nodes, each as often.
func sameNodes(a, b []*Node) bool {
	if len(a) != len(b) {
		return false
	}
	count := map[*Node]int{}
	for i := range a {
		count[a[i]]++
		count[b[i]]--
	}
	for _, c := range count {
		if c != 0 {
			return false
		}
	}
	return true
}

// verifyFacts infers n again and compares.
func verifyFacts(n *Node) error {
	r, err := InferOp(n.Name, CloneBodies(n.Op), n.inFacts(), len(n.Out), nil)
	if err != nil {
		return err
	}
	for i, v := range n.Out {
		if v == nil {
			continue
		}
		if f := r.Out[i]; !f.Type.Equal(v.Fact.Type) || contradict(f, v.Fact) {
			return fmt.Errorf("%v: output %d is %v, inferred %v", n, i, v.Fact, f)
		}
	}
	return nil
}

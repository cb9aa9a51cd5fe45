package opt

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// dedupe merges constants that are equal and nodes that apply equal operators to the same values. Impure nodes, and those
// with bodies, are all different.
//
//	Before: a = Relu (x); b = Relu (x); y = Add (a, b)
//	After:  a = Relu (x); y = Add (a, a)
func dedupe(p *run, g *graph.Graph) (bool, error) {
	changed := !p.Training && mergeConsts(g)
	type key struct {
		op  reflect.Type
		in0 *graph.Value
	}
	seen := map[key][]*graph.Node{}
	gone := map[*graph.Node]bool{}
	for _, n := range g.Nodes {
		if graph.IsImpure(n.Op) || len(graph.Bodies(n.Op)) > 0 {
			continue
		}
		k := key{reflect.TypeOf(n.Op), n.Input(0)}
		i := slices.IndexFunc(seen[k], func(m *graph.Node) bool { return slices.Equal(m.In, n.In) && graph.SameOp(m.Op, n.Op) })
		if i < 0 {
			seen[k] = append(seen[k], n)
			continue
		}
		if p.allow("dedupe", n) {
			merge(g, seen[k][i], n)
			gone[n] = true
		}
	}
	g.Remove(func(n *graph.Node) bool { return gone[n] })
	return changed || len(gone) > 0, nil
}

// merge makes the users of n take the outputs of m, which computes the same.
func merge(g *graph.Graph, m, n *graph.Node) {
	for i, v := range n.Out {
		if v == nil {
			continue
		}
		for len(m.Out) <= i {
			m.Out = append(m.Out, nil)
		}
		if m.Out[i] == nil {
			m.Out[i], v.Def, n.Out[i] = v, m, nil
		} else {
			g.Replace(v, m.Out[i])
		}
	}
	m.AddSources(n)
}

// mergeConsts makes equal constants one.
func mergeConsts(g *graph.Graph) bool {
	seen := map[string][]*graph.Value{}
	changed := false
	for _, v := range g.Consts() {
		t := v.Const()
		k := constKey(t)
		i := slices.IndexFunc(seen[k], func(u *graph.Value) bool { return sameTensor(u.Const(), t) })
		if i < 0 {
			seen[k] = append(seen[k], v)
			continue
		}
		g.Replace(v, seen[k][i])
		changed = true
	}
	return changed
}

// constKey tells most different constants apart without reading them all.
func constKey(t *tensor.Tensor) string {
	b := t.Bytes()
	first := b[:min(len(b), 32)]
	last := b[max(len(b)-32, 0):]
	return fmt.Sprintf("%s%x%x", t.Describe(), first, last)
}

func sameTensor(a, b *tensor.Tensor) bool {
	if a == b {
		return true
	}
	if a.DType() == tensor.String {
		return slices.Equal(tensor.Data[string](a), tensor.Data[string](b))
	}
	return bytes.Equal(a.Bytes(), b.Bytes())
}

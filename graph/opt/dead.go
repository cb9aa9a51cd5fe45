package opt

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
)

// dead removes nodes that nobody needs, and outputs that nobody takes where the operator lets them be absent.
//
//	Before: m = Neg (x); y, mask = Dropout (x)   (m and mask without users)
//	After:  y, "" = Dropout (x)
func dead(p *run, g *graph.Graph) (bool, error) {
	changed := g.RemoveDead()
	for _, n := range g.Nodes {
		e := op.Lookup(graph.OpDomain(n.Op), graph.OpName(n.Op))
		if e == nil {
			continue
		}
		sig := e.Outputs()
		_, branch := n.Op.(*op.If)
		for i, v := range n.Out {
			if v != nil && (branch || i >= sig.Required && !sig.Variadic) && len(v.Users()) == 0 && !slices.Contains(g.Out, v) {
				n.Out[i] = nil
				changed = true
			}
		}
	}
	return changed, nil
}

package opt

import (
	"reflect"
	"slices"
	"sync"

	"github.com/gneiss-ml/gneiss/graph"
)

// A rule looks at a node of one operator type and returns values that stand for its outputs, or nil.
type rule struct {
	name  string
	on    reflect.Type
	apply func(b *graph.Builder, n *graph.Node) []*graph.Value
}

// on makes a rule for nodes whose operator is a P. f returns one value per output of n, nil for those n does not have;
// nil when the rule does not apply.
func on[P graph.Op](name string, f func(b *graph.Builder, n *graph.Node, o P) []*graph.Value) rule {
	return rule{name, reflect.TypeFor[P](), func(b *graph.Builder, n *graph.Node) []*graph.Value { return f(b, n, n.Op.(P)) }}
}

// simplifyRules are the rules of the pass simplify, in alphabetical order.
var simplifyRules = []rule{}

// allRules returns the rules of all passes.
func allRules() []rule { return slices.Concat(simplifyRules) }

var rulesByType = sync.OnceValue(func() map[reflect.Type][]rule {
	m := map[reflect.Type][]rule{}
	for _, r := range simplifyRules {
		m[r.on] = append(m[r.on], r)
	}
	return m
})

// simplify applies simplifyRules until none applies.
func simplify(p *run, g *graph.Graph) (bool, error) {
	rules := rulesByType()
	changed, err := g.Rewrite(p.Eval, func(b *graph.Builder, n *graph.Node) []*graph.Value {
		for _, r := range rules[reflect.TypeOf(n.Op)] {
			if p.off[r.name] {
				continue
			}
			if out := r.apply(b, n); out != nil && p.allow(r.name, n) {
				return out
			}
			if b.Err() != nil {
				return nil
			}
		}
		return nil
	})
	if changed {
		g.RemoveDead()
	}
	return changed, err
}

// sole returns the node that computes v when nobody but one node takes v and its operator is a P.
func sole[P graph.Op](g *graph.Graph, v *graph.Value) (*graph.Node, P, bool) {
	var zero P
	if v == nil || v.Def == nil || len(v.Users()) != 1 || slices.Contains(g.Out, v) {
		return nil, zero, false
	}
	o, ok := v.Def.Op.(P)
	return v.Def, o, ok
}

// from returns the node that computes v when its operator is a P.
func from[P graph.Op](v *graph.Value) (*graph.Node, P, bool) {
	var zero P
	if v == nil || v.Def == nil {
		return nil, zero, false
	}
	o, ok := v.Def.Op.(P)
	return v.Def, o, ok
}

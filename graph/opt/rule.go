package opt

import (
	"reflect"
	"slices"
	"sync"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
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
var simplifyRules = []rule{
	on("binary-neutral", binaryNeutral),
	on("cast-cast", castCast),
	on("cast-same", castSame),
	on("concat-one", concatOne),
	on("dropout-off", dropoutOff),
	on("expand-into", expandInto[*op.Binary]),
	on("expand-into", expandInto[*op.Compare]),
	on("expand-into", expandInto[*op.Where]),
	on("expand-same", expandSame),
	on("identity", identity),
	on("if-known", ifKnown),
	on("pad-nothing", padNothing),
	on("reshape-same", reshapeSame[*op.Flatten]),
	on("reshape-same", reshapeSame[*op.Reshape]),
	on("reshape-same", reshapeSame[*op.Squeeze]),
	on("reshape-same", reshapeSame[*op.Unsqueeze]),
	on("slice-all", sliceAll),
	on("split-one", splitOne),
	on("tile-once", tileOnce),
	on("transpose-same", transposeSame),
	on("transpose-transpose", transposeTranspose),
	on("transpose-view", transposeView),
	on("unary-twice", unaryTwice),
	on("variadic-one", variadicOne),
	on("view-view", viewView[*op.Flatten]),
	on("view-view", viewView[*op.Reshape]),
	on("view-view", viewView[*op.Squeeze]),
	on("view-view", viewView[*op.Unsqueeze]),
}

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

// from returns the node that computes v when its operator is a P.
func from[P graph.Op](v *graph.Value) (*graph.Node, P, bool) {
	var zero P
	if v == nil || v.Def == nil {
		return nil, zero, false
	}
	o, ok := v.Def.Op.(P)
	return v.Def, o, ok
}

package opt_test

import (
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/graph/opt"
	"github.com/gneiss-ml/gneiss/tensor"
)

// opaque is an operator that no backend runs.
type opaque struct{}

func (*opaque) Infer(c *graph.Infer) { c.Like(0, 0) }

// twice is a composite of a composite: X + (X + X), or of an operator that nobody runs.
type twice struct{ broken, needsRank bool }

func (o *twice) Infer(c *graph.Infer) { c.Like(0, 0) }

func (o *twice) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	if o.broken {
		return []*graph.Value{b.Op(&opaque{}, n.In[0])}
	}
	if o.needsRank && n.In[0].Fact.Rank() < 0 {
		b.Op(&op.Unary{Fn: op.Neg}, n.In[0]) // must leave no trace
		return nil
	}
	return []*graph.Value{b.Op(&op.Binary{Fn: op.Add}, n.In[0], b.Op(&double{}, n.In[0]))}
}

type double struct{}

func (o *double) Infer(c *graph.Infer) { c.Like(0, 0) }

func (o *double) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&op.Binary{Fn: op.Add}, n.In[0], n.In[0])}
}

func TestPlace(t *testing.T) {
	g := &graph.Graph{Name: "g"}
	b := graph.NewBuilder(g, nil)
	x := b.Input("x", graph.TensorFact(tensor.Float32, graph.Dims(2)))
	u := b.Input("u", graph.TensorFact(tensor.Float32, nil))
	b.Output("y", b.Add("t", &twice{}, 1, x)[0])
	b.Output("z", b.Add("r", &twice{needsRank: true}, 1, u)[0])
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	c := g.Clone()
	if err := opt.Place(g, []opt.Target{ref.Backend}, ref.Eval); err != nil {
		t.Fatal(err)
	}
	if got := ops(g); got != "Add Add twice" {
		t.Error(got)
	}
	if got := ops(c); got != "twice twice" {
		t.Errorf("the clone changed: %s", got)
	}
	if got := g.Nodes[0].Sources; len(got) != 1 || got[0] != "t" {
		t.Errorf("sources %v", got)
	}
	if got := len(u.Users()); got != 1 {
		t.Errorf("u has %d users", got)
	}

	b.Output("w", b.Add("bad", &twice{broken: true}, 1, x)[0])
	b.Output("v", b.Add("worse", &opaque{}, 1, u)[0])
	err := opt.Place(g, []opt.Target{ref.Backend}, ref.Eval)
	want := `no backend runs opaque(float32[2]) at node "bad/opaque_1"; opaque(float32[?]) at node "worse"`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func ops(g *graph.Graph) string {
	var names []string
	for _, n := range g.Nodes {
		names = append(names, graph.OpName(n.Op))
	}
	return strings.Join(names, " ")
}

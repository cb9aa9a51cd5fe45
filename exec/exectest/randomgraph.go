package exectest

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Graph returns a graph of about n nodes of any operators, and values for its inputs. Repeated nodes, constants and
// unused results are frequent. Shapes are small; those of inputs may be symbols. It has no impure operators and no
// bodies.
func (g *Random) Graph(n int, eval graph.Evaluator) (*graph.Graph, map[string]tensor.Value) {
	gr := &graph.Graph{Name: "random"}
	b := graph.NewBuilder(gr, eval)
	in := map[string]tensor.Value{}
	var values []*graph.Value
	for i := range 1 + g.N(3) {
		t := g.Tensor(g.DType(tensor.Float32), g.Shape(g.N(4)))
		f := graph.FactOf(t)
		for k, d := range t.Shape() {
			if g.Once(3) {
				f.Dims[k] = graph.Sym(fmt.Sprintf("s%d", d))
			}
		}
		v := b.Input(fmt.Sprintf("x%d", i), f)
		in[v.Name] = t
		values = append(values, v)
	}
	for range n {
		if out := g.node(b, values); out != nil {
			values = append(values, out...)
		}
	}
	for i := range 1 + g.N(4) {
		b.Output(fmt.Sprintf("y%d", i), values[max(0, len(values)-1-i*g.N(3))])
	}
	return gr, in
}

// node adds a node that can be inferred and whose results are small, or nothing.
func (g *Random) node(b *graph.Builder, values []*graph.Value) []*graph.Value {
	if k := len(b.G.Nodes); k > 0 && g.Once(6) { // the same again
		n := b.G.Nodes[g.N(k)]
		return b.Add("", n.Op, len(n.Out), n.In...)
	}
	t := op.Table()
	e := t[(g.Byte()<<8|g.Byte())%len(t)]
	sig, outs := e.Inputs(), e.Outputs()
	for range 6 {
		o := e.New()
		if graph.Decode(o, g.Attrs(o)) != nil || graph.IsImpure(o) {
			continue
		}
		var in []*graph.Value
		var facts []graph.Fact
		for range sig.Required + g.N(len(sig.Names)-sig.Required+1) {
			v := values[len(values)-1-g.N(len(values))%8%len(values)]
			switch {
			case g.Once(4):
				v = b.Const(g.Tensor(g.DType(v.Fact.DType), g.Shape(g.N(3))))
			case g.Once(4):
				v = b.Const(g.Tensor(tensor.Int64, []int{g.N(4)}))
			case len(in) > 0 && g.Once(3):
				v = in[0]
			}
			in, facts = append(in, v), append(facts, v.Fact)
		}
		count := outs.Required + g.N(len(outs.Names)-outs.Required+1)
		r, err := graph.InferOp("n", o, facts, count, b.Eval)
		if err != nil || !small(r.Out) {
			continue
		}
		return b.Add("", o, count, in...)
	}
	return nil
}

// small reports whether results are tensors of a few thousand elements, where symbols are small.
func small(facts []graph.Fact) bool {
	total := 0
	for _, f := range facts {
		if f.Kind != tensor.KindTensor || f.Dims == nil {
			return false
		}
		n, ok := f.Len().Estimate(4)
		if total += n; !ok || n < 0 || total > 4096 {
			return false
		}
	}
	return true
}

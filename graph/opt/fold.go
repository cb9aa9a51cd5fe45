package opt

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Folding may make constants of up to foldSmall bytes, and larger ones of up to foldGrowth times the bytes of what they
// are computed from.
const (
	foldSmall  = 1 << 20
	foldGrowth = 2
)

// fold replaces values that are known by constants: those that inference knows, such as the Shape of integer dimensions,
// and the outputs of nodes whose inputs are all constants. What is impure, has a body, or would take much memory stays.
// So does a node whose evaluation fails, which may be one that is never reached.
//
//	Before: s = Shape (x); y = Reshape (x, s)   (x is float[2,3])
//	After:  <int64[2] s = {2, 3}> y = Reshape (x, s)
func fold(p *run, g *graph.Graph) (bool, error) {
	changed, err := g.Rewrite(p.Eval, func(b *graph.Builder, n *graph.Node) []*graph.Value {
		if graph.IsImpure(n.Op) {
			return nil
		}
		if out := known(b, n); out != nil && p.allow("fold", n) {
			return out
		}
		if p.Eval == nil || !p.foldable(n) || !p.allow("fold", n) {
			return nil
		}
		in := make([]*tensor.Tensor, len(n.In))
		for i, v := range n.In {
			in[i] = v.Const()
		}
		res, err := p.Eval(n.Op, in, len(n.Out))
		if err != nil {
			return nil
		}
		out := make([]*graph.Value, len(n.Out))
		for i, v := range n.Out {
			switch {
			case v == nil:
			case res[i] == nil:
				return nil
			default:
				out[i] = b.Const(res[i])
				p.folded += size(res[i])
			}
		}
		return out
	})
	if changed {
		g.RemoveDead()
	}
	return changed, err
}

// known returns constants for the outputs of n when inference knows them all.
func known(b *graph.Builder, n *graph.Node) []*graph.Value {
	out := make([]*graph.Value, len(n.Out))
	for i, v := range n.Out {
		if v == nil {
			continue
		}
		if v.Fact.Const == nil {
			return nil
		}
		out[i] = b.Const(v.Fact.Const)
	}
	return out
}

// foldable reports whether all inputs of n are constants and its outputs are known to be small enough.
func (p *run) foldable(n *graph.Node) bool {
	if len(n.In) == 0 || len(graph.Bodies(n.Op)) > 0 || keepUnfolded(n.Op) {
		return false
	}
	in := 0
	for _, v := range n.In {
		if v == nil {
			continue
		}
		if v.Const() == nil {
			return false
		}
		in += size(v.Const())
	}
	out := 0
	for _, v := range n.Out {
		if v == nil {
			continue
		}
		if v.Fact.Kind != tensor.KindTensor {
			return false
		}
		shape, ok := v.Fact.Shape()
		if !ok { // depends on the data, so it is bounded by it
			if in > foldSmall/64 {
				return false
			}
			continue
		}
		count, err := tensor.CheckShape(v.Fact.DType, shape)
		if err != nil {
			return false
		}
		b := byteSize(v.Fact.DType, count)
		if b > foldSmall && b > foldGrowth*in {
			return false
		}
		out += b
	}
	return p.folded+out <= p.MaxFold
}

// keepUnfolded reports operators that later stages want to see: weights that are stored as integers are fused into the
// operators that take them.
func keepUnfolded(o graph.Op) bool {
	return graph.OpName(o) == "DequantizeLinear" && graph.OpDomain(o) != op.ML
}

// size returns the bytes of a tensor; a string counts as its header.
func size(t *tensor.Tensor) int { return byteSize(t.DType(), t.Len()) }

func byteSize(dt tensor.DType, n int) int {
	if dt == tensor.String {
		return 16 * n
	}
	return dt.Bytes(n)
}

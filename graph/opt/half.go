package opt

import (
	"reflect"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// half computes float16 and bfloat16 in float32, without rounding between one node and the next: more exact than rounding
// after each, and no slower, since a processor without such arithmetic converts every operand anyway. Where a value leaves
// the nodes that are computed so (outputs, casts of the model, operators of other kinds) it is rounded once.
//
//	Before: h = Relu (x); y = Exp (h)                      (all float16)
//	After:  w = Cast <to = float> (x); e = Exp (Relu (w)); y = Cast <to = float16> (e)
func half(p *run, g *graph.Graph) (bool, error) {
	if p.Strict || p.Training {
		return false, nil
	}
	wide := map[*graph.Value]*graph.Value{} // the float32 form of a half value
	return g.Rewrite(p.Eval, func(b *graph.Builder, n *graph.Node) []*graph.Value {
		if !widened[reflect.TypeOf(n.Op)] || !touchesHalf(n) || !p.allow("half", n) {
			return nil
		}
		in := make([]*graph.Value, len(n.In))
		for i, v := range n.In {
			if in[i] = v; v == nil || !isHalf(v) {
				continue
			}
			if wide[v] == nil {
				wide[v] = b.Op(op.NewCast(tensor.Float32), v)
			}
			in[i] = wide[v]
		}
		made := b.Add("", n.Op, len(n.Out), in...)
		out := make([]*graph.Value, len(n.Out))
		for i, v := range n.Out {
			switch {
			case v == nil:
				made[i].Def.Out[i] = nil
			case isHalf(v) && made[i].Fact.DType == tensor.Float32:
				out[i] = b.Op(op.NewCast(v.Fact.DType), made[i])
				wide[out[i]] = made[i]
			case v.Fact.DType == made[i].Fact.DType:
				out[i] = made[i]
			default:
				return nil
			}
		}
		return out
	})
}

func isHalf(v *graph.Value) bool {
	f := v.Fact
	return f.Kind == tensor.KindTensor && (f.DType == tensor.Float16 || f.DType == tensor.BFloat16)
}

func touchesHalf(n *graph.Node) bool {
	for _, v := range n.In {
		if v != nil && isHalf(v) {
			return true
		}
	}
	return false
}

// widened are the operators that half applies to: those whose results depend on the values of their inputs alone, not on
// the type, and those that only move values.
var widened = typeSet(
	&op.Attention{},
	&op.AveragePool{},
	&op.BatchNormalization{},
	&op.Binary{},
	&op.Clip{},
	&op.Compare{},
	&op.Concat{},
	&op.Conv{},
	&op.ConvTranspose{},
	&op.DepthToSpace{},
	&op.Einsum{},
	&op.Expand{},
	&op.Flatten{},
	&op.GRU{},
	&op.Gather{},
	&op.Gemm{},
	&op.GlobalAveragePool{},
	&op.GlobalMaxPool{},
	&op.GroupNormalization{},
	&op.Identity{},
	&op.InstanceNormalization{},
	&op.LRN{},
	&op.LSTM{},
	&op.LayerNormalization{},
	&op.LogSoftmax{},
	&op.MatMul{},
	&op.MaxPool{},
	&op.Pad{},
	&op.RMSNormalization{},
	&op.RNN{},
	&op.Reduce{},
	&op.Reshape{},
	&op.RotaryEmbedding{},
	&op.SimplifiedLayerNormalization{},
	&op.Slice{},
	&op.Softmax{},
	&op.SpaceToDepth{},
	&op.Split{},
	&op.Squeeze{},
	&op.Tile{},
	&op.Transpose{},
	&op.Unary{},
	&op.Unsqueeze{},
	&op.Variadic{},
	&op.Where{},
)

func typeSet(ops ...graph.Op) map[reflect.Type]bool {
	m := map[reflect.Type]bool{}
	for _, o := range ops {
		m[reflect.TypeOf(o)] = true
	}
	return m
}

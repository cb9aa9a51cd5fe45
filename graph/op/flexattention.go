package op

import (
	"math"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var flexAttentionOps = []Entry{
	core[FlexAttention]("Q K V -> Y"),
}

// FlexAttention is scaled dot product attention whose scores and probabilities pass through graphs of the model's own. Q is
// [batch,heads,queries,size], K and V [batch,key heads,keys,size]. The bodies take one value [batch,heads,queries,keys] of
// the type of softmax, then the captures, and give one of the same shape.
//
// https://onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html
type FlexAttention struct {
	ProbMod          *graph.Graph       `onnx:"prob_mod"`
	Scale            graph.Opt[float32] `onnx:"scale"`
	ScoreMod         *graph.Graph       `onnx:"score_mod"`
	SoftmaxPrecision graph.Opt[int]     `onnx:"softmax_precision"`
	Captures         int                `onnx:"-captures"`
}

// OpDomain implements graph.InDomain.
func (o *FlexAttention) OpDomain() string { return Preview }

// Infer implements graph.Op.
func (o *FlexAttention) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	for i := range 3 {
		c.CheckSame(0, i)
		if c.Dims(i) != nil {
			c.CheckRank(i, 4)
		}
	}
	for _, g := range []*graph.Graph{o.ScoreMod, o.ProbMod} {
		c.Check(g == nil || len(g.In) == 1+o.Captures && len(g.Out) == 1, "score_mod and prob_mod have one input and one output")
	}
	if p := o.SoftmaxPrecision; p.Set {
		c.Check(p.V >= 0 && p.V < 32 && floatTypes.has(tensor.DType(p.V)), "attribute %q: %d, want 1, 10, 11 or 16", "softmax_precision", p.V)
	}
	batch := c.Unify(c.Unify(dimOf(c, 0, 0), dimOf(c, 1, 0), "batch of Q and K"), dimOf(c, 2, 0), "batch of Q and V")
	size := c.Unify(dimOf(c, 0, 3), dimOf(c, 1, 3), "head size of Q and K")
	heads := c.Unify(dimOf(c, 1, 1), dimOf(c, 2, 1), "heads of K and V")
	keys := c.Unify(dimOf(c, 1, 2), dimOf(c, 2, 2), "length of K and V")
	matchDims(c, 0, batch, dimOf(c, 0, 1), dimOf(c, 0, 2), size)
	matchDims(c, 1, batch, heads, keys, size)
	hq, ok1 := dimOf(c, 0, 1).Int()
	hk, ok2 := heads.Int()
	c.Check(!ok1 || !ok2 || hk > 0 && hq%hk == 0, "%d query heads are no multiple of %d key heads", hq, hk)
	c.Tensor(0, c.DType(0), []graph.Dim{batch, dimOf(c, 0, 1), dimOf(c, 0, 2), dimOf(c, 2, 3)})
}

// precision returns the type that softmax is computed in.
func (o *FlexAttention) precision(dt tensor.DType) tensor.DType {
	switch {
	case o.SoftmaxPrecision.Set:
		return tensor.DType(o.SoftmaxPrecision.V)
	case dt == tensor.Float64:
		return dt
	}
	return tensor.Float32
}

// Expand implements graph.Composite. The query heads that share a key head are stacked: [b,hq,l,d] is [b,hk,hq/hk·l,d].
func (o *FlexAttention) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	q, k, v := n.In[0], n.In[1], n.In[2]
	captures := n.In[len(n.In)-o.Captures:]
	dt := q.Fact.DType
	wide := o.precision(dt)
	cast := func(x *graph.Value, to tensor.DType) *graph.Value {
		if x.Fact.DType == to {
			return x
		}
		return b.Op(&Cast{To: to, Saturate: true, RoundMode: "up"}, x)
	}
	heads := func(of, like *graph.Value) *graph.Value {
		return b.Op(&Reshape{}, of, b.Op(&Concat{Axis: 0}, b.Ints(0), b.Op(&Shape{Start: 1, End: graph.Some(2)}, like), b.Ints(-1, 0)))
	}
	shared := q.Fact.Dims == nil || k.Fact.Dims == nil || !q.Fact.Dims[1].Equal(k.Fact.Dims[1])
	q = b.Op(&Binary{Fn: Mul}, cast(q, wide), o.scale(b, n.In[0], wide))
	if shared {
		q = heads(q, n.In[1])
	}
	scores := b.Op(&MatMul{}, q, b.Op(&Transpose{Perm: []int{0, 1, 3, 2}}, cast(k, wide)))
	if shared {
		scores = heads(scores, n.In[0])
	}
	if o.ScoreMod != nil {
		scores = b.Inline(o.ScoreMod, append([]*graph.Value{scores}, captures...))[0]
	}
	probs := b.Op(&Softmax{AlongAxis{Axis: -1}}, scores)
	if o.ProbMod != nil {
		probs = b.Inline(o.ProbMod, append([]*graph.Value{probs}, captures...))[0]
	}
	if shared {
		probs = heads(probs, n.In[1])
	}
	y := b.Op(&MatMul{}, probs, cast(v, wide))
	if shared {
		y = heads(y, n.In[0])
	}
	return []*graph.Value{cast(y, dt)}
}

// scale returns the factor of Q·Kᵀ as a scalar of type dt.
func (o *FlexAttention) scale(b *graph.Builder, q *graph.Value, dt tensor.DType) *graph.Value {
	scalar := func(x float64) *graph.Value {
		t, err := tensor.Cast(tensor.Scalar(x), dt, tensor.CastOptions{})
		if err != nil {
			b.Fail(err)
			return nil
		}
		return b.Const(t)
	}
	if o.Scale.Set {
		return scalar(float64(o.Scale.V))
	}
	if d := q.Fact.Dims; d != nil {
		if n, ok := d[3].Int(); ok {
			return scalar(1 / math.Sqrt(float64(n)))
		}
	}
	size := b.Op(&Cast{To: dt, Saturate: true, RoundMode: "up"}, b.Op(&Shape{Start: 3, End: graph.Some(4)}, q))
	return b.Op(&Unary{Fn: Reciprocal}, b.Op(&Unary{Fn: Sqrt}, size))
}

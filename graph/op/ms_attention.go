package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var msAttentionOps = []Entry{
	core[MSAttention]("input weights bias? mask_index? past? attention_bias? past_sequence_length? -> output present?"),
	core[QAttention]("input weight bias input_scale weight_scale mask_index? input_zero_point? weight_zero_point? past? -> output present?"),
}

// MSAttention is attention of a sequence to itself, with the projections to queries, keys and values: input
// [batch,length,hidden] times weights [hidden, sizes of Q, K and V] plus bias. mask_index is one of [batch,keys] and
// [batch,length,keys], with 0 for what is hidden, or the number of keys of each batch, [batch], behind which may stand where they
// begin, [2·batch]. past and present are [2,batch,heads,keys,size], keys before values.
//
// Buffers that past and present share, and rotation, are for other devices than ONNX Runtime's CPU and refused, as there.
type MSAttention struct {
	microsoft
	DoRotary               bool    `onnx:"do_rotary,0"`
	MaskFilterValue        float32 `onnx:"mask_filter_value,-10000"`
	NumHeads               int     `onnx:"num_heads,required"`
	PastPresentShareBuffer bool    `onnx:"past_present_share_buffer,0"`
	QKVHiddenSizes         []int   `onnx:"qkv_hidden_sizes"`
	RotaryEmbeddingDim     int     `onnx:"rotary_embedding_dim,0"`
	Scale                  float32 `onnx:"scale,0"`
	Unidirectional         bool    `onnx:"unidirectional,0"`
}

// OpName implements graph.Named.
func (o *MSAttention) OpName() string { return "Attention" }

// Infer implements graph.Op.
func (o *MSAttention) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	for _, i := range []int{1, 2, 4, 5} {
		c.CheckSame(0, i)
	}
	p := o.projected()
	p.check(c, 1, 3, 4)
	if s := o.QKVHiddenSizes; s != nil && c.Check(len(s) == 3, "attribute %q: %d numbers, want 3", "qkv_hidden_sizes", len(s)) {
		for _, n := range s {
			c.Check(n > 0 && o.NumHeads > 0 && n%o.NumHeads == 0, "attribute %q: %d, want a multiple of the %d heads", "qkv_hidden_sizes", n, o.NumHeads)
		}
		c.Check(s[0] == s[1], "attribute %q: %d and %d, want one size for Q and K", "qkv_hidden_sizes", s[0], s[1])
	}
	c.Check(!o.PastPresentShareBuffer && !c.Has(6), "attribute %q is not supported", "past_present_share_buffer")
	c.Check(!o.DoRotary, "attribute %q is not supported here: RotaryEmbedding before MultiHeadAttention is", "do_rotary")
	c.Tensor(0, c.DType(0), nil)
	c.Tensor(1, c.DType(0), nil)
	c.InferByExpansion(o)
}

func (o *MSAttention) projected() projected {
	return projected{o.NumHeads, o.Scale, o.MaskFilterValue, o.Unidirectional, o.QKVHiddenSizes}
}

// Expand implements graph.Composite.
func (o *MSAttention) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	qkv := b.Op(&MatMul{}, n.In[0], n.In[1])
	qkv = plus(b, qkv, n.Input(2))
	return o.projected().expand(b, n, qkv, n.Input(3), n.Input(4), n.Input(5))
}

// QAttention is MSAttention whose input and weights are quantized; scale and zero point of the weights may be vectors with one
// element for each column.
type QAttention struct {
	microsoft
	DoRotary               bool    `onnx:"do_rotary,0"`
	MaskFilterValue        float32 `onnx:"mask_filter_value,-10000"`
	NumHeads               int     `onnx:"num_heads,required"`
	PastPresentShareBuffer bool    `onnx:"past_present_share_buffer,0"`
	Scale                  float32 `onnx:"scale,0"`
	Unidirectional         bool    `onnx:"unidirectional,0"`
}

// Infer implements graph.Op.
func (o *QAttention) Infer(c *graph.Infer) {
	checkTensor(c, 0, byteTypes)
	checkTensor(c, 1, byteTypes)
	for _, i := range []int{2, 3, 4} {
		checkTensor(c, i, setOf(tensor.Float32))
	}
	checkOptional(c, 8, setOf(tensor.Float32))
	o.projected().check(c, 1, 5, 8)
	c.Check(!o.PastPresentShareBuffer, "attribute %q is not supported", "past_present_share_buffer")
	c.Check(!o.DoRotary, "attribute %q is not supported", "do_rotary")
	c.Tensor(0, tensor.Float32, nil)
	c.Tensor(1, tensor.Float32, nil)
	c.InferByExpansion(o)
}

func (o *QAttention) projected() projected {
	return projected{o.NumHeads, o.Scale, o.MaskFilterValue, o.Unidirectional, nil}
}

// Expand implements graph.Composite.
func (o *QAttention) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	scale := arith{b}.mul(n.In[3], n.In[4])
	qkv := integerProduct(b, n.In[0], n.In[1], n.Input(6), n.Input(7), scale, n.In[2])
	return o.projected().expand(b, n, qkv, n.Input(5), n.Input(8), nil)
}

// projected is what MSAttention and QAttention do once queries, keys and values are there, side by side.
type projected struct {
	heads  int
	scale  float32
	filter float32
	causal bool
	sizes  []int // of Q, K and V; nil: thirds
}

// check checks input 0, the weights, the mask and the past.
func (p projected) check(c *graph.Infer, weights, mask, past int) {
	c.Check(p.heads > 0, "attribute %q: %d, want 1 or more", "num_heads", p.heads)
	c.CheckRank(0, 3)
	if c.CheckRank(weights, 2) && p.sizes == nil {
		parts(c, c.Dims(weights)[1], 3*max(p.heads, 1), "columns of the weights")
	}
	if checkOptional(c, mask, setOf(tensor.Int32)) && c.Rank(mask) >= 0 {
		c.Check(c.Rank(mask) >= 1 && c.Rank(mask) <= 3, "input %d (mask_index): rank %d, want 1, 2 or 3", mask, c.Rank(mask))
	}
	if c.Has(past) && c.CheckRank(past, 5) {
		c.Unify(c.Dims(past)[0], graph.N(2), "the first dimension of past")
	}
}

func (p projected) expand(b *graph.Builder, n *graph.Node, qkv, mask, past, bias *graph.Value) []*graph.Value {
	if n.In[0].Fact.Dims == nil || mask != nil && mask.Fact.Dims == nil {
		return nil
	}
	var parts []*graph.Value
	if p.sizes == nil {
		parts = thirds(b, qkv, -1)
	} else {
		parts = b.Add("", &Split{Axis: -1}, 3, qkv, b.Ints(p.sizes...))
	}
	batch, total := sizeOf(b, n.In[0], 0), sizeOf(b, n.In[0], 1)
	var pastK, pastV *graph.Value
	if past != nil {
		num := func(k int64) *graph.Value { return b.Const(tensor.Scalar(k)) }
		pastK, pastV = b.Op(&Gather{}, past, num(0)), b.Op(&Gather{}, past, num(1))
		total = arith{b}.add(total, sizeOf(b, past, 3))
	}
	m := masker{b, qkv.Fact.DType, float64(p.filter)}
	if mask != nil {
		if mask.Fact.Rank() == 1 {
			// Without starts behind the ends, zeros are.
			zeros := b.Op(&ConstantOfShape{Value: tensor.FromSlice([]int32{0}, 1)}, batch)
			starts := cut(b, b.Op(&Concat{Axis: 0}, mask, zeros), 0, batch, arith{b}.add(batch, batch))
			mask = m.between(starts, cut(b, mask, 0, b.Ints(0), batch), total)
		} else {
			mask = m.raw(mask)
		}
	}
	core := &Attention{
		IsCausal: p.causal, KVNumHeads: graph.Some(p.heads), QNumHeads: graph.Some(p.heads), Scale: scaleOf(p.scale),
		LeftWindowSize: -1, RightWindowSize: -1,
	}
	if !n.Wants(1) {
		return b.Add("", core, 1, parts[0], parts[1], parts[2], plus(b, mask, bias), pastK, pastV)
	}
	y := b.Add("", core, 3, parts[0], parts[1], parts[2], plus(b, mask, bias), pastK, pastV)
	key, value := b.Op(&Unsqueeze{}, y[1], b.Ints(0)), b.Op(&Unsqueeze{}, y[2], b.Ints(0))
	return []*graph.Value{y[0], b.Op(&Concat{Axis: 0}, key, value)}
}

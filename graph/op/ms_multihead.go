package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var msMultiHeadOps = []Entry{
	core[DecoderMaskedMultiHeadAttention]("query key? value? mask_index? attention_bias? past_key? past_value? past_sequence_length? " +
		"beam_width? cache_indirection? bias? -> output present_key? present_value? qk?"),
	core[MultiHeadAttention]("query key? value? bias? key_padding_mask? attention_bias? past_key? past_value? past_sequence_length? " +
		"cache_indirection? -> output present_key? present_value? qk?"),
}

// MultiHeadAttention is attention of projected queries [batch,queries,heads·size] to keys and values, which are one of
//
//   - key and value [batch,keys,heads·size];
//   - key and value [batch,heads,keys,size];
//   - packed in key as [batch,keys,heads,2,size], or with query as [batch,keys,heads,3,size].
//
// bias, for Q, K and V one after the other, is added first; keys and values of rank 4 have it already. key_padding_mask is
// [batch,keys] or [batch,queries,keys] with 0 for what is hidden, or begins with the number of keys of each batch. With
// past_sequence_length, the past and present tensors are buffers of a fixed length that are filled up to there.
type MultiHeadAttention struct {
	microsoft
	MaskFilterValue float32 `onnx:"mask_filter_value,-10000"`
	NumHeads        int     `onnx:"num_heads,required"`
	Scale           float32 `onnx:"scale,0"`
	Unidirectional  bool    `onnx:"unidirectional,0"`
}

// Infer implements graph.Op.
func (o *MultiHeadAttention) Infer(c *graph.Infer) {
	inferMultiHead(c, o.NumHeads, [...]int{3, 5, 6, 7}, 4)
	c.Check(!c.Has(9), "cache_indirection is not supported")
	c.InferByExpansion(o)
}

// inferMultiHead checks the heads, inputs of the type of the query, of which the last two are the past, and the mask.
func inferMultiHead(c *graph.Infer, heads int, floats [4]int, mask int) {
	c.Check(heads > 0, "attribute %q: %d, want 1 or more", "num_heads", heads)
	checkTensor(c, 0, floatTypes)
	for _, i := range append(floats[:], 1, 2) {
		c.CheckSame(0, i)
	}
	for i, want := range [3][]int{{3, 5}, {3, 4, 5}, {3, 4}} {
		if r := c.Rank(i); c.Has(i) && r >= 0 {
			c.Check(r >= want[0] && r <= want[len(want)-1], "input %d: rank %d, want one of %d", i, r, want)
		}
	}
	if r := c.Rank(0); r >= 0 {
		c.Check(r != 4, "input 0: rank 4, want 3 or 5")
		c.Check(c.Has(1) == (r == 3), "input 1 (key) is for a query of rank 3, and wanted there")
	}
	if r := c.Rank(1); c.Has(1) && r >= 0 {
		c.Check(c.Has(2) == (r < 5), "input 2 (value) is for a key of rank 3 or 4, and wanted there")
	}
	if c.Has(2) && c.Rank(1) >= 0 {
		c.CheckRank(2, c.Rank(1))
	}
	if checkOptional(c, mask, setOf(tensor.Int32)) && c.Rank(mask) >= 0 {
		c.Check(c.Rank(mask) >= 1 && c.Rank(mask) <= 3, "input %d: rank %d, want 1, 2 or 3", mask, c.Rank(mask))
	}
	past := floats[2]
	c.Check(c.Has(past) == c.Has(past+1), "past_key and past_value come together or not at all")
	if c.Has(past) {
		c.CheckRank(past, 4)
		c.CheckRank(past+1, 4)
		c.Check(c.Rank(1) != 4, "past_key and past_value do not go with a key of rank 4")
	}
	if checkOptional(c, 8, setOf(tensor.Int32)) {
		wantOne(c, 8)
	}
	for i := range 4 {
		c.Tensor(i, c.DType(0), nil)
	}
}

// Expand implements graph.Composite.
func (o *MultiHeadAttention) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	h := multiHead{
		heads: o.NumHeads, scale: o.Scale, filter: o.MaskFilterValue, causal: o.Unidirectional,
		bias: n.Input(3), mask: n.Input(4), scores: n.Input(5), past: [2]*graph.Value{n.Input(6), n.Input(7)}, filled: n.Input(8),
	}
	return h.expand(b, n)
}

// DecoderMaskedMultiHeadAttention is MultiHeadAttention of one query. With PastPresentShareBuffer the past and present tensors are
// buffers of a fixed length that are filled up to past_sequence_length. Beams are refused.
type DecoderMaskedMultiHeadAttention struct {
	microsoft
	MaskFilterValue        float32 `onnx:"mask_filter_value,-10000"`
	NumHeads               int     `onnx:"num_heads,required"`
	OutputQK               bool    `onnx:"output_qk,0"`
	PastPresentShareBuffer bool    `onnx:"past_present_share_buffer,0"`
	Scale                  float32 `onnx:"scale,0"`
}

// Infer implements graph.Op.
func (o *DecoderMaskedMultiHeadAttention) Infer(c *graph.Infer) {
	c.Check(!c.Has(9), "cache_indirection, for the beams of a search, is not supported")
	c.Check(!o.PastPresentShareBuffer || c.Has(7), "past_sequence_length is missing, for past_present_share_buffer")
	if checkOptional(c, 7, setOf(tensor.Int32)) {
		wantOne(c, 7)
	}
	if c.CheckRank(0, 3) {
		c.Unify(c.Dims(0)[1], graph.N(1), "the length of query")
	}
	c.Check(c.Has(1), "input 1 (key) is missing: a packed query is not supported")
	inferMultiHead(c, o.NumHeads, [...]int{4, 10, 5, 6}, 3)
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *DecoderMaskedMultiHeadAttention) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	h := multiHead{
		heads: o.NumHeads, scale: o.Scale, filter: o.MaskFilterValue,
		bias: n.Input(10), mask: n.Input(3), scores: n.Input(4), past: [2]*graph.Value{n.Input(5), n.Input(6)},
	}
	if o.PastPresentShareBuffer {
		h.filled = n.Input(7)
	}
	return h.expand(b, n)
}

// multiHead is what MultiHeadAttention and DecoderMaskedMultiHeadAttention do; inputs 0 to 2 are query, key and value.
type multiHead struct {
	heads              int
	scale, filter      float32
	causal             bool
	bias, mask, scores *graph.Value
	past               [2]*graph.Value
	filled             *graph.Value // how much of the past is there, where it is a buffer
}

// unpack returns query, key and value of rank 3, or of rank 4 when the keys are; nil when that depends on something unknown.
func (h *multiHead) unpack(b *graph.Builder, n *graph.Node) []*graph.Value {
	for i := range min(len(n.In), 3) {
		if n.In[i] != nil && n.In[i].Fact.Dims == nil {
			return nil
		}
	}
	in := []*graph.Value{n.In[0], n.Input(1), n.Input(2)}
	flat := func(x *graph.Value) *graph.Value {
		return b.Op(&Reshape{}, b.Op(&Squeeze{}, x, b.Ints(3)), b.Ints(0, 0, -1))
	}
	switch {
	case in[1] == nil:
		in = thirds(b, in[0], 3)
		for i := range in {
			in[i] = flat(in[i])
		}
	case in[2] == nil:
		kv := b.Add("", &Split{Axis: 3, NumOutputs: graph.Some(2)}, 2, in[1])
		in[1], in[2] = flat(kv[0]), flat(kv[1])
	}
	unpacked := in[1].Fact.Rank() == 4
	if h.bias != nil {
		for i, x := range parted(b, h.bias, sizeOf(b, in[0], -1)) {
			if i == 0 || !unpacked {
				in[i] = arith{b}.add(in[i], x)
			}
		}
	}
	if unpacked {
		in[0] = toHeads(b, in[0], h.heads)
	}
	return in
}

func (h *multiHead) expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	in := h.unpack(b, n)
	mask := h.mask
	if in == nil || in[0].Fact.Dims == nil || mask != nil && mask.Fact.Dims == nil {
		return nil
	}
	unpacked := in[1].Fact.Rank() == 4
	total := sizeOf(b, in[1], in[1].Fact.Rank()-2)
	past, present := h.past, [2]*graph.Value{}
	if h.filled != nil && past[0] != nil {
		at := b.Op(&Reshape{}, b.Op(NewCast(tensor.Int64), h.filled), b.Ints(1))
		index := b.Op(&Expand{}, at, sizeOf(b, in[0], 0))
		for i, x := range past {
			present[i] = b.Op(&TensorScatter{Axis: -2, Mode: "linear"}, x, toHeads(b, in[1+i], h.heads), index)
			past[i] = cut(b, x, 2, b.Ints(0), at)
		}
	}
	if past[0] != nil {
		total = arith{b}.add(total, sizeOf(b, past[0], 2))
	}
	m := masker{b, in[0].Fact.DType, float64(h.filter)}
	if mask != nil {
		if mask.Fact.Rank() == 1 {
			mask = m.between(nil, cut(b, mask, 0, b.Ints(0), sizeOf(b, in[0], 0)), total)
		} else {
			mask = m.raw(mask)
		}
	}
	core := &Attention{
		IsCausal: h.causal, KVNumHeads: graph.Some(h.heads), QNumHeads: graph.Some(h.heads), Scale: scaleOf(h.scale),
		LeftWindowSize: -1, RightWindowSize: -1, QKMatmulOutputMode: QKBias,
	}
	y := slices.Clone(b.Add("", core, len(n.Out), in[0], in[1], in[2], plus(b, mask, h.scores), past[0], past[1]))
	if unpacked {
		y[0] = fromHeads(b, y[0])
	}
	for i, x := range present {
		if x != nil && 1+i < len(y) {
			y[1+i] = x
		}
	}
	return y
}

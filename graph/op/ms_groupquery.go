package op

import (
	"math"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var msGroupQueryOps = []Entry{
	core[GroupQueryAttention]("query key? value? past_key? past_value? seqlens_k total_sequence_length cos_cache? sin_cache? position_ids? " +
		"attention_bias? head_sink? k_scale? v_scale? q_norm_weight? k_norm_weight? query_seqlens? " +
		"-> output present_key? present_value? output_qk?"),
}

// GroupQueryAttention is the attention of language models with a cache of keys and values: [batch,key heads,capacity,size], filled
// at its beginning. Query is [batch,length,heads·size], key and value [batch,length,key heads·size]; without them query holds all three.
//
// After the step, batch b has seqlens_k[b]+1 keys, of which the last are new: query_seqlens[b] or as many as there are queries.
// The present cache has the capacity of the past one or total_sequence_length, whichever is more, with zeros behind the keys.
// Queries and keys are rotated by cos_cache and sin_cache, at position_ids or where they come in the sequence.
type GroupQueryAttention struct {
	microsoft
	Causal             bool               `onnx:"causal,1"`
	DoRotary           bool               `onnx:"do_rotary,0"`
	KNormEpsilon       graph.Opt[float32] `onnx:"k_norm_epsilon"`
	KQuantType         string             `onnx:"k_quant_type,NONE"`
	KVCacheBitWidth    int                `onnx:"kv_cache_bit_width,0"`
	KVNumHeads         int                `onnx:"kv_num_heads,required"`
	LocalWindowSize    int                `onnx:"local_window_size,-1"` // how many keys a query sees; -1: all
	NumHeads           int                `onnx:"num_heads,required"`
	QNormEpsilon       graph.Opt[float32] `onnx:"q_norm_epsilon"`
	QKNormEpsilon      float32            `onnx:"qk_norm_epsilon,9.99999997e-07"`
	QKOutput           int                `onnx:"qk_output,0"` // what output_qk is: 1 scores, 2 probabilities
	RotaryInterleaved  bool               `onnx:"rotary_interleaved,0"`
	Scale              float32            `onnx:"scale,0"`
	SlidingWindowCache bool               `onnx:"sliding_window_cache,0"`
	SmoothSoftmax      int                `onnx:"smooth_softmax,-1"` // 1: as with a head_sink of zeros
	Softcap            float32            `onnx:"softcap,0"`
	VQuantType         string             `onnx:"v_quant_type,NONE"`
}

// Inputs of GroupQueryAttention.
const (
	gqaPastKey      = 3
	gqaPastValue    = 4
	gqaLengths      = 5
	gqaTotal        = 6
	gqaCos          = 7
	gqaSin          = 8
	gqaPositions    = 9
	gqaBias         = 10
	gqaSink         = 11
	gqaKeyScale     = 12
	gqaValueScale   = 13
	gqaQueryNorm    = 14
	gqaKeyNorm      = 15
	gqaQueryLengths = 16
)

// Infer implements graph.Op.
func (o *GroupQueryAttention) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	for _, i := range []int{1, 2, gqaCos, gqaSin, gqaBias, gqaSink, gqaQueryNorm, gqaKeyNorm} {
		c.CheckSame(0, i)
	}
	h, kv := o.NumHeads, o.KVNumHeads
	c.Check(h > 0 && kv > 0 && h%kv == 0, "%d heads, want a multiple of the %d key heads", h, kv)
	c.Check(c.Has(1) == c.Has(2), "key and value come together or not at all")
	c.Check(c.Has(gqaPastKey) == c.Has(gqaPastValue), "past_key and past_value come together or not at all")
	c.Check(c.Has(gqaQueryNorm) == c.Has(gqaKeyNorm), "q_norm_weight and k_norm_weight come together or not at all")
	c.Check(!o.DoRotary || c.Has(gqaCos) && c.Has(gqaSin), "do_rotary wants cos_cache and sin_cache")
	c.Check(!o.SlidingWindowCache, "attribute %q is not supported", "sliding_window_cache")
	c.Check(o.Causal || o.LocalWindowSize <= 0, "attribute %q: %d, want -1 without %q", "local_window_size", o.LocalWindowSize, "causal")
	c.Check(o.QKOutput >= 0 && o.QKOutput <= 2, "attribute %q: %d, want 0, 1 or 2", "qk_output", o.QKOutput)
	for i := range 3 {
		c.CheckRank(i, 3)
	}
	for _, i := range []int{gqaLengths, gqaQueryLengths} {
		if checkOptional(c, i, setOf(tensor.Int32)) {
			c.CheckRank(i, 1)
		}
	}
	if checkTensor(c, gqaTotal, setOf(tensor.Int32)) {
		wantOne(c, gqaTotal)
	}
	if checkOptional(c, gqaPositions, int64Only) {
		c.CheckRank(gqaPositions, 2)
	}
	c.CheckRank(gqaCos, 2)
	c.CheckRank(gqaSink, 1)
	for i, mode := range []string{o.KQuantType, o.VQuantType} {
		o.checkCache(c, i, mode)
	}
	for i, dt := range []tensor.DType{c.DType(0), o.cacheType(c), o.cacheType(c), c.DType(0)} {
		c.Tensor(i, dt, nil)
	}
	c.InferByExpansion(o)
}

// checkCache checks the past of the keys, i = 0, or values, i = 1, with its type of quantization.
func (o *GroupQueryAttention) checkCache(c *graph.Infer, i int, mode string) {
	past, scale := gqaPastKey+i, gqaKeyScale+i
	c.CheckRank(past, 4)
	if mode == "NONE" {
		c.CheckSame(0, past)
		c.Check(!c.Has(scale), "input %d: a scale, but the cache is not quantized", scale)
		return
	}
	checkChoice(c, "k_quant_type or v_quant_type", mode, "PER_TENSOR PER_CHANNEL")
	want := tensor.Int8
	if o.KVCacheBitWidth == 4 {
		want = tensor.Uint8
	} else {
		c.Check(o.KVCacheBitWidth == 8, "attribute %q: %d, want 4 or 8", "kv_cache_bit_width", o.KVCacheBitWidth)
	}
	checkOptional(c, past, setOf(want))
	checkTensor(c, scale, setOf(tensor.Float32))
	c.Check(o.KQuantType != "NONE" && o.VQuantType != "NONE", "keys and values are quantized both or not at all")
}

// cacheType returns the type of the cache.
func (o *GroupQueryAttention) cacheType(c *graph.Infer) tensor.DType {
	switch {
	case c.Has(gqaPastKey):
		return c.DType(gqaPastKey)
	case o.KQuantType == "NONE":
		return c.DType(0)
	case o.KVCacheBitWidth == 4:
		return tensor.Uint8
	}
	return tensor.Int8
}

// heads returns queries, keys and values as [batch,heads,length,size], normalized where that is asked for.
func (o *GroupQueryAttention) heads(b *graph.Builder, n *graph.Node) []*graph.Value {
	var x []*graph.Value
	if n.Input(1) == nil {
		all := toHeads(b, n.In[0], o.NumHeads+2*o.KVNumHeads)
		x = append(x, b.Add("", &Split{Axis: 1}, 3, all, b.Ints(o.NumHeads, o.KVNumHeads, o.KVNumHeads))...)
	} else {
		x = append(x, toHeads(b, n.In[0], o.NumHeads), toHeads(b, n.In[1], o.KVNumHeads), toHeads(b, n.In[2], o.KVNumHeads))
	}
	for i, e := range []graph.Opt[float32]{o.QNormEpsilon, o.KNormEpsilon} {
		if w := n.Input(gqaQueryNorm + i); w != nil {
			x[i] = b.Op(&RMSNormalization{Axis: -1, Epsilon: e.Or(o.QKNormEpsilon), StashType: 1}, x[i], w)
		}
	}
	return x
}

// Expand implements graph.Composite.
func (o *GroupQueryAttention) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	for i := range min(3, len(n.In)) {
		if n.In[i] != nil && n.In[i].Fact.Dims == nil {
			return nil
		}
	}
	a := arith{b}
	x := o.heads(b, n)
	if b.Err() != nil {
		return nil
	}
	one, zero := b.Ints(1), b.Ints(0)
	batch, length := sizeOf(b, x[0], 0), sizeOf(b, x[0], 2)
	total := b.Op(&Reshape{}, b.Op(NewCast(tensor.Int64), n.In[gqaTotal]), one)
	ends := b.Op(&Unsqueeze{}, a.add(b.Op(NewCast(tensor.Int64), n.In[gqaLengths]), one), one) // [batch,1]
	added := length
	if q := n.Input(gqaQueryLengths); q != nil {
		added = b.Op(&Unsqueeze{}, b.Op(NewCast(tensor.Int64), q), one)
	}
	starts := b.Op(&Binary{Max}, a.sub(ends, added), zero)
	at := a.add(starts, counted(b, length)) // [batch,length], the positions of the queries
	if o.DoRotary {
		pairs, ok := n.In[gqaCos].Fact.Dims, false
		turn := &RotaryEmbedding{Interleaved: o.RotaryInterleaved}
		if len(pairs) == 2 {
			turn.RotaryEmbeddingDim, ok = pairs[1].Mul(graph.N(2)).Int()
		}
		if !ok {
			return nil
		}
		// Padding behind the last query must not reach behind the tables.
		where := b.Op(&Binary{Min}, at, b.Op(&Binary{Max}, a.sub(ends, one), zero))
		if p := n.Input(gqaPositions); p != nil {
			where = p
		}
		for i := range 2 {
			x[i] = b.Op(turn, x[i], n.In[gqaCos], n.In[gqaSin], where)
		}
	}
	first := b.Op(&Squeeze{}, starts, one)
	out := []*graph.Value{nil, nil, nil, nil}
	for i := range 2 {
		c := gqaCache{b, n.Input(gqaPastKey + i), n.Input(gqaKeyScale + i), o.KVCacheBitWidth}
		out[1+i] = c.extend(c.store(x[1+i]), first, total)
		x[1+i] = c.load(cut(b, out[1+i], 2, zero, total), x[0].Fact.DType)
	}
	// Which keys a query does not see, [batch,1,length,total].
	keys := counted(b, total)
	last := b.Op(&Unsqueeze{}, at, b.Ints(1, 3))
	if !o.Causal {
		last = a.sub(b.Op(&Unsqueeze{}, ends, b.Ints(1, 3)), one)
	}
	hide := b.Op(&Compare{Greater}, keys, last)
	if o.LocalWindowSize > 0 {
		hide = b.Op(&Binary{Or}, hide, b.Op(&Compare{LessOrEqual}, keys, a.sub(last, b.Ints(o.LocalWindowSize))))
	}
	m := masker{b, x[0].Fact.DType, math.Inf(-1)}
	mask := plus(b, m.choose(hide), n.Input(gqaBias))
	sink := n.Input(gqaSink)
	if sink == nil && o.SmoothSoftmax == 1 {
		sink = b.Op(&Expand{}, scalar(b, m.dt, 0), b.Ints(o.NumHeads))
	}
	if sink != nil { // a key of zeros with the score of the sink, and a value of zeros
		shape := func(keys *graph.Value) *graph.Value {
			return b.Op(&Concat{Axis: 0}, batch, b.Ints(o.NumHeads), length, keys)
		}
		column := b.Op(&Expand{}, b.Op(&Reshape{}, sink, b.Ints(1, -1, 1, 1)), shape(one))
		mask = b.Op(&Concat{Axis: 3}, b.Op(&Expand{}, mask, shape(total)), column)
		for i := 1; i < 3; i++ {
			row := cut(b, x[i], 2, zero, one)
			x[i] = b.Op(&Concat{Axis: 2}, x[i], m.zeros(b.Op(&Shape{}, row)))
		}
	}
	core := &Attention{
		LeftWindowSize: -1, RightWindowSize: -1, QKMatmulOutputMode: QKBias, Scale: scaleOf(o.Scale), Softcap: o.Softcap,
	}
	if o.QKOutput == 2 {
		core.QKMatmulOutputMode = QKSoftmax
	}
	outputs := 1
	if n.Wants(3) {
		outputs = 4
	}
	y := b.Add("", core, outputs, x[0], x[1], x[2], mask)
	out[0] = fromHeads(b, y[0])
	if n.Wants(3) {
		out[3] = b.Op(&Where{}, hide, scalar(b, m.dt, 0), cut(b, y[3], 3, zero, total))
	}
	return out[:len(n.Out)]
}

// zeros returns zeros of the masker's type.
func (m masker) zeros(shape *graph.Value) *graph.Value {
	return m.b.Op(&Expand{}, scalar(m.b, m.dt, 0), shape)
}

// gqaCache is the cache of the keys or of the values of GroupQueryAttention; scale is nil when it is not quantized.
type gqaCache struct {
	b           *graph.Builder
	past, scale *graph.Value
	bits        int
}

// store returns x in the type of the cache.
func (c gqaCache) store(x *graph.Value) *graph.Value {
	if c.scale == nil {
		return x
	}
	b, a := c.b, arith{c.b}
	limit := float64(int(1) << max(c.bits-1, 0))
	num := func(x float64) *graph.Value { return scalar(b, tensor.Float32, x) }
	y := b.Op(NewUnary(Round), a.div(b.Op(NewCast(tensor.Float32), x), c.scale))
	y = b.Op(&Clip{}, y, num(-limit), num(limit-1))
	if c.bits != 4 {
		return b.Op(NewCast(tensor.Int8), y)
	}
	y = b.Op(NewCast(tensor.Uint8), a.add(y, num(limit)))
	half := func(from int) *graph.Value {
		return b.Op(&Slice{}, y, b.Ints(from), b.Ints(math.MaxInt32), b.Ints(-1), b.Ints(2))
	}
	return a.add(half(0), a.mul(half(1), scalar(b, tensor.Uint8, 16)))
}

// load returns what store made of numbers as numbers of type dt.
func (c gqaCache) load(x *graph.Value, dt tensor.DType) *graph.Value {
	if c.scale == nil {
		return x
	}
	b, a := c.b, arith{c.b}
	if c.bits == 4 {
		x = a.sub(b.Op(NewCast(tensor.Float32), unpackBits(b, x, 4)), scalar(b, tensor.Float32, 8))
	}
	return b.Op(NewCast(dt), a.mul(b.Op(NewCast(tensor.Float32), x), c.scale))
}

// extend returns the past with new keys x at first, a position for each batch, and zeros before the end of the capacity.
func (c gqaCache) extend(x, first, total *graph.Value) *graph.Value {
	b, a := c.b, arith{c.b}
	batch, heads, size := sizeOf(b, x, 0), sizeOf(b, x, 1), sizeOf(b, x, 3)
	m := masker{b: b, dt: x.Fact.DType}
	room := func(n *graph.Value) *graph.Value { return m.zeros(b.Op(&Concat{Axis: 0}, batch, heads, n, size)) }
	cache := c.past
	if cache == nil {
		cache = room(total)
	} else {
		have := sizeOf(b, cache, 2)
		capacity := b.Op(&Binary{Max}, have, total)
		cache = b.Op(&Concat{Axis: 2}, cache, room(a.sub(capacity, have)))
		stale := b.Op(&Compare{GreaterOrEqual}, b.Op(&Unsqueeze{}, counted(b, capacity), b.Ints(1)), b.Op(&Unsqueeze{}, first, b.Ints(1, 2, 3)))
		cache = b.Op(&Where{}, stale, scalar(b, m.dt, 0), cache)
	}
	return b.Op(&TensorScatter{Axis: -2, Mode: "linear"}, cache, x, first)
}

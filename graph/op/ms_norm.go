package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Operators of com.microsoft that normalize what is added or embedded before.

var msNormOps = []Entry{
	core[EmbedLayerNormalization]("input_ids segment_ids? word_embedding position_embedding segment_embedding? gamma beta mask? " +
		"position_ids? -> output mask_index? embedding_sum?"),
	core[QEmbedLayerNormalization]("input_ids segment_ids? word_embedding_quant position_embedding_quant segment_embedding? gamma_quant " +
		"beta_quant mask? word_embedding_scale position_embedding_scale segment_embedding_scale? gamma_scale beta_scale " +
		"word_embedding_zero_point position_embedding_zero_point segment_embedding_zero_point? gamma_zero_point beta_zero_point " +
		"-> layernorm_out mask_index_out"),
	core[SkipLayerNormalization]("input skip gamma beta? bias? -> output mean? inv_std_var? input_skip_bias_sum?"),
	core[SkipSimplifiedLayerNormalization]("input skip gamma bias? -> output mean? inv_std_var? input_skip_bias_sum?"),
}

// SkipLayerNormalization is LayerNormalization along the last dimension of input + skip + bias; the sum is the last output. skip
// may lack the batch dimension or have 1 there.
type SkipLayerNormalization struct {
	microsoft
	Epsilon float32 `onnx:"epsilon,9.99999996e-13"`
}

// SkipSimplifiedLayerNormalization is RMSNormalization along the last dimension of input + skip + bias; the sum is the last output.
type SkipSimplifiedLayerNormalization struct {
	microsoft
	Epsilon float32 `onnx:"epsilon,9.99999996e-13"`
}

// inferSkip checks input 0, input 1 that broadcasts to it, and vectors along the last dimension from input 2 on.
func inferSkip(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	d := c.Dims(0)
	for i := 1; i < c.NumIn(); i++ {
		c.CheckSame(0, i)
	}
	if d != nil && c.Check(len(d) > 0, "input 0: rank 0, want 2 or 3") {
		checkBroadcastTo(c, 1, d)
		for i := 2; i < c.NumIn(); i++ {
			if c.Has(i) {
				wantVector(c, i, d[len(d)-1], "the last dimension of input 0")
			}
		}
	}
	c.Like(0, 0)
	stat := d
	if len(d) > 0 {
		stat = append(append([]graph.Dim{}, d[:len(d)-1]...), graph.N(1))
	}
	c.Tensor(1, tensor.Float32, stat)
	c.Tensor(2, tensor.Float32, stat)
	c.Like(3, 0)
}

// skipped returns input + skip + bias.
func skipped(b *graph.Builder, n *graph.Node, bias *graph.Value) *graph.Value {
	a := arith{b}
	x := a.add(n.In[0], n.In[1])
	if bias != nil {
		x = a.add(x, bias)
	}
	return x
}

// Infer implements graph.Op.
func (o *SkipLayerNormalization) Infer(c *graph.Infer) { inferSkip(c) }

// Expand implements graph.Composite.
func (o *SkipLayerNormalization) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := skipped(b, n, n.Input(4))
	y := b.Add("", &LayerNormalization{Axis: -1, Epsilon: o.Epsilon, StashType: 1}, 3, x, n.In[2], n.Input(3))
	return []*graph.Value{y[0], y[1], y[2], x}[:len(n.Out)]
}

// Infer implements graph.Op.
func (o *SkipSimplifiedLayerNormalization) Infer(c *graph.Infer) { inferSkip(c) }

// Expand implements graph.Composite. The mean, which no root mean square needs, is 0.
func (o *SkipSimplifiedLayerNormalization) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := skipped(b, n, n.Input(3))
	y := b.Add("", &SimplifiedLayerNormalization{Axis: -1, Epsilon: o.Epsilon, StashType: 1}, 2, x, n.In[2])
	out := []*graph.Value{y[0], nil, y[1], x}
	if n.Wants(1) {
		a := arith{b}
		out[1] = a.sub(y[1], y[1])
	}
	return out[:len(n.Out)]
}

// EmbedLayerNormalization looks up the rows of input_ids in word_embedding, adds those of the positions and of segment_ids, and
// normalizes the sum along the last dimension. mask_index, int32 [batch], counts the ones of each row of mask; without mask it
// is 0.
type EmbedLayerNormalization struct {
	microsoft
	Epsilon       float32 `onnx:"epsilon,9.99999996e-13"`
	MaskIndexType int     `onnx:"mask_index_type,0"`
}

// Infer implements graph.Op.
func (o *EmbedLayerNormalization) Infer(c *graph.Infer) {
	inferEmbedding(c, floatTypes)
	c.InferByExpansion(o)
}

// inferEmbedding checks ids and tables.
func inferEmbedding(c *graph.Infer, tables typeSet) {
	for _, i := range []int{0, 1, 7} {
		if checkOptional(c, i, setOf(tensor.Int32)) {
			c.CheckRank(i, 2)
		}
	}
	for i := 2; i <= 4; i++ {
		if checkOptional(c, i, tables) {
			c.CheckRank(i, 2)
		}
	}
	c.Check(c.Has(1) == c.Has(4), "segment_ids and segment_embedding go together")
}

// Expand implements graph.Composite.
func (o *EmbedLayerNormalization) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return embed(b, n, o.Epsilon, n.Input(8), [5]*graph.Value{n.In[2], n.In[3], n.In[4], n.In[5], n.In[6]})
}

// embed expands an embedding with the float tables word, position, segment, gamma and beta.
func embed(b *graph.Builder, n *graph.Node, epsilon float32, positions *graph.Value, tables [5]*graph.Value) []*graph.Value {
	a := arith{b}
	num := func(k int64) *graph.Value { return b.Const(tensor.Scalar(k)) }
	if positions == nil {
		length := b.Op(&Gather{}, b.Op(&Shape{}, n.In[0]), num(1))
		positions = b.Op(&Range{StashType: 1}, num(0), length, num(1))
	}
	sum := a.add(b.Op(&Gather{}, tables[0], n.In[0]), b.Op(&Gather{}, tables[1], positions))
	if tables[2] != nil {
		sum = a.add(sum, b.Op(&Gather{}, tables[2], n.In[1]))
	}
	y := b.Add("", &LayerNormalization{Axis: -1, Epsilon: epsilon, StashType: 1}, 1, sum, tables[3], tables[4])
	out := []*graph.Value{y[0], nil, sum}
	if n.Wants(1) {
		ones := n.Input(7)
		if ones == nil {
			ones = a.sub(n.In[0], n.In[0])
		}
		out[1] = b.Op(&Reduce{Fn: ReduceSum}, ones, b.Ints(1))
	}
	return out[:len(n.Out)]
}

// QEmbedLayerNormalization is EmbedLayerNormalization with quantized tables, each with one scale and one zero point.
type QEmbedLayerNormalization struct {
	microsoft
	Epsilon float32 `onnx:"epsilon,9.99999996e-13"`
}

// Infer implements graph.Op.
func (o *QEmbedLayerNormalization) Infer(c *graph.Infer) {
	inferEmbedding(c, byteTypes)
	for i := range 5 {
		if checkOptional(c, 8+i, setOf(tensor.Float32)) {
			wantOne(c, 8+i)
		}
	}
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *QEmbedLayerNormalization) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	var tables [5]*graph.Value
	for i := range tables {
		if x := n.In[2+i]; x != nil {
			tables[i] = dequantize(b, x, n.Input(8+i), n.Input(13+i))
		}
	}
	return embed(b, n, o.Epsilon, nil, tables)
}

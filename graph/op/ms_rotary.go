package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var msRotaryOps = []Entry{
	core[MSLinearAttention]("query key value past_state? decay? beta? -> output present_state"),
	core[MSRotaryEmbedding]("input position_ids cos_cache sin_cache -> output"),
}

// MSRotaryEmbedding is RotaryEmbedding with the positions in front: [batch,length], or [1] with that of the first element of each
// sequence. How much of a head turns is what the tables, [positions,pairs], have room for. Without NumHeads, it is all.
type MSRotaryEmbedding struct {
	microsoft
	Interleaved        bool    `onnx:"interleaved,0"`
	IsPackedBatching   bool    `onnx:"is_packed_batching,0"` // no matter: positions are given anyway
	NumHeads           int     `onnx:"num_heads,0"`
	RotaryEmbeddingDim int     `onnx:"rotary_embedding_dim,0"`
	Scale              float32 `onnx:"scale,1"` // ONNX Runtime's CPU kernel takes no notice of it
}

// OpName implements graph.Named.
func (o *MSRotaryEmbedding) OpName() string { return "RotaryEmbedding" }

// Infer implements graph.Op.
func (o *MSRotaryEmbedding) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Float16, tensor.BFloat16, tensor.Float32))
	c.CheckSame(0, 2)
	c.CheckSame(0, 3)
	checkTensor(c, 1, int64Only)
	if r := c.Rank(1); r >= 0 {
		c.Check(r == 1 || r == 2, "input 1: rank %d, want 1 or 2", r)
	}
	if r := c.Rank(0); r >= 0 {
		c.Check(r == 3 || r == 4, "input 0: rank %d, want 3 or 4", r)
	}
	c.CheckRank(2, 2)
	c.Check(o.NumHeads >= 0, "attribute %q: %d is negative", "num_heads", o.NumHeads)
	c.Check(o.RotaryEmbeddingDim == 0 || o.NumHeads > 0, "attribute %q: want 1 or more with %q", "num_heads", "rotary_embedding_dim")
	c.InferByExpansion(o)
	c.Like(0, 0)
}

// Expand implements graph.Composite.
func (o *MSRotaryEmbedding) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x, at, table := n.In[0].Fact.Dims, n.In[1], n.In[2].Fact.Dims
	if x == nil || at.Fact.Dims == nil || len(table) != 2 {
		return nil
	}
	turned, ok := table[1].Mul(graph.N(2)).Int()
	if !ok {
		return nil
	}
	core := &RotaryEmbedding{Interleaved: o.Interleaved, RotaryEmbeddingDim: turned}
	length := sizeOf(b, n.In[0], 2)
	if len(x) == 3 {
		length = sizeOf(b, n.In[0], 1)
		heads := o.NumHeads
		if hidden, ok := x[2].Int(); heads == 0 && ok && turned > 0 {
			heads = hidden / turned
		}
		if heads == 0 {
			return nil
		}
		core.NumHeads = graph.Some(heads)
	}
	if len(at.Fact.Dims) == 1 {
		at = arith{b}.add(at, counted(b, length))
		at = b.Op(&Expand{}, at, b.Op(&Concat{Axis: 0}, sizeOf(b, n.In[0], 0), length))
	}
	return []*graph.Value{b.Op(core, n.In[0], n.In[2], n.In[3], at)}
}

// MSLinearAttention is LinearAttention, which also takes fewer query heads than key heads: each then serves several.
type MSLinearAttention struct {
	microsoft
	ChunkSize   int     `onnx:"chunk_size,64"`
	KVNumHeads  int     `onnx:"kv_num_heads,required"`
	QNumHeads   int     `onnx:"q_num_heads,required"`
	Scale       float32 `onnx:"scale,0"`
	StateWindow int     `onnx:"state_window,0"`
	UpdateRule  string  `onnx:"update_rule,gated_delta"`
}

// OpName implements graph.Named.
func (o *MSLinearAttention) OpName() string { return "LinearAttention" }

// Infer implements graph.Op.
func (o *MSLinearAttention) Infer(c *graph.Infer) {
	hq, hk := o.QNumHeads, o.KVNumHeads
	checkTensor(c, 0, setOf(tensor.Float16, tensor.BFloat16, tensor.Float32))
	c.Check(hq > 0 && hk > 0 && (hq%hk == 0 || hk%hq == 0), "%d query heads and %d key heads, want one a multiple of the other", hq, hk)
	c.Check(o.StateWindow == 0, "attribute %q: %d is not supported, want 0", "state_window", o.StateWindow)
	if c.CheckRank(0, 3) && hq > 0 {
		parts(c, c.Dims(0)[2], hq, "hidden size of query")
	}
	c.Tensor(0, c.DType(0), nil)
	c.Tensor(1, c.DType(0), nil)
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *MSLinearAttention) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	core := &LinearAttention{
		ChunkSize: o.ChunkSize, KVNumHeads: o.KVNumHeads, QNumHeads: o.QNumHeads, Scale: o.Scale, UpdateRule: o.UpdateRule,
	}
	in := slices.Clone(n.In)
	if o.QNumHeads < o.KVNumHeads {
		if in[0].Fact.Dims == nil {
			return nil
		}
		core.QNumHeads = o.KVNumHeads
		times := o.KVNumHeads / o.QNumHeads
		batch, length := sizeOf(b, in[0], 0), sizeOf(b, in[0], 1)
		size := arith{b}.div(sizeOf(b, in[0], 2), b.Ints(o.QNumHeads))
		shape := func(repeat int) *graph.Value {
			return b.Op(&Concat{Axis: 0}, batch, length, b.Ints(o.QNumHeads, repeat), size)
		}
		q := b.Op(&Expand{}, b.Op(&Reshape{}, in[0], shape(1)), shape(times))
		hidden := arith{b}.mul(size, b.Ints(o.KVNumHeads))
		in[0] = b.Op(&Reshape{}, q, b.Op(&Concat{Axis: 0}, batch, length, hidden))
	}
	return b.Add("", core, len(n.Out), in...)
}

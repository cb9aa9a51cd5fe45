package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var attentionOps = []Entry{
	core[Attention]("Q K V attn_mask? past_key? past_value? nonpad_kv_seqlen? -> Y present_key? present_value? qk_matmul_output?"),
}

// What the fourth output of Attention holds.
const (
	QKScores   = 0 // scale · Q·Kᵀ
	QKSoftcap  = 1 // scores after the soft cap
	QKBias     = 2 // scores after soft cap and masks
	QKSoftmax  = 3 // probabilities
	qkModesEnd = 4
)

// Attention is scaled dot product attention, Y = softmax(scale·Q·Kᵀ + bias)·V, with as many query heads for each key head
// as fit. Q is [batch,heads,queries,size] or, where heads are packed, [batch,queries,heads·size]; K and V likewise.
// A query that may attend nothing yields zeros. Softmax is computed in at least the precision of SoftmaxPrecision.
//
// https://onnx.ai/onnx/operators/onnx__Attention.html
type Attention struct {
	IsCausal           bool               `onnx:"is_causal,0"`
	KVNumHeads         graph.Opt[int]     `onnx:"kv_num_heads"`
	LeftWindowSize     int                `onnx:"left_window_size,-1"`
	QNumHeads          graph.Opt[int]     `onnx:"q_num_heads"`
	QKMatmulOutputMode int                `onnx:"qk_matmul_output_mode,0"`
	RightWindowSize    int                `onnx:"right_window_size,-1"`
	Scale              graph.Opt[float32] `onnx:"scale"`
	Softcap            float32            `onnx:"softcap,0"`
	SoftmaxPrecision   graph.Opt[int]     `onnx:"softmax_precision"`
}

// Infer implements graph.Op.
func (o *Attention) Infer(c *graph.Infer) {
	for i := range 3 {
		checkTensor(c, i, floatTypes)
	}
	c.CheckSame(0, 1)
	c.CheckSame(0, 4)
	c.CheckSame(2, 5)
	checkOptional(c, 3, numberTypes|boolOnly)
	checkOptional(c, 6, int64Only)
	c.Check(c.Has(4) == c.Has(5), "past_key and past_value come together or not at all")
	c.Check(!c.Has(4) || !c.Has(6), "nonpad_kv_seqlen does not go with past_key and past_value")
	c.Check(o.QKMatmulOutputMode >= 0 && o.QKMatmulOutputMode < qkModesEnd, "attribute %q: %d, want 0..3", "qk_matmul_output_mode", o.QKMatmulOutputMode)
	c.Check(o.LeftWindowSize >= -1, "attribute %q: %d, want -1 or more", "left_window_size", o.LeftWindowSize)
	c.Check(o.RightWindowSize >= -1, "attribute %q: %d, want -1 or more", "right_window_size", o.RightWindowSize)
	if p := o.SoftmaxPrecision; p.Set {
		c.Check(p.V >= 0 && p.V < 32 && floatTypes.has(tensor.DType(p.V)), "attribute %q: %d, want 1, 10, 11 or 16", "softmax_precision", p.V)
	}
	rank := max(c.Rank(0), c.Rank(1), c.Rank(2))
	if rank < 0 {
		c.Tensor(0, c.DType(0), nil)
		o.presents(c, c.FreshN(4), c.Fresh(), c.Fresh(), c.Fresh())
		return
	}
	if !c.Check(rank == 3 || rank == 4, "input 0: rank %d, want 3 or 4", rank) {
		return
	}
	for i := range 3 {
		c.CheckRank(i, rank)
	}
	if c.Failed() {
		return
	}
	q, k, v := o.heads(c, 0, rank, o.QNumHeads), o.heads(c, 1, rank, o.KVNumHeads), o.heads(c, 2, rank, o.KVNumHeads)
	if c.Failed() {
		return
	}
	batch := c.Unify(c.Unify(q[0], k[0], "batch of Q and K"), v[0], "batch of Q and V")
	size := c.Unify(q[3], k[3], "head size of Q and K")
	heads := c.Unify(k[1], v[1], "heads of K and V")
	keys := c.Unify(k[2], v[2], "length of K and V")
	if hq, ok := q[1].Int(); ok {
		if hk, ok := heads.Int(); ok {
			c.Check(hk > 0 && hq%hk == 0, "%d query heads are no multiple of %d key heads", hq, hk)
		}
	}
	total := keys
	if c.Has(4) {
		past := c.Unify(dimOf(c, 4, 2), dimOf(c, 5, 2), "length of past_key and past_value")
		matchDims(c, 4, batch, heads, past, size)
		matchDims(c, 5, batch, heads, past, v[3])
		total = past.Add(keys)
	}
	matchDims(c, 6, batch)
	checkMask(c, 3, []graph.Dim{batch, q[1], q[2], total})
	if rank == 4 {
		c.Tensor(0, c.DType(0), []graph.Dim{batch, q[1], q[2], v[3]})
	} else {
		c.Tensor(0, c.DType(0), []graph.Dim{batch, q[2], q[1].Mul(v[3])})
	}
	o.presents(c, []graph.Dim{batch, heads, total, size}, v[3], q[1], q[2])
}

// presents sets the outputs behind Y from the dimensions of present_key.
func (o *Attention) presents(c *graph.Infer, key []graph.Dim, valueSize, heads, queries graph.Dim) {
	c.Tensor(1, c.DType(1), key)
	c.Tensor(2, c.DType(2), []graph.Dim{key[0], key[1], key[2], valueSize})
	c.Tensor(3, c.DType(0), []graph.Dim{key[0], heads, queries, key[2]})
}

// heads returns the dimensions of input i as batch, heads, length, head size.
func (o *Attention) heads(c *graph.Infer, i, rank int, n graph.Opt[int]) []graph.Dim {
	d := dimsOr(c, i, rank)
	if rank == 4 {
		if n.Set {
			c.Unify(d[1], graph.N(n.V), "heads of an input and of the attribute")
		}
		return d
	}
	if !c.Check(n.Set && n.V > 0, "attributes %q and %q: want 1 or more for inputs of rank 3", "q_num_heads", "kv_num_heads") {
		return nil
	}
	return []graph.Dim{d[0], graph.N(n.V), d[1], parts(c, d[2], n.V, "hidden size of an input")}
}

// checkMask checks that input i, when present, broadcasts to dims. Its last dimension is not repeated but may be shorter:
// what is missing is masked.
func checkMask(c *graph.Infer, i int, dims []graph.Dim) {
	mask := c.Dims(i)
	if mask == nil || !c.Check(len(mask) > 0 && len(mask) <= len(dims), "input %d: rank %d, want 1..%d", i, len(mask), len(dims)) {
		return
	}
	for k, m := range mask {
		j := k + len(dims) - len(mask)
		a, ok1 := m.Int()
		b, ok2 := dims[j].Int()
		last := j == len(dims)-1
		c.Check(!ok1 || !ok2 || a == b || !last && a == 1 || last && a < b, "input %d: shape %s does not broadcast to %s",
			i, graph.FormatDims(mask), graph.FormatDims(dims))
	}
}

package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var rotaryOps = []Entry{
	core[RotaryEmbedding]("X cos_cache sin_cache position_ids? -> Y"),
}

// RotaryEmbedding rotates pairs of elements of each head by angles that depend on the position. X is
// [batch,heads,length,size] or [batch,length,heads·size]; the caches hold one row per position, or, without position_ids,
// [batch,length,pairs].
//
// https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
type RotaryEmbedding struct {
	Interleaved        bool           `onnx:"interleaved,0"`
	NumHeads           graph.Opt[int] `onnx:"num_heads"`
	RotaryEmbeddingDim int            `onnx:"rotary_embedding_dim,0"` // 0: the whole head
}

// Infer implements graph.Op.
func (o *RotaryEmbedding) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Float16, tensor.BFloat16, tensor.Float32))
	c.CheckSame(0, 1)
	c.CheckSame(0, 2)
	checkOptional(c, 3, int64Only)
	c.Like(0, 0)
	dim := o.RotaryEmbeddingDim
	c.Check(dim >= 0 && dim%2 == 0, "attribute %q: %d, want an even number of 0 or more", "rotary_embedding_dim", dim)
	var batch, length, size graph.Dim
	switch x := c.Dims(0); len(x) {
	case 4:
		batch, length, size = x[0], x[2], x[3]
	case 3:
		if !c.Check(o.NumHeads.Set && o.NumHeads.V > 0, "attribute %q: want 1 or more for an input of rank 3", "num_heads") {
			return
		}
		batch, length, size = x[0], x[1], parts(c, x[2], o.NumHeads.V, "hidden size")
	default:
		c.Check(x == nil, "input 0: rank %d, want 3 or 4", len(x))
		return
	}
	if n, ok := size.Int(); ok {
		c.Check(dim <= n, "attribute %q: %d is more than the size of a head, %d", "rotary_embedding_dim", dim, n)
		c.Check(dim > 0 || n%2 == 0, "input 0: head size %d is odd", n)
	}
	pairs := graph.N(dim / 2)
	if dim == 0 {
		pairs = size.Div(graph.N(2))
	}
	if !c.Has(3) {
		matchDims(c, 1, batch, length, pairs)
		matchDims(c, 2, batch, length, pairs)
		return
	}
	rows := c.Unify(dimOf(c, 1, 0), dimOf(c, 2, 0), "rows of cos_cache and sin_cache")
	matchDims(c, 1, rows, pairs)
	matchDims(c, 2, rows, pairs)
	matchDims(c, 3, batch, length)
}

package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var linearAttentionOps = []Entry{
	core[LinearAttention]("query key value past_state? decay? beta? -> output present_state"),
}

// LinearAttention is attention without softmax, whose keys and values are summed up in a state S of [size of keys, size of
// values] per head. Query, key and value are [batch,time,heads·size], the state is [batch,key heads,size of keys,size of values].
//
// https://onnx.ai/onnx/operators/onnx__LinearAttention.html
type LinearAttention struct {
	ChunkSize  int     `onnx:"chunk_size,64"` // a hint of no consequence
	KVNumHeads int     `onnx:"kv_num_heads,required"`
	QNumHeads  int     `onnx:"q_num_heads,required"`
	Scale      float32 `onnx:"scale,0"` // 0: 1/√size of keys
	UpdateRule string  `onnx:"update_rule,gated_delta"`
}

// Gated reports whether the state decays.
func (o *LinearAttention) Gated() bool {
	return o.UpdateRule == "gated" || o.UpdateRule == "gated_delta"
}

// Delta reports whether the state is corrected by what it recalls already.
func (o *LinearAttention) Delta() bool {
	return o.UpdateRule == "delta" || o.UpdateRule == "gated_delta"
}

// Infer implements graph.Op.
func (o *LinearAttention) Infer(c *graph.Infer) {
	types := setOf(tensor.Float16, tensor.BFloat16, tensor.Float32)
	checkTensor(c, 0, types)
	checkOptional(c, 3, types)
	for _, i := range []int{1, 2, 4, 5} {
		c.CheckSame(0, i)
	}
	rules := []string{"linear", "gated", "delta", "gated_delta"}
	c.Check(slices.Contains(rules, o.UpdateRule), "attribute %q: %q, want linear, gated, delta or gated_delta", "update_rule", o.UpdateRule)
	c.Check(o.Gated() == c.Has(4), "input 4 (decay) goes with update rules gated and gated_delta, not with %q", o.UpdateRule)
	c.Check(o.Delta() == c.Has(5), "input 5 (beta) goes with update rules delta and gated_delta, not with %q", o.UpdateRule)
	hq, hk := o.QNumHeads, o.KVNumHeads
	if !c.Check(hq > 0 && hk > 0 && hq%hk == 0, "%d query heads, want a multiple of %d key heads", hq, hk) {
		return
	}
	for i := range 3 {
		c.CheckRank(i, 3)
	}
	batch := c.Unify(c.Unify(dimOf(c, 0, 0), dimOf(c, 1, 0), "batch of query and key"), dimOf(c, 2, 0), "batch of query and value")
	time := c.Unify(c.Unify(dimOf(c, 0, 1), dimOf(c, 1, 1), "length of query and key"), dimOf(c, 2, 1), "length of query and value")
	keySize := c.Unify(parts(c, dimOf(c, 0, 2), hq, "hidden size of query"), parts(c, dimOf(c, 1, 2), hk, "hidden size of key"), "size of query and key")
	valueSize := parts(c, dimOf(c, 2, 2), hk, "hidden size of value")
	state := []graph.Dim{batch, graph.N(hk), keySize, valueSize}
	matchDims(c, 3, state...)
	for _, i := range []int{4, 5} {
		last := dimOf(c, i, 2)
		matchDims(c, i, batch, time, last)
		n, ok1 := last.Int()
		k, ok2 := keySize.Int()
		if i == 4 {
			c.Check(!ok1 || !ok2 || n == hk || n == hk*k, "input 4 (decay): last dimension %d, want %d or %d", n, hk, hk*k)
		} else {
			c.Check(!ok1 || n == hk || n == 1, "input 5 (beta): last dimension %d, want %d or 1", n, hk)
		}
	}
	c.Tensor(0, c.DType(0), []graph.Dim{batch, time, valueSize.Mul(graph.N(hq))})
	dt := c.DType(0)
	if c.Has(3) {
		dt = c.DType(3)
	}
	c.Tensor(1, dt, state)
}

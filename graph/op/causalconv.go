package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// CausalConvWithState is a depthwise convolution over time that sees no future: input [N, C, L], weight [C, 1, K], bias [C] and
// past_state [N, C, K−1], the last positions before the input, or zeros. The output is like the input; present_state is
// what past_state is next time.
//
// https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html
type CausalConvWithState struct {
	Activation string `onnx:"activation,none"` // none, silu or swish, which is the same
}

// Infer implements graph.Op.
func (o *CausalConvWithState) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes&^setOf(tensor.Float64))
	for i := 1; i < 4; i++ {
		c.CheckSame(0, i)
	}
	c.Check(slices.Contains([]string{"none", "silu", "swish"}, o.Activation), "activation %q, want none, silu or swish", o.Activation)
	dims := c.FreshN(3)
	if c.CheckRank(0, 3) {
		copy(dims, c.Dims(0))
	}
	state := c.Fresh()
	if c.CheckRank(1, 3) {
		w := c.Dims(1)
		dims[1] = c.Unify(dims[1], w[0], "channels of the input against channels of the weight")
		c.Unify(w[1], graph.N(1), "dimension 1 of the weight")
		k, ok := w[2].Int()
		c.Check(!ok || k >= 1, "input 1: kernel of %d, want at least 1", k)
		state = w[2].Sub(graph.N(1))
	}
	dims[1] = wantVector(c, 2, dims[1], "the length of the bias against the channels")
	if c.Has(3) && c.CheckRank(3, 3) {
		p := c.Dims(3)
		dims[0] = c.Unify(dims[0], p[0], "the batch of the input against that of past_state")
		dims[1] = c.Unify(dims[1], p[1], "the channels of the input against those of past_state")
		state = c.Unify(state, p[2], "the kernel less one against the length of past_state")
	}
	c.Tensor(0, c.DType(0), dims)
	c.Tensor(1, c.DType(0), []graph.Dim{dims[0], dims[1], state})
}

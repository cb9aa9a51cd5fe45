package main

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// The sizes of the transformers.
const (
	words = 40
	width = 16
	heads = 2
	most  = 32 // positions
)

// norm is a layer normalization from its parts, which older operator sets have too.
func (n *net) norm(name string, x *graph.Value) *graph.Value {
	axes := n.Ints(-1)
	diff := n.op("Sub", nil, x, n.op("ReduceMean", nil, x, axes))
	variance := n.op("ReduceMean", nil, n.op("Mul", nil, diff, diff), axes)
	y := n.op("Div", nil, diff, n.op("Sqrt", nil, n.op("Add", nil, variance, n.number(1e-5))))
	return n.op("Mul", nil, y, n.floats(name, filled(width, 1), width))
}

// split makes [batch, step, width] to [batch, heads, step, width/heads].
func (n *net) split(x *graph.Value) *graph.Value {
	return n.op("Transpose", graph.Attrs{"perm": ints(0, 2, 1, 3)}, n.op("Reshape", nil, x, n.Ints(0, 0, heads, width/heads)))
}

// embed looks tokens up and adds what stands for their positions.
func (n *net) embed(tokens, positions *graph.Value) *graph.Value {
	table := n.Named("words", n.random(1, words, width))
	places := n.Named("positions", n.random(0.3, most, width))
	return n.op("Add", nil, n.op("Gather", nil, table, tokens), n.op("Gather", nil, places, positions))
}

// attend returns what queries read from values by keys, all split into heads. bias is added to the scores.
func (n *net) attend(q, k, v, bias *graph.Value) *graph.Value {
	scores := n.op("MatMul", nil, q, n.op("Transpose", graph.Attrs{"perm": ints(0, 1, 3, 2)}, k))
	scores = n.op("Add", nil, n.op("Mul", nil, scores, n.number(0.35355338)), bias)
	y := n.op("MatMul", nil, n.op("Softmax", nil, scores), v)
	return n.op("Reshape", nil, n.op("Transpose", graph.Attrs{"perm": ints(0, 2, 1, 3)}, y), n.Ints(0, 0, width))
}

// feedForward is the other half of a layer.
func (n *net) feedForward(x *graph.Value) *graph.Value {
	h := n.op("Relu", nil, n.op("MatMul", nil, n.norm("norm2", x), n.weight("up", width, 2*width)))
	return n.op("Add", nil, x, n.op("MatMul", nil, h, n.weight("down", 2*width, width)))
}

// size returns dimension i of x as a scalar.
func (n *net) size(x *graph.Value, i int64) *graph.Value {
	return n.op("Gather", nil, n.op("Shape", nil, x), n.index(i))
}

// decoder is one layer of a language model that is given new tokens and the keys and values of those before.
func decoder() (*sample, error) {
	n := newNet("decoder")
	tokens := n.input("tokens", tensor.Int64, "batch", "step")
	pastKey := n.input("past_key", tensor.Float32, "batch", heads, "past", width/heads)
	pastValue := n.input("past_value", tensor.Float32, "batch", heads, "past", width/heads)
	past := n.size(pastKey, 2)
	total := n.op("Add", nil, past, n.size(tokens, 1))
	positions := n.op("Range", nil, past, total, n.index(1))
	x := n.embed(tokens, positions)
	h := n.norm("norm1", x)
	q := n.split(n.op("MatMul", nil, h, n.weight("query", width, width)))
	k := n.op("Concat", graph.Attrs{"axis": int64(2)}, pastKey, n.split(n.op("MatMul", nil, h, n.weight("key", width, width))))
	v := n.op("Concat", graph.Attrs{"axis": int64(2)}, pastValue, n.split(n.op("MatMul", nil, h, n.weight("value", width, width))))
	// A token sees itself and those before it.
	later := n.op("Greater", nil, n.op("Range", nil, n.index(0), total, n.index(1)), n.op("Unsqueeze", nil, positions, n.Ints(1)))
	bias := n.op("Mul", nil, n.op("Cast", graph.Attrs{"to": int64(tensor.Float32)}, later), n.number(-1e9))
	x = n.op("Add", nil, x, n.op("MatMul", nil, n.attend(q, k, v, bias), n.weight("mix", width, width)))
	x = n.feedForward(x)
	n.Output("logits", n.op("MatMul", nil, n.norm("norm3", x), n.weight("head", width, words)))
	n.Output("present_key", k)
	n.Output("present_value", v)
	cache := func(past int) *tensor.Tensor { return n.random(1, 1, heads, past, width/heads) }
	return &sample{
		g:     n.G,
		about: "One layer of a decoder with a cache of keys and values. Its weights are random.",
		sets: [][]tensor.Value{
			{tensor.FromSlice([]int64{3, 14, 15, 9, 26}, 1, 5), cache(0), cache(0)},
			{tensor.FromSlice([]int64{5}, 1, 1), cache(7), cache(7)},
		},
	}, n.Err()
}

// encoder makes one vector of a text of any length.
func encoder() (*sample, error) {
	n := newNet("encoder")
	tokens := n.input("tokens", tensor.Int64, "batch", "length")
	mask := n.input("mask", tensor.Int64, "batch", "length")
	x := n.embed(tokens, n.op("Range", nil, n.index(0), n.size(tokens, 1), n.index(1)))
	h := n.norm("norm1", x)
	present := n.op("Cast", graph.Attrs{"to": int64(tensor.Float32)}, mask)
	absent := n.op("Sub", nil, n.number(1), present)
	bias := n.op("Unsqueeze", nil, n.op("Mul", nil, absent, n.number(-1e9)), n.Ints(1, 2))
	var parts []*graph.Value
	for _, name := range []string{"query", "key", "value"} {
		parts = append(parts, n.split(n.op("MatMul", nil, h, n.weight(name, width, width))))
	}
	y := n.attend(parts[0], parts[1], parts[2], bias)
	x = n.feedForward(n.op("Add", nil, x, n.op("MatMul", nil, y, n.weight("mix", width, width))))
	column := n.op("Unsqueeze", nil, present, n.Ints(2))
	one := n.Ints(1)
	sum := n.op("ReduceSum", graph.Attrs{"keepdims": int64(0)}, n.op("Mul", nil, x, column), one)
	mean := n.op("Div", nil, sum, n.op("ReduceSum", graph.Attrs{"keepdims": int64(0)}, column, one))
	n.Output("embedding", n.op("Div", nil, mean, n.op("ReduceL2", nil, mean, n.Ints(1))))
	return &sample{
		g:     n.G,
		about: "One layer of an encoder that makes a vector of length 1 of a text. Its weights are random.",
		sets: [][]tensor.Value{
			{tensor.FromSlice([]int64{1, 2, 3, 0, 4, 5, 6, 7}, 2, 4), tensor.FromSlice([]int64{1, 1, 1, 0, 1, 1, 1, 1}, 2, 4)},
			{tensor.FromSlice([]int64{8, 9, 10, 11, 12, 13}, 1, 6), tensor.FromSlice([]int64{1, 1, 1, 1, 1, 1}, 1, 6)},
		},
	}, n.Err()
}

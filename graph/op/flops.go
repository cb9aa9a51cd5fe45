package op

import (
	"strconv"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Flops returns how many floating-point operations a node takes as its facts stand: a multiplication and an addition count
// as two; other elementwise functions as one per element of the output; moving data as none. Bodies are not counted.
// Composites count as their expansion, where that can be had. Sizes that nothing is known about count as 0.
func Flops(n *graph.Node) graph.Dim {
	in := func(i int) graph.Fact {
		if v := n.Input(i); v != nil {
			return v.Fact
		}
		return graph.Fact{}
	}
	out := graph.Fact{}
	if n.Wants(0) {
		out = n.Out[0].Fact
	}
	switch o := n.Op.(type) {
	case *Conv:
		return size(out).Mul(taps(in(1), 1)).Mul(graph.N(2))
	case *ConvTranspose:
		return size(in(0)).Mul(taps(in(1), 1)).Mul(graph.N(2))
	case *MatMul:
		return size(out).Mul(last(in(0))).Mul(graph.N(2))
	case *Gemm:
		k := last(in(0))
		if o.TransA && in(0).Rank() == 2 {
			k = in(0).Dims[0]
		}
		return size(out).Mul(k).Mul(graph.N(2))
	case *Attention:
		return attentionFlops(o, in(0), in(1), in(2))
	case *LSTM:
		return recurrentFlops(in(0), in(1), in(2))
	case *GRU:
		return recurrentFlops(in(0), in(1), in(2))
	case *RNN:
		return recurrentFlops(in(0), in(1), in(2))
	case *Reduce, *Softmax, *LogSoftmax, *LayerNormalization, *BatchNormalization, *InstanceNormalization, *LRN:
		return size(in(0))
	case graph.Composite:
		return expandedFlops(n, o)
	}
	if _, view := n.Op.(interface{ ViewOf() int }); view || !out.DType.IsFloat() {
		return graph.Dim{}
	}
	switch n.Op.(type) {
	case *Unary, *Binary, *Variadic:
		return size(out)
	}
	return graph.Dim{}
}

// expandedFlops counts the nodes of a composite's expansion.
func expandedFlops(n *graph.Node, c graph.Composite) graph.Dim {
	g := &graph.Graph{}
	b := graph.NewBuilder(g, nil)
	m := &graph.Node{Name: n.Name, Op: n.Op, In: make([]*graph.Value, len(n.In)), Out: n.Out}
	for i, v := range n.In {
		if v != nil {
			m.In[i] = &graph.Value{Name: "in" + strconv.Itoa(i), Fact: v.Fact}
		}
	}
	c.Expand(b, m)
	total := graph.Dim{}
	if b.Err() == nil {
		for _, x := range g.Nodes {
			total = total.Add(Flops(x))
		}
	}
	return total
}

// size returns the number of elements, 0 when the rank is unknown.
func size(f graph.Fact) graph.Dim {
	if f.Kind != tensor.KindTensor || f.Dims == nil {
		return graph.Dim{}
	}
	return f.Len()
}

// taps returns the product of the dimensions of a weight from the given one on.
func taps(w graph.Fact, from int) graph.Dim {
	if w.Rank() < from {
		return graph.Dim{}
	}
	n := graph.N(1)
	for _, d := range w.Dims[from:] {
		n = n.Mul(d)
	}
	return n
}

func last(f graph.Fact) graph.Dim {
	if f.Rank() < 1 {
		return graph.Dim{}
	}
	return f.Dims[len(f.Dims)-1]
}

// attentionFlops counts Q·Kᵀ and the product with V, of shapes (batch, heads, length, size) or (batch, length, heads·size).
func attentionFlops(o *Attention, q, k, v graph.Fact) graph.Dim {
	if q.Rank() < 3 || k.Rank() < 3 || v.Rank() < 3 {
		return graph.Dim{}
	}
	keys := k.Dims[len(k.Dims)-2]
	both := size(q).Mul(keys).Mul(graph.N(2))
	return both.Add(both) // the values have about the size of the queries
}

// recurrentFlops counts the products with W and R for X of shape (steps, batch, inputs).
func recurrentFlops(x, w, r graph.Fact) graph.Dim {
	if x.Rank() != 3 {
		return graph.Dim{}
	}
	return x.Dims[0].Mul(x.Dims[1]).Mul(size(w).Add(size(r))).Mul(graph.N(2))
}

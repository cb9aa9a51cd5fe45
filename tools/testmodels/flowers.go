package main

import (
	"errors"
	"math"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// species are the mean and deviation of the four measures of three species of iris, in centimetres: length and width of the
// sepals, then of the petals.
var species = [3][4][2]float64{
	{{5.01, 0.35}, {3.43, 0.38}, {1.46, 0.17}, {0.25, 0.11}}, // setosa
	{{5.94, 0.52}, {2.77, 0.31}, {4.26, 0.47}, {1.33, 0.20}}, // versicolor
	{{6.59, 0.64}, {2.97, 0.32}, {5.55, 0.55}, {2.03, 0.27}}, // virginica
}

// measure draws a flower of a species.
func (n *net) measure(s int) []float32 {
	x := make([]float32, 4)
	for i, m := range species[s] {
		x[i] = float32(m[0] + m[1]*n.rng.NormFloat64())
	}
	return x
}

const hidden = 8

// flowers is a network of one hidden layer that tells three species apart, trained here on flowers drawn at random.
func flowers() (*sample, error) {
	n := newNet("flowers")
	var xs [][]float32
	var ys []int
	for i := range 300 {
		xs, ys = append(xs, n.measure(i%3)), append(ys, i%3)
	}
	mean, scale := moments(xs)
	p := &perceptron{
		w1: tensor.Data[float32](n.random(0.5, 4, hidden)), b1: make([]float32, hidden),
		w2: tensor.Data[float32](n.random(0.3, hidden, 3)), b2: make([]float32, 3),
	}
	for range 200 {
		for i, x := range xs {
			p.learn(standard(x, mean, scale), ys[i], 0.02)
		}
	}
	right := 0
	for i := range 300 {
		if _, out := p.forward(standard(n.measure(i%3), mean, scale)); argmax(out) == i%3 {
			right++
		}
	}
	if right < 280 {
		return nil, errors.New("the network did not learn to tell the flowers apart")
	}
	x := n.input("measures", tensor.Float32, "batch", 4)
	h := n.op("Div", nil, n.op("Sub", nil, x, n.floats("mean", mean, 4)), n.floats("deviation", scale, 4))
	h = n.op("Relu", nil, n.op("Gemm", nil, h, n.floats("w1", p.w1, 4, hidden), n.floats("b1", p.b1, hidden)))
	y := n.op("Gemm", nil, h, n.floats("w2", p.w2, hidden, 3), n.floats("b2", p.b2, 3))
	n.Output("probabilities", n.op("Softmax", nil, y))
	in := append(n.measure(0), append(n.measure(1), n.measure(2)...)...)
	return &sample{
		g:     n.G,
		about: "Tells setosa, versicolor and virginica apart by length and width of sepals and petals, in centimetres.",
		sets:  [][]tensor.Value{{tensor.FromSlice(in, 3, 4)}, {tensor.FromSlice(n.measure(1), 1, 4)}},
	}, n.Err()
}

func moments(xs [][]float32) (mean, deviation []float32) {
	mean, deviation = make([]float32, len(xs[0])), make([]float32, len(xs[0]))
	for k := range mean {
		sum, square := 0.0, 0.0
		for _, x := range xs {
			sum += float64(x[k])
			square += float64(x[k]) * float64(x[k])
		}
		m := sum / float64(len(xs))
		mean[k], deviation[k] = float32(m), float32(math.Sqrt(square/float64(len(xs))-m*m))
	}
	return mean, deviation
}

func standard(x, mean, deviation []float32) []float32 {
	z := make([]float32, len(x))
	for i := range x {
		z[i] = (x[i] - mean[i]) / deviation[i]
	}
	return z
}

func argmax(xs []float32) int {
	best := 0
	for i, x := range xs {
		if x > xs[best] {
			best = i
		}
	}
	return best
}

// A perceptron is the network while it learns: softmax(relu(x·w1 + b1)·w2 + b2).
type perceptron struct{ w1, b1, w2, b2 []float32 }

func (p *perceptron) forward(x []float32) (h, y []float32) {
	h, y = append([]float32{}, p.b1...), append([]float32{}, p.b2...)
	for j := range h {
		for i := range x {
			h[j] += x[i] * p.w1[i*len(h)+j]
		}
		h[j] = max(h[j], 0)
	}
	total := 0.0
	for k := range y {
		for j := range h {
			y[k] += h[j] * p.w2[j*len(y)+k]
		}
		total += math.Exp(float64(y[k]))
	}
	for k := range y {
		y[k] = float32(math.Exp(float64(y[k])) / total)
	}
	return h, y
}

// learn takes one step down the gradient of the cross-entropy.
func (p *perceptron) learn(x []float32, class int, rate float32) {
	h, y := p.forward(x)
	y[class]--
	for j := range h {
		var dh float32
		for k := range y {
			dh += p.w2[j*len(y)+k] * y[k]
			p.w2[j*len(y)+k] -= rate * h[j] * y[k]
		}
		if h[j] == 0 {
			continue
		}
		p.b1[j] -= rate * dh
		for i := range x {
			p.w1[i*len(h)+j] -= rate * x[i] * dh
		}
	}
	for k := range y {
		p.b2[k] -= rate * y[k]
	}
}

// tree is a decision tree of the same flowers, which answers with the name of the species.
func tree() (*sample, error) {
	n := newNet("tree")
	x := n.input("measures", tensor.Float32, "batch", 4)
	attrs := graph.Attrs{
		"nodes_treeids":       ints(0, 0, 0, 0, 0),
		"nodes_nodeids":       ints(0, 1, 2, 3, 4),
		"nodes_featureids":    ints(2, 0, 3, 0, 0),
		"nodes_modes":         []string{"BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"},
		"nodes_values":        []float32{2.45, 0, 1.75, 0, 0},
		"nodes_truenodeids":   ints(1, 0, 3, 0, 0),
		"nodes_falsenodeids":  ints(2, 0, 4, 0, 0),
		"class_treeids":       ints(0, 0, 0, 0, 0),
		"class_nodeids":       ints(1, 3, 3, 4, 4),
		"class_ids":           ints(0, 1, 2, 1, 2),
		"class_weights":       []float32{1, 0.91, 0.09, 0.02, 0.98},
		"classlabels_strings": []string{"setosa", "versicolor", "virginica"},
	}
	out := n.domainOps("ai.onnx.ml", "TreeEnsembleClassifier", attrs, 2, x)
	n.Output("species", out[0])
	n.Output("probabilities", out[1])
	in := append(n.measure(0), append(n.measure(1), n.measure(2)...)...)
	return &sample{
		g:     n.G,
		about: "A decision tree that names the species of iris flowers by length and width of sepals and petals, in centimetres.",
		sets:  [][]tensor.Value{{tensor.FromSlice(in, 3, 4)}},
	}, n.Err()
}

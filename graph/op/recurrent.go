package op

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var recurrentOps = []Entry{
	core[GRU]("X W R B? sequence_lens? initial_h? -> Y? Y_h?"),
	core[LSTM]("X W R B? sequence_lens? initial_h? initial_c? P? -> Y? Y_h? Y_c?"),
	core[RNN]("X W R B? sequence_lens? initial_h? -> Y? Y_h?"),
}

// Recurrent holds the attributes that RNN, GRU and LSTM have in common.
type Recurrent struct {
	ActivationAlpha []float32          `onnx:"activation_alpha"`
	ActivationBeta  []float32          `onnx:"activation_beta"`
	Activations     []string           `onnx:"activations"`
	Clip            graph.Opt[float32] `onnx:"clip"`
	Direction       string             `onnx:"direction,forward"`
	HiddenSize      graph.Opt[int]     `onnx:"hidden_size"`
	Layout          int                `onnx:"layout,0"`
}

// RNN is a layer of simple recurrence over a sequence: H[t] = f(X[t]·Wᵀ + H[t−1]·Rᵀ + Wb + Rb).
// X is [seq,batch,input] and Y [seq,dirs,batch,hidden]; with Layout 1 X is [batch,seq,input] and Y [batch,seq,dirs,hidden].
//
// https://onnx.ai/onnx/operators/onnx__RNN.html
type RNN struct{ Recurrent }

// GRU is a layer of gated recurrent units; its gates are z, r, h in this order. Shapes are those of RNN.
//
// https://onnx.ai/onnx/operators/onnx__GRU.html
type GRU struct {
	Recurrent
	LinearBeforeReset bool `onnx:"linear_before_reset,0"`
}

// LSTM is a layer of long short-term memory; its gates are i, o, f, c in this order, its peepholes i, o, f. Shapes are those
// of RNN.
//
// https://onnx.ai/onnx/operators/onnx__LSTM.html
type LSTM struct {
	Recurrent
	InputForget bool `onnx:"input_forget,0"`
}

// Infer implements graph.Op.
func (o *RNN) Infer(c *graph.Infer) { o.infer(c, 1, 1, o.Gates) }

// Infer implements graph.Op.
func (o *GRU) Infer(c *graph.Infer) { o.infer(c, 3, 1, o.Gates) }

// Infer implements graph.Op.
func (o *LSTM) Infer(c *graph.Infer) { o.infer(c, 4, 2, o.Gates) }

// Gates returns the activation function of each direction: f.
func (o *RNN) Gates() ([]Activation, error) { return o.activations("Tanh") }

// Gates returns the activation functions of each direction: f, g.
func (o *GRU) Gates() ([]Activation, error) { return o.activations("Sigmoid", "Tanh") }

// Gates returns the activation functions of each direction: f, g, h.
func (o *LSTM) Gates() ([]Activation, error) { return o.activations("Sigmoid", "Tanh", "Tanh") }

// Dirs returns the number of directions, 1 or 2.
func (o *Recurrent) Dirs() int {
	if o.Direction == "bidirectional" {
		return 2
	}
	return 1
}

// infer sets the outputs of a layer with the given number of gates and of states (h, or h and c).
func (o *Recurrent) infer(c *graph.Infer, gates, states int, activations func() ([]Activation, error)) {
	checkTensor(c, 0, floatTypes)
	for i := range c.NumIn() {
		if i != 4 {
			c.CheckSame(0, i)
		}
	}
	checkOptional(c, 4, setOf(tensor.Int32))
	c.Check(slices.Contains([]string{"forward", "reverse", "bidirectional"}, o.Direction),
		"attribute %q: %q, want forward, reverse or bidirectional", "direction", o.Direction)
	c.Check(o.Layout == 0 || o.Layout == 1, "attribute %q: %d, want 0 or 1", "layout", o.Layout)
	c.Check(!o.Clip.Set || o.Clip.V >= 0, "attribute %q: %v, want 0 or more", "clip", o.Clip.V)
	if _, err := activations(); err != nil {
		c.Check(false, "%v", err)
	}
	dirs, hidden := graph.N(o.Dirs()), dimOf(c, 2, 2)
	if o.HiddenSize.Set {
		c.Check(o.HiddenSize.V > 0, "attribute %q: %d, want 1 or more", "hidden_size", o.HiddenSize.V)
		hidden = c.Unify(hidden, graph.N(o.HiddenSize.V), "hidden size of input 2 and of the attribute")
	}
	seq, batch, size := dimOf(c, 0, 0), dimOf(c, 0, 1), dimOf(c, 0, 2)
	state := []graph.Dim{dirs, batch, hidden}
	y := []graph.Dim{seq, dirs, batch, hidden}
	if o.Layout == 1 {
		seq, batch = batch, seq
		state = []graph.Dim{batch, dirs, hidden}
		y = []graph.Dim{batch, seq, dirs, hidden}
	}
	c.CheckRank(0, 3)
	rows := hidden.Mul(graph.N(gates))
	matchDims(c, 1, dirs, rows, size)
	matchDims(c, 2, dirs, rows, hidden)
	matchDims(c, 3, dirs, rows.Mul(graph.N(2)))
	matchDims(c, 4, batch)
	matchDims(c, 5, state...)
	if states > 1 {
		matchDims(c, 6, state...)
		matchDims(c, 7, dirs, hidden.Mul(graph.N(gates-1)))
	}
	c.Tensor(0, c.DType(0), y)
	for i := range states {
		c.Tensor(1+i, c.DType(0), state)
	}
}

// An Activation is one of the functions that a recurrent layer applies to its gates. Name is spelled as in ONNX.
type Activation struct {
	Name        string
	Alpha, Beta float32
}

// activationRows says which of alpha and beta each function takes, and what they are where the node does not say.
var activationRows = []struct {
	name        string
	alphas      int // 1: alpha, 2: alpha and beta
	alpha, beta float32
}{
	{"Affine", 2, 1, 0},
	{"Elu", 1, 1, 0},
	{"HardSigmoid", 2, 0.2, 0.5},
	{"LeakyRelu", 1, 0.01, 0},
	{"Relu", 0, 0, 0},
	{"ScaledTanh", 2, 1, 1},
	{"Sigmoid", 0, 0, 0},
	{"Softplus", 0, 0, 0},
	{"Softsign", 0, 0, 0},
	{"Tanh", 0, 0, 0},
	{"ThresholdedRelu", 1, 1, 0},
}

// activations resolves the attributes to one function per gate function and direction. A function takes the next alpha
// and beta of the lists only when it has such a parameter. Names are compared without regard to case.
func (o *Recurrent) activations(defaults ...string) ([]Activation, error) {
	want := len(defaults) * o.Dirs()
	names := o.Activations
	if len(names) == 0 {
		names = slices.Repeat(defaults, o.Dirs())
	}
	if len(names) < want {
		return nil, fmt.Errorf("attribute %q: %d functions, want %d", "activations", len(names), want)
	}
	alphas, betas := o.ActivationAlpha, o.ActivationBeta
	out := make([]Activation, want)
	for i, name := range names[:want] {
		k := slices.IndexFunc(activationRows[:], func(r struct {
			name        string
			alphas      int
			alpha, beta float32
		}) bool {
			return strings.EqualFold(r.name, name)
		})
		if k < 0 {
			return nil, fmt.Errorf("attribute %q: unknown function %q", "activations", name)
		}
		r := activationRows[k]
		a := Activation{r.name, r.alpha, r.beta}
		if r.alphas > 0 && len(alphas) > 0 {
			a.Alpha, alphas = alphas[0], alphas[1:]
		}
		if r.alphas > 1 && len(betas) > 0 {
			a.Beta, betas = betas[0], betas[1:]
		}
		out[i] = a
	}
	return out, nil
}

package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Optimizers update several tensors at once: after the learning rate R and the count T of updates come all tensors X, then
// all gradients G, then all states of a kind. The outputs are all new X, then all new states of a kind.
var optimizerOps = []Entry{
	core[Adagrad]("R T inputs... -> outputs..."),
	core[Adam]("R T inputs... -> outputs..."),
	core[Momentum]("R T inputs... -> outputs..."),
}

// Adagrad is a step of Adagrad; H is the sum of squared gradients.
//
// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html
type Adagrad struct {
	DecayFactor     float32 `onnx:"decay_factor,0"`
	Epsilon         float32 `onnx:"epsilon,1e-6"`
	NormCoefficient float32 `onnx:"norm_coefficient,0"`
}

// Adam is a step of Adam; V is the running mean of gradients and H that of their squares.
//
// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html
type Adam struct {
	Alpha               float32 `onnx:"alpha,0.9"`
	Beta                float32 `onnx:"beta,0.999"`
	Epsilon             float32 `onnx:"epsilon,1e-6"`
	NormCoefficient     float32 `onnx:"norm_coefficient,0"`
	NormCoefficientPost float32 `onnx:"norm_coefficient_post,0"`
}

// Momentum is a step of gradient descent with momentum V, standard or Nesterov's.
//
// https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html
type Momentum struct {
	Alpha           float32 `onnx:"alpha,required"`
	Beta            float32 `onnx:"beta,required"`
	Mode            string  `onnx:"mode,required"`
	NormCoefficient float32 `onnx:"norm_coefficient,required"`
}

// OpDomain implements graph.InDomain.
func (o *Adagrad) OpDomain() string { return PreviewTraining }

// OpDomain implements graph.InDomain.
func (o *Adam) OpDomain() string { return PreviewTraining }

// OpDomain implements graph.InDomain.
func (o *Momentum) OpDomain() string { return PreviewTraining }

// Infer implements graph.Op.
func (o *Adagrad) Infer(c *graph.Infer) { inferOptimizer(c, 1) }

// Infer implements graph.Op.
func (o *Adam) Infer(c *graph.Infer) { inferOptimizer(c, 2) }

// Infer implements graph.Op.
func (o *Momentum) Infer(c *graph.Infer) {
	c.Check(o.Mode == "standard" || o.Mode == "nesterov", "attribute %q: %q, want standard or nesterov", "mode", o.Mode)
	inferOptimizer(c, 1)
}

// inferOptimizer sets the outputs of an optimizer with so many states per tensor.
func inferOptimizer(c *graph.Infer, states int) {
	checkTensor(c, 0, setOf(tensor.Float32, tensor.Float64))
	checkTensor(c, 1, int64Only)
	wantOne(c, 0)
	wantOne(c, 1)
	parts := 2 + states
	n := (c.NumIn() - 2) / parts
	if !c.Check(n > 0 && c.NumIn() == 2+n*parts, "%d inputs, want 2 and %d for each tensor", c.NumIn(), parts) {
		return
	}
	c.Check(c.NumOut() <= n*(1+states), "%d outputs, want %d for each tensor", c.NumOut(), 1+states)
	for i := range n {
		x := 2 + i
		checkTensor(c, x, setOf(tensor.Float32, tensor.Float64))
		for k := 1; k < parts; k++ {
			c.Check(c.Has(x+k*n), "input %d is missing", x+k*n)
			c.CheckSame(x, x+k*n)
			if c.Dims(x) != nil {
				matchDims(c, x+k*n, c.Dims(x)...)
			}
		}
		for k := range 1 + states {
			c.Like(i+k*n, x)
		}
	}
}

// step is an update of one tensor that is being written down.
type step struct {
	arith
	rate, count *graph.Value // scalars
	x, g        *graph.Value // g with the gradient of ½·norm·‖x‖²
	state       []*graph.Value
}

// expandOptimizer writes down fn for each tensor; fn returns the new tensor and its new states.
func expandOptimizer(b *graph.Builder, n *graph.Node, states int, norm float32, fn func(s step) []*graph.Value) []*graph.Value {
	parts := 2 + states
	count := (len(n.In) - 2) / parts
	out := make([]*graph.Value, count*(1+states))
	a := arith{b}
	for i := range count {
		x, g := n.In[2+i], n.In[2+count+i]
		s := step{arith: a, rate: n.In[0], count: n.In[1], x: x, g: a.add(a.mul(a.num(float64(norm), x), x), g)}
		if s.rate.Fact.DType != x.Fact.DType {
			s.rate = b.Op(NewCast(x.Fact.DType), s.rate)
		}
		for k := 2; k < parts; k++ {
			s.state = append(s.state, n.In[2+k*count+i])
		}
		for k, v := range fn(s) {
			out[k*count+i] = v
		}
	}
	return out[:len(n.Out)]
}

// started returns yes where the count of updates is above 0, else no.
func (s step) started(yes, no *graph.Value) *graph.Value {
	return s.b.Op(&Where{}, s.b.Op(&Compare{Greater}, s.count, s.num(0, s.count)), yes, no)
}

// Expand implements graph.Composite.
func (o *Adagrad) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return expandOptimizer(b, n, 1, o.NormCoefficient, func(s step) []*graph.Value {
		one := s.num(1, s.x)
		t := s.b.Op(NewCast(s.x.Fact.DType), s.count)
		rate := s.div(s.rate, s.add(one, s.mul(t, s.num(float64(o.DecayFactor), s.x))))
		h := s.add(s.state[0], s.mul(s.g, s.g))
		root := s.add(s.sqrt(h), s.num(float64(o.Epsilon), s.x))
		return []*graph.Value{s.sub(s.x, s.div(s.mul(rate, s.g), root)), h}
	})
}

// Expand implements graph.Composite.
func (o *Adam) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return expandOptimizer(b, n, 2, o.NormCoefficient, func(s step) []*graph.Value {
		alpha, beta := float64(o.Alpha), float64(o.Beta)
		decay := func(state *graph.Value, by float64, x *graph.Value) *graph.Value {
			return s.add(s.mul(s.num(by, s.x), state), s.mul(s.num(1-by, s.x), x))
		}
		left := func(by float64) *graph.Value { // 1 − byᵀ
			return s.sub(s.num(1, s.x), s.b.Op(&Binary{Pow}, s.num(by, s.x), s.count))
		}
		v := decay(s.state[0], alpha, s.g)
		h := decay(s.state[1], beta, s.mul(s.g, s.g))
		rate := s.started(s.div(s.mul(s.rate, s.sqrt(left(beta))), left(alpha)), s.rate)
		root := s.add(s.sqrt(h), s.num(float64(o.Epsilon), s.x))
		x := s.sub(s.x, s.mul(rate, s.div(v, root)))
		if o.NormCoefficientPost != 0 {
			x = s.mul(s.num(1-float64(o.NormCoefficientPost), s.x), x)
		}
		return []*graph.Value{x, v, h}
	})
}

// Expand implements graph.Composite.
func (o *Momentum) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return expandOptimizer(b, n, 1, o.NormCoefficient, func(s step) []*graph.Value {
		alpha := s.num(float64(o.Alpha), s.x)
		beta := s.started(s.num(float64(o.Beta), s.x), s.num(1, s.x))
		v := s.add(s.mul(alpha, s.state[0]), s.mul(beta, s.g))
		dir := v
		if o.Mode == "nesterov" {
			dir = s.add(s.g, s.mul(alpha, v))
		}
		return []*graph.Value{s.sub(s.x, s.mul(s.rate, dir)), v}
	})
}

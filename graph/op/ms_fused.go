package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Operators of com.microsoft that join several of ai.onnx: products and convolutions with what follows them, activations with
// what comes before.

var msFusedOps = []Entry{
	core[BiasGelu]("A B -> C"),
	core[FastGelu]("X bias? -> Y"),
	core[FusedConv]("X W B? Z? -> Y"),
	core[FusedGemm]("A B C? -> Y"),
	core[FusedMatMul]("A B -> Y"),
	core[MSGelu]("X -> Y"),
	core[QuickGelu]("X -> Y"),
	core[TransposeMatMul]("A B -> Y"),
	core[UnfoldTensor]("input -> output"),
}

// BiasGelu is Gelu(A + B), where B is a vector along the last dimension of A.
type BiasGelu struct{ microsoft }

// Infer implements graph.Op.
func (o *BiasGelu) Infer(c *graph.Infer) { inferBiased(c) }

// Expand implements graph.Composite.
func (o *BiasGelu) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(NewUnary(Gelu), arith{b}.add(n.In[0], n.In[1]))}
}

// inferBiased checks input 0 and an optional vector along its last dimension, and sets an output like input 0.
func inferBiased(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	if d := c.Dims(0); c.Has(1) && d != nil && c.Check(len(d) > 0, "input 0: rank 0, want at least 1") {
		wantVector(c, 1, d[len(d)-1], "the last dimension of input 0")
	}
	c.Like(0, 0)
}

// FastGelu is Gelu by its tanh approximation, of X + bias.
type FastGelu struct{ microsoft }

// Infer implements graph.Op.
func (o *FastGelu) Infer(c *graph.Infer) { inferBiased(c) }

// Expand implements graph.Composite.
func (o *FastGelu) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := n.In[0]
	if v := n.Input(1); v != nil {
		x = arith{b}.add(x, v)
	}
	return []*graph.Value{b.Op(NewUnary(GeluTanh), x)}
}

// MSGelu is Gelu in its exact form.
type MSGelu struct{ microsoft }

// OpName implements graph.Named.
func (o *MSGelu) OpName() string { return "Gelu" }

// Infer implements graph.Op.
func (o *MSGelu) Infer(c *graph.Infer) { checkTensor(c, 0, floatTypes); c.Like(0, 0) }

// Expand implements graph.Composite.
func (o *MSGelu) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(NewUnary(Gelu), n.In[0])}
}

// QuickGelu is x·sigmoid(Alpha·x).
type QuickGelu struct {
	microsoft
	Alpha float32 `onnx:"alpha,1.70200002"`
}

// Infer implements graph.Op.
func (o *QuickGelu) Infer(c *graph.Infer) { checkTensor(c, 0, floatTypes); c.Like(0, 0) }

// Expand implements graph.Composite.
func (o *QuickGelu) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&Unary{Fn: Swish, Alpha: o.Alpha}, n.In[0])}
}

// fusedActivation adds the activation that a fused operator names, with its parameters; "" is none. ok is false for a name that
// is not known.
func fusedActivation(b *graph.Builder, name string, params []float32, x *graph.Value) (y *graph.Value, ok bool) {
	param := func(i int, def float32) float32 {
		if i < len(params) {
			return params[i]
		}
		return def
	}
	switch name {
	case "":
		return x, true
	case "Clip":
		lo, hi := scalar(b, x.Fact.DType, float64(param(0, 0))), scalar(b, x.Fact.DType, float64(param(1, 0)))
		return b.Op(&Clip{}, x, lo, hi), true
	case "Gelu", "HardSwish", "Relu", "Sigmoid", "Softplus", "Softsign", "Tanh":
		fn := map[string]UnaryFn{
			"Gelu": Gelu, "HardSwish": HardSwish, "Relu": Relu, "Sigmoid": Sigmoid, "Softplus": Softplus, "Softsign": Softsign, "Tanh": Tanh,
		}
		return b.Op(NewUnary(fn[name]), x), true
	case "Elu", "LeakyRelu", "ThresholdedRelu":
		u := NewUnary(map[string]UnaryFn{"Elu": Elu, "LeakyRelu": LeakyRelu, "ThresholdedRelu": ThresholdedRelu}[name])
		u.Alpha = param(0, u.Alpha)
		return b.Op(u, x), true
	case "HardSigmoid":
		u := NewUnary(HardSigmoid)
		u.Alpha, u.Beta = param(0, u.Alpha), param(1, u.Beta)
		return b.Op(u, x), true
	}
	return x, false
}

// checkActivation notes an error when the activation of a fused operator is not known.
func checkActivation(c *graph.Infer, name string) {
	b := graph.NewBuilder(&graph.Graph{}, nil)
	_, ok := fusedActivation(b, name, nil, scalar(b, tensor.Float32, 0))
	c.Check(ok, "activation %q is not known", name)
}

// FusedConv is Activation(Conv(X, W, B) + Z).
type FusedConv struct {
	microsoft
	Activation       string    `onnx:"activation"`
	ActivationParams []float32 `onnx:"activation_params"`
	Group            int       `onnx:"group,1"`
	KernelShape      []int     `onnx:"kernel_shape"`
	Slide
}

// Infer implements graph.Op.
func (o *FusedConv) Infer(c *graph.Infer) { checkActivation(c, o.Activation); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *FusedConv) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	y := b.Op(&Conv{Group: o.Group, KernelShape: o.KernelShape, Slide: o.Slide}, n.In[0], n.In[1], n.Input(2))
	if z := n.Input(3); z != nil {
		y = arith{b}.add(y, z)
	}
	y, _ = fusedActivation(b, o.Activation, o.ActivationParams, y)
	return []*graph.Value{y}
}

// FusedGemm is Activation(Gemm(A, B, C)).
type FusedGemm struct {
	microsoft
	Activation      string             `onnx:"activation"`
	ActivationAlpha graph.Opt[float32] `onnx:"activation_alpha"`
	ActivationBeta  graph.Opt[float32] `onnx:"activation_beta"`
	ActivationGamma graph.Opt[float32] `onnx:"activation_gamma"`
	Alpha           float32            `onnx:"alpha,1"`
	Beta            float32            `onnx:"beta,1"`
	TransA          bool               `onnx:"transA,0"`
	TransB          bool               `onnx:"transB,0"`
}

// Infer implements graph.Op.
func (o *FusedGemm) Infer(c *graph.Infer) { checkActivation(c, o.Activation); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *FusedGemm) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	y := b.Op(&Gemm{Alpha: o.Alpha, Beta: o.Beta, TransA: o.TransA, TransB: o.TransB}, n.In...)
	var params []float32
	for _, p := range []graph.Opt[float32]{o.ActivationAlpha, o.ActivationBeta, o.ActivationGamma} {
		if !p.Set {
			break
		}
		params = append(params, p.V)
	}
	y, _ = fusedActivation(b, o.Activation, params, y)
	return []*graph.Value{y}
}

// FusedMatMul is Alpha·MatMul(A, B) of operands whose last two dimensions are swapped first (TransA, TransB), or whose first
// dimension is moved before the last two's second (TransBatchA, TransBatchB): [m, batch…, k] is then read as [batch…, m, k].
type FusedMatMul struct {
	microsoft
	Alpha       float32 `onnx:"alpha,1"`
	TransA      bool    `onnx:"transA,0"`
	TransB      bool    `onnx:"transB,0"`
	TransBatchA bool    `onnx:"transBatchA,0"`
	TransBatchB bool    `onnx:"transBatchB,0"`
}

// Infer implements graph.Op.
func (o *FusedMatMul) Infer(c *graph.Infer) { checkTensor(c, 0, floatTypes); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *FusedMatMul) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := batchSwapped(b, n.In[0], o.TransA, o.TransBatchA)
	y := batchSwapped(b, n.In[1], o.TransB, o.TransBatchB)
	if x == nil || y == nil {
		return nil
	}
	z := b.Op(&MatMul{}, x, y)
	if o.Alpha != 1 {
		a := arith{b}
		z = a.mul(z, a.num(float64(o.Alpha), z))
	}
	return []*graph.Value{z}
}

// batchSwapped permutes an operand of FusedMatMul; nil when its rank is needed and unknown. Vectors stay as they are.
func batchSwapped(b *graph.Builder, x *graph.Value, swap, batch bool) *graph.Value {
	if !swap && !batch {
		return x
	}
	r := x.Fact.Rank()
	if r < 2 {
		if r == 1 {
			return x
		}
		return nil
	}
	var perm []int
	for i := range r {
		perm = append(perm, i)
	}
	if batch { // [m, batch…, k] → [batch…, m, k]
		copy(perm, perm[1:r-1])
		perm[r-2] = 0
	}
	if swap {
		perm[r-2], perm[r-1] = perm[r-1], perm[r-2]
	}
	return b.Op(&Transpose{Perm: perm}, x)
}

// TransposeMatMul is the older name of FusedMatMul.
type TransposeMatMul struct {
	microsoft
	Alpha  float32 `onnx:"alpha,1"`
	TransA bool    `onnx:"transA,0"`
	TransB bool    `onnx:"transB,0"`
}

func (o *TransposeMatMul) fused() *FusedMatMul {
	return &FusedMatMul{Alpha: o.Alpha, TransA: o.TransA, TransB: o.TransB}
}

// Infer implements graph.Op.
func (o *TransposeMatMul) Infer(c *graph.Infer) { o.fused().Infer(c) }

// Expand implements graph.Composite.
func (o *TransposeMatMul) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return o.fused().Expand(b, n)
}

// UnfoldTensor cuts windows of Size elements, Step apart, out of dimension Dim: the dimension becomes the number of windows, and a
// last dimension of Size elements is added.
type UnfoldTensor struct {
	microsoft
	Dim  int `onnx:"dim,-1"`
	Size int `onnx:"size,required"`
	Step int `onnx:"step,1"`
}

// windows returns how many windows a dimension of n elements has.
func (o *UnfoldTensor) windows(n graph.Dim) graph.Dim {
	return n.Sub(graph.N(o.Size)).Div(graph.N(o.Step)).Add(graph.N(1))
}

// Infer implements graph.Op.
func (o *UnfoldTensor) Infer(c *graph.Infer) {
	c.Check(o.Size >= 1, "size %d, want 1 or more", o.Size)
	c.Check(o.Step >= 1, "step %d, want 1 or more", o.Step)
	d := c.Dims(0)
	if d == nil || c.Failed() {
		c.Tensor(0, c.DType(0), nil)
		return
	}
	axis := c.Axis(o.Dim, len(d))
	if c.Failed() {
		return
	}
	if n, ok := d[axis].Int(); ok {
		c.Check(n >= o.Size, "size %d is more than the %d elements of the dimension", o.Size, n)
	}
	out := append(append([]graph.Dim{}, d...), graph.N(o.Size))
	out[axis] = o.windows(d[axis])
	c.Tensor(0, c.DType(0), out)
}

// Expand implements graph.Composite. Windows are gathered: element j of window i is element i·Step + j of the dimension.
func (o *UnfoldTensor) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x := n.In[0]
	r := x.Fact.Rank()
	if r < 1 || o.Dim < -r || o.Dim >= r {
		return nil
	}
	axis := o.Dim
	if axis < 0 {
		axis += r
	}
	a := arith{b}
	num := func(k int) *graph.Value { return b.Const(tensor.Scalar(int64(k))) }
	length := b.Op(&Gather{}, b.Op(&Shape{}, x), num(axis))
	last := a.add(a.sub(length, num(o.Size)), num(1)) // the windows start before this
	starts := b.Op(&Range{StashType: 1}, num(0), last, num(o.Step))
	index := a.add(b.Op(&Unsqueeze{}, starts, b.Ints(1)), b.Op(&Range{StashType: 1}, num(0), num(o.Size), num(1)))
	y := b.Op(&Gather{Axis: axis}, x, index) // [before…, windows, size, after…]
	var perm []int
	for i := range r + 1 {
		if i != axis+1 {
			perm = append(perm, i)
		}
	}
	return []*graph.Value{b.Op(&Transpose{Perm: append(perm, axis+1)}, y)}
}

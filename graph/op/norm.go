package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var normOps = []Entry{
	core[BatchNormalization]("X scale B input_mean input_var -> Y running_mean? running_var?"),
	core[GroupNormalization]("X scale bias -> Y"),
	core[InstanceNormalization]("input scale B -> output"),
	core[LRN]("X -> Y"),
	core[LayerNormalization]("X Scale B? -> Y Mean? InvStdDev?"),
	core[LpNormalization]("input -> output"),
	core[MeanVarianceNormalization]("X -> Y"),
	core[RMSNormalization]("X scale -> Y"),
	core[SimplifiedLayerNormalization]("X scale -> Y InvStdVar?"),
}

// BatchNormalization is Y = (X − mean)/√(var + epsilon)·scale + B for each channel of X [N, C, …], of which the other inputs have
// one element each. mean and var are the inputs, or in TrainingMode those of X; then the further outputs are the inputs
// moved towards them: input·momentum + of X·(1 − momentum). Three groups may have float types of their own: X and Y, scale and
// B, mean and var.
//
// https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
type BatchNormalization struct {
	Epsilon      float32 `onnx:"epsilon,1e-05"`
	Momentum     float32 `onnx:"momentum,0.9"`
	TrainingMode bool    `onnx:"training_mode,0"`
	// Spatial is false for the old form in which each element of an image is a channel of its own: the inputs have the
	// shape of X without the batch.
	Spatial bool `onnx:"-spatial,1"`
}

// Infer implements graph.Op.
func (o *BatchNormalization) Infer(c *graph.Infer) {
	for i := range 5 {
		checkTensor(c, i, floatTypes)
	}
	c.CheckSame(1, 2)
	c.CheckSame(3, 4)
	x := c.Dims(0)
	if x != nil && !c.Check(len(x) >= 1, "input 0 is a scalar, want rank 1 or more") {
		return
	}
	var params []graph.Dim // the shape of the other inputs
	switch {
	case x == nil:
	case !o.Spatial:
		params = x[1:]
	case len(x) == 1:
		params = graph.Dims(1)
	default:
		params = x[1:2]
	}
	if params != nil {
		for i := 1; i < 5; i++ {
			matchDims(c, i, params...)
		}
	}
	c.Like(0, 0)
	if o.TrainingMode {
		c.Tensor(1, c.DType(3), params)
		c.Tensor(2, c.DType(3), params)
	}
}

// InstanceNormalization normalizes each image of the input [N, C, in…] to mean 0 and variance 1, then multiplies with scale [C] and
// adds B [C].
//
// https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
type InstanceNormalization struct {
	Epsilon float32 `onnx:"epsilon,1e-05"`
}

// Infer implements graph.Op.
func (o *InstanceNormalization) Infer(c *graph.Infer) { inferChannels(c) }

// inferChannels infers a normalization of [N, C, …] with two vectors of length C.
func inferChannels(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	c.CheckSame(0, 2)
	if x := c.Dims(0); x != nil && c.Check(len(x) >= 2, "input 0: rank %d, want at least 2", len(x)) {
		wantVector(c, 1, x[1], "the length of scale against the channels")
		wantVector(c, 2, x[1], "the length of the bias against the channels")
	}
	c.Like(0, 0)
}

// GroupNormalization normalizes each group of channels of X [N, C, …] together to mean 0 and variance 1, then multiplies with
// scale [C] and adds bias [C].
//
// https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
type GroupNormalization struct {
	Epsilon   float32 `onnx:"epsilon,1e-05"`
	NumGroups int     `onnx:"num_groups,required"`
	StashType int     `onnx:"stash_type,1"`
}

// Infer implements graph.Op.
func (o *GroupNormalization) Infer(c *graph.Infer) {
	inferChannels(c)
	checkStash(c, o.StashType)
	if c.Check(o.NumGroups >= 1, "num_groups %d, want at least 1", o.NumGroups) && c.Rank(0) >= 2 {
		n, ok := c.Dims(0)[1].Int()
		c.Check(!ok || n%o.NumGroups == 0, "input 0: %d channels, want a multiple of num_groups, %d", n, o.NumGroups)
	}
}

// checkStash checks the type in which the first stage of a normalization is computed, and returns it. Kernels compute it at
// least as exactly.
func checkStash(c *graph.Infer, stash int) tensor.DType {
	dt := tensor.DType(stash)
	ok := stash == int(tensor.Float32) || stash == int(tensor.BFloat16)
	if !c.Check(ok, "stash_type %d, want %d (float32) or %d (bfloat16)", stash, tensor.Float32, tensor.BFloat16) {
		return tensor.Float32
	}
	return dt
}

// LayerNormalization normalizes X over its dimensions from Axis on to mean 0 and variance 1, then multiplies with Scale and adds
// B, which broadcast to X. Mean and InvStdDev have size 1 where X is normalized.
//
// https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
type LayerNormalization struct {
	Axis      int     `onnx:"axis,-1"`
	Epsilon   float32 `onnx:"epsilon,1e-05"`
	StashType int     `onnx:"stash_type,1"`
}

// Infer implements graph.Op.
func (o *LayerNormalization) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	c.CheckSame(0, 2)
	stats := inferLayer(c, o.Axis, 1, 2)
	stash := checkStash(c, o.StashType)
	c.Like(0, 0)
	c.Tensor(1, stash, stats)
	c.Tensor(2, stash, stats)
}

// inferLayer checks a normalization from axis on with inputs that broadcast to input 0, and returns the dimensions of the
// statistics; nil when they are unknown.
func inferLayer(c *graph.Infer, axis int, params ...int) []graph.Dim {
	x := c.Dims(0)
	if x == nil {
		return nil
	}
	axis = c.Axis(axis, len(x))
	for _, i := range params {
		checkBroadcastTo(c, i, x)
	}
	if c.Failed() {
		return nil
	}
	stats := slices.Clone(x)
	for i := axis; i < len(x); i++ {
		stats[i] = graph.N(1)
	}
	return stats
}

// RMSNormalization divides X by the root of its mean square over the dimensions from Axis on, then multiplies with scale, which
// broadcasts to X and has the type of Y.
//
// https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
type RMSNormalization struct {
	Axis      int     `onnx:"axis,-1"`
	Epsilon   float32 `onnx:"epsilon,1e-05"`
	StashType int     `onnx:"stash_type,1"`
}

// Infer implements graph.Op.
func (o *RMSNormalization) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, floatTypes)
	inferLayer(c, o.Axis, 1)
	checkStash(c, o.StashType)
	c.Tensor(0, c.DType(1), c.Dims(0))
}

// SimplifiedLayerNormalization is ONNX Runtime's older name for RMSNormalization, with the inverse of the root as a second output.
// It has no page: ONNX Runtime's optimizer puts it into the domain ai.onnx.
type SimplifiedLayerNormalization struct {
	Axis      int     `onnx:"axis,-1"`
	Epsilon   float32 `onnx:"epsilon,1e-05"`
	StashType int     `onnx:"stash_type,1"`
}

// Infer implements graph.Op.
func (o *SimplifiedLayerNormalization) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, floatTypes)
	stats := inferLayer(c, o.Axis, 1)
	stash := checkStash(c, o.StashType)
	c.Tensor(0, c.DType(1), c.Dims(0))
	c.Tensor(1, stash, stats)
}

// LpNormalization divides the input by its p-norm along an axis; where that is zero the output is zero.
//
// https://onnx.ai/onnx/operators/onnx__LpNormalization.html
type LpNormalization struct {
	Axis int `onnx:"axis,-1"`
	P    int `onnx:"p,2"`
}

// Infer implements graph.Op.
func (o *LpNormalization) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.Check(o.P == 1 || o.P == 2, "p %d, want 1 or 2", o.P)
	if r := c.Rank(0); r >= 0 {
		c.Axis(o.Axis, r)
	}
	c.Like(0, 0)
}

// MeanVarianceNormalization is (X − mean)/(√variance + 1e-9), both taken over the axes.
//
// https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
type MeanVarianceNormalization struct {
	Axes []int `onnx:"axes,0 2 3"`
}

// Infer implements graph.Op.
func (o *MeanVarianceNormalization) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	if r := c.Rank(0); r >= 0 {
		c.Axes(o.Axes, r)
	}
	c.Like(0, 0)
}

// Expand implements graph.Composite.
func (o *MeanVarianceNormalization) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	x, axes := n.In[0], b.Ints(o.Axes...)
	mean := &Reduce{Fn: ReduceMean, Keepdims: true, NoopWithEmptyAxes: len(o.Axes) == 0}
	d := b.Op(&Binary{Fn: Sub}, x, b.Op(mean, x, axes))
	variance := b.Op(mean, b.Op(&Binary{Fn: Mul}, d, d), axes)
	small, err := tensor.Cast(tensor.Scalar(float32(1e-9)), x.Fact.DType, tensor.CastOptions{})
	if err != nil {
		b.Fail(err)
		return nil
	}
	deviation := b.Op(&Binary{Fn: Add}, b.Op(&Unary{Fn: Sqrt}, variance), b.Const(small))
	return []*graph.Value{b.Op(&Binary{Fn: Div}, d, deviation)}
}

// LRN divides X [N, C, …] by (bias + alpha/size·S)^beta, where S is the sum of squares of the elements at the same place in size
// neighbouring channels.
//
// https://onnx.ai/onnx/operators/onnx__LRN.html
type LRN struct {
	Alpha float32 `onnx:"alpha,1e-4"`
	Beta  float32 `onnx:"beta,0.75"`
	Bias  float32 `onnx:"bias,1"`
	Size  int     `onnx:"size,required"`
}

// Infer implements graph.Op.
func (o *LRN) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.Check(o.Size >= 1, "size %d, want at least 1", o.Size)
	if x := c.Dims(0); x != nil {
		c.Check(len(x) >= 2, "input 0: rank %d, want at least 2", len(x))
	}
	c.Like(0, 0)
}

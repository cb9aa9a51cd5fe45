package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Random operators draw other numbers in each run. The same seeds of the session and the node, and the same number of the
// run, give the same numbers.
var randomOps = []Entry{
	core[Bernoulli]("input -> output"),
	core[Dropout]("data ratio? training_mode? -> output mask?"),
	core[Multinomial]("input -> output"),
	core[RandomNormal]("-> output"),
	core[RandomNormalLike]("input -> output"),
	core[RandomUniform]("-> output"),
	core[RandomUniformLike]("input -> output"),
}

// Normal holds the attributes of a normal distribution.
type Normal struct {
	Mean  float32            `onnx:"mean,0"`
	Scale float32            `onnx:"scale,1"` // standard deviation
	Seed  graph.Opt[float32] `onnx:"seed"`
}

// Uniform holds the attributes of a uniform distribution, which does not reach High.
type Uniform struct {
	High float32            `onnx:"high,1"`
	Low  float32            `onnx:"low,0"`
	Seed graph.Opt[float32] `onnx:"seed"`
}

// RandomNormal draws from a normal distribution.
//
// https://onnx.ai/onnx/operators/onnx__RandomNormal.html
type RandomNormal struct {
	Normal
	DType tensor.DType `onnx:"dtype,1"`
	Shape []int        `onnx:"shape,required"`
}

// RandomNormalLike draws from a normal distribution as many numbers as the input has; without DType of its type.
//
// https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html
type RandomNormalLike struct {
	Normal
	DType graph.Opt[tensor.DType] `onnx:"dtype"`
}

// RandomUniform draws from a uniform distribution.
//
// https://onnx.ai/onnx/operators/onnx__RandomUniform.html
type RandomUniform struct {
	Uniform
	DType tensor.DType `onnx:"dtype,1"`
	Shape []int        `onnx:"shape,required"`
}

// RandomUniformLike draws from a uniform distribution as many numbers as the input has; without DType of its type.
//
// https://onnx.ai/onnx/operators/onnx__RandomUniformLike.html
type RandomUniformLike struct {
	Uniform
	DType graph.Opt[tensor.DType] `onnx:"dtype"`
}

// Bernoulli draws 1 with the probability that the input says, else 0; without DType of the input's type.
//
// https://onnx.ai/onnx/operators/onnx__Bernoulli.html
type Bernoulli struct {
	DType graph.Opt[tensor.DType] `onnx:"dtype"`
	Seed  graph.Opt[float32]      `onnx:"seed"`
}

// Multinomial draws SampleSize classes for each row of the input [batch,classes], which holds unnormalized logarithms of
// their probabilities.
//
// https://onnx.ai/onnx/operators/onnx__Multinomial.html
type Multinomial struct {
	DType      tensor.DType       `onnx:"dtype,6"`
	SampleSize int                `onnx:"sample_size,1"`
	Seed       graph.Opt[float32] `onnx:"seed"`
}

// Dropout is data where training_mode is absent or false. Else elements become 0 with probability ratio, 0.5 when it is
// absent, and the others are divided by 1 − ratio. The mask is true where an element was kept.
//
// https://onnx.ai/onnx/operators/onnx__Dropout.html
type Dropout struct {
	Seed graph.Opt[int] `onnx:"seed"`
}

// Impure implements graph.Impure.
func (o *Normal) Impure() bool { return true }

// Impure implements graph.Impure.
func (o *Uniform) Impure() bool { return true }

// Impure implements graph.Impure.
func (o *Bernoulli) Impure() bool { return true }

// Impure implements graph.Impure.
func (o *Multinomial) Impure() bool { return true }

// Impure implements graph.Impure. Only with training_mode is it, which is a matter of the node.
func (o *Dropout) Impure() bool { return true }

// Infer implements graph.Op.
func (o *RandomNormal) Infer(c *graph.Infer) { inferRandom(c, o.DType, o.Shape) }

// Infer implements graph.Op.
func (o *RandomUniform) Infer(c *graph.Infer) { inferRandom(c, o.DType, o.Shape) }

func inferRandom(c *graph.Infer, dt tensor.DType, shape []int) {
	if !c.Check(floatTypes.has(dt), "attribute %q: %v is not supported", "dtype", dt) {
		return
	}
	if _, err := tensor.CheckShape(dt, shape); err != nil {
		c.Check(false, "attribute %q: %v", "shape", err)
	}
	c.Tensor(0, dt, graph.Dims(shape...))
}

// Infer implements graph.Op.
func (o *RandomNormalLike) Infer(c *graph.Infer) {
	inferRandomLike(c, o.DType, classicTypes, floatTypes)
}

// Infer implements graph.Op.
func (o *RandomUniformLike) Infer(c *graph.Infer) {
	inferRandomLike(c, o.DType, classicTypes, floatTypes)
}

// Infer implements graph.Op.
func (o *Bernoulli) Infer(c *graph.Infer) {
	inferRandomLike(c, o.DType, floatTypes, numberTypes|boolOnly)
}

func inferRandomLike(c *graph.Infer, dtype graph.Opt[tensor.DType], in, out typeSet) {
	checkTensor(c, 0, in)
	dt := dtype.Or(c.DType(0))
	if dtype.Set {
		c.Check(out.has(dt), "attribute %q: %v is not supported", "dtype", dt)
	} else {
		c.Check(out.has(dt), "input 0: %v is not supported without attribute %q", dt, "dtype")
	}
	c.Tensor(0, dt, c.Dims(0))
}

// Infer implements graph.Op.
func (o *Multinomial) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.Check(indexTypes.has(o.DType), "attribute %q: %v, want int32 or int64", "dtype", o.DType)
	c.Check(o.SampleSize >= 0, "attribute %q: %d, want 0 or more", "sample_size", o.SampleSize)
	c.CheckRank(0, 2)
	classes := dimOf(c, 0, 1)
	c.Check(!classes.Is(0) || o.SampleSize == 0, "input 0: no classes to draw from")
	c.Tensor(0, o.DType, []graph.Dim{dimOf(c, 0, 0), graph.N(o.SampleSize)})
}

var dropoutTypes = floatTypes | float8Types

// Infer implements graph.Op.
func (o *Dropout) Infer(c *graph.Infer) {
	checkTensor(c, 0, dropoutTypes)
	checkOptional(c, 1, dropoutTypes)
	checkOptional(c, 2, boolOnly)
	wantOne(c, 1)
	wantOne(c, 2)
	c.Like(0, 0)
	c.Tensor(1, tensor.Bool, c.Dims(0))
}

package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var softmaxKernels = []exec.Kernel{
	floats(hardmax[float32], hardmax[float64]),
	floats(logSoftmax[float32], logSoftmax[float64]),
	floats(softmax[float32], softmax[float64]),
}

func softmax[T float](b *exec.Binding, o *op.Softmax) run {
	return alongAxis(b, o.Axis, func(x, y []T, a *lanes, base int) {
		top, sum := expSum(x, a, base)
		for k := range a.n {
			i := base + k*a.inner
			y[i] = T(math.Exp(float64(x[i])-top) / sum)
		}
	})
}

func logSoftmax[T float](b *exec.Binding, o *op.LogSoftmax) run {
	return alongAxis(b, o.Axis, func(x, y []T, a *lanes, base int) {
		top, sum := expSum(x, a, base)
		log := math.Log(sum)
		for k := range a.n {
			i := base + k*a.inner
			y[i] = T(float64(x[i]) - top - log)
		}
	})
}

func hardmax[T float](b *exec.Binding, o *op.Hardmax) run {
	return alongAxis(b, o.Axis, func(x, y []T, a *lanes, base int) {
		best := base
		for k := range a.n {
			i := base + k*a.inner
			y[i] = 0
			if x[i] > x[best] {
				best = i
			}
		}
		if a.n > 0 {
			y[best] = 1
		}
	})
}

// alongAxis runs a function on each vector along an axis.
func alongAxis[T float](b *exec.Binding, axis int, fn func(x, y []T, a *lanes, base int)) run {
	a := axisOf(b.Shape(0), axis)
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		a.each(func(_, base int) { fn(x, y, &a, base) })
		return nil
	}
}

// expSum returns the maximum of a vector and the sum of exp(x − maximum).
func expSum[T float](x []T, a *lanes, base int) (top, sum float64) {
	top = math.Inf(-1)
	for k := range a.n {
		top = max(top, float64(x[base+k*a.inner]))
	}
	for k := range a.n {
		sum += math.Exp(float64(x[base+k*a.inner]) - top)
	}
	return top, sum
}

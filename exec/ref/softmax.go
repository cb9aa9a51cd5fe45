package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var softmaxKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.Softmax]{
		tensor.Float16:  softmaxHalf(func(x float64) float64 { return float64(tensor.ToF16(float32(x)).Float32()) }),
		tensor.BFloat16: softmaxHalf(func(x float64) float64 { return float64(tensor.ToBF16(float32(x)).Float32()) }),
		tensor.Float32:  softmax[float32],
		tensor.Float64:  softmax[float64],
	}),
	tiledFloats(hardmax[float32], hardmax[float64]),
	tiledFloats(logSoftmax[float32], logSoftmax[float64]),
}

func softmax[T float](b *exec.Binding, o *op.Softmax) tiles {
	return alongAxis(b, o.Axis, func(x, y []T, a *lanes, base int) {
		top, sum := expSum(x, a, base)
		for k := range a.n {
			i := base + k*a.inner
			y[i] = T(math.Exp(float64(x[i])-top) / sum)
		}
	})
}

// softmaxHalf returns the kernel of a half type, which rounds differences, exponentials, their sum and the quotients, as
// ONNX's definition of Softmax by simpler operators does.
func softmaxHalf(round func(x float64) float64) tiledImpl[*op.Softmax] {
	return func(b *exec.Binding, o *op.Softmax) tiles {
		dt := b.DType(0)
		inner := alongAxis(b, o.Axis, func(x, y []float32, a *lanes, base int) {
			top, sum := math.Inf(-1), 0.0
			for k := range a.n {
				top = max(top, float64(x[base+k*a.inner]))
			}
			for k := range a.n {
				i := base + k*a.inner
				e := round(math.Exp(round(float64(x[i]) - top)))
				y[i] = float32(e)
				sum += e
			}
			sum = round(sum)
			for k := range a.n {
				y[base+k*a.inner] /= float32(sum)
			}
		})
		return tiles{1, func(f *exec.Frame, _ int) error { return f.Widened(dt, inner.all) }}
	}
}

func logSoftmax[T float](b *exec.Binding, o *op.LogSoftmax) tiles {
	return alongAxis(b, o.Axis, func(x, y []T, a *lanes, base int) {
		top, sum := expSum(x, a, base)
		log := math.Log(sum)
		for k := range a.n {
			i := base + k*a.inner
			y[i] = T(float64(x[i]) - top - log)
		}
	})
}

func hardmax[T float](b *exec.Binding, o *op.Hardmax) tiles {
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
func alongAxis[T float](b *exec.Binding, axis int, fn func(x, y []T, a *lanes, base int)) tiles {
	a := axisOf(b.Shape(0), axis)
	count := a.outer * a.inner
	block := blockOf(count, expWork*a.n)
	return tiles{blocks(count, block), func(f *exec.Frame, tile int) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		for i := tile * block; i < min(count, (tile+1)*block); i++ {
			fn(x, y, &a, a.base(i))
		}
		return nil
	}}
}

// expWork is how many multiplications the exponentials for one element of Softmax are worth.
const expWork = 32

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

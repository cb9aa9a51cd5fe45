package ref

import (
	"fmt"
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var lossKernels = []exec.Kernel{
	floats(negativeLogLikelihood[float32], negativeLogLikelihood[float64]),
	floats(softmaxCrossEntropy[float32], softmaxCrossEntropy[float64]),
}

func negativeLogLikelihood[T float](b *exec.Binding, o *op.NegativeLogLikelihoodLoss) run {
	a := axisOf(b.Shape(0), 1)
	return func(f *exec.Frame) error {
		x := tensor.Data[T](f.In(0))
		return classLoss[T](f, &o.ClassLoss, a, func(base, class int) float64 { return float64(x[base+class*a.inner]) })
	}
}

// softmaxCrossEntropy takes the logarithms of the probabilities from the scores, not from rounded probabilities.
func softmaxCrossEntropy[T float](b *exec.Binding, o *op.SoftmaxCrossEntropyLoss) run {
	a := axisOf(b.Shape(0), 1)
	return func(f *exec.Frame) error {
		x := tensor.Data[T](f.In(0))
		var logs []T
		if f.Out(1) != nil {
			logs = tensor.Data[T](f.Out(1))
			a.each(func(_, base int) {
				top, sum := expSum(x, &a, base)
				for k := range a.n {
					logs[base+k*a.inner] = T(float64(x[base+k*a.inner]) - top - math.Log(sum))
				}
			})
		}
		if f.Out(0) == nil {
			return nil
		}
		return classLoss[T](f, &o.ClassLoss, a, func(base, class int) float64 {
			top, sum := expSum(x, &a, base)
			return float64(x[base+class*a.inner]) - top - math.Log(sum)
		})
	}
}

// classLoss computes the loss from the logarithms of the probabilities: log gives that of a class at an offset.
func classLoss[T float](f *exec.Frame, o *op.ClassLoss, a lanes, log func(base, class int) float64) error {
	target, y := f.In(1).Int64s(), tensor.Data[T](f.Out(0))
	var weights []T
	if f.In(2) != nil {
		weights = tensor.Data[T](f.In(2))
	}
	var sum, total float64
	var err error
	a.each(func(i, base int) {
		c := target[i]
		ignored := o.IgnoreIndex.Set && c == int64(o.IgnoreIndex.V)
		var loss, weight float64
		switch {
		case ignored:
		case c < 0 || c >= int64(a.n):
			if err == nil {
				err = fmt.Errorf("input 1: element %d is class %d of %d", i, c, a.n)
			}
		default:
			weight = 1
			if weights != nil {
				weight = float64(weights[c])
			}
			loss = -log(base, int(c)) * weight
		}
		sum, total = sum+loss, total+weight
		if o.Reduction == "none" {
			y[i] = T(loss)
		}
	})
	switch o.Reduction {
	case "sum":
		y[0] = T(sum)
	case "mean":
		y[0] = T(sum / total)
	}
	return err
}

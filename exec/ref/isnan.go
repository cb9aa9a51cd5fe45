package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var isNaNKernels = []exec.Kernel{
	always(isInf),
	always(isNaN),
}

func isInf(_ *exec.Binding, o *op.IsInf) run {
	return predicate(func(x float64) bool {
		return o.DetectPositive && math.IsInf(x, 1) || o.DetectNegative && math.IsInf(x, -1)
	})
}

func isNaN(_ *exec.Binding, _ *op.IsNaN) run { return predicate(math.IsNaN) }

func predicate(holds func(float64) bool) run {
	return func(f *exec.Frame) error {
		y := tensor.Data[bool](f.Out(0))
		for i, x := range f.In(0).Float64s() {
			y[i] = holds(x)
		}
		return nil
	}
}

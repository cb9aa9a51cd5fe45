package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var unaryKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.Unary]{
		tensor.Float32: unary[float32],
		tensor.Float64: unary[float64],
		tensor.Int32:   unary[int32],
		tensor.Int64:   unary[int64],
	}),
}

func unary[T number](b *exec.Binding, o *op.Unary) run {
	fn := unaryFn[T](o)
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		for i := range y {
			y[i] = fn(x[i])
		}
		return nil
	}
}

func unaryFn[T number](o *op.Unary) func(T) T {
	switch o.Fn {
	case op.Abs:
		return func(x T) T { return max(x, -x) }
	case op.Neg:
		return func(x T) T { return -x }
	}
	return func(x T) T { return max(x, 0) }
}

package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var binaryKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.Binary]{
		tensor.Float32: binary[float32],
		tensor.Float64: binary[float64],
		tensor.Int64:   binary[int64],
	}),
}

func binary[T number](b *exec.Binding, o *op.Binary) run {
	fn := binaryFn[T](o)
	shape := b.OutShape(0)
	strides := [][]int{tensor.BroadcastStrides(b.Shape(0), shape), tensor.BroadcastStrides(b.Shape(1), shape)}
	return func(f *exec.Frame) error {
		x, y, z := tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1)), tensor.Data[T](f.Out(0))
		tensor.Walk(shape, strides, func(i int, offs []int) { z[i] = fn(x[offs[0]], y[offs[1]]) })
		return nil
	}
}

func binaryFn[T number](o *op.Binary) func(a, b T) T {
	switch o.Fn {
	case op.Add:
		return func(a, b T) T { return a + b }
	case op.Sub:
		return func(a, b T) T { return a - b }
	case op.Mul:
		return func(a, b T) T { return a * b }
	}
	return func(a, b T) T { return a / b }
}

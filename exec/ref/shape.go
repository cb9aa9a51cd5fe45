package ref

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var shapeKernels = []exec.Kernel{
	view[*op.Flatten](),
	view[*op.Reshape](),
	view[*op.Squeeze](),
	view[*op.Unsqueeze](),
	always(identity),
	always(shape),
	always(size),
}

// view returns the row of an operator whose output has the elements of input 0 under another shape.
func view[P graph.Op]() exec.Kernel {
	return always(func(b *exec.Binding, o P) run {
		return func(f *exec.Frame) error {
			x, y := f.In(0), f.Out(0)
			if y == nil {
				return fmt.Errorf("%s: a size of the result overflows", x.Describe())
			}
			if x.Len() != y.Len() {
				return fmt.Errorf("%s cannot have shape %s", x.Describe(), tensor.FormatShape(y.Shape()))
			}
			y.CopyFrom(x)
			return nil
		}
	})
}

func identity(b *exec.Binding, o *op.Identity) run {
	return func(f *exec.Frame) error {
		f.Emit(0, f.InValue(0))
		return nil
	}
}

func shape(b *exec.Binding, o *op.Shape) run {
	return func(f *exec.Frame) error {
		y, dims := tensor.Data[int64](f.Out(0)), f.In(0).Shape()
		start := o.Start
		if start < 0 {
			start += len(dims)
		}
		for i := range y {
			y[i] = int64(dims[max(start, 0)+i])
		}
		return nil
	}
}

func size(b *exec.Binding, o *op.Size) run {
	return func(f *exec.Frame) error {
		tensor.Data[int64](f.Out(0))[0] = int64(f.In(0).Len())
		return nil
	}
}

package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var fillKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.Range]{
		tensor.Float32: rangeOf[float32],
		tensor.Float64: rangeOf[float64],
		tensor.Int16:   rangeOf[int16],
		tensor.Int32:   rangeOf[int32],
		tensor.Int64:   rangeOf[int64],
	}),
	always(eyeLike),
	always(oneHot),
	moving(constantOfShape),
}

func constantOfShape(b *exec.Binding, o *op.ConstantOfShape) run {
	v := o.Fill()
	if v.DType().IsPacked() {
		v = tensor.FromSlice(v.Codes())
	}
	mv := movesOf(v.DType())
	return func(f *exec.Frame) error {
		mv.fill(f.Out(0), 0, f.Out(0).Len(), v)
		return nil
	}
}

func eyeLike(b *exec.Binding, o *op.EyeLike) run {
	dt, shape := b.Out[0].DType, b.OutShape(0)
	mv, one := movesOf(dt), tensor.Convert(tensor.Scalar(int64(1)), dt)
	return func(f *exec.Frame) error {
		y := f.Out(0)
		mv.fill(y, 0, y.Len(), nil)
		for i := range shape[0] {
			if j := i + o.K; j >= 0 && j < shape[1] {
				mv.fill(y, i*shape[1]+j, 1, one)
			}
		}
		return nil
	}
}

func oneHot(b *exec.Binding, o *op.OneHot) run {
	shape := b.OutShape(0)
	axis := frontAxis(o.Axis, len(shape))
	depth, inner := shape[axis], tensor.Count(shape[axis+1:])
	mv := movesOf(b.DType(2))
	return func(f *exec.Frame) error {
		y, values := f.Out(0), f.In(2)
		mv.fill(y, 0, y.Len(), values)
		for i, k := range asInt64s(f.In(0)) {
			if k < 0 && f.In(0).DType() != tensor.Uint64 {
				k += int64(depth)
			}
			if k >= 0 && k < int64(depth) {
				mv.run(y, (i/inner*depth+int(k))*inner+i%inner, values, 1, 1)
			}
		}
		return nil
	}
}

// asInt64s returns the elements of a tensor of numbers, floats rounded to zero.
func asInt64s(t *tensor.Tensor) []int64 {
	if t.DType().IsFloat() {
		t = tensor.Convert(t, tensor.Int64)
	}
	return t.Int64s()
}

func rangeOf[T int16 | int32 | int64 | float](b *exec.Binding, o *op.Range) run {
	return func(f *exec.Frame) error {
		start, delta := tensor.Data[T](f.In(0))[0], tensor.Data[T](f.In(2))[0]
		y := tensor.Data[T](f.Out(0))
		for i := range y {
			y[i] = start + T(T(i)*delta)
		}
		return nil
	}
}

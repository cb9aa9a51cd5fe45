package cpu

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/cpu/simd"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func (e engine) rowKernels() []exec.Kernel {
	return []exec.Kernel{
		exec.On(func(b *exec.Binding, o *op.LayerNormalization) (exec.Step, error) { return e.bindLayerNorm(b, o) }),
		exec.On(func(b *exec.Binding, o *op.LogSoftmax) (exec.Step, error) {
			return e.bindSoftmax(b, o.Axis, simd.LogSoftmax)
		}),
		exec.On(func(b *exec.Binding, o *op.RMSNormalization) (exec.Step, error) { return e.bindRMSNorm(b, o) }),
		exec.On(func(b *exec.Binding, o *op.Softmax) (exec.Step, error) { return e.bindSoftmax(b, o.Axis, simd.Softmax) }),
	}
}

// byRow returns the step of a function of rows of n elements.
func (e engine) byRow(kernel string, count, n int, run func(f *exec.Frame, row int)) exec.Step {
	each := max(1, chunk/4/max(n, 1))
	step := exec.Tiled((count+each-1)/each, func(f *exec.Frame, tile int) error {
		for i := tile * each; i < min((tile+1)*each, count); i++ {
			run(f, i)
		}
		return nil
	})
	step.Kernel = kernel + " " + e.level.String()
	return step
}

// bindSoftmax binds Softmax or LogSoftmax of float32 along the last dimension.
func (e engine) bindSoftmax(b *exec.Binding, axis int, row func(l simd.Level, y, x []float32)) (exec.Step, error) {
	if b.DType(0) != tensor.Float32 {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	shape := b.Shape(0)
	if axis != -1 && axis != len(shape)-1 || len(shape) == 0 {
		return exec.Step{}, exec.ErrUnsupported
	}
	n := shape[len(shape)-1]
	return e.byRow("softmax", tensor.Count(shape[:len(shape)-1]), n, func(f *exec.Frame, i int) {
		if n > 0 {
			row(e.level, tensor.Data[float32](f.Out(0))[i*n:(i+1)*n], tensor.Data[float32](f.In(0))[i*n:(i+1)*n])
		}
	}), nil
}

// bindLayerNorm binds LayerNormalization of float32 whose scale and bias have one number for each element of a row.
func (e engine) bindLayerNorm(b *exec.Binding, o *op.LayerNormalization) (exec.Step, error) {
	if b.DType(0) != tensor.Float32 || b.DType(1) != tensor.Float32 || tensor.DType(o.StashType) != tensor.Float32 {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	count, n, ok := layerRows(b, o.Axis)
	if !ok || b.Has(2) && tensor.Count(b.Shape(2)) != n {
		return exec.Step{}, exec.ErrUnsupported
	}
	return e.byRow("layernorm", count, n, func(f *exec.Frame, i int) {
		var beta []float32
		if v := f.In(2); v != nil {
			beta = tensor.Data[float32](v)
		}
		x, y := tensor.Data[float32](f.In(0))[i*n:(i+1)*n], tensor.Data[float32](f.Out(0))[i*n:(i+1)*n]
		mean, inv := simd.LayerNorm(e.level, y, x, tensor.Data[float32](f.In(1)), beta, o.Epsilon)
		if v := f.Out(1); v != nil {
			tensor.Data[float32](v)[i] = mean
		}
		if v := f.Out(2); v != nil {
			tensor.Data[float32](v)[i] = inv
		}
	}), nil
}

// bindRMSNorm binds RMSNormalization of float32 whose scale has one number for each element of a row.
func (e engine) bindRMSNorm(b *exec.Binding, o *op.RMSNormalization) (exec.Step, error) {
	if b.DType(0) != tensor.Float32 || b.DType(1) != tensor.Float32 || tensor.DType(o.StashType) != tensor.Float32 {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	count, n, ok := layerRows(b, o.Axis)
	if !ok {
		return exec.Step{}, exec.ErrUnsupported
	}
	return e.byRow("rmsnorm", count, n, func(f *exec.Frame, i int) {
		x, y := tensor.Data[float32](f.In(0))[i*n:(i+1)*n], tensor.Data[float32](f.Out(0))[i*n:(i+1)*n]
		simd.RMSNorm(e.level, y, x, tensor.Data[float32](f.In(1)), o.Epsilon)
	}), nil
}

// layerRows returns how many rows a normalization over the dimensions from axis on has, and their length; ok is false where the
// scale does not have that length or there is nothing to do.
func layerRows(b *exec.Binding, axis int) (count, n int, ok bool) {
	shape := b.Shape(0)
	if axis < 0 {
		axis += len(shape)
	}
	count, n = tensor.Count(shape[:axis]), tensor.Count(shape[axis:])
	return count, n, n > 0 && tensor.Count(b.Shape(1)) == n
}

package ref

import (
	"errors"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var optionalKernels = []exec.Kernel{
	always(makeOptional),
	always(optionalGetElement),
	always(optionalHasElement),
}

func makeOptional(b *exec.Binding, o *op.Optional) run {
	elem := b.Out[0].Type.Elem
	return func(f *exec.Frame) error {
		v := &tensor.Optional{Value: f.InValue(0)}
		if elem != nil {
			v.Elem = *elem
		}
		f.Emit(0, v)
		return nil
	}
}

func optionalGetElement(b *exec.Binding, o *op.OptionalGetElement) run {
	return func(f *exec.Frame) error {
		v := f.InValue(0)
		if opt, ok := v.(*tensor.Optional); ok {
			if opt.Value == nil {
				return errors.New("input 0: the optional is empty")
			}
			v = opt.Value
		}
		f.Emit(0, v)
		return nil
	}
}

func optionalHasElement(b *exec.Binding, o *op.OptionalHasElement) run {
	return func(f *exec.Frame) error {
		v := f.InValue(0)
		opt, ok := v.(*tensor.Optional)
		tensor.Data[bool](f.Out(0))[0] = v != nil && (!ok || opt.Value != nil)
		return nil
	}
}

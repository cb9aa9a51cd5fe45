package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var concatKernels = []exec.Kernel{
	moving(concat),
	moving(split),
}

// frontAxis returns an axis counted from the front.
func frontAxis(axis, rank int) int {
	if axis < 0 {
		axis += rank
	}
	return axis
}

func concat(b *exec.Binding, o *op.Concat) run {
	mv := movesOf(b.DType(0))
	out := tensor.Strides(b.OutShape(0))
	axis, at := frontAxis(o.Axis, len(out)), 0
	boxes := make([]*box, len(b.In))
	for i := range b.In {
		s := b.Shape(i)
		boxes[i] = newBox(s, at*out[axis], out, 0, tensor.Strides(s))
		at += s[axis]
	}
	return func(f *exec.Frame) error {
		for i, x := range boxes {
			if err := mv.box(f, x, f.Out(0), f.In(i), 0); err != nil {
				return err
			}
		}
		return nil
	}
}

func split(b *exec.Binding, o *op.Split) run {
	mv := movesOf(b.DType(0))
	in := tensor.Strides(b.Shape(0))
	axis := frontAxis(o.Axis, len(in))
	part := (b.Shape(0)[axis] + len(b.Out) - 1) / len(b.Out)
	boxes := make([]*box, len(b.Out))
	for i := range b.Out {
		if s := b.OutShape(i); s != nil {
			boxes[i] = newBox(s, 0, tensor.Strides(s), 0, in)
		}
	}
	return func(f *exec.Frame) error {
		at := 0
		for i, x := range boxes {
			n := part // of an output that nobody wants
			if t := f.In(1); t != nil {
				n = int(tensor.Data[int64](t)[i])
			}
			if x != nil {
				n = f.Out(i).Shape()[axis]
				if err := mv.box(f, x, f.Out(i), f.In(0), at*in[axis]); err != nil {
					return err
				}
			}
			at += n
		}
		return nil
	}
}

// constOf returns the value of input i when it is known at binding, else nil.
func constOf(b *exec.Binding, i int) *tensor.Tensor {
	if i < len(b.In) {
		return b.In[i].Const
	}
	return nil
}

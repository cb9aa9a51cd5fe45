package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var sliceKernels = []exec.Kernel{
	moving(slice),
}

func slice(b *exec.Binding, o *op.Slice) run {
	in, out := b.Shape(0), b.OutShape(0)
	plan := func(starts, axes, steps *tensor.Tensor) *box {
		strides, from := tensor.Strides(in), 0
		src := append([]int(nil), strides...)
		for i, start := range starts.Int64s() {
			a, step := i, 1
			if axes != nil {
				a = frontAxis(int(axes.Int64s()[i]), len(in))
			}
			if steps != nil {
				step = int(steps.Int64s()[i])
			}
			if out[a] == 0 {
				continue
			}
			// The size of the result is known, so the end does not matter.
			s := int(start)
			if s < 0 {
				s += in[a]
			}
			from += min(max(s, 0), in[a]-1) * strides[a]
			src[a] = strides[a] * step
		}
		return newBox(out, 0, tensor.Strides(out), from, src)
	}
	known := constOf(b, 1) != nil
	for i := 3; i < len(b.In); i++ {
		known = known && (!b.Has(i) || constOf(b, i) != nil)
	}
	if known {
		return boxed(b, plan(constOf(b, 1), constOf(b, 3), constOf(b, 4)))
	}
	mv := movesOf(b.DType(0))
	return func(f *exec.Frame) error {
		return mv.box(f, plan(f.In(1), f.In(3), f.In(4)), f.Out(0), f.In(0), 0)
	}
}

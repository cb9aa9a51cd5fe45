package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var expandKernels = []exec.Kernel{
	moving(expand),
	moving(tile),
}

func expand(b *exec.Binding, o *op.Expand) run {
	out := b.OutShape(0)
	return boxed(b, newBox(out, 0, tensor.Strides(out), 0, tensor.BroadcastStrides(b.Shape(0), out)))
}

func tile(b *exec.Binding, o *op.Tile) run {
	in, out := b.Shape(0), b.OutShape(0)
	var shape, dst, src []int
	is, os := tensor.Strides(in), tensor.Strides(out)
	for i, d := range in {
		reps := 0
		if d > 0 {
			reps = out[i] / d
		}
		shape = append(shape, reps, d)
		dst = append(dst, os[i]*d, os[i])
		src = append(src, 0, is[i])
	}
	return boxed(b, newBox(shape, 0, dst, 0, src))
}

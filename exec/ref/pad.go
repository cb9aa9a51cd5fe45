package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var padKernels = []exec.Kernel{
	moving(centerCropPad),
	moving(pad),
}

func pad(b *exec.Binding, o *op.Pad) run {
	in, out := b.Shape(0), b.OutShape(0)
	mv := movesOf(b.DType(0))
	padding := func(pads, axes *tensor.Tensor) (before []int) {
		var list []int64
		if axes != nil {
			list = axes.Int64s()
		}
		before, _ = o.PadsOf(len(in), tensor.Data[int64](pads), list)
		return before
	}
	if o.Mode == "constant" {
		place := func(pads, axes *tensor.Tensor) *box { return padWindow(in, out, padding(pads, axes)) }
		known := cached(b, place)
		return func(f *exec.Frame) error {
			x := known
			if x == nil {
				x = place(f.In(1), f.In(3))
			}
			mv.fill(f.Out(0), 0, f.Out(0).Len(), f.In(2))
			return mv.box(f, x, f.Out(0), f.In(0), 0)
		}
	}
	index := func(pads, axes *tensor.Tensor) *[][]int {
		offs, strides := make([][]int, len(in)), tensor.Strides(in)
		for i, before := range padding(pads, axes) {
			offs[i] = padIndex(in[i], before, out[i], o.Mode)
			for j := range offs[i] {
				offs[i][j] *= strides[i]
			}
		}
		return &offs
	}
	known := cached(b, index)
	return func(f *exec.Frame) error {
		x := known
		if x == nil {
			x = index(f.In(1), f.In(3))
		}
		return mv.pick(f, *x, f.Out(0), f.In(0))
	}
}

// cached returns what plan makes of inputs 1 and 3 when they are known at binding, else nil.
func cached[T any](b *exec.Binding, plan func(x, y *tensor.Tensor) *T) *T {
	if constOf(b, 1) == nil || b.Has(3) && constOf(b, 3) == nil {
		return nil
	}
	return plan(constOf(b, 1), constOf(b, 3))
}

// padWindow returns the box of what stays of a tensor of shape in when each axis gets before[i] more elements in front, or
// fewer when it is negative, and has out[i] elements then.
func padWindow(in, out, before []int) *box {
	is, os := tensor.Strides(in), tensor.Strides(out)
	shape, to, from := make([]int, len(in)), 0, 0
	for i, n := range before {
		lo, hi := max(n, 0), min(n+in[i], out[i]) // where the input lies in the output
		shape[i] = max(hi-lo, 0)
		to += lo * os[i]
		from += (lo - n) * is[i]
	}
	return newBox(shape, to, os, from, is)
}

// padIndex returns which element of a dimension of size d lies at each of the n places of the padded one, which has
// before more in front. Where padding is negative, the rest of the dimension is what is reflected or repeated.
func padIndex(d, before, n int, mode string) []int {
	first, size := max(-before, 0), min(d, n-before) // what stays
	size -= first
	idx := make([]int, n)
	for i := range idx {
		j := i - max(before, 0)
		switch {
		case size <= 0:
			j = min(max(i-before, 0), d-1) - first
		case mode == "edge":
			j = min(max(j, 0), size-1)
		case mode == "wrap":
			j = (j%size + size) % size
		case size == 1:
			j = 0
		default:
			period := 2 * (size - 1)
			j = (j%period + period) % period
			j = min(j, period-j)
		}
		idx[i] = first + j
	}
	return idx
}

func centerCropPad(b *exec.Binding, o *op.CenterCropPad) run {
	in, out := b.Shape(0), b.OutShape(0)
	before := make([]int, len(in))
	for i := range in {
		if before[i] = (out[i] - in[i]) / 2; out[i] < in[i] {
			before[i] = -((in[i] - out[i]) / 2)
		}
	}
	mv, x := movesOf(b.DType(0)), padWindow(in, out, before)
	return func(f *exec.Frame) error {
		mv.fill(f.Out(0), 0, f.Out(0).Len(), nil)
		return mv.box(f, x, f.Out(0), f.In(0), 0)
	}
}

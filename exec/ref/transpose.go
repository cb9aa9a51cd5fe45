package ref

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var transposeKernels = []exec.Kernel{
	moving(depthToSpace),
	moving(reverseSequence),
	moving(spaceToDepth),
	moving(transpose),
	moving(trilu),
}

// boxed returns a kernel that copies one box from input 0 to output 0.
func boxed(b *exec.Binding, x *box) run {
	mv := movesOf(b.DType(0))
	return func(f *exec.Frame) error { return mv.box(f, x, f.Out(0), f.In(0), 0) }
}

func transpose(b *exec.Binding, o *op.Transpose) run {
	in := tensor.Strides(b.Shape(0))
	src := make([]int, len(in))
	for i, p := range o.PermOf(len(in)) {
		src[i] = in[p]
	}
	out := b.OutShape(0)
	return boxed(b, newBox(out, 0, tensor.Strides(out), 0, src))
}

func depthToSpace(b *exec.Binding, o *op.DepthToSpace) run {
	shape, deep, wide := blockStrides(b.Shape(0), b.OutShape(0), o.Blocksize, o.Mode)
	return boxed(b, newBox(shape, 0, wide, 0, deep))
}

func spaceToDepth(b *exec.Binding, o *op.SpaceToDepth) run {
	shape, deep, wide := blockStrides(b.OutShape(0), b.Shape(0), o.Blocksize, o.Mode)
	return boxed(b, newBox(shape, 0, deep, 0, wide))
}

// blockStrides returns the dimensions (batch, depth, row, y, column, x) that a tensor of shape deep = [N, C·n², H, W] shares with
// one of shape wide = [N, C, H·n, W·n], and the strides of both: row and column are those of a block, y and x inside it.
func blockStrides(deep, wide []int, n int, mode string) (shape, deepStrides, wideStrides []int) {
	d, w := tensor.Strides(deep), tensor.Strides(wide)
	depth, y, x := d[1], d[1]*n*wide[1], d[1]*wide[1]
	if mode == "CRD" {
		depth, y, x = d[1]*n*n, d[1]*n, d[1]
	}
	return []int{wide[0], wide[1], deep[2], n, deep[3], n},
		[]int{d[0], depth, d[2], y, d[3], x},
		[]int{w[0], w[1], w[2] * n, w[2], w[3] * n, w[3]}
}

func reverseSequence(b *exec.Binding, o *op.ReverseSequence) run {
	mv := movesOf(b.DType(0))
	shape := b.Shape(0)
	batches, times := shape[o.BatchAxis], shape[o.TimeAxis]
	n := tensor.Count(shape[2:])
	strides := [2]int{n * shape[1], n}
	bs, ts := strides[o.BatchAxis], strides[o.TimeAxis]
	return func(f *exec.Frame) error {
		x, y := f.In(0), f.Out(0)
		for i, k := range tensor.Data[int64](f.In(1)) {
			if k < 0 || k > int64(times) {
				return fmt.Errorf("input 1: length %d is %d, want 0 to %d", i, k, times)
			}
			if i == batches {
				break
			}
			for t := range times {
				from := t
				if t < int(k) {
					from = int(k) - 1 - t
				}
				mv.run(y, i*bs+t*ts, x, i*bs+from*ts, n)
			}
		}
		return f.Err()
	}
}

func trilu(b *exec.Binding, o *op.Trilu) run {
	mv := movesOf(b.DType(0))
	shape := b.Shape(0)
	r := len(shape)
	rows, cols := shape[r-2], shape[r-1]
	return func(f *exec.Frame) error {
		k := 0
		if t := f.In(1); t != nil {
			k = int(min(max(tensor.Data[int64](t)[0], int64(-rows-1)), int64(cols+1)))
		}
		x, y := f.In(0), f.Out(0)
		for i := range tensor.Count(shape[:r-1]) {
			at := i * cols
			from, to := min(max(i%rows+k, 0), cols), cols // the part of the row that is kept
			if !o.Upper {
				from, to = 0, min(max(i%rows+k+1, 0), cols)
			}
			mv.fill(y, at, from, nil)
			mv.run(y, at+from, x, at+from, to-from)
			mv.fill(y, at+to, cols-to, nil)
			if at%pollSize < cols && f.Err() != nil {
				return f.Err()
			}
		}
		return nil
	}
}

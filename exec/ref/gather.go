package ref

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var gatherKernels = []exec.Kernel{
	moving(gather),
	moving(gatherElements),
	moving(gatherND),
}

// indexError says that an element of input 1, the indices, lies outside a dimension of n elements.
func indexError(index int64, at, n, axis int) error {
	return fmt.Errorf("input 1: index %d (element %d) outside [%d,%d) of axis %d", index, at, -n, n, axis)
}

// wrapIndex returns an index into a dimension of n elements counted from the front; false when it lies outside.
func wrapIndex(index int64, n int) (int, bool) {
	if index < 0 {
		index += int64(n)
	}
	return int(index), index >= 0 && index < int64(n)
}

func gather(b *exec.Binding, o *op.Gather) run {
	mv := movesOf(b.DType(0))
	axis := frontAxis(o.Axis, len(b.Shape(0)))
	l := axisOf(b.Shape(0), axis)
	return func(f *exec.Frame) error {
		x, y := f.In(0), f.Out(0)
		idx := f.In(1).Int64s()
		for i, k := range idx {
			at, ok := wrapIndex(k, l.n)
			if !ok {
				return indexError(k, i, l.n, axis)
			}
			for outer := range l.outer {
				mv.run(y, (outer*len(idx)+i)*l.inner, x, (outer*l.n+at)*l.inner, l.inner)
			}
			if err := pollEvery(f, i, l.outer*l.inner); err != nil {
				return err
			}
		}
		return nil
	}
}

func gatherElements(b *exec.Binding, o *op.GatherElements) run {
	mv := movesOf(b.DType(0))
	each := elementOffsets(b.Shape(0), b.Shape(1), o.Axis)
	return func(f *exec.Frame) error {
		x, y := f.In(0), f.Out(0)
		return each(f, f.In(1).Int64s(), func(i, at int) { mv.run(y, i, x, at, 1) })
	}
}

// elementOffsets returns a function that calls yield for each element i of indices with the offset of the element of a
// tensor of shape data that it names along axis.
func elementOffsets(data, indices []int, axis int) func(f *exec.Frame, idx []int64, yield func(i, at int)) error {
	axis = frontAxis(axis, len(data))
	strides := tensor.Strides(data)
	n, step := data[axis], strides[axis]
	strides[axis] = 0
	return func(f *exec.Frame, idx []int64, yield func(i, at int)) error {
		var err error
		tensor.Walk(indices, [][]int{strides}, func(i int, offs []int) {
			if err != nil {
				return
			}
			k, ok := wrapIndex(idx[i], n)
			if !ok {
				err = indexError(idx[i], i, n, axis)
				return
			}
			yield(i, offs[0]+k*step)
			if i%pollSize == 0 {
				err = f.Err()
			}
		})
		return err
	}
}

func gatherND(b *exec.Binding, o *op.GatherND) run {
	mv := movesOf(b.DType(0))
	s := slicesOf(b.Shape(0), b.Shape(1), o.BatchDims)
	return func(f *exec.Frame) error {
		x, y := f.In(0), f.Out(0)
		return s.each(f, tensor.Data[int64](f.In(1)), func(i, at int) { mv.run(y, i*s.size, x, at, s.size) })
	}
}

// ndSlices are the slices of a tensor that vectors of indices name.
type ndSlices struct {
	count, depth int   // how many vectors there are, and how many indices each has
	dims         []int // the dimensions that they index
	strides      []int
	first        int // which axis the first one is
	size         int // elements of a slice
	perBatch     int // vectors of a batch
	batchStride  int
}

// slicesOf returns the slices of a tensor of shape data that a tensor of shape indices names after batch shared dimensions.
func slicesOf(data, indices []int, batch int) *ndSlices {
	last := len(indices) - 1
	depth := indices[last]
	strides := tensor.Strides(data)
	return &ndSlices{
		count:       tensor.Count(indices[:last]),
		depth:       depth,
		dims:        data[batch : batch+depth],
		strides:     strides[batch:],
		first:       batch,
		size:        tensor.Count(data[batch+depth:]),
		perBatch:    tensor.Count(indices[batch:last]),
		batchStride: tensor.Count(data[batch:]),
	}
}

// each calls yield for each vector i of indices with the offset of its slice.
func (s *ndSlices) each(f *exec.Frame, idx []int64, yield func(i, at int)) error {
	for i := range s.count {
		at := i / s.perBatch * s.batchStride
		for j, n := range s.dims {
			k, ok := wrapIndex(idx[i*s.depth+j], n)
			if !ok {
				return indexError(idx[i*s.depth+j], i*s.depth+j, n, s.first+j)
			}
			at += k * s.strides[j]
		}
		yield(i, at)
		if err := pollEvery(f, i, s.size); err != nil {
			return err
		}
	}
	return nil
}

package ref

import (
	"slices"

	"github.com/gneiss-ml/gneiss/tensor"
)

// A walk visits the elements of a shape in row-major order, in runs along the innermost dimension, with the offsets of
// operands that are broadcast to it.
type walk struct {
	outer   []int   // the dimensions around the runs
	n       int     // elements of a run
	strides [][]int // of each operand over the outer dimensions
	step    []int   // of each operand along a run
}

// broadcast returns the walk over shape for operands of the given shapes. Dimensions that all operands walk alike are
// merged.
func broadcast(shape []int, operands ...[]int) walk {
	dims := []int{1}
	strides := make([][]int, len(operands))
	for k := range operands {
		strides[k] = []int{0}
	}
	all := make([][]int, len(operands))
	for k, s := range operands {
		all[k] = tensor.BroadcastStrides(s, shape)
	}
	for d, size := range shape {
		last := len(dims) - 1
		merge := dims[last] == 1
		if !merge {
			merge = true
			for k := range operands {
				merge = merge && strides[k][last] == all[k][d]*size
			}
		}
		if size == 1 {
			continue
		}
		if merge {
			dims[last] *= size
		} else {
			dims = append(dims, size)
		}
		for k := range operands {
			if merge {
				strides[k][last] = all[k][d]
			} else {
				strides[k] = append(strides[k], all[k][d])
			}
		}
	}
	last := len(dims) - 1
	w := walk{outer: slices.Clone(dims[:last]), n: dims[last]}
	for k := range operands {
		w.step = append(w.step, strides[k][last])
		w.strides = append(w.strides, strides[k][:last])
	}
	if slices.Contains(shape, 0) {
		w.n, w.outer = 0, []int{0}
		for k := range w.strides {
			w.strides[k] = []int{0}
		}
	}
	return w
}

// rows calls f for each run with the index of its first element and the offsets of the operands there.
func (w *walk) rows(f func(at int, offs []int)) {
	tensor.Walk(w.outer, w.strides, func(i int, offs []int) { f(i*w.n, offs) })
}

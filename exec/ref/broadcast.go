package ref

import (
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
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

// span calls f for the runs, cut at its ends, that make up elements lo to hi: at is the first element of a run, n how many
// it has, and offs are the offsets of the operands at the first.
func (w *walk) span(lo, hi int, f func(at, n int, offs []int)) {
	if lo >= hi {
		return
	}
	var small [16]int
	buf := small[:]
	if need := len(w.outer) + len(w.step); need > len(buf) {
		buf = make([]int, need)
	}
	idx, offs := buf[:len(w.outer)], buf[len(w.outer):len(w.outer)+len(w.step)]
	row, k := lo/w.n, lo%w.n
	for d := len(idx) - 1; d >= 0; d-- {
		idx[d] = row % w.outer[d]
		row /= w.outer[d]
	}
	for {
		n := min(w.n-k, hi-lo)
		for o := range offs {
			offs[o] = k * w.step[o]
			for d, i := range idx {
				offs[o] += i * w.strides[o][d]
			}
		}
		f(lo, n, offs)
		if lo += n; lo >= hi {
			return
		}
		k = 0
		for d := len(idx) - 1; d >= 0; d-- {
			if idx[d]++; idx[d] < w.outer[d] {
				break
			}
			idx[d] = 0
		}
	}
}

// tileElements is how many elements a tile of an elementwise operator has.
const tileElements = 1 << 16

// elementwise cuts n elements into tiles, which run calls for the elements lo to hi.
func elementwise(n int, run func(f *exec.Frame, lo, hi int)) tiles {
	return tiles{blocks(n, tileElements), func(f *exec.Frame, tile int) error {
		run(f, tile*tileElements, min(n, (tile+1)*tileElements))
		return nil
	}}
}

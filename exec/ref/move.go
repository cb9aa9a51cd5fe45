package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// moving returns the row of an operator that moves elements without looking at them. Its kernel sees no packed types:
// operands of one are bytes there, one per element.
func moving[P graph.Op](k impl[P]) exec.Kernel {
	return exec.On(func(b *exec.Binding, o P) (exec.Step, error) {
		if b.Probe {
			return exec.Step{}, nil
		}
		return moveStep(b, func(b *exec.Binding) run { return k(b, o) }), nil
	})
}

// moveStep binds a kernel that moves elements.
func moveStep(b *exec.Binding, k func(b *exec.Binding) run) exec.Step {
	for _, p := range append(b.In[:len(b.In):len(b.In)], b.Out...) {
		if p.Kind == tensor.KindTensor && p.DType.IsPacked() {
			return unpacked(b, p.DType, k)
		}
	}
	return exec.Once(k(b))
}

// unpacked binds a kernel to bytes that hold one element each of the packed type dt.
func unpacked(b *exec.Binding, dt tensor.DType, k func(b *exec.Binding) run) exec.Step {
	u := *b
	u.In = append([]exec.Operand(nil), b.In...)
	u.Out = append([]exec.Operand(nil), b.Out...)
	for i := range u.In {
		if u.In[i].DType == dt {
			u.In[i].DType, u.In[i].Const = tensor.Uint8, nil
		}
	}
	for i := range u.Out {
		if u.Out[i].DType == dt {
			u.Out[i].DType = tensor.Uint8
		}
	}
	inner := k(&u)
	return exec.Once(func(f *exec.Frame) error { return f.Unpacked(dt, inner) })
}

// moves are the ways to move elements of one size between tensors of one type.
type moves struct {
	// run copies n elements that follow each other.
	run func(dst *tensor.Tensor, at int, src *tensor.Tensor, from, n int)
	// fill sets n elements to the first one of src, or to zero when src is nil.
	fill func(dst *tensor.Tensor, at, n int, src *tensor.Tensor)
	// box copies a block of src from element off on, see box.
	box func(f *exec.Frame, b *box, dst, src *tensor.Tensor, off int) error
	// pick copies elements chosen per axis, see pickBy.
	pick func(f *exec.Frame, offs [][]int, dst, src *tensor.Tensor) error
}

// movesOf returns the moves for an element type that is not packed.
func movesOf(dt tensor.DType) *moves {
	switch {
	case dt == tensor.String:
		return stringMoves
	case dt.Size() == 1:
		return byteMoves
	case dt.Size() == 2:
		return shortMoves
	case dt.Size() == 4:
		return wordMoves
	case dt.Size() == 8:
		return longMoves
	}
	return wideMoves
}

var (
	stringMoves = makeMoves(tensor.Data[string])
	byteMoves   = makeMoves(bytesAs[uint8])
	shortMoves  = makeMoves(bytesAs[uint16])
	wordMoves   = makeMoves(bytesAs[uint32])
	longMoves   = makeMoves(bytesAs[uint64])
	wideMoves   = makeMoves(bytesAs[complex128])
)

func makeMoves[T any](view func(tensor.Value) []T) *moves {
	return &moves{
		run: func(dst *tensor.Tensor, at int, src *tensor.Tensor, from, n int) {
			copy(view(dst)[at:at+n], view(src)[from:from+n])
		},
		fill: func(dst *tensor.Tensor, at, n int, src *tensor.Tensor) {
			d := view(dst)[at : at+n]
			if src == nil {
				clear(d)
				return
			}
			x := view(src)[0]
			for i := range d {
				d[i] = x
			}
		},
		box: func(f *exec.Frame, b *box, dst, src *tensor.Tensor, off int) error {
			if tensor.Count(b.shape) == 0 {
				return nil
			}
			return copyBox(f, b, view(dst), view(src)[off:])
		},
		pick: func(f *exec.Frame, offs [][]int, dst, src *tensor.Tensor) error {
			return pickBy(f, offs, view(dst), view(src))
		},
	}
}

// A box is a block of elements to copy: for all indexes i of shape,
//
//	dst[to + Σ i[k]·dstStrides[k]] = src[from + Σ i[k]·srcStrides[k]]
type box struct {
	shape      []int
	to         int
	dstStrides []int
	from       int
	srcStrides []int
}

// newBox returns a box with as few dimensions as it can have: those of size 1 left out, those that follow each other in
// both tensors merged.
func newBox(shape []int, to int, dstStrides []int, from int, srcStrides []int) *box {
	b := &box{to: to, from: from}
	for i, n := range shape {
		if n == 1 {
			continue
		}
		if k := len(b.shape) - 1; k >= 0 && b.dstStrides[k] == n*dstStrides[i] && b.srcStrides[k] == n*srcStrides[i] {
			b.shape[k] *= n
			b.dstStrides[k], b.srcStrides[k] = dstStrides[i], srcStrides[i]
			continue
		}
		b.shape = append(b.shape, n)
		b.dstStrides = append(b.dstStrides, dstStrides[i])
		b.srcStrides = append(b.srcStrides, srcStrides[i])
	}
	return b
}

// pollSize is after how many elements a kernel asks whether to go on.
const pollSize = 1 << 17

// copyBox copies a box that is not empty.
func copyBox[T any](f *exec.Frame, b *box, dst, src []T) error {
	last := len(b.shape) - 1
	if last < 0 {
		dst[b.to] = src[b.from]
		return nil
	}
	var room [16]int
	idx := room[:]
	if last > len(room) {
		idx = make([]int, last)
	}
	n, ds, ss := b.shape[last], b.dstStrides[last], b.srcStrides[last]
	to, from, done := b.to, b.from, 0
	for {
		if ds == 1 && ss == 1 {
			copy(dst[to:to+n], src[from:from+n])
		} else {
			for i := range n {
				dst[to+i*ds] = src[from+i*ss]
			}
		}
		if done += n; done >= pollSize {
			if done = 0; f.Err() != nil {
				return f.Err()
			}
		}
		k := last - 1
		for ; k >= 0; k-- {
			idx[k]++
			to, from = to+b.dstStrides[k], from+b.srcStrides[k]
			if idx[k] < b.shape[k] {
				break
			}
			to, from = to-idx[k]*b.dstStrides[k], from-idx[k]*b.srcStrides[k]
			idx[k] = 0
		}
		if k < 0 {
			return nil
		}
	}
}

// pickBy fills dst, which has the dimensions len(offs[0]), len(offs[1]) and so on, with src[Σ offs[k][i[k]]] at index i.
// A negative offset leaves the element alone.
func pickBy[T any](f *exec.Frame, offs [][]int, dst, src []T) error {
	if len(dst) == 0 {
		return nil
	}
	if len(offs) == 0 {
		dst[0] = src[0]
		return nil
	}
	last := len(offs) - 1
	var room [16]int
	idx := room[:]
	if last > len(room) {
		idx = make([]int, last)
	}
	idx = idx[:last]
	row := offs[last]
	done := 0
	for at := 0; at < len(dst); at += len(row) {
		from, skip := 0, false
		for k, i := range idx {
			from += offs[k][i]
			skip = skip || offs[k][i] < 0
		}
		if !skip {
			for i, o := range row {
				if o >= 0 {
					dst[at+i] = src[from+o]
				}
			}
		}
		if done += len(row); done >= pollSize {
			if done = 0; f.Err() != nil {
				return f.Err()
			}
		}
		for k := last - 1; k >= 0; k-- {
			if idx[k]++; idx[k] < len(offs[k]) {
				break
			}
			idx[k] = 0
		}
	}
	return nil
}

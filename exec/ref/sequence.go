package ref

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var sequenceKernels = []exec.Kernel{
	always(concatFromSequence),
	always(sequenceAt),
	always(sequenceConstruct),
	always(sequenceEmpty),
	always(sequenceErase),
	always(sequenceInsert),
	always(sequenceLength),
	always(splitToSequence),
}

func sequenceConstruct(b *exec.Binding, o *op.SequenceConstruct) run {
	return func(f *exec.Frame) error {
		s := &tensor.Sequence{Elem: f.In(0).Type()}
		for i := range f.NumIn() {
			s.Items = append(s.Items, f.In(i))
		}
		f.Emit(0, s)
		return nil
	}
}

func sequenceEmpty(b *exec.Binding, o *op.SequenceEmpty) run {
	return func(f *exec.Frame) error {
		f.Emit(0, &tensor.Sequence{Elem: o.Elem()})
		return nil
	}
}

// sequenceOf returns input 0, a sequence.
func sequenceOf(f *exec.Frame) *tensor.Sequence { return f.InValue(0).(*tensor.Sequence) }

// positionOf returns the position that input i is among n, counted from the front; def when it is absent.
func positionOf(f *exec.Frame, i, n, def int) (int, error) {
	t := f.In(i)
	if t == nil {
		return def, nil
	}
	p := t.Int64s()[0]
	k, ok := wrapIndex(p, n)
	if !ok {
		return 0, fmt.Errorf("input %d: position %d outside [%d,%d)", i, p, -n, n)
	}
	return k, nil
}

func sequenceAt(b *exec.Binding, o *op.SequenceAt) run {
	return func(f *exec.Frame) error {
		s := sequenceOf(f)
		i, err := positionOf(f, 1, len(s.Items), 0)
		if err == nil {
			f.Emit(0, s.Items[i])
		}
		return err
	}
}

func sequenceErase(b *exec.Binding, o *op.SequenceErase) run {
	return func(f *exec.Frame) error {
		s := sequenceOf(f)
		if len(s.Items) == 0 {
			return errors.New("input 0: the sequence is empty")
		}
		i, err := positionOf(f, 1, len(s.Items), len(s.Items)-1)
		if err == nil {
			f.Emit(0, &tensor.Sequence{Elem: s.Elem, Items: slices.Delete(slices.Clone(s.Items), i, i+1)})
		}
		return err
	}
}

func sequenceInsert(b *exec.Binding, o *op.SequenceInsert) run {
	return func(f *exec.Frame) error {
		s := sequenceOf(f)
		n, at := len(s.Items), len(s.Items)
		if t := f.In(2); t != nil {
			p := t.Int64s()[0]
			if at = int(p); p < 0 {
				at += n
			}
			if p < int64(-n) || p > int64(n) {
				return fmt.Errorf("input 2: position %d outside [%d,%d]", p, -n, n)
			}
		}
		f.Emit(0, &tensor.Sequence{Elem: s.Elem, Items: slices.Insert(slices.Clone(s.Items), at, f.InValue(1))})
		return nil
	}
}

func sequenceLength(b *exec.Binding, o *op.SequenceLength) run {
	return func(f *exec.Frame) error {
		tensor.Data[int64](f.Out(0))[0] = int64(len(sequenceOf(f).Items))
		return nil
	}
}

func splitToSequence(b *exec.Binding, o *op.SplitToSequence) run {
	mv := movesOf(b.DType(0))
	shape := b.Shape(0)
	axis, l := frontAxis(o.Axis, len(shape)), axisOf(shape, o.Axis)
	return func(f *exec.Frame) error {
		sizes, err := splitSizes(f.In(1), l.n)
		if err != nil {
			return err
		}
		x, at := f.In(0), 0
		s := &tensor.Sequence{Elem: x.Type()}
		for _, n := range sizes {
			part := slices.Clone(shape)
			if part[axis] = n; f.In(1) == nil && !o.KeepDims {
				part = slices.Delete(part, axis, axis+1)
			}
			y, err := f.Alloc(x.DType(), part...)
			if err != nil {
				return err
			}
			for outer := range l.outer {
				mv.run(y, outer*n*l.inner, x, (outer*l.n+at)*l.inner, n*l.inner)
			}
			at += n
			s.Items = append(s.Items, y)
		}
		f.Emit(0, s)
		return f.Err()
	}
}

// splitSizes returns the sizes of the parts of a dimension of n: what a vector lists, or parts of the size that a scalar
// is, 1 when split is nil.
func splitSizes(split *tensor.Tensor, n int) ([]int, error) {
	if split != nil && split.Rank() == 1 {
		sizes, rest := []int{}, int64(n)
		for i, k := range split.Int64s() {
			if k < 0 || k > rest {
				return nil, fmt.Errorf("input 1: size %d is %d, want 0 to %d, what is left of %d", i, k, rest, n)
			}
			sizes = append(sizes, int(k))
			rest -= k
		}
		if rest != 0 {
			return nil, fmt.Errorf("input 1: the sizes add up to %d, want %d", int64(n)-rest, n)
		}
		return sizes, nil
	}
	part := 1
	if split != nil {
		k := split.Int64s()[0]
		if k <= 0 {
			return nil, fmt.Errorf("input 1: size %d, want at least 1", k)
		}
		part = int(min(k, int64(max(n, 1))))
	}
	sizes := slices.Repeat([]int{part}, n/part)
	if n%part > 0 {
		sizes = append(sizes, n%part)
	}
	return sizes, nil
}

func concatFromSequence(b *exec.Binding, o *op.ConcatFromSequence) run {
	return func(f *exec.Frame) error {
		s := sequenceOf(f)
		if len(s.Items) == 0 {
			return errors.New("input 0: the sequence is empty")
		}
		var shapes [][]int // those of the items, with the new axis
		total := 0
		var axis int
		for i, v := range s.Items {
			shape := slices.Clone(v.(*tensor.Tensor).Shape())
			rank := len(shape)
			if o.NewAxis {
				rank++
			}
			if axis = frontAxis(o.Axis, rank); axis < 0 || axis >= rank {
				return fmt.Errorf("axis %d outside rank %d", o.Axis, rank)
			}
			if o.NewAxis {
				shape = slices.Insert(shape, axis, 1)
			}
			if i > 0 && !sameBut(shape, shapes[0], axis) {
				return fmt.Errorf("input 0: tensor %d has shape %v, tensor 0 %v", i, shape, shapes[0])
			}
			shapes = append(shapes, shape)
			total += shape[axis]
		}
		out := slices.Clone(shapes[0])
		out[axis] = total
		y, err := f.Make(0, s.Elem.DType, out...)
		if err != nil {
			return err
		}
		mv, strides, at := movesOf(s.Elem.DType), tensor.Strides(out), 0
		for i, v := range s.Items {
			x := newBox(shapes[i], at*strides[axis], strides, 0, tensor.Strides(shapes[i]))
			if err := mv.box(f, x, y, v.(*tensor.Tensor), 0); err != nil {
				return err
			}
			at += shapes[i][axis]
		}
		return nil
	}
}

// sameBut reports whether two shapes differ at most along an axis.
func sameBut(a, b []int, axis int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if i != axis && a[i] != b[i] {
			return false
		}
	}
	return true
}

package ref

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// comparer returns a function that compares two elements of a tensor.
func comparer(t *tensor.Tensor) func(i, j int) int {
	switch t.DType() {
	case tensor.Bool, tensor.Uint8:
		return compareWith(t.Bytes(), order[uint8])
	case tensor.Complex128:
		return compareWith(tensor.Data[complex128](t), compareComplex)
	case tensor.Complex64:
		return compareWith(tensor.Data[complex64](t), func(a, b complex64) int { return compareComplex(complex128(a), complex128(b)) })
	case tensor.Float16, tensor.BFloat16:
		return comparer(tensor.Convert(t, tensor.Float32))
	case tensor.Float32:
		return compareWith(tensor.Data[float32](t), order[float32])
	case tensor.Float64:
		return compareWith(tensor.Data[float64](t), order[float64])
	case tensor.String:
		return compareWith(tensor.Data[string](t), strings.Compare)
	case tensor.Uint64:
		return compareWith(tensor.Data[uint64](t), order[uint64])
	}
	return compareWith(t.Int64s(), order[int64])
}

func compareWith[T any](d []T, cmp func(a, b T) int) func(i, j int) int {
	return func(i, j int) int { return cmp(d[i], d[j]) }
}

func compareComplex(a, b complex128) int {
	return cmp.Or(order(real(a), real(b)), order(imag(a), imag(b)))
}

func unique(b *exec.Binding, o *op.Unique) run {
	dt, shape := b.DType(0), b.Shape(0)
	mv := movesOf(dt)
	if !o.Axis.Set {
		shape = []int{tensor.Count(shape)}
	}
	axis := frontAxis(o.Axis.Or(0), len(shape))
	l := axisOf(shape, axis)
	return func(f *exec.Frame) error {
		x := f.In(0)
		groups := equalSlices(comparer(x), l)
		if err := f.Err(); err != nil {
			return err
		}
		if !o.Sorted {
			slices.SortFunc(groups, func(a, b []int) int { return a[0] - b[0] })
		}
		out := slices.Clone(shape)
		out[axis] = len(groups)
		y, err := f.Make(0, dt, out...)
		if err != nil {
			return err
		}
		for outer := range l.outer {
			for i, g := range groups {
				mv.run(y, (outer*len(groups)+i)*l.inner, x, (outer*l.n+g[0])*l.inner, l.inner)
			}
		}
		var extra [3][]int64
		for i, n := range []int{len(groups), l.n, len(groups)} {
			if !b.Wants(i + 1) {
				extra[i] = make([]int64, n)
				continue
			}
			t, err := f.Make(i+1, tensor.Int64, n)
			if err != nil {
				return err
			}
			extra[i] = tensor.Data[int64](t)
		}
		for i, g := range groups {
			extra[0][i], extra[2][i] = int64(g[0]), int64(len(g))
			for _, k := range g {
				extra[1][k] = int64(i)
			}
		}
		return nil
	}
}

// equalSlices returns the slices along an axis by groups of equal ones, each in their order, the groups sorted.
func equalSlices(compare func(i, j int) int, l lanes) [][]int {
	between := func(a, b int) int {
		for outer := range l.outer {
			for inner := range l.inner {
				base := outer*l.n*l.inner + inner
				if c := compare(base+a*l.inner, base+b*l.inner); c != 0 {
					return c
				}
			}
		}
		return 0
	}
	all := make([]int, l.n)
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, between)
	var groups [][]int
	for len(all) > 0 {
		n := 1
		for n < len(all) && between(all[0], all[n]) == 0 {
			n++
		}
		groups, all = append(groups, all[:n:n]), all[n:]
	}
	return groups
}

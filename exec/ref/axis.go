package ref

import (
	"errors"
	"fmt"
)

var errEmptyAxis = errors.New("the axis has no elements")

func axisError(axis, rank int) error { return fmt.Errorf("axis %d outside rank %d", axis, rank) }

// lanes are the vectors of a tensor along one axis: outer·inner of them, of n elements at a distance of inner.
type lanes struct{ outer, n, inner int }

// axisOf returns the lanes along an axis, which may be negative.
func axisOf(shape []int, axis int) lanes {
	if axis < 0 {
		axis += len(shape)
	}
	a := lanes{1, shape[axis], 1}
	for d, n := range shape {
		switch {
		case d < axis:
			a.outer *= n
		case d > axis:
			a.inner *= n
		}
	}
	return a
}

// base returns the offset of the first element of vector i, in row-major order of the other dimensions.
func (a *lanes) base(i int) int { return i/a.inner*a.n*a.inner + i%a.inner }

// each calls f for each vector, in row-major order of the other dimensions, with the offset of its first element.
func (a *lanes) each(f func(i, base int)) {
	for o := range a.outer {
		for k := range a.inner {
			f(o*a.inner+k, o*a.n*a.inner+k)
		}
	}
}

// eachErr is each for an f that may fail, which ends it.
func (a *lanes) eachErr(f func(i, base int) error) error {
	for i := range a.outer * a.inner {
		if err := f(i, i/a.inner*a.n*a.inner+i%a.inner); err != nil {
			return err
		}
	}
	return nil
}

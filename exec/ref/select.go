package ref

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var selectKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.TopK]{
		tensor.Float32: topK[float32],
		tensor.Float64: topK[float64],
		tensor.Int16:   topK[int16],
		tensor.Int32:   topK[int32],
		tensor.Int64:   topK[int64],
		tensor.Int8:    topK[int8],
		tensor.Uint16:  topK[uint16],
		tensor.Uint32:  topK[uint32],
		tensor.Uint64:  topK[uint64],
		tensor.Uint8:   topK[uint8],
	}),
	always(compress),
	always(nonMaxSuppression),
	always(nonZero),
	always(unique),
}

func compress(b *exec.Binding, o *op.Compress) run {
	dt, shape := b.DType(0), b.Shape(0)
	mv := movesOf(dt)
	if !o.Axis.Set {
		shape = []int{tensor.Count(shape)}
	}
	axis := frontAxis(o.Axis.Or(0), len(shape))
	l := axisOf(shape, axis)
	return func(f *exec.Frame) error {
		var kept []int
		for i, keep := range tensor.Data[bool](f.In(1)) {
			if keep && i >= l.n {
				return fmt.Errorf("input 1: element %d is true, axis %d of input 0 has %d elements", i, axis, l.n)
			}
			if keep {
				kept = append(kept, i)
			}
		}
		out := slices.Clone(shape)
		out[axis] = len(kept)
		y, err := f.Make(0, dt, out...)
		if err != nil {
			return err
		}
		for outer := range l.outer {
			for i, k := range kept {
				mv.run(y, (outer*len(kept)+i)*l.inner, f.In(0), (outer*l.n+k)*l.inner, l.inner)
			}
		}
		return f.Err()
	}
}

func nonZero(b *exec.Binding, o *op.NonZero) run {
	return func(f *exec.Frame) error {
		x := f.In(0)
		var found []int
		test := nonZeroTest(x)
		for i := range x.Len() {
			if test(i) {
				found = append(found, i)
			}
			if i%pollSize == 0 && f.Err() != nil {
				return f.Err()
			}
		}
		t, err := f.Make(0, tensor.Int64, x.Rank(), len(found))
		if err != nil {
			return err
		}
		y := tensor.Data[int64](t)
		for d := x.Rank() - 1; d >= 0; d-- {
			for i, k := range found {
				y[d*len(found)+i] = int64(k % x.Shape()[d])
				found[i] = k / x.Shape()[d]
			}
		}
		return nil
	}
}

// nonZeroTest returns a function that tells whether element i is not zero.
func nonZeroTest(x *tensor.Tensor) func(i int) bool {
	switch x.DType() {
	case tensor.Bool:
		d := tensor.Data[bool](x)
		return func(i int) bool { return d[i] }
	case tensor.Complex128:
		return notZero[complex128](x)
	case tensor.Complex64:
		return notZero[complex64](x)
	case tensor.Float32:
		return notZero[float32](x)
	case tensor.Float64:
		return notZero[float64](x)
	case tensor.Float16, tensor.BFloat16:
		d := bytesAs[uint16](x)
		return func(i int) bool { return d[i]<<1 != 0 }
	case tensor.String:
		return notZero[string](x)
	}
	size, d := x.DType().Size(), x.Bytes()
	return func(i int) bool {
		return slices.ContainsFunc(d[i*size:(i+1)*size], func(b byte) bool { return b != 0 })
	}
}

func notZero[T tensor.Element](x *tensor.Tensor) func(i int) bool {
	d, zero := tensor.Data[T](x), *new(T)
	return func(i int) bool { return d[i] != zero }
}

// order compares two numbers; NaN is larger than any number.
func order[T number](a, b T) int {
	switch {
	case a < b || a == a && b != b:
		return -1
	case a > b || a != a && b == b:
		return 1
	}
	return 0
}

func topK[T number](b *exec.Binding, o *op.TopK) run {
	l := axisOf(b.Shape(0), o.Axis)
	sign := 1
	if o.Largest {
		sign = -1
	}
	return func(f *exec.Frame) error {
		x := tensor.Data[T](f.In(0))
		values, indices := f.Out(0), f.Out(1)
		if values == nil && indices == nil {
			return nil
		}
		some := values
		if some == nil {
			some = indices
		}
		k := axisOf(some.Shape(), o.Axis)
		idx := make([]int, l.n)
		return l.eachErr(func(i, base int) error {
			for j := range idx {
				idx[j] = j
			}
			slices.SortFunc(idx, func(a, b int) int {
				if c := order(x[base+a*l.inner], x[base+b*l.inner]); c != 0 {
					return c * sign
				}
				return a - b
			})
			at := i/l.inner*k.n*k.inner + i%l.inner
			for j := range k.n {
				if values != nil {
					tensor.Data[T](values)[at+j*k.inner] = x[base+idx[j]*l.inner]
				}
				if indices != nil {
					tensor.Data[int64](indices)[at+j*k.inner] = int64(idx[j])
				}
			}
			return pollEvery(f, i, l.n*8)
		})
	}
}

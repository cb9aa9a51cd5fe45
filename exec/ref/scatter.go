package ref

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var scatterKernels = []exec.Kernel{
	moving(tensorScatter),
	scattering(scatterElements, func(o *op.ScatterElements) string { return o.Reduction }),
	scattering(scatterND, func(o *op.ScatterND) string { return o.Reduction }),
}

// A merge brings n elements of src, from an offset on, into dst at an offset.
type merge func(dst *tensor.Tensor, at int, src *tensor.Tensor, from, n int)

// scattering returns the row of an operator that merges input 2 into a copy of input 0, in the way that how says.
func scattering[P graph.Op](k func(b *exec.Binding, o P, m merge) run, how func(P) string) exec.Kernel {
	return exec.On(func(b *exec.Binding, o P) (exec.Step, error) {
		dt := b.DType(0)
		if how(o) == "none" {
			if b.Probe {
				return exec.Step{}, nil
			}
			return moveStep(b, func(b *exec.Binding) run { return k(b, o, movesOf(b.DType(0)).run) }), nil
		}
		wide := dt
		if dt == tensor.Float16 || dt == tensor.BFloat16 {
			wide = tensor.Float32
		}
		m := merges[wide]
		switch {
		case m == nil:
			return exec.Step{}, exec.ErrUnsupported
		case b.Probe:
			return exec.Step{}, nil
		case wide != dt:
			return halves(b, dt, func(w *exec.Binding) run { return k(w, o, m(how(o))) }), nil
		}
		return exec.Once(k(b, o, m(how(o)))), nil
	})
}

// merges are the ways to combine elements, per type.
var merges = map[tensor.DType]func(how string) merge{
	tensor.Bool:       mergeBool,
	tensor.Complex128: mergeComplex[complex128],
	tensor.Complex64:  mergeComplex[complex64],
	tensor.Float32:    mergeNumber[float32],
	tensor.Float64:    mergeNumber[float64],
	tensor.Int16:      mergeNumber[int16],
	tensor.Int32:      mergeNumber[int32],
	tensor.Int64:      mergeNumber[int64],
	tensor.Int8:       mergeNumber[int8],
	tensor.Uint16:     mergeNumber[uint16],
	tensor.Uint32:     mergeNumber[uint32],
	tensor.Uint64:     mergeNumber[uint64],
	tensor.Uint8:      mergeNumber[uint8],
}

func mergeNumber[T number](how string) merge {
	fn := func(a, b T) T { return a + b }
	switch how {
	case "mul":
		fn = func(a, b T) T { return a * b }
	case "min":
		fn = func(a, b T) T { return min(a, b) }
	case "max":
		fn = func(a, b T) T { return max(a, b) }
	}
	return mergeBy(fn)
}

func mergeComplex[T complex64 | complex128](how string) merge {
	if how == "mul" {
		return mergeBy(func(a, b T) T { return a * b })
	}
	return mergeBy(func(a, b T) T { return a + b })
}

func mergeBool(how string) merge {
	if how == "mul" || how == "min" {
		return mergeBy(func(a, b bool) bool { return a && b })
	}
	return mergeBy(func(a, b bool) bool { return a || b })
}

func mergeBy[T tensor.Element](fn func(a, b T) T) merge {
	return func(dst *tensor.Tensor, at int, src *tensor.Tensor, from, n int) {
		d, s := tensor.Data[T](dst), tensor.Data[T](src)
		for i := range n {
			d[at+i] = fn(d[at+i], s[from+i])
		}
	}
}

func scatterElements(b *exec.Binding, o *op.ScatterElements, m merge) run {
	each := elementOffsets(b.Shape(0), b.Shape(1), o.Axis)
	return func(f *exec.Frame) error {
		y, upd := f.Out(0), f.In(2)
		y.CopyFrom(f.In(0))
		return each(f, f.In(1).Int64s(), func(i, at int) { m(y, at, upd, i, 1) })
	}
}

func scatterND(b *exec.Binding, o *op.ScatterND, m merge) run {
	s := slicesOf(b.Shape(0), b.Shape(1), 0)
	return func(f *exec.Frame) error {
		y, upd := f.Out(0), f.In(2)
		y.CopyFrom(f.In(0))
		return s.each(f, tensor.Data[int64](f.In(1)), func(i, at int) { m(y, at, upd, i*s.size, s.size) })
	}
}

func tensorScatter(b *exec.Binding, o *op.TensorScatter) run {
	mv := movesOf(b.DType(0))
	cache, update := axisOf(b.Shape(0), o.Axis), axisOf(b.Shape(1), o.Axis)
	batches := b.Shape(0)[0]
	return func(f *exec.Frame) error {
		y, upd := f.Out(0), f.In(1)
		y.CopyFrom(f.In(0))
		for outer := range cache.outer {
			start := int64(0)
			if t := f.In(2); t != nil {
				i := outer / (cache.outer / batches)
				start = tensor.Data[int64](t)[i]
				if limit := cache.n - update.n; o.Mode == "linear" && (start < 0 || start > int64(limit)) {
					return fmt.Errorf("input 2: write index %d of batch %d, want 0 to %d", start, i, limit)
				}
			}
			for k := range update.n {
				at := int((start%int64(cache.n) + int64(cache.n) + int64(k)) % int64(cache.n))
				mv.run(y, (outer*cache.n+at)*cache.inner, upd, (outer*update.n+k)*update.inner, update.inner)
			}
			if err := f.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

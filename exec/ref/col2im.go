package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var col2imKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.Col2Im]{
		tensor.Bool:       col2imBool,
		tensor.Complex64:  col2im[complex64],
		tensor.Complex128: col2im[complex128],
		tensor.Float32:    col2im[float32],
		tensor.Float64:    col2im[float64],
		tensor.Int8:       col2im[int8],
		tensor.Int16:      col2im[int16],
		tensor.Int32:      col2im[int32],
		tensor.Int64:      col2im[int64],
		tensor.Uint8:      col2im[uint8],
		tensor.Uint16:     col2im[uint16],
		tensor.Uint32:     col2im[uint32],
		tensor.Uint64:     col2im[uint64],
	}),
}

func col2im[T number | complex64 | complex128](b *exec.Binding, o *op.Col2Im) run {
	return addBlocks(b, o, func(y []T, step int, x []T) {
		for i, v := range x {
			y[i*step] += v
		}
	})
}

func col2imBool(b *exec.Binding, o *op.Col2Im) run {
	return addBlocks(b, o, func(y []bool, step int, x []bool) {
		for i, v := range x {
			y[i*step] = y[i*step] || v
		}
	})
}

// addBlocks adds up the blocks of each image with add, which adds x to every step-th element of y.
func addBlocks[T tensor.Element](b *exec.Binding, o *op.Col2Im, add func(y []T, step int, x []T)) run {
	xs := b.Shape(0)
	return func(f *exec.Frame) error {
		clear(tensor.Data[T](f.Out(0)))
		if tensor.Count(xs) == 0 {
			return nil
		}
		s := newSlider(o.Geometry(f.Out(0).Shape()[2:], ints(f.In(2))))
		spans := s.spans()
		for i := range tensor.Count(f.Out(0).Shape()[:2]) {
			y := tensor.Data[T](f.Out(0))[i*s.in:][:s.in]
			x := tensor.Data[T](f.In(0))[i*s.taps*s.last.Kernel*s.out:]
			for tap := range s.taps {
				if err := f.Err(); err != nil {
					return err
				}
				for r := range s.rows {
					off := s.offset(r, tap)
					if off < 0 {
						continue
					}
					for k, p := range spans {
						if p.lo < p.hi {
							row := x[(tap*s.last.Kernel+k)*s.out+r*s.last.Out:]
							add(y[off+p.start:off+s.last.In], s.last.Stride, row[p.lo:p.hi])
						}
					}
				}
			}
		}
		return nil
	}
}

// ints returns the elements of an integer tensor.
func ints(t *tensor.Tensor) []int {
	out := make([]int, t.Len())
	for i, v := range t.Int64s() {
		out[i] = int(v)
	}
	return out
}

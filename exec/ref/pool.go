package ref

import (
	"fmt"
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var poolKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.MaxPool]{
		tensor.Float32: maxPool[float32],
		tensor.Float64: maxPool[float64],
		tensor.Int8:    maxPool[int8],
		tensor.Uint8:   maxPool[uint8],
	}),
	floats(maxUnpool[float32], maxUnpool[float64]),
	tiledFloats(averagePool[float32], averagePool[float64]),
	tiledFloats(lpPool[float32], lpPool[float64]),
}

// poolTiles returns tiles of some rows of windows: run makes row r of image i, whose windows have elements in rows that
// start at the given offsets.
func poolTiles(b *exec.Binding, dims []op.SlideDim, run func(f *exec.Frame, s *slider, i, r int, rows []int)) tiles {
	s := newSlider(dims)
	total := tensor.Count(b.Shape(0)[:2]) * s.rows
	work := s.last.Out
	for _, w := range dims {
		work *= min(w.Kernel, w.In)
	}
	block := blockOf(total, work)
	return tiles{blocks(total, block), func(f *exec.Frame, tile int) error {
		var buf [16]int
		rows := buf[:]
		for r := tile * block; r < min((tile+1)*block, total); r++ {
			if err := pollEvery(f, r-tile*block, work); err != nil {
				return err
			}
			rows = s.inside(r%s.rows, rows)
			run(f, &s, r/s.rows, r%s.rows, rows)
		}
		return nil
	}}
}

func averagePool[T float](b *exec.Binding, o *op.AveragePool) tiles {
	return poolTiles(b, o.Geometry(b.Shape(0)[2:]), func(f *exec.Frame, s *slider, i, r int, rows []int) {
		x, y := tensor.Data[T](f.In(0))[i*s.in:][:s.in], tensor.Data[T](f.Out(0))[i*s.out+r*s.last.Out:][:s.last.Out]
		n := len(rows)
		if o.CountIncludePad {
			n = s.paddedRows(r)
		}
		for at := range y {
			sum := 0.0
			k0, k1 := tapRange(&s.last, at)
			from := at*s.last.Stride - s.last.Begin
			for _, off := range rows {
				for k := k0; k < k1; k++ {
					sum += float64(x[off+from+k*s.last.Dilation])
				}
			}
			count := k1 - k0
			if o.CountIncludePad {
				count = paddedTaps(&s.last, at)
			}
			y[at] = T(sum / float64(n*count))
		}
	})
}

// paddedRows returns how many rows of taps the windows in row r have inside the padded image.
func (s *slider) paddedRows(r int) int {
	n := 1
	for d := len(s.dims) - 2; d >= 0; d-- {
		w := &s.dims[d]
		n *= paddedTaps(w, r%w.Out)
		r /= w.Out
	}
	return n
}

// paddedTaps returns how many taps window o has inside the image with its padding.
func paddedTaps(w *op.SlideDim, o int) int {
	return max(0, min(w.Kernel, (w.In+w.End+w.Begin-o*w.Stride+w.Dilation-1)/w.Dilation))
}

func lpPool[T float](b *exec.Binding, o *op.LpPool) tiles {
	p := float64(o.P)
	return poolTiles(b, o.Geometry(b.Shape(0)[2:]), func(f *exec.Frame, s *slider, i, r int, rows []int) {
		x, y := tensor.Data[T](f.In(0))[i*s.in:][:s.in], tensor.Data[T](f.Out(0))[i*s.out+r*s.last.Out:][:s.last.Out]
		for at := range y {
			sum := 0.0
			k0, k1 := tapRange(&s.last, at)
			for _, off := range rows {
				for k := k0; k < k1; k++ {
					sum += powAbs(float64(x[off+at*s.last.Stride+k*s.last.Dilation-s.last.Begin]), p)
				}
			}
			y[at] = T(root(sum, p))
		}
	})
}

// powAbs returns |x|^p.
func powAbs(x, p float64) float64 {
	switch p {
	case 1:
		return math.Abs(x)
	case 2:
		return x * x
	}
	return math.Pow(math.Abs(x), p)
}

// root returns x^(1/p).
func root(x, p float64) float64 {
	switch p {
	case 1:
		return x
	case 2:
		return math.Sqrt(x)
	}
	return math.Pow(x, 1/p)
}

func maxPool[T number](b *exec.Binding, o *op.MaxPool) tiles {
	return poolTiles(b, o.Geometry(b.Shape(0)[2:]), func(f *exec.Frame, s *slider, i, r int, rows []int) {
		x, from := tensor.Data[T](f.In(0))[i*s.in:][:s.in], i*s.out+r*s.last.Out
		y := tensor.Data[T](f.Out(0))[from:][:s.last.Out]
		for at := range y {
			best, index := lowest[T](), -1
			k0, k1 := tapRange(&s.last, at)
			for _, off := range rows {
				for k := k0; k < k1; k++ {
					p := off + at*s.last.Stride + k*s.last.Dilation - s.last.Begin
					if v := x[p]; v > best || v != v || index < 0 {
						best, index = v, p
					}
				}
			}
			y[at] = best
			if t := f.Out(1); t != nil {
				if index >= 0 {
					index = i*s.in + storageIndex(s, index, o.StorageOrder)
				}
				tensor.Data[int64](t)[from+at] = int64(index)
			}
		}
	})
}

// storageIndex returns the index in an image for a storage order: 0 row-major, as p is, or 1 column-major.
func storageIndex(s *slider, p, order int) int {
	if order == 0 {
		return p
	}
	stride, out := s.in, 0
	for d := len(s.dims) - 1; d >= 0; d-- {
		n := s.dims[d].In
		stride /= n
		out += p % n * stride
		p /= n
	}
	return out
}

// lowest returns the least value of a type: −Inf for floats.
func lowest[T number]() T {
	var z T
	switch p := any(&z).(type) {
	case *float32:
		*p = float32(math.Inf(-1))
	case *float64:
		*p = math.Inf(-1)
	case *int8:
		*p = math.MinInt8
	case *int16:
		*p = math.MinInt16
	case *int32:
		*p = math.MinInt32
	case *int64:
		*p = math.MinInt64
	}
	return z
}

func maxUnpool[T float](b *exec.Binding, o *op.MaxUnpool) run {
	inner := o.Unpooled(b.Shape(0))
	n := tensor.Count(inner)
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		strides := tensor.Strides(f.Out(0).Shape())
		clear(y)
		for i, p := range tensor.Data[int64](f.In(1)) {
			if p < 0 || p >= int64(n) {
				return fmt.Errorf("input 1: index %d, want 0 to %d", p, n-1)
			}
			y[offsetOf(int(p), inner, strides)] = x[i]
		}
		return nil
	}
}

package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var deformConvKernels = []exec.Kernel{
	tiledFloats(deformConv[float32], deformConv[float64]),
}

// deformConv samples, for each place of the output, what lies under the taps of all channels, and multiplies that with the
// weights of each output channel.
func deformConv[T float](b *exec.Binding, o *op.DeformConv) tiles {
	xs, ws := b.Shape(0), b.Shape(1)
	d := deformed{dims: o.Geometry(xs[2:], ws[2:]), strides: tensor.Strides(xs[2:]), c: xs[1], og: o.OffsetGroup}
	d.in, d.out, d.taps = tensor.Count(xs[2:]), tensor.Count(b.OutShape(0)[2:]), tensor.Count(ws[2:])
	m, perOut := ws[0], ws[0]/o.Group
	block := blockOf(d.out, (xs[1]<<len(d.dims)+ws[1]*m)*d.taps)
	down := blocks(d.out, block)
	return tiles{xs[0] * down, func(f *exec.Frame, tile int) error {
		n := tile / down
		x, w, y := tensor.Data[T](f.In(0))[n*d.c*d.in:], tensor.Data[T](f.In(1)), tensor.Data[T](f.Out(0))[n*m*d.out:]
		column := make([]T, d.c*d.taps)
		for at := tile % down * block; at < min((tile%down+1)*block, d.out); at++ {
			if err := f.Err(); err != nil {
				return err
			}
			sampleColumn(f, &d, column, x, n, at)
			for i := range m {
				s := biasAt[T](f, 3, i)
				part := column[i/perOut*ws[1]*d.taps:]
				for k, v := range w[i*ws[1]*d.taps:][:ws[1]*d.taps] {
					s += T(v * part[k])
				}
				y[i*d.out+at] = s
			}
		}
		return nil
	}}
}

// deformed holds the shapes of a DeformConv.
type deformed struct {
	dims    []op.SlideDim
	strides []int // of an image
	c, og   int   // channels, groups of offsets
	in, out int   // elements of an image, and of an output image
	taps    int
}

// sampleColumn fills column, [channel, tap], with the values of image batch n under the window at place at of the output.
func sampleColumn[T float](f *exec.Frame, d *deformed, column, x []T, n, at int) {
	offsets := tensor.Data[T](f.In(2))
	pos := make([]float64, len(d.dims))
	for g := range d.og {
		for tap := range d.taps {
			field := (n*d.og+g)*d.taps + tap
			rest, place := tap, at
			for k := len(d.dims) - 1; k >= 0; k-- {
				w := d.dims[k]
				p := place%w.Out*w.Stride - w.Begin + rest%w.Kernel*w.Dilation
				pos[k] = float64(p) + float64(offsets[(field*len(d.dims)+k)*d.out+at])
				rest, place = rest/w.Kernel, place/w.Out
			}
			mask := T(1)
			if t := f.In(4); t != nil {
				mask = tensor.Data[T](t)[field*d.out+at]
			}
			for c := g * d.c / d.og; c < (g+1)*d.c/d.og; c++ {
				column[c*d.taps+tap] = mask * T(interpolate(x[c*d.in:][:d.in], d.dims, d.strides, pos))
			}
		}
	}
}

// interpolate returns the value of an image between its elements, linear in each dimension; outside it is zero.
func interpolate[T float](x []T, dims []op.SlideDim, strides []int, pos []float64) float64 {
	if len(dims) == 0 {
		return float64(x[0])
	}
	if !(pos[0] > -1 && pos[0] < float64(dims[0].In)) {
		return 0
	}
	low := math.Floor(pos[0])
	i, part, s := int(low), pos[0]-low, 0.0
	if i >= 0 {
		s += (1 - part) * interpolate(x[i*strides[0]:], dims[1:], strides[1:], pos[1:])
	}
	if part > 0 && i+1 < dims[0].In {
		s += part * interpolate(x[(i+1)*strides[0]:], dims[1:], strides[1:], pos[1:])
	}
	return s
}

package cpu

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/cpu/simd"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A depthwise is a convolution in which each group has one output channel, over one or two spatial dimensions. The images of a
// group are copied to scratch memory with their padding, so that each tap meets every window, and their lines split by
// remainder of the stride, so that it meets windows in a row: a tap is then one multiplication of lines.
type depthwise struct {
	rows, cols op.SlideDim // one row for one spatial dimension
	in         int         // input channels of a group
	line       int         // floats of a line for each remainder of the stride
	height     int         // lines, padding among them
}

// bindDepthwise binds Conv of float32 with one output channel for each group.
func (e engine) bindDepthwise(b *exec.Binding, o *op.Conv) (exec.Step, error) {
	xs, ws, ys := b.Shape(0), b.Shape(1), b.OutShape(0)
	dims := o.Geometry(xs[2:], ws[2:], false)
	d := depthwise{in: ws[1], cols: dims[len(dims)-1], rows: op.SlideDim{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}}
	if len(dims) == 2 {
		d.rows = dims[0]
	}
	d.line = d.cols.Out + (d.cols.Extent()-1)/d.cols.Stride
	d.height = (d.rows.Out-1)*d.rows.Stride + d.rows.Extent()
	area, out, taps := d.rows.In*d.cols.In, d.rows.Out*d.cols.Out, d.rows.Kernel*d.cols.Kernel
	step := exec.Step{Kernel: "conv depthwise " + e.level.String(), Scratch: 4 * d.height * d.cols.Stride * d.line}
	groups := ys[1]
	step.Phases = []exec.Phase{{Tiles: ys[0] * groups, Run: func(f *exec.Frame, worker, _, tile int) error {
		g := tile % groups
		y := tensor.Data[float32](f.Out(0))[tile*out : (tile+1)*out]
		w := tensor.Data[float32](f.In(1))[g*d.in*taps:]
		var bias float32
		if v := f.In(2); v != nil {
			bias = tensor.Data[float32](v)[g]
		}
		for i := range y {
			y[i] = bias
		}
		padded := floatsOf(f.Scratch(worker))
		for ch := range d.in {
			d.spread(padded, tensor.Data[float32](f.In(0))[(tile*d.in+ch)*area:][:area])
			d.add(e.level, y, padded, w[ch*taps:(ch+1)*taps])
		}
		return nil
	}}}
	return step, nil
}

// spread copies an image with its padding; the elements of a line whose positions leave the same remainder are together.
func (d *depthwise) spread(dst, x []float32) {
	s := d.cols.Stride
	for r := range d.height {
		lines := dst[r*s*d.line : (r+1)*s*d.line]
		from := r - d.rows.Begin
		if from < 0 || from >= d.rows.In {
			clear(lines)
			continue
		}
		src := x[from*d.cols.In : (from+1)*d.cols.In]
		for phase := range s {
			line := lines[phase*d.line : (phase+1)*d.line]
			if s == 1 && d.cols.Begin >= 0 {
				lead := min(d.cols.Begin, len(line))
				clear(line[:lead])
				n := copy(line[lead:], src)
				clear(line[lead+n:])
				continue
			}
			for i := range line {
				if p := i*s + phase - d.cols.Begin; p >= 0 && p < len(src) {
					line[i] = src[p]
				} else {
					line[i] = 0
				}
			}
		}
	}
}

// add adds the convolution of one padded image.
func (d *depthwise) add(l simd.Level, y, padded, w []float32) {
	s, n := d.cols.Stride, d.cols.Out
	axpy := simd.Axpy[l]
	for r := range d.rows.Out {
		row := y[r*n : (r+1)*n]
		for i := range d.rows.Kernel {
			lines := padded[(r*d.rows.Stride+i*d.rows.Dilation)*s*d.line:]
			for k := range d.cols.Kernel {
				at := k * d.cols.Dilation
				line := lines[at%s*d.line+at/s:]
				axpy(row, w[i*d.cols.Kernel+k], line[:n], row)
			}
		}
	}
}

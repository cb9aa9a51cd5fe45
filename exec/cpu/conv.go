package cpu

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func (e engine) convKernels() []exec.Kernel {
	return []exec.Kernel{
		exec.On(e.bindConv),
	}
}

// spatial is the most spatial dimensions that kernels are made for.
const spatial = 4

// A conv is a convolution as products: the weight [channels, k] of each group with the matrix [k, windows] whose columns are the
// windows of the image, where k runs over input channels and taps. Panels of that matrix are cut out of the image as they are
// needed.
type conv struct {
	gemm
	images, groups int
	in             int   // elements of an input image of one group
	taps           []tap // by k
	dims           []op.SlideDim
	strides        [spatial]int // of the image, in elements
	plain          bool         // a window is one element, and all of them in a row: the image is the matrix
}

// A tap is a row of the matrix of windows.
type tap struct {
	base int          // where it lies in the image for the first window, without padding
	at   [spatial]int // its position in each dimension, less the padding
}

// bindConv binds Conv of float32 with up to four spatial dimensions.
func (e engine) bindConv(b *exec.Binding, o *op.Conv) (exec.Step, error) {
	if b.DType(0) != tensor.Float32 {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe { // a rank that is too high is found out below: the next backend takes the node
		return exec.Step{}, nil
	}
	xs, ws, ys := b.Shape(0), b.Shape(1), b.OutShape(0)
	if len(xs)-2 > spatial {
		return exec.Step{}, exec.ErrUnsupported
	}
	c := newConv(e, xs, ws, ys, o)
	if c.m == 0 || c.n == 0 || c.images == 0 {
		return exec.Step{Kernel: "empty"}, nil
	}
	if c.k == 0 {
		return exec.Step{}, exec.ErrUnsupported
	}
	if c.m == 1 && len(c.dims) <= 2 && c.groups > 1 { // a channel at a time: panels would cost more than they bring
		return e.bindDepthwise(b, o)
	}
	panels, each := c.panels(), c.m*c.n
	group := max(1, min(panels, (1<<20)/max(1, 2*c.m*c.k*c.width())))
	across := (panels + group - 1) / group
	perImage := c.groups * across
	step := exec.Step{Kernel: "conv gemm " + e.level.String(), Scratch: 4 * c.k * c.width()}
	step.Phases = []exec.Phase{{Tiles: c.images * perImage, Run: func(f *exec.Frame, worker, _, tile int) error {
		i, g, t := tile/perImage, tile/across%c.groups, tile%across
		x := tensor.Data[float32](f.In(0))[(i*c.groups+g)*c.in:][:c.in]
		w := tensor.Data[float32](f.In(1))[g*c.m*c.k:]
		y := tensor.Data[float32](f.Out(0))[(i*c.groups+g)*each:][:each]
		panel := floatsOf(f.Scratch(worker))
		var bias []float32
		if v := f.In(2); v != nil {
			bias = tensor.Data[float32](v)[g*c.m:]
		}
		for p := t * group; p < min((t+1)*group, panels); p++ {
			c.cut(panel, x, p)
			if bias != nil {
				j0, j1 := p*c.width(), min((p+1)*c.width(), c.n)
				for m := range c.m {
					row := y[m*c.n+j0 : m*c.n+j1]
					for j := range row {
						row[j] = bias[m]
					}
				}
			}
			c.rows(w, c.k, panel, y, c.n, 0, c.m, p, p+1, initial{old: bias != nil})
		}
		return nil
	}}}
	return step, nil
}

func newConv(e engine, xs, ws, ys []int, o *op.Conv) *conv {
	c := &conv{images: xs[0], groups: o.Group, dims: o.Geometry(xs[2:], ws[2:], false)}
	c.gemm = gemm{e.level, ws[0] / o.Group, tensor.Count(ys[2:]), tensor.Count(ws[1:])}
	c.in, c.plain = ws[1]*tensor.Count(xs[2:]), true
	for _, d := range c.dims {
		c.plain = c.plain && d.Kernel == 1 && d.Stride == 1 && d.Begin == 0 && d.End == 0
	}
	area := tensor.Count(xs[2:])
	copy(c.strides[:], tensor.Strides(xs[2:]))
	idx := make([]int, len(c.dims))
	for ch := range ws[1] {
		clear(idx)
		for range tensor.Count(ws[2:]) {
			t := tap{base: ch * area}
			for d, w := range c.dims {
				t.at[d] = idx[d]*w.Dilation - w.Begin
				t.base += t.at[d] * c.strides[d]
			}
			c.taps = append(c.taps, t)
			for d := len(idx) - 1; d >= 0; d-- {
				if idx[d]++; idx[d] < ws[2+d] {
					break
				}
				idx[d] = 0
			}
		}
	}
	return c
}

// cut writes panel p of the matrix of windows.
func (c *conv) cut(dst, x []float32, p int) {
	if c.plain {
		c.pack(dst, x, p, c.n, 1, 1)
		return
	}
	w := c.width()
	j0, n := p*w, min(w, c.n-p*w)
	last := c.dims[len(c.dims)-1]
	var pos [spatial]int // the first window of the panel
	for d, j := len(c.dims)-1, j0; d >= 0; d-- {
		pos[d], j = j%c.dims[d].Out, j/c.dims[d].Out
	}
	for k := range c.taps {
		row := dst[k*w : (k+1)*w]
		clear(row[n:])
		c.cutRow(row[:n], x, &c.taps[k], pos, last)
	}
}

// cutRow writes a row of a panel: what a tap meets in the windows from position pos on.
func (c *conv) cutRow(row, x []float32, t *tap, pos [spatial]int, last op.SlideDim) {
	end := len(c.dims) - 1
	for len(row) > 0 {
		run := min(len(row), last.Out-pos[end]) // windows in this line of the image
		off, inside := t.base, true
		for d := range end {
			at := t.at[d] + pos[d]*c.dims[d].Stride
			inside = inside && at >= 0 && at < c.dims[d].In
			off += pos[d] * c.dims[d].Stride * c.strides[d]
		}
		if !inside {
			clear(row[:run])
		} else {
			c.cutLine(row[:run], x, off, t.at[end], pos[end], last)
		}
		row = row[run:]
		pos[end] = 0
		for d := end - 1; d >= 0; d-- {
			if pos[d]++; pos[d] < c.dims[d].Out {
				break
			}
			pos[d] = 0
		}
	}
}

// cutLine writes what a tap meets in windows along one line of the image, from window o on. The tap is at position at of the
// line, at off in the image, for window 0.
func (c *conv) cutLine(row, x []float32, off, at, o int, d op.SlideDim) {
	lo := 0 // the first and the last window whose tap is inside
	for lo < len(row) && at+(o+lo)*d.Stride < 0 {
		lo++
	}
	hi := len(row)
	for hi > lo && at+(o+hi-1)*d.Stride >= d.In {
		hi--
	}
	clear(row[:lo])
	clear(row[hi:])
	if lo == hi {
		return
	}
	src := x[off+(o+lo)*d.Stride:]
	if d.Stride == 1 {
		copy(row[lo:hi], src)
		return
	}
	for j := range row[lo:hi] {
		row[lo+j] = src[j*d.Stride]
	}
}

package ref

import (
	"github.com/gneiss-ml/gneiss/graph/op"
)

// A slider walks windows over images in rows: the last spatial dimension is a row, the others are flattened. Taps of a
// window are likewise rows of taps along the last dimension.
type slider struct {
	dims []op.SlideDim
	last op.SlideDim
	rows int // rows of windows in all
	taps int // rows of taps in a window
	in   int // elements of an image
	out  int // windows of an image
}

func newSlider(dims []op.SlideDim) slider {
	s := slider{dims: dims, last: dims[len(dims)-1], rows: 1, taps: 1}
	s.in = s.last.In
	for _, w := range dims[:len(dims)-1] {
		s.rows *= w.Out
		s.taps *= w.Kernel
		s.in *= w.In
	}
	s.out = s.rows * s.last.Out
	return s
}

// offset returns where the row of elements starts that row tap of the windows in row r lies in; -1 when it is padding.
func (s *slider) offset(r, tap int) int {
	off, stride := 0, s.last.In
	for d := len(s.dims) - 2; d >= 0; d-- {
		w := &s.dims[d]
		o, k := r, tap
		if d > 0 {
			o, k = r%w.Out, tap%w.Kernel
			r, tap = r/w.Out, tap/w.Kernel
		}
		at := o*w.Stride + k*w.Dilation - w.Begin
		if at < 0 || at >= w.In {
			return -1
		}
		off += at * stride
		stride *= w.In
	}
	return off
}

// inside appends to rows[:0] where the rows of elements start in which the windows in row r have taps that are no padding, in
// the order of the taps.
func (s *slider) inside(r int, rows []int) []int {
	if s.in == 0 {
		return rows[:0]
	}
	rows = append(rows[:0], 0)
	below := s.rows
	for d := range len(s.dims) - 1 {
		w := &s.dims[d]
		below /= w.Out
		o := r / below % w.Out
		k0, k1 := tapRange(w, o)
		n := len(rows)
		for _, base := range rows[:n] {
			for k := k0; k < k1; k++ {
				rows = append(rows, base*w.In+o*w.Stride+k*w.Dilation-w.Begin)
			}
		}
		rows = append(rows[:0], rows[n:]...)
	}
	for i := range rows {
		rows[i] *= s.last.In
	}
	return rows
}

// A span is the part of a row of windows whose tap at one place of the row is no padding: windows lo to hi. In window lo the
// tap lies at start.
type span struct{ lo, hi, start int }

// spans returns the span of each tap along a row.
func (s *slider) spans() []span {
	w := s.last
	out := make([]span, w.Kernel)
	for k := range out {
		at := k*w.Dilation - w.Begin // of window 0
		lo := max(0, (-at+w.Stride-1)/w.Stride)
		hi := 0
		if at < w.In {
			hi = min(w.Out, (w.In-1-at)/w.Stride+1)
		}
		if lo >= hi {
			lo, hi = 0, 0
			at = 0
		}
		out[k] = span{lo, hi, at + lo*w.Stride}
	}
	return out
}

// tapRange returns which taps of window o along dimension w are no padding: from k0 to k1.
func tapRange(w *op.SlideDim, o int) (k0, k1 int) {
	at := o*w.Stride - w.Begin
	if at < 0 {
		k0 = (-at + w.Dilation - 1) / w.Dilation
	}
	if at < w.In {
		k1 = min(w.Kernel, (w.In-1-at)/w.Dilation+1)
	}
	return k0, max(k0, k1)
}

package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

// Slide holds the attributes of operators that slide a window over the spatial dimensions of [N, C, spatial…]. A list
// that is empty means its default for each spatial dimension: dilations and strides 1, pads 0.
type Slide struct {
	AutoPad   string `onnx:"auto_pad,NOTSET"` // NOTSET, SAME_UPPER, SAME_LOWER or VALID
	Dilations []int  `onnx:"dilations"`
	Pads      []int  `onnx:"pads"` // all begins, then all ends
	Strides   []int  `onnx:"strides"`
}

// A SlideDim is the geometry of one spatial dimension: Out windows of Kernel taps each. Tap k of window o lies at
// position o·Stride + k·Dilation − Begin of the In elements; what is outside of them is padding.
type SlideDim struct {
	In, Out, Kernel, Stride, Dilation, Begin, End int
}

// Extent returns how many elements a window of the given number of taps spans.
func (w SlideDim) Extent() int { return (w.Kernel-1)*w.Dilation + 1 }

// Plain reports whether each window is one element, in order, without padding.
func (w SlideDim) Plain() bool {
	return w.Kernel == 1 && w.Stride == 1 && w.Begin == 0 && w.In == w.Out
}

// maxWindow bounds the attributes of windows, so that products of two of them do not overflow.
const maxWindow = 1 << 28

// auto reports whether the padding follows from the sizes: any auto_pad but NOTSET.
func (s *Slide) auto() bool { return s.AutoPad != "NOTSET" && s.AutoPad != "" }

// check checks the attributes for n spatial dimensions.
func (s *Slide) check(c *graph.Infer, n int) bool {
	autos := []string{"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", ""}
	c.Check(slices.Contains(autos, s.AutoPad), "auto_pad %q, want NOTSET, SAME_UPPER, SAME_LOWER or VALID", s.AutoPad)
	checkSpatial(c, "strides", s.Strides, n, 1)
	checkSpatial(c, "dilations", s.Dilations, n, 1)
	checkSpatial(c, "pads", s.Pads, 2*n, 0)
	return !c.Failed()
}

// checkSpatial checks a list of one number per spatial dimension (or two, for pads), which may be empty.
func checkSpatial(c *graph.Infer, name string, xs []int, n, least int) {
	c.Check(len(xs) == 0 || len(xs) == n, "%s: %d numbers, want %d", name, len(xs), n)
	for _, x := range xs {
		c.Check(x >= least && x <= maxWindow, "%s: %d, want %d to %d", name, x, least, maxWindow)
	}
}

// dims returns how many windows of kernel taps there are over each spatial dimension. ceil counts a last window that
// is only partly inside. The attributes must have been checked.
func (s *Slide) dims(c *graph.Infer, in, kernel []graph.Dim, ceil bool) []graph.Dim {
	out := make([]graph.Dim, len(in))
	for i := range in {
		d, ok := s.dim(i, in[i], kernel[i], len(in), ceil)
		c.Check(ok, "spatial dimension %d: a window of %v taps with dilation %d does not fit into %v elements and their padding",
			i, kernel[i], pick(s.Dilations, i, 1), in[i])
		out[i] = d
	}
	return out
}

// dim is dims for the i-th of n spatial dimensions. It is false when there is input but no window fits.
func (s *Slide) dim(i int, in, kernel graph.Dim, n int, ceil bool) (graph.Dim, bool) {
	stride := graph.N(pick(s.Strides, i, 1))
	extent := kernel.Sub(graph.N(1)).Mul(graph.N(pick(s.Dilations, i, 1))).Add(graph.N(1))
	if s.AutoPad == "SAME_UPPER" || s.AutoPad == "SAME_LOWER" {
		return in.Add(stride).Sub(graph.N(1)).Div(stride), true
	}
	begin, end := 0, 0
	if !s.auto() {
		begin, end = pick(s.Pads, i, 0), pick(s.Pads, n+i, 0)
	}
	room := in.Add(graph.N(begin + end)).Sub(extent)
	if k, ok := room.Int(); ok && k < 0 {
		return graph.N(0), in.Is(0)
	}
	if !ceil || s.auto() {
		return room.Div(stride).Add(graph.N(1)), true
	}
	up := room.Add(stride).Sub(graph.N(1)).Div(stride).Add(graph.N(1))
	// No window starts in the padding at the end.
	return graph.MinDim(up, in.Add(graph.N(begin-1)).Div(stride).Add(graph.N(1))), true
}

// Geometry returns the geometry for concrete sizes. The sizes must have passed Infer.
func (s *Slide) Geometry(in, kernel []int, ceil bool) []SlideDim {
	ws := make([]SlideDim, len(in))
	for i := range in {
		w := SlideDim{In: in[i], Kernel: kernel[i], Stride: pick(s.Strides, i, 1), Dilation: pick(s.Dilations, i, 1)}
		out, _ := s.dim(i, graph.N(in[i]), graph.N(kernel[i]), len(in), ceil)
		w.Out, _ = out.Int()
		switch s.AutoPad {
		case "SAME_UPPER", "SAME_LOWER":
			w.Begin, w.End = splitPad((w.Out-1)*w.Stride+w.Extent()-w.In, s.AutoPad == "SAME_LOWER")
		case "VALID":
		default:
			w.Begin, w.End = pick(s.Pads, i, 0), pick(s.Pads, len(in)+i, 0)
		}
		ws[i] = w
	}
	return ws
}

// splitPad splits a padding in two halves; lower puts the odd one first. A negative padding is none.
func splitPad(total int, lower bool) (begin, end int) {
	total = max(total, 0)
	if lower {
		return total - total/2, total / 2
	}
	return total / 2, total - total/2
}

// pick returns xs[i], or def when the list is empty.
func pick(xs []int, i, def int) int {
	if len(xs) == 0 {
		return def
	}
	return xs[i]
}

// kernelDims returns the taps of a window over n spatial dimensions: those of the attribute kernel_shape, which must
// agree with the weight's dimensions when both are there, and unknown sizes when neither is.
func kernelDims(c *graph.Infer, attr []int, weight []graph.Dim, n int) []graph.Dim {
	checkSpatial(c, "kernel_shape", attr, n, 1)
	if c.Failed() {
		return c.FreshN(n)
	}
	k := weight
	if k == nil {
		k = c.FreshN(n)
	}
	out := make([]graph.Dim, n)
	for i := range out {
		out[i] = k[i]
		if len(attr) > 0 {
			out[i] = c.Unify(k[i], graph.N(attr[i]), "kernel_shape against the weight")
		}
	}
	return out
}

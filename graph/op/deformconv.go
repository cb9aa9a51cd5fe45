package op

import "github.com/gneiss-ml/gneiss/graph"

// DeformConv is a convolution whose taps are moved by offsets that are data: X [N, C, in…], W [M, C/group, kernel…], offset
// [N, offset_group·taps·D, out…], B [M], mask [N, offset_group·taps, out…], where taps is the number of taps of the kernel and
// D of spatial dimensions. Between elements X is interpolated linearly; outside it is zero.
//
// https://onnx.ai/onnx/operators/onnx__DeformConv.html
type DeformConv struct {
	Dilations   []int `onnx:"dilations"`
	Group       int   `onnx:"group,1"`
	KernelShape []int `onnx:"kernel_shape"`
	OffsetGroup int   `onnx:"offset_group,1"`
	Pads        []int `onnx:"pads"`
	Strides     []int `onnx:"strides"`
}

// Infer implements graph.Op.
func (o *DeformConv) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	for i := 1; i < 5; i++ {
		c.CheckSame(0, i)
	}
	dims := convDims(c, 0, 1, o.slide(), o.KernelShape, o.Group)
	c.Check(o.OffsetGroup >= 1, "offset_group %d, want at least 1", o.OffsetGroup)
	if dims == nil || c.Failed() {
		c.Tensor(0, c.DType(0), nil)
		return
	}
	dims[1] = wantVector(c, 3, dims[1], "the length of B against the output channels")
	if xd := c.Dims(0); xd != nil {
		if n, ok := xd[1].Int(); ok {
			c.Check(n%o.OffsetGroup == 0, "input 0: %d channels, want a multiple of offset_group, %d", n, o.OffsetGroup)
		}
	}
	kernel := kernelDims(c, o.KernelShape, spatialOf(c.Dims(1)), len(dims)-2)
	taps := graph.N(o.OffsetGroup)
	for _, k := range kernel {
		taps = taps.Mul(k)
	}
	o.checkField(c, 2, taps.Mul(graph.N(len(kernel))), dims)
	o.checkField(c, 4, taps, dims)
	c.Tensor(0, c.DType(0), dims)
}

// checkField checks that input i is [N, channels, out…].
func (o *DeformConv) checkField(c *graph.Infer, i int, channels graph.Dim, out []graph.Dim) {
	if !c.Has(i) || !c.CheckRank(i, len(out)) {
		return
	}
	d := c.Dims(i)
	c.Unify(out[0], d[0], "the batch of the output against that of an offset or mask")
	c.Unify(channels, d[1], "offset_group times taps against the channels of an offset or mask")
	for k := 2; k < len(d); k++ {
		c.Unify(out[k], d[k], "the size of the output against that of an offset or mask")
	}
}

func (o *DeformConv) slide() *Slide {
	return &Slide{AutoPad: "NOTSET", Dilations: o.Dilations, Pads: o.Pads, Strides: o.Strides}
}

// Geometry returns the geometry for concrete sizes.
func (o *DeformConv) Geometry(in, kernel []int) []SlideDim {
	return o.slide().Geometry(in, kernel, false)
}

// spatialOf returns the dimensions after the first two; nil when they are unknown.
func spatialOf(dims []graph.Dim) []graph.Dim {
	if len(dims) < 2 {
		return nil
	}
	return dims[2:]
}

package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var convOps = []Entry{
	core[CausalConvWithState]("input weight bias? past_state? -> output present_state"),
	core[Col2Im]("input image_shape block_shape -> output"),
	core[Conv]("X W B? -> Y"),
	core[ConvInteger]("x w x_zero_point? w_zero_point? -> y"),
	core[ConvTranspose]("X W B? -> Y"),
	core[DeformConv]("X W offset B? mask? -> Y"),
}

// Conv is convolution: Y[n,m,…] = B[m] + Σ X[n,c,…]·W[m,c,…], over one or more spatial dimensions. X is [N, C, in…], W
// [M, C/group, kernel…], B [M] and Y [N, M, out…].
//
// https://onnx.ai/onnx/operators/onnx__Conv.html
type Conv struct {
	Group       int   `onnx:"group,1"`
	KernelShape []int `onnx:"kernel_shape"`
	Slide
}

// Infer implements graph.Op.
func (o *Conv) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	c.CheckSame(0, 2)
	dims := convDims(c, 0, 1, &o.Slide, o.KernelShape, o.Group)
	if dims != nil {
		dims[1] = wantVector(c, 2, dims[1], "the length of B against the output channels")
	}
	c.Tensor(0, c.DType(0), dims)
}

// convDims returns the dimensions of a convolution of input x with input w; nil when the rank is unknown.
func convDims(c *graph.Infer, x, w int, s *Slide, kernelShape []int, group int) []graph.Dim {
	xd, wd := c.Dims(x), c.Dims(w)
	rank := spatialRank(c, x, w, kernelShape)
	if rank < 0 || !s.check(c, rank-2) {
		return nil
	}
	c.Check(group >= 1, "group %d, want at least 1", group)
	out := c.FreshN(rank)
	in := out[2:]
	if xd != nil {
		out[0], in = xd[0], xd[2:]
	}
	var kernel []graph.Dim
	if wd != nil {
		out[1], kernel = wd[0], wd[2:]
		checkGroups(c, w, wd[0], group)
		if xd != nil {
			c.Unify(xd[1], wd[1].Mul(graph.N(group)), "channels of the input against channels of the weight times group")
		}
	}
	kernel = kernelDims(c, kernelShape, kernel, rank-2)
	if c.Failed() {
		return nil
	}
	return append(out[:2:2], s.dims(c, in, kernel, false)...)
}

// spatialRank returns the rank of input x, a batch of images, which a weight or kernel_shape tells too; -1 when nothing
// does or it is wrong.
func spatialRank(c *graph.Infer, x, w int, kernelShape []int) int {
	rank := c.Rank(x)
	if rank < 0 {
		rank = c.Rank(w)
	} else if c.Rank(w) >= 0 {
		c.CheckRank(w, rank)
	}
	if rank < 0 && len(kernelShape) > 0 {
		rank = len(kernelShape) + 2
	}
	if rank >= 0 && !c.Check(rank >= 3, "input %d: rank %d, want at least 3", x, rank) || c.Failed() {
		return -1
	}
	return rank
}

// checkGroups checks that the first dimension of a weight divides into groups.
func checkGroups(c *graph.Infer, w int, m graph.Dim, group int) {
	if n, ok := m.Int(); ok && group >= 1 {
		c.Check(n%group == 0, "input %d: dimension 0 is %d, want a multiple of group, %d", w, n, group)
	}
}

// ConvInteger is the convolution of integers, less their zero points, into int32: x is [N, C, in…] and w [M, C/group,
// kernel…]; x_zero_point is a scalar, w_zero_point a scalar or [M].
//
// https://onnx.ai/onnx/operators/onnx__ConvInteger.html
type ConvInteger struct {
	Group       int   `onnx:"group,1"`
	KernelShape []int `onnx:"kernel_shape"`
	Slide
}

// Infer implements graph.Op.
func (o *ConvInteger) Infer(c *graph.Infer) {
	checkTensor(c, 0, byteTypes)
	checkTensor(c, 1, byteTypes)
	c.CheckSame(0, 2)
	c.CheckSame(1, 3)
	dims := convDims(c, 0, 1, &o.Slide, o.KernelShape, o.Group)
	wantOne(c, 2)
	if dims != nil {
		wantOneOrVector(c, 3, dims[1])
	}
	c.Tensor(0, tensor.Int32, dims)
}

// ConvTranspose is the transpose of a convolution: each element of X [N, C, in…] adds its multiple of the window W
// [C, M/group, kernel…] to the output [N, M, out…].
//
// https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
type ConvTranspose struct {
	Group         int   `onnx:"group,1"`
	KernelShape   []int `onnx:"kernel_shape"`
	OutputPadding []int `onnx:"output_padding"`
	OutputShape   []int `onnx:"output_shape"`
	Slide
}

// Infer implements graph.Op.
func (o *ConvTranspose) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	c.CheckSame(0, 2)
	c.Tensor(0, c.DType(0), o.dims(c))
}

func (o *ConvTranspose) dims(c *graph.Infer) []graph.Dim {
	xd, wd := c.Dims(0), c.Dims(1)
	rank := spatialRank(c, 0, 1, o.KernelShape)
	if rank < 0 || !o.check(c, rank-2) {
		return nil
	}
	checkSpatial(c, "output_padding", o.OutputPadding, rank-2, 0)
	checkSpatial(c, "output_shape", o.OutputShape, rank-2, 0)
	c.Check(o.Group >= 1, "group %d, want at least 1", o.Group)
	out := c.FreshN(rank)
	in := out[2:]
	if xd != nil {
		out[0], in = xd[0], xd[2:]
		checkGroups(c, 0, xd[1], o.Group)
	}
	var kernel []graph.Dim
	if wd != nil {
		out[1], kernel = wd[1].Mul(graph.N(o.Group)), wd[2:]
		checkGroups(c, 1, wd[0], o.Group)
		if xd != nil {
			c.Unify(xd[1], wd[0], "channels of the input against channels of the weight")
		}
	}
	kernel = kernelDims(c, o.KernelShape, kernel, rank-2)
	out[1] = wantVector(c, 2, out[1], "the length of B against the output channels")
	if c.Failed() {
		return nil
	}
	for i := range kernel {
		out[2+i] = o.outDim(i, in[i], kernel[i])
		if n, ok := out[2+i].Int(); ok {
			c.Check(n >= 0, "spatial dimension %d: output size %d is negative", i, n)
		}
	}
	return out
}

// full returns the size of spatial dimension i before padding is cut off.
func (o *ConvTranspose) full(i int, in, kernel graph.Dim) graph.Dim {
	one := graph.N(1)
	if in.Is(0) {
		return in
	}
	extent := kernel.Sub(one).Mul(graph.N(pick(o.Dilations, i, 1))).Add(one)
	return in.Sub(one).Mul(graph.N(pick(o.Strides, i, 1))).Add(extent).Add(graph.N(pick(o.OutputPadding, i, 0)))
}

func (o *ConvTranspose) outDim(i int, in, kernel graph.Dim) graph.Dim {
	switch {
	case len(o.OutputShape) > 0:
		return graph.N(o.OutputShape[i])
	case o.AutoPad == "SAME_UPPER" || o.AutoPad == "SAME_LOWER":
		return in.Mul(graph.N(pick(o.Strides, i, 1)))
	case o.auto() || in.Is(0):
		return o.full(i, in, kernel)
	}
	n := len(o.Pads) / 2
	return o.full(i, in, kernel).Sub(graph.N(pick(o.Pads, i, 0))).Sub(graph.N(pick(o.Pads, n+i, 0)))
}

// Geometry returns the geometry for concrete sizes: that of the convolution from the output to X, so In is the size of
// the output and Out that of X.
func (o *ConvTranspose) Geometry(in, kernel []int) []SlideDim {
	ws := make([]SlideDim, len(in))
	for i := range in {
		full, _ := o.full(i, graph.N(in[i]), graph.N(kernel[i])).Int()
		size, _ := o.outDim(i, graph.N(in[i]), graph.N(kernel[i])).Int()
		w := SlideDim{In: size, Out: in[i], Kernel: kernel[i], Stride: pick(o.Strides, i, 1), Dilation: pick(o.Dilations, i, 1)}
		switch {
		case len(o.OutputShape) > 0 || o.AutoPad == "SAME_UPPER" || o.AutoPad == "SAME_LOWER":
			w.Begin, w.End = splitPad(full-size, o.AutoPad != "SAME_UPPER")
		case !o.auto():
			w.Begin, w.End = pick(o.Pads, i, 0), pick(o.Pads, len(in)+i, 0)
		}
		ws[i] = w
	}
	return ws
}

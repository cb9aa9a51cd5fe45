package op

import (
	"github.com/gneiss-ml/gneiss/graph"
)

// Col2Im adds up blocks into images: input is [N, C·taps, blocks], taps being the product of block_shape and blocks the number of
// positions that a window of that shape has in an image; the output is [N, C, image_shape…]. It is the transpose of
// cutting an image into columns. Booleans are added by or; strings cannot be.
//
// https://onnx.ai/onnx/operators/onnx__Col2Im.html
type Col2Im struct {
	Dilations []int `onnx:"dilations"`
	Pads      []int `onnx:"pads"`
	Strides   []int `onnx:"strides"`
}

// Infer implements graph.Op.
func (o *Col2Im) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes&^stringOnly)
	checkTensor(c, 1, int64Only)
	checkTensor(c, 2, int64Only)
	c.CheckRank(0, 3)
	c.CheckRank(1, 1)
	c.CheckRank(2, 1)
	image, block := c.Ints(1), c.Ints(2)
	n := spatialCount(c, image, block)
	if n < 0 || !o.slide().check(c, n) {
		c.Tensor(0, c.DType(0), nil)
		return
	}
	out := c.FreshN(2 + n)
	copy(out[2:], image)
	in := dimsOr(c, 0, 3)
	out[0] = in[0]
	if block != nil {
		taps := graph.N(1)
		for i, k := range block {
			v, ok := k.Int()
			c.Check(!ok || v >= 1 && v <= maxWindow, "input 2: block size %v, want 1 to %d", k, maxWindow)
			v, ok = out[2+i].Int()
			c.Check(!ok || v >= 0 && v <= maxWindow, "input 1: image size %v, want 0 to %d", out[2+i], maxWindow)
			taps = taps.Mul(k)
		}
		if c.Failed() {
			return
		}
		out[1] = in[1].Div(taps)
		o.checkBlocks(c, in, out[2:], block, taps)
	}
	c.Tensor(0, c.DType(0), out)
}

// spatialCount returns the number of spatial dimensions, -1 when nothing says it.
func spatialCount(c *graph.Infer, image, block []graph.Dim) int {
	n := -1
	for i, v := range [][]graph.Dim{image, block} {
		k := -1
		if d := c.Dims(1 + i); len(d) == 1 {
			if x, ok := d[0].Int(); ok {
				k = x
			}
		}
		if v != nil {
			k = len(v)
		}
		if k >= 0 {
			c.Check(n < 0 || n == k, "image_shape has %d dimensions, block_shape %d", n, k)
			n = k
		}
	}
	c.Check(n != 0, "image_shape has no dimensions, want 1 or more")
	if n > tensorRankLimit || c.Failed() {
		c.Check(n <= tensorRankLimit, "%d spatial dimensions, want at most %d", n, tensorRankLimit)
		return -1
	}
	return n
}

// tensorRankLimit bounds ranks that come from the length of a shape.
const tensorRankLimit = 64

func (o *Col2Im) checkBlocks(c *graph.Infer, in, image, block []graph.Dim, taps graph.Dim) {
	if n, ok := in[1].Int(); ok {
		if k, ok := taps.Int(); ok {
			c.Check(n%k == 0, "input 0: dimension 1 is %d, want a multiple of %d, the product of block_shape", n, k)
		}
	}
	blocks := graph.N(1)
	for _, d := range o.slide().dims(c, image, block, false) {
		blocks = blocks.Mul(d)
	}
	c.Unify(in[2], blocks, "blocks of the input against blocks of the image")
}

func (o *Col2Im) slide() *Slide {
	return &Slide{AutoPad: "NOTSET", Dilations: o.Dilations, Pads: o.Pads, Strides: o.Strides}
}

// Geometry returns the geometry for concrete sizes: In is the image and Out the blocks.
func (o *Col2Im) Geometry(image, block []int) []SlideDim {
	return o.slide().Geometry(image, block, false)
}

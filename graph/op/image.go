package op

import (
	"math"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var imageOps = []Entry{
	core[Crop]("input -> output"),
	core[ImageDecoder]("encoded_stream -> image"),
	core[ImageScaler]("input -> output"),
}

// ImageDecoder decodes the bytes of an image file to [height, width, channels], with 3 channels in the formats RGB and BGR
// and 1 in Grayscale. What is no image, or a broken one, gives an empty tensor.
//
// https://onnx.ai/onnx/operators/onnx__ImageDecoder.html
type ImageDecoder struct {
	PixelFormat string `onnx:"pixel_format,RGB"`
}

// Channels returns how many channels the result has.
func (o *ImageDecoder) Channels() int {
	if o.PixelFormat == "Grayscale" {
		return 1
	}
	return 3
}

// Infer implements graph.Op.
func (o *ImageDecoder) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Uint8))
	checkChoice(c, "pixel_format", o.PixelFormat, "RGB BGR Grayscale")
	if c.Rank(0) >= 0 {
		c.CheckRank(0, 1)
	}
	c.Tensor(0, tensor.Uint8, append(c.FreshN(2), graph.N(o.Channels())))
}

// Crop cuts Border (left, top, right, bottom) off the images [N, C, H, W]; or, with Scale (height, width), all but an image
// of that size that starts after the left and the top border.
//
// https://github.com/onnx/onnx/blob/rel-1.4.1/docs/Operators.md#experimental-crop
type Crop struct {
	Border []int `onnx:"border"`
	Scale  []int `onnx:"scale"`
}

// Infer implements graph.Op.
func (o *Crop) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.Check(len(o.Border) == 0 || len(o.Border) == 4, "attribute \"border\" has %d elements, want 4", len(o.Border))
	c.Check(len(o.Scale) == 0 || len(o.Scale) == 2, "attribute \"scale\" has %d elements, want 2", len(o.Scale))
	for _, n := range append(o.Border[:len(o.Border):len(o.Border)], o.Scale...) {
		c.Check(n >= 0 && n <= math.MaxInt32, "an attribute has the element %d, want 0 to 2³¹−1", n)
	}
	if c.Failed() || c.Rank(0) >= 0 && !c.CheckRank(0, 4) {
		return
	}
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *Crop) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	border := o.Border
	if len(border) == 0 {
		border = make([]int, 4)
	}
	left, top, right, bottom := border[0], border[1], fromBack(border[2]), fromBack(border[3])
	if len(o.Scale) == 2 {
		right, bottom = left+o.Scale[1], top+o.Scale[0]
	}
	return []*graph.Value{b.Op(&Slice{}, n.In[0], b.Ints(top, left), b.Ints(bottom, right), b.Ints(2, 3))}
}

// fromBack returns the end of a slice that leaves out the last n elements.
func fromBack(n int) int {
	if n == 0 {
		return math.MaxInt
	}
	return -n
}

// ImageScaler multiplies the images [N, C, H, W] with Scale and adds Bias, one per channel.
//
// https://github.com/onnx/onnx/blob/rel-1.4.1/docs/Operators.md#experimental-imagescaler
type ImageScaler struct {
	Bias  []float32 `onnx:"bias"`
	Scale float32   `onnx:"scale,1"`
}

// Infer implements graph.Op.
func (o *ImageScaler) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	if d := c.Dims(0); d != nil && c.CheckRank(0, 4) {
		n, ok := d[1].Int()
		c.Check(!ok || len(o.Bias) == 0 || n == len(o.Bias), "attribute \"bias\" has %d elements, want %d, one per channel", len(o.Bias), n)
	}
	c.Like(0, 0)
}

// Expand implements graph.Composite.
func (o *ImageScaler) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	a, x := arith{b}, n.In[0]
	y := a.mul(x, a.num(float64(o.Scale), x))
	if len(o.Bias) > 0 {
		bias := tensor.Convert(tensor.FromSlice(o.Bias, len(o.Bias), 1, 1), x.Fact.DType)
		y = a.add(y, b.Const(bias))
	}
	return []*graph.Value{y}
}

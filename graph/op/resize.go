package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var resizeOps = []Entry{
	core[Resize]("X roi? scales? sizes? -> Y"),
}

// Resize resamples a tensor along Axes (default: all) by scales, or to sizes. Coordinates says where in the input a place of
// the output lies, Mode what is taken from around there: the nearest element, or a linear or cubic interpolation, which
// Antialias stretches where the axis shrinks. Besides ONNX's newest names Coordinates may be tf_half_pixel_for_nn.
//
// https://onnx.ai/onnx/operators/onnx__Resize.html
type Resize struct {
	Antialias      bool    `onnx:"antialias,0"`
	Axes           []int   `onnx:"axes"`
	Coordinates    string  `onnx:"coordinate_transformation_mode,half_pixel"`
	CubicA         float32 `onnx:"cubic_coeff_a,-0.75"`
	ExcludeOutside bool    `onnx:"exclude_outside,0"`
	Extrapolation  float32 `onnx:"extrapolation_value,0"`
	Aspect         string  `onnx:"keep_aspect_ratio_policy,stretch"`
	Mode           string  `onnx:"mode,nearest"`
	NearestMode    string  `onnx:"nearest_mode,round_prefer_floor"`
}

// Infer implements graph.Op.
func (o *Resize) Infer(c *graph.Infer) {
	checkChoice(c, "coordinate_transformation_mode", o.Coordinates, "align_corners asymmetric half_pixel half_pixel_symmetric "+
		"pytorch_half_pixel tf_crop_and_resize tf_half_pixel_for_nn")
	checkChoice(c, "keep_aspect_ratio_policy", o.Aspect, "stretch not_larger not_smaller")
	checkChoice(c, "mode", o.Mode, "nearest linear cubic")
	checkChoice(c, "nearest_mode", o.NearestMode, "round_prefer_floor round_prefer_ceil floor ceil")
	types := classicTypes
	if o.Mode != "nearest" {
		types = numberTypes
	}
	c.Check(!o.Antialias || o.Mode != "nearest", "attribute \"antialias\" is set in the mode \"nearest\"")
	checkTensor(c, 0, types)
	checkOptional(c, 1, floatTypes)
	checkOptional(c, 2, setOf(tensor.Float32))
	checkOptional(c, 3, int64Only)
	c.Check(o.Coordinates != "tf_crop_and_resize" || c.Has(1), "input 1 is missing, a region of interest")
	dims := c.Dims(0)
	byScale := c.Has(2) && !c.In(2).Len().Is(0)
	if !c.Check(byScale || c.Has(3), "neither scales nor sizes are there") ||
		!c.Check(!byScale || !c.Has(3) || c.Dims(2) == nil, "both scales and sizes are there") {
		return
	}
	axes := o.Axes
	if dims != nil {
		axes = o.AxesOf(len(dims))
		if len(o.Axes) > 0 {
			axes = c.Axes(o.Axes, len(dims))
		}
		o.checkLengths(c, len(axes))
	}
	if c.Failed() {
		return
	}
	var scales *tensor.Tensor
	if c.Has(2) {
		scales = c.Value(2)
	}
	var sizes []graph.Dim
	if c.Has(3) {
		sizes = c.Ints(3)
	}
	if dims == nil {
		unknown(c, -1)
		return
	}
	out := slices.Clone(dims)
	for _, a := range axes {
		out[a] = c.Fresh()
	}
	switch {
	case scales != nil && scales.Len() == len(axes):
		for i, a := range axes {
			out[a] = scaledDim(c, dims[a], tensor.Data[float32](scales)[i])
		}
	case len(sizes) == len(axes) && o.Aspect == "stretch":
		for i, a := range axes {
			n, ok := sizes[i].Int()
			c.Check(!ok || n >= 0, "input 3: size %d is %d, want at least 0", i, n)
			d, ok2 := dims[a].Int()
			c.Check(!ok || !ok2 || d > 0 || n == 0, "input 0: dimension %d is empty, want %d elements of it", a, n)
			out[a] = sizes[i]
		}
	case len(sizes) == len(axes):
		o.keepAspect(c, dims, sizes, axes, out)
	}
	c.Tensor(0, c.DType(0), out)
}

// checkLengths checks that the inputs have the lengths that n axes need.
func (o *Resize) checkLengths(c *graph.Infer, n int) {
	want := [...]int{1: 2 * n, 2: n, 3: n}
	for i := 1; i <= 3; i++ {
		if !c.Has(i) || c.Rank(i) < 0 || i == 1 && o.Coordinates != "tf_crop_and_resize" {
			continue
		}
		if c.CheckRank(i, 1) {
			k, ok := c.Dims(i)[0].Int()
			c.Check(!ok || k == want[i] || i == 2 && k == 0, "input %d: %d elements, want %d", i, k, want[i])
		}
	}
}

// AxesOf returns the axes that are resized of an input of the given rank.
func (o *Resize) AxesOf(rank int) []int {
	axes := []int{}
	if len(o.Axes) == 0 {
		for i := range rank {
			axes = append(axes, i)
		}
		return axes
	}
	for _, a := range o.Axes {
		if a < 0 {
			a += rank
		}
		axes = append(axes, a)
	}
	return axes
}

// maxSize is the most elements that one dimension may get from a scale: 1<<40, or 1<<29 where int has 32 bits.
const maxSize = 1 << (29 + 11*(math.MaxInt>>62))

// scaledDim returns the size that a dimension has when it is scaled.
func scaledDim(c *graph.Infer, d graph.Dim, scale float32) graph.Dim {
	if !c.Check(scale > 0 && scale <= math.MaxFloat32, "input 2: scale %v, want more than 0", scale) {
		return d
	}
	if n, ok := d.Int(); ok {
		m := scaledSize(n, scale)
		c.Check(m <= maxSize, "input 2: scale %v of a dimension of size %d is too large", scale, n)
		return graph.N(m)
	}
	if k := int(scale); float32(k) == scale && k < maxSize {
		return d.Mul(graph.N(k))
	}
	if k := int(1 / scale); 1/float32(k) == scale && k > 0 && k&(k-1) == 0 {
		return d.Div(graph.N(k))
	}
	return c.Fresh()
}

// scaledSize returns n·scale rounded down. It is computed in float32, as everybody does.
func scaledSize(n int, scale float32) int {
	return int(min(math.Floor(float64(float32(n)*scale)), 2*maxSize))
}

// keepAspect sets the sizes of axes so that the image gets no larger, or no smaller, than sizes.
func (o *Resize) keepAspect(c *graph.Infer, dims, sizes []graph.Dim, axes []int, out []graph.Dim) {
	shape, want := make([]int, len(dims)), make([]int64, len(axes))
	for i, a := range axes {
		d, ok1 := dims[a].Int()
		n, ok2 := sizes[i].Int()
		if !ok1 || !ok2 {
			return
		}
		shape[a], want[i] = d, int64(n)
	}
	plan, err := o.Plan(shape, nil, nil, want)
	if !c.Check(err == nil, "%v", err) {
		return
	}
	for _, a := range axes {
		out[a] = graph.N(plan[a].Out)
	}
}

// A ResizeAxis says how one axis is resampled: Out places from In elements.
type ResizeAxis struct {
	In, Out    int
	Scale      float64 // of a place of the output to one of the input
	Length     float64 // how long the output is, which need not be an integer
	Start, End float64 // the region of interest, relative to the input
}

// Plan returns how each axis of a tensor of the given shape is resampled. roi may be nil; scales or sizes are.
func (o *Resize) Plan(shape []int, roi []float64, scales []float32, sizes []int64) ([]ResizeAxis, error) {
	plan := make([]ResizeAxis, len(shape))
	for i, n := range shape {
		plan[i] = ResizeAxis{In: n, Out: n, Scale: 1, Length: float64(n), End: 1}
	}
	axes := o.AxesOf(len(shape))
	common := math.Inf(1)
	if o.Aspect == "not_smaller" {
		common = 0
	}
	for i, a := range axes {
		p := &plan[a]
		if o.Coordinates == "tf_crop_and_resize" && roi != nil {
			p.Start, p.End = roi[i], roi[i+len(axes)]
		}
		if scales != nil {
			p.Scale = float64(scales[i])
			p.Length = p.Scale * float64(p.In)
			p.Out = scaledSize(p.In, scales[i])
			continue
		}
		if sizes[i] < 0 || sizes[i] > maxSize || p.In == 0 && sizes[i] > 0 {
			return nil, fmt.Errorf("input 3: size %d of a dimension of size %d", sizes[i], p.In)
		}
		p.Out, p.Length = int(sizes[i]), float64(sizes[i])
		if p.In == 0 {
			continue
		}
		p.Scale = p.Length / float64(p.In)
		if o.Aspect == "not_smaller" {
			common = max(common, p.Scale)
		} else {
			common = min(common, p.Scale)
		}
	}
	if scales == nil && o.Aspect != "stretch" && !math.IsInf(common, 0) {
		for _, a := range axes {
			p := &plan[a]
			p.Scale, p.Length = common, common*float64(p.In)
			if p.Length > maxSize {
				return nil, fmt.Errorf("input 3: dimension %d gets too large", a)
			}
			p.Out = int(p.Length + 0.5)
		}
	}
	return plan, nil
}

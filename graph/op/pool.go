package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var poolOps = []Entry{
	core[AveragePool]("X -> Y"),
	core[GlobalAveragePool]("X -> Y"),
	core[GlobalLpPool]("X -> Y"),
	core[GlobalMaxPool]("X -> Y"),
	core[LpPool]("X -> Y"),
	core[MaxPool]("X -> Y Indices?"),
	core[MaxUnpool]("X I output_shape? -> output"),
}

// Pooling holds the attributes of operators that make one element of each window over the spatial dimensions of an image: X [N,
// C, in…] gives Y [N, C, out…].
type Pooling struct {
	// CeilMode counts a last window that is only partly inside, unless it starts in the padding at the end.
	CeilMode    bool  `onnx:"ceil_mode,0"`
	KernelShape []int `onnx:"kernel_shape,required"`
	Slide
}

// infer checks the input and returns the dimensions of the output.
func (o *Pooling) infer(c *graph.Infer) []graph.Dim {
	n := len(o.KernelShape)
	c.Check(n > 0, "kernel_shape is empty")
	checkSpatial(c, "kernel_shape", o.KernelShape, n, 1)
	c.CheckRank(0, n+2)
	x := dimsOr(c, 0, n+2)
	if c.Failed() || !o.check(c, n) {
		return nil
	}
	return append(x[:2:2], o.dims(c, x[2:], graph.Dims(o.KernelShape...), o.CeilMode)...)
}

// Geometry returns the geometry for concrete sizes of an image.
func (o *Pooling) Geometry(in []int) []SlideDim {
	return o.Slide.Geometry(in, o.KernelShape, o.CeilMode)
}

// AveragePool is the mean of each window. Padding counts as zeros when CountIncludePad is set, else not at all.
//
// https://onnx.ai/onnx/operators/onnx__AveragePool.html
type AveragePool struct {
	CountIncludePad bool `onnx:"count_include_pad,0"`
	Pooling
}

// Infer implements graph.Op.
func (o *AveragePool) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.Tensor(0, c.DType(0), o.infer(c))
}

// MaxPool is the largest element of each window, NaN when there is one. Its second output is where that element is in the
// flattened X; with StorageOrder 1 the first spatial dimension is the one that runs fastest.
//
// https://onnx.ai/onnx/operators/onnx__MaxPool.html
type MaxPool struct {
	StorageOrder int `onnx:"storage_order,0"`
	Pooling
}

// Infer implements graph.Op.
func (o *MaxPool) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes|byteTypes)
	c.Check(o.StorageOrder == 0 || o.StorageOrder == 1, "storage_order %d, want 0 or 1", o.StorageOrder)
	dims := o.infer(c)
	c.Tensor(0, c.DType(0), dims)
	c.Tensor(1, tensor.Int64, dims)
}

// LpPool is the p-norm of each window, (Σ|x|^p)^(1/p).
//
// https://onnx.ai/onnx/operators/onnx__LpPool.html
type LpPool struct {
	P int `onnx:"p,2"`
	Pooling
}

// Infer implements graph.Op.
func (o *LpPool) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.Check(o.P >= 1, "p %d, want at least 1", o.P)
	c.Tensor(0, c.DType(0), o.infer(c))
}

// GlobalAveragePool is the mean of each image: X [N, C, in…] gives Y [N, C, 1, …].
//
// https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
type GlobalAveragePool struct{}

// Infer implements graph.Op.
func (o *GlobalAveragePool) Infer(c *graph.Infer) { inferGlobalPool(c) }

// Expand implements graph.Composite.
func (o *GlobalAveragePool) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return reduceImages(b, ReduceMean, n.In[0])
}

// GlobalMaxPool is the largest element of each image: X [N, C, in…] gives Y [N, C, 1, …].
//
// https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
type GlobalMaxPool struct{}

// Infer implements graph.Op.
func (o *GlobalMaxPool) Infer(c *graph.Infer) { inferGlobalPool(c) }

// Expand implements graph.Composite.
func (o *GlobalMaxPool) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return reduceImages(b, ReduceMax, n.In[0])
}

// GlobalLpPool is the p-norm of each image: X [N, C, in…] gives Y [N, C, 1, …].
//
// https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html
type GlobalLpPool struct {
	P int `onnx:"p,2"`
}

// Infer implements graph.Op.
func (o *GlobalLpPool) Infer(c *graph.Infer) {
	c.Check(o.P >= 1, "p %d, want at least 1", o.P)
	inferGlobalPool(c)
}

// Expand implements graph.Composite.
func (o *GlobalLpPool) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	switch o.P {
	case 1:
		return reduceImages(b, ReduceL1, n.In[0])
	case 2:
		return reduceImages(b, ReduceL2, n.In[0])
	}
	p, inverse := b.Const(tensor.Scalar(float32(o.P))), b.Const(tensor.Scalar(1/float32(o.P)))
	sum := reduceImages(b, ReduceSum, b.Op(&Binary{Fn: Pow}, b.Op(&Unary{Fn: Abs}, n.In[0]), p))
	if sum == nil {
		return nil
	}
	return []*graph.Value{b.Op(&Binary{Fn: Pow}, sum[0], inverse)}
}

// reduceImages reduces the spatial dimensions of a value of known rank; nil when it has none or is unknown.
func reduceImages(b *graph.Builder, fn ReduceFn, v *graph.Value) []*graph.Value {
	axes := []int{}
	for i := 2; i < v.Fact.Rank(); i++ {
		axes = append(axes, i)
	}
	if len(axes) == 0 {
		return nil
	}
	return []*graph.Value{b.Op(&Reduce{Fn: fn, Keepdims: true}, v, b.Ints(axes...))}
}

func inferGlobalPool(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	x := c.Dims(0)
	if x == nil || !c.Check(len(x) >= 3, "input 0: rank %d, want at least 3", len(x)) {
		c.Tensor(0, c.DType(0), nil)
		return
	}
	dims := x[:2:2]
	for range x[2:] {
		dims = append(dims, graph.N(1))
	}
	c.Tensor(0, c.DType(0), dims)
}

// MaxUnpool puts the elements of X [N, C, in…] where I, the second output of MaxPool, says, and zeros elsewhere. I counts in the
// flattened image that the attributes make of X; output_shape, the whole shape, may be larger than that.
//
// https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
type MaxUnpool struct {
	KernelShape []int `onnx:"kernel_shape,required"`
	Pads        []int `onnx:"pads"`
	Strides     []int `onnx:"strides"`
}

// Infer implements graph.Op.
func (o *MaxUnpool) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, int64Only)
	checkOptional(c, 2, int64Only)
	n := len(o.KernelShape)
	checkSpatial(c, "kernel_shape", o.KernelShape, n, 1)
	checkSpatial(c, "strides", o.Strides, n, 1)
	checkSpatial(c, "pads", o.Pads, 2*n, 0)
	c.CheckRank(0, n+2)
	x := dimsOr(c, 0, n+2)
	matchDims(c, 1, x...)
	if c.Failed() {
		return
	}
	dims := append(x[:2:2], o.spatial(x[2:])...)
	for i, d := range dims {
		size, ok := d.Int()
		c.Check(!ok || size >= 0, "dimension %d: output size %d is negative", i, size)
	}
	if c.Has(2) {
		matchDims(c, 2, graph.N(n+2))
		dims = o.given(c, dims, c.Ints(2))
	}
	c.Tensor(0, c.DType(0), dims)
}

// spatial returns the spatial dimensions that pooling with these attributes made in from.
func (o *MaxUnpool) spatial(in []graph.Dim) []graph.Dim {
	out := make([]graph.Dim, len(in))
	for i, d := range in {
		pads := pick(o.Pads, i, 0) + pick(o.Pads, len(in)+i, 0)
		out[i] = d.Sub(graph.N(1)).Mul(graph.N(pick(o.Strides, i, 1))).Add(graph.N(o.KernelShape[i] - pads))
		if d.Is(0) {
			out[i] = d
		}
	}
	return out
}

// given returns the dimensions that the input output_shape asks for.
func (o *MaxUnpool) given(c *graph.Infer, least, shape []graph.Dim) []graph.Dim {
	if shape == nil {
		return c.FreshN(len(least))
	}
	if !c.Check(len(shape) == len(least), "input 2: %d numbers, want %d", len(shape), len(least)) {
		return nil
	}
	for i, d := range shape {
		n, ok1 := d.Int()
		m, ok2 := least[i].Int()
		c.Check(!ok1 || n >= 0 && n <= maxWindow, "input 2: size %d, want 0 to %d", n, maxWindow)
		c.Check(!ok1 || !ok2 || n >= m, "input 2: dimension %d is %d, want at least %d", i, n, m)
	}
	return shape
}

// Unpooled returns the shape of the image that I counts in, for X of a concrete shape.
func (o *MaxUnpool) Unpooled(x []int) []int {
	out := []int{x[0], x[1]}
	for _, d := range o.spatial(graph.Dims(x[2:]...)) {
		n, _ := d.Int()
		out = append(out, n)
	}
	return out
}

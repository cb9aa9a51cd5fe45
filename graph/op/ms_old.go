package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Operators of com.microsoft from before ai.onnx had them, or had them in full.

var msOldOps = []Entry{
	core[ExpandDims]("X axis -> Y"),
	core[Inverse]("X -> Y"),
	core[MSGatherND]("data indices -> output"),
	core[MSGridSample]("X Grid -> Y"),
	core[MSPad]("data pads value? -> output"),
	core[MSRange]("start limit delta? -> Y"),
	core[MSTrilu]("X k? -> Y"),
	core[MSUnique]("x -> y idx counts"),
}

// asScalar returns the element of x, of rank 0 or 1, as a tensor of rank 0.
func asScalar(b *graph.Builder, x *graph.Value) *graph.Value { return b.Op(&Reshape{}, x, b.Ints()) }

// ExpandDims inserts a dimension of size 1 before dimension axis, or, when that is negative, behind.
type ExpandDims struct{ microsoft }

// Infer implements graph.Op.
func (o *ExpandDims) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	if checkTensor(c, 1, setOf(tensor.Int32)) {
		wantOne(c, 1)
	}
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *ExpandDims) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	axes := b.Op(&Reshape{}, b.Op(NewCast(tensor.Int64), n.In[1]), b.Ints(1))
	return []*graph.Value{b.Op(&Unsqueeze{}, n.In[0], axes)}
}

// Inverse is the inverse of the square matrices in the last two dimensions. A matrix that has none is an error.
type Inverse struct{ microsoft }

// Infer implements graph.Op.
func (o *Inverse) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	if d := c.Dims(0); d != nil && c.Check(len(d) >= 2, "input 0: rank %d, want 2 or more", len(d)) {
		c.Unify(d[len(d)-2], d[len(d)-1], "rows and columns of a matrix")
	}
	c.Like(0, 0)
}

// MSGatherND is GatherND whose indices may be int32.
type MSGatherND struct{ microsoft }

// OpName implements graph.Named.
func (o *MSGatherND) OpName() string { return "GatherND" }

// Infer implements graph.Op.
func (o *MSGatherND) Infer(c *graph.Infer) { checkTensor(c, 1, indexTypes); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *MSGatherND) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&GatherND{}, n.In[0], b.Op(NewCast(tensor.Int64), n.In[1]))}
}

// MSGridSample is GridSample of images, with the older names of the modes.
type MSGridSample struct {
	microsoft
	AlignCorners bool   `onnx:"align_corners,0"`
	Mode         string `onnx:"mode,bilinear"`
	PaddingMode  string `onnx:"padding_mode,zeros"`
}

// OpName implements graph.Named.
func (o *MSGridSample) OpName() string { return "GridSample" }

// Infer implements graph.Op.
func (o *MSGridSample) Infer(c *graph.Infer) {
	checkChoice(c, "mode", o.Mode, "bilinear nearest bicubic")
	c.CheckRank(0, 4)
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *MSGridSample) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	mode := map[string]string{"bilinear": "linear", "bicubic": "cubic", "nearest": "nearest"}[o.Mode]
	return []*graph.Value{b.Op(&GridSample{AlignCorners: o.AlignCorners, Mode: mode, Padding: o.PaddingMode}, n.In[0], n.In[1])}
}

// MSPad is Pad; pads may be [1, 2·rank], and value a vector of one.
type MSPad struct {
	microsoft
	Mode string `onnx:"mode,constant"`
}

// OpName implements graph.Named.
func (o *MSPad) OpName() string { return "Pad" }

// Infer implements graph.Op.
func (o *MSPad) Infer(c *graph.Infer) {
	checkChoice(c, "mode", o.Mode, "constant reflect edge")
	checkTensor(c, 0, floatTypes)
	if r := c.Rank(1); r >= 0 {
		c.Check(r == 1 || r == 2, "input 1: rank %d, want 1 or 2", r)
	}
	wantOne(c, 2)
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *MSPad) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	value := n.Input(2)
	if value != nil {
		value = asScalar(b, value)
	}
	return []*graph.Value{b.Op(&Pad{Mode: o.Mode}, n.In[0], b.Op(&Reshape{}, n.In[1], b.Ints(-1)), value)}
}

// MSRange is Range; its inputs may be vectors of one, and delta is 1 unless it is there.
type MSRange struct{ microsoft }

// OpName implements graph.Named.
func (o *MSRange) OpName() string { return "Range" }

// Infer implements graph.Op.
func (o *MSRange) Infer(c *graph.Infer) {
	for i := range c.NumIn() {
		if checkOptional(c, i, setOf(tensor.Float32, tensor.Float64, tensor.Int16, tensor.Int32, tensor.Int64)) {
			wantOne(c, i)
		}
	}
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *MSRange) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	delta := scalar(b, n.In[0].Fact.DType, 1)
	if d := n.Input(2); d != nil {
		delta = asScalar(b, d)
	}
	return []*graph.Value{b.Op(&Range{StashType: 1}, asScalar(b, n.In[0]), asScalar(b, n.In[1]), delta)}
}

// MSTrilu is Trilu.
type MSTrilu struct {
	microsoft
	Upper bool `onnx:"upper,1"`
}

// OpName implements graph.Named.
func (o *MSTrilu) OpName() string { return "Trilu" }

// Infer implements graph.Op.
func (o *MSTrilu) Infer(c *graph.Infer) { c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *MSTrilu) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	k := n.Input(1)
	if k != nil {
		k = asScalar(b, k)
	}
	return []*graph.Value{b.Op(&Trilu{Upper: o.Upper}, n.In[0], k)}
}

// MSUnique is Unique of a vector, in the order in which elements come first: the elements, where in them each element of the vector
// is, and how often each comes.
type MSUnique struct{ microsoft }

// OpName implements graph.Named.
func (o *MSUnique) OpName() string { return "Unique" }

// Infer implements graph.Op.
func (o *MSUnique) Infer(c *graph.Infer) { c.CheckRank(0, 1); c.InferByExpansion(o) }

// Expand implements graph.Composite.
func (o *MSUnique) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	y := b.Add("", &Unique{}, 4, n.In[0])
	return []*graph.Value{y[0], y[2], y[3]}[:len(n.Out)]
}

package op

import "github.com/gneiss-ml/gneiss/graph"

var transposeOps = []Entry{
	core[DepthToSpace]("input -> output"),
	core[ReverseSequence]("input sequence_lens -> Y"),
	core[SpaceToDepth]("input -> output"),
	core[Transpose]("data -> transposed"),
	core[Trilu]("input k? -> output"),
}

// Transpose permutes dimensions: dimension i of the result is dimension Perm[i] of the input. Without Perm they are
// reversed.
//
// https://onnx.ai/onnx/operators/onnx__Transpose.html
type Transpose struct {
	Perm []int `onnx:"perm"`
}

// PermOf returns the permutation for an input of the given rank.
func (o *Transpose) PermOf(rank int) []int {
	if len(o.Perm) > 0 {
		return o.Perm
	}
	p := make([]int, rank)
	for i := range p {
		p[i] = rank - 1 - i
	}
	return p
}

// Infer implements graph.Op.
func (o *Transpose) Infer(c *graph.Infer) {
	checkTensor(c, 0, allTypes)
	dims := c.Dims(0)
	seen := map[int]bool{}
	for _, p := range o.Perm {
		if !c.Check(p >= 0 && p < len(o.Perm) && !seen[p], "attribute \"perm\" %v is no permutation", o.Perm) {
			return
		}
		seen[p] = true
	}
	if dims == nil {
		rank := -1
		if len(o.Perm) > 0 {
			rank = len(o.Perm)
		}
		unknown(c, rank)
		return
	}
	perm := o.PermOf(len(dims))
	if !c.Check(len(perm) == len(dims), "attribute \"perm\" has %d elements, input 0 has rank %d", len(perm), len(dims)) {
		return
	}
	out := make([]graph.Dim, len(dims))
	for i, p := range perm {
		out[i] = dims[p]
	}
	if v := c.In(0).Values(); v != nil && len(dims) < 2 {
		c.Known(0, c.DType(0), out, v)
		return
	}
	c.Tensor(0, c.DType(0), out)
}

// DepthToSpace moves channels into blocks of Blocksize × Blocksize pixels: [N, C, H, W] to [N, C/B², H·B, W·B]. In the
// mode DCR the channel is split into (row, column, depth), in CRD into (depth, row, column).
//
// https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
type DepthToSpace struct {
	Blocksize int    `onnx:"blocksize,required"`
	Mode      string `onnx:"mode,DCR"`
}

// Infer implements graph.Op.
func (o *DepthToSpace) Infer(c *graph.Infer) {
	b, ok := checkBlocks(c, o.Blocksize, o.Mode)
	if !ok {
		return
	}
	d := dimsOr(c, 0, 4)
	checkMultiple(c, d, 1, b*b)
	c.Tensor(0, c.DType(0), []graph.Dim{d[0], d[1].Div(graph.N(b * b)), d[2].Mul(graph.N(b)), d[3].Mul(graph.N(b))})
}

// SpaceToDepth moves blocks of Blocksize × Blocksize pixels into channels: [N, C, H, W] to [N, C·B², H/B, W/B]. It is the
// reverse of DepthToSpace in the same mode.
//
// https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html
type SpaceToDepth struct {
	Blocksize int    `onnx:"blocksize,required"`
	Mode      string `onnx:"mode,DCR"`
}

// Infer implements graph.Op.
func (o *SpaceToDepth) Infer(c *graph.Infer) {
	b, ok := checkBlocks(c, o.Blocksize, o.Mode)
	if !ok {
		return
	}
	d := dimsOr(c, 0, 4)
	checkMultiple(c, d, 2, b)
	checkMultiple(c, d, 3, b)
	c.Tensor(0, c.DType(0), []graph.Dim{d[0], d[1].Mul(graph.N(b * b)), d[2].Div(graph.N(b)), d[3].Div(graph.N(b))})
}

// checkBlocks checks what DepthToSpace and SpaceToDepth share and returns the block size.
func checkBlocks(c *graph.Infer, b int, mode string) (int, bool) {
	checkTensor(c, 0, classicTypes)
	c.Check(b > 0 && b <= 1<<15, "attribute \"blocksize\" is %d, want 1 to %d", b, 1<<15)
	c.Check(mode == "DCR" || mode == "CRD", "attribute \"mode\" is %q, want \"DCR\" or \"CRD\"", mode)
	if c.Rank(0) >= 0 {
		c.CheckRank(0, 4)
	}
	return b, !c.Failed()
}

func checkMultiple(c *graph.Infer, dims []graph.Dim, i, of int) {
	n, ok := dims[i].Int()
	c.Check(!ok || n%of == 0, "input 0: dimension %d is %d, want a multiple of %d", i, n, of)
}

// ReverseSequence reverses, for each batch, as many first elements along TimeAxis as sequence_lens says.
//
// https://onnx.ai/onnx/operators/onnx__ReverseSequence.html
type ReverseSequence struct {
	BatchAxis int `onnx:"batch_axis,1"`
	TimeAxis  int `onnx:"time_axis,0"`
}

// Infer implements graph.Op.
func (o *ReverseSequence) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkTensor(c, 1, int64Only)
	c.Check(o.BatchAxis+o.TimeAxis == 1 && o.BatchAxis*o.TimeAxis == 0, "attributes \"batch_axis\" %d and \"time_axis\" %d, want 0 and 1 in some order",
		o.BatchAxis, o.TimeAxis)
	dims := c.Dims(0)
	if c.Rank(1) >= 0 {
		c.CheckRank(1, 1)
	}
	if c.Check(dims == nil || len(dims) >= 2, "input 0: rank %d, want at least 2", len(dims)) && !c.Failed() && dims != nil && c.Rank(1) == 1 {
		c.Unify(dims[o.BatchAxis], c.Dims(1)[0], "batch of input 0 and length of input 1")
	}
	c.Like(0, 0)
}

// Trilu keeps the upper or lower triangle of the last two dimensions, from diagonal k (default 0) on, and sets the rest
// to zero.
//
// https://onnx.ai/onnx/operators/onnx__Trilu.html
type Trilu struct {
	Upper bool `onnx:"upper,1"`
}

// Infer implements graph.Op.
func (o *Trilu) Infer(c *graph.Infer) {
	checkTensor(c, 0, classicTypes)
	checkOptional(c, 1, int64Only)
	wantOne(c, 1)
	r := c.Rank(0)
	c.Check(r < 0 || r >= 2, "input 0: rank %d, want at least 2", r)
	c.Like(0, 0)
}

package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Operators of com.microsoft for weights in blocks of few bits.

var msBlockOps = []Entry{
	core[GatherBlockQuantized]("data indices scales zero_points? -> output"),
	core[MatMulBnb4]("A B absmax -> Y"),
	core[MatMulFpQ4]("A B B_shape -> Y"),
	core[MatMulNBits]("A B scales zero_points? g_idx? bias? -> Y"),
}

// blockLimit bounds sizes that attributes say, so that their products fit an int.
const blockLimit = 1 << 30

// checkBlocked checks the attributes of a product with a matrix of N rows of K elements in blocks.
func checkBlocked(c *graph.Infer, k, n, block int) bool {
	return c.Check(k > 0 && k < blockLimit, "attribute %q: %d, want 1 or more", "K", k) &&
		c.Check(n > 0 && n < blockLimit, "attribute %q: %d, want 1 or more", "N", n) &&
		c.Check(block >= 16 && block < blockLimit && block&(block-1) == 0, "attribute %q: %d, want a power of 2, 16 or more", "block_size", block)
}

// wantLen checks that input i has n elements.
func wantLen(c *graph.Infer, i, n int) {
	if m, ok := c.In(i).Len().Int(); ok && c.Has(i) {
		c.Check(m == n, "input %d: %d elements, want %d", i, m, n)
	}
}

// MatMulNBits is A times the transpose of a matrix of N rows of K numbers of Bits bits. The rows are cut into blocks: B is
// [N, blocks, BlockSize·Bits/8], the lowest bits first. A number stands for (number − zero point)·scale of its block, or of the
// block that g_idx, [K], says. scales are [N, blocks], zero_points too when they are floats, or rows of Bits bits, each filled up
// to a byte; without them they are 2^(Bits−1).
type MatMulNBits struct {
	microsoft
	AccuracyLevel   int `onnx:"accuracy_level,0"` // how exact A has to be; here it always is
	Bits            int `onnx:"bits,4"`
	BlockSize       int `onnx:"block_size,required"`
	K               int `onnx:"K,required"`
	N               int `onnx:"N,required"`
	WeightPrepacked int `onnx:"weight_prepacked,0"`
}

// blocks returns how many blocks a row has.
func (o *MatMulNBits) blocks() int { return (o.K + o.BlockSize - 1) / o.BlockSize }

// Infer implements graph.Op.
func (o *MatMulNBits) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, setOf(tensor.Uint8))
	c.CheckSame(0, 2)
	c.CheckSame(0, 5)
	checkOptional(c, 3, setOf(tensor.Uint8, c.DType(0)))
	checkOptional(c, 4, setOf(tensor.Int32))
	c.Check(o.WeightPrepacked == 0, "attribute %q: %d is not supported, want 0", "weight_prepacked", o.WeightPrepacked)
	if !c.Check(o.Bits == 2 || o.Bits == 4 || o.Bits == 8, "attribute %q: %d, want 2, 4 or 8", "bits", o.Bits) ||
		!checkBlocked(c, o.K, o.N, o.BlockSize) {
		return
	}
	nb := o.blocks()
	wantLen(c, 1, o.N*nb*(o.BlockSize*o.Bits/8))
	wantLen(c, 2, o.N*nb)
	if c.DType(3) == tensor.Uint8 {
		wantLen(c, 3, o.N*((nb*o.Bits+7)/8))
	} else {
		wantLen(c, 3, o.N*nb)
	}
	wantVector(c, 5, graph.N(o.N), "the length of bias against N")
	c.Tensor(0, c.DType(0), nil)
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *MatMulNBits) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	nb, dt := o.blocks(), n.In[0].Fact.DType
	a, to := arith{b}, NewCast(dt)
	w := unpackBits(b, b.Op(&Reshape{}, n.In[1], b.Ints(o.N, nb, o.BlockSize*o.Bits/8)), o.Bits)
	w = b.Op(to, w)
	scale := b.Op(&Reshape{}, n.In[2], b.Ints(o.N, nb, 1))
	zero := scalar(b, dt, float64(int(1)<<(o.Bits-1)))
	if z := n.Input(3); z != nil {
		if z.Fact.DType == tensor.Uint8 {
			z = unpackBits(b, b.Op(&Reshape{}, z, b.Ints(o.N, (nb*o.Bits+7)/8)), o.Bits)
			z = b.Op(to, cut(b, z, 1, b.Ints(0), b.Ints(nb)))
		}
		zero = b.Op(&Reshape{}, z, b.Ints(o.N, nb, 1))
	}
	row := func(x *graph.Value) *graph.Value {
		return cut(b, b.Op(&Reshape{}, x, b.Ints(o.N, nb*o.BlockSize)), 1, b.Ints(0), b.Ints(o.K))
	}
	if g := n.Input(4); g != nil {
		choose := func(x *graph.Value) *graph.Value { return b.Op(&Gather{Axis: 1}, b.Op(&Squeeze{}, x, b.Ints(2)), g) }
		if zero.Fact.Rank() > 0 {
			zero = choose(zero)
		}
		w = a.mul(a.sub(row(w), zero), choose(scale))
	} else {
		w = row(a.mul(a.sub(w, zero), scale))
	}
	y := b.Op(&MatMul{}, n.In[0], swapped(b, true, w))
	return []*graph.Value{plus(b, y, n.Input(5))}
}

// MatMulBnb4 is A times the transpose of a matrix of N rows of K numbers of 4 bits, two to a byte with the first in the high bits,
// row after row in blocks of BlockSize numbers. They index a table of floats, by QuantType, that are multiplied with the block's
// absmax. Without TransB A is multiplied with the matrix as it is.
type MatMulBnb4 struct {
	microsoft
	BlockSize    int  `onnx:"block_size,required"`
	K            int  `onnx:"K,required"`
	N            int  `onnx:"N,required"`
	QuantType    int  `onnx:"quant_type,required"` // 0: FP4, 1: NF4
	TrainingMode bool `onnx:"training_mode,0"`
	TransB       bool `onnx:"transB,1"`
}

// What the 16 codes of MatMulBnb4 stand for: floats of 4 bits, and the quantiles of the normal distribution.
var bnb4Tables = [2][]float32{
	{0, 1. / 192, 2. / 3, 1, 1. / 3, 1. / 2, 1. / 6, 1. / 4, 0, -1. / 192, -2. / 3, -1, -1. / 3, -1. / 2, -1. / 6, -1. / 4},
	{
		-1, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.091050036, 0,
		0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1,
	},
}

// Infer implements graph.Op.
func (o *MatMulBnb4) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, setOf(tensor.Uint8))
	c.CheckSame(0, 2)
	c.Check(o.QuantType == 0 || o.QuantType == 1, "attribute %q: %d, want 0 or 1", "quant_type", o.QuantType)
	if !checkBlocked(c, o.K, o.N, o.BlockSize) {
		return
	}
	wantLen(c, 1, (o.N*o.K+1)/2)
	wantLen(c, 2, (o.N*o.K+o.BlockSize-1)/o.BlockSize)
	c.Tensor(0, c.DType(0), nil)
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *MatMulBnb4) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	dt := n.In[0].Fact.DType
	a := arith{b}
	size := o.N * o.K
	blocks := (size + o.BlockSize - 1) / o.BlockSize
	bytes := b.Op(&Reshape{}, n.In[1], b.Ints((size+1)/2, 1))
	high := a.div(bytes, scalar(b, tensor.Uint8, 16))
	low := a.sub(bytes, a.mul(high, scalar(b, tensor.Uint8, 16)))
	codes := b.Op(&Reshape{}, b.Op(&Concat{Axis: 1}, high, low), b.Ints(-1))
	table := b.Const(tensor.Convert(tensor.FromSlice(bnb4Tables[o.QuantType], 16), dt))
	w := b.Op(&Gather{}, table, b.Op(NewCast(tensor.Int32), codes))
	// As many numbers as all blocks have, so that each block gets its factor.
	fill := b.Ints(0, blocks*o.BlockSize-(size+1)/2*2)
	w = b.Op(&Reshape{}, b.Op(&Pad{Mode: "constant"}, w, fill), b.Ints(blocks, o.BlockSize))
	w = b.Op(&Reshape{}, a.mul(w, b.Op(&Reshape{}, n.In[2], b.Ints(blocks, 1))), b.Ints(-1))
	w = b.Op(&Reshape{}, cut(b, w, 0, b.Ints(0), b.Ints(size)), b.Ints(o.N, o.K))
	return []*graph.Value{b.Op(&MatMul{}, n.In[0], swapped(b, o.TransB, w))}
}

// MatMulFpQ4 is A times a matrix of the shape B_shape, [K, N], whose columns are cut into blocks of numbers of 4 bits. A block is a
// float32, the scale, a byte with the zero point when BlkQuantType is 1, and, for each 32 numbers, 16 bytes: byte i has number i in
// its low bits and number 16 + i in its high bits. Blocks have 64 numbers when BlkQuantType is 2, else 32; the zero point is 8 where
// there is none.
type MatMulFpQ4 struct {
	microsoft
	BlkQuantType int `onnx:"blk_quant_type,1"`
}

// Infer implements graph.Op.
func (o *MatMulFpQ4) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Float32))
	checkTensor(c, 1, setOf(tensor.Uint8))
	checkTensor(c, 2, int64Only)
	c.Check(o.BlkQuantType >= 0 && o.BlkQuantType <= 2, "attribute %q: %d, want 0, 1 or 2", "blk_quant_type", o.BlkQuantType)
	if t := c.Value(2); t != nil && !c.Failed() && c.Check(t.Len() == 2, "input 2 (B_shape): %d elements, want 2", t.Len()) {
		s := t.Int64s()
		if checkBlocked(c, int(s[0]), int(s[1]), 32) {
			wantLen(c, 1, int(s[1])*((int(s[0])+o.block()-1)/o.block())*o.blob())
		}
	}
	c.Tensor(0, c.DType(0), nil)
	c.InferByExpansion(o)
}

// block returns how many numbers a block has.
func (o *MatMulFpQ4) block() int {
	if o.BlkQuantType == 2 {
		return 64
	}
	return 32
}

// head returns how many bytes a block has before its numbers, blob how many in all.
func (o *MatMulFpQ4) head() int {
	if o.BlkQuantType == 1 {
		return 5
	}
	return 4
}

func (o *MatMulFpQ4) blob() int { return o.head() + o.block()/2 }

// Expand implements graph.Composite.
func (o *MatMulFpQ4) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	shape := n.In[2].Const()
	if shape == nil || shape.Len() != 2 {
		return nil
	}
	s := shape.Int64s()
	k, cols, block := int(s[0]), int(s[1]), o.block()
	blocks := (k + block - 1) / block
	a := arith{b}
	all := b.Op(&Reshape{}, n.In[1], b.Ints(cols, blocks, o.blob()))
	bytes := func(from, to int) *graph.Value { return cut(b, all, 2, b.Ints(from), b.Ints(to)) }
	weights := b.Const(tensor.FromSlice([]uint32{1, 1 << 8, 1 << 16, 1 << 24}, 4))
	word := b.Op(&Reduce{Fn: ReduceSum, Keepdims: true}, a.mul(b.Op(NewCast(tensor.Uint32), bytes(0, 4)), weights), b.Ints(2))
	scale := b.Op(&BitCast{To: tensor.Float32}, word)
	zero := scalar(b, tensor.Float32, 8)
	if o.BlkQuantType == 1 {
		zero = b.Op(NewCast(tensor.Float32), bytes(4, 5))
	}
	data := b.Op(&Reshape{}, bytes(o.head(), o.blob()), b.Ints(cols, blocks, block/32, 16))
	high := a.div(data, scalar(b, tensor.Uint8, 16))
	low := a.sub(data, a.mul(high, scalar(b, tensor.Uint8, 16)))
	w := b.Op(&Reshape{}, b.Op(&Concat{Axis: 3}, low, high), b.Ints(cols, blocks, block))
	w = a.mul(a.sub(b.Op(NewCast(tensor.Float32), w), zero), scale)
	w = cut(b, b.Op(&Reshape{}, w, b.Ints(cols, blocks*block)), 1, b.Ints(0), b.Ints(k))
	return []*graph.Value{b.Op(&MatMul{}, n.In[0], swapped(b, true, w))}
}

// GatherBlockQuantized is Gather from quantized data: a number stands for (number − zero point)·scale of its block of BlockSize
// along QuantizeAxis. Numbers of less than 8 bits in uint8 lie along the last dimension, the lowest bits first, zero points too.
// An index out of range gives zeros.
type GatherBlockQuantized struct {
	microsoft
	Bits         int `onnx:"bits,4"` // of uint8 data
	BlockSize    int `onnx:"block_size,128"`
	GatherAxis   int `onnx:"gather_axis,0"`
	QuantizeAxis int `onnx:"quantize_axis,1"`
}

// smallFloats are the types of data that have no zero point.
var smallFloats = float8Types&^setOf(tensor.Float8E8M0) | setOf(tensor.Float4E2M1)

// Infer implements graph.Op.
func (o *GatherBlockQuantized) Infer(c *graph.Infer) {
	checkTensor(c, 0, smallFloats|setOf(tensor.Int4, tensor.Uint4, tensor.Uint8))
	checkTensor(c, 1, indexTypes)
	checkTensor(c, 2, scaleTypes)
	c.CheckSame(0, 3)
	small := smallFloats.has(c.DType(0))
	c.Check(!small || !c.Has(3), "input 3 (zero_points) does not go with data of type %v", c.DType(0))
	n := o.BlockSize
	c.Check(n == 0 && small || n >= 16 && n < blockLimit && n&(n-1) == 0, "attribute %q: %d, want a power of 2, 16 or more", "block_size", n)
	if c.DType(0) == tensor.Uint8 {
		c.Check(o.Bits == 2 || o.Bits == 4 || o.Bits == 8, "attribute %q: %d, want 2, 4 or 8", "bits", o.Bits)
	}
	if d := c.Dims(0); d != nil && !c.Failed() {
		g, q := c.Axis(o.GatherAxis, len(d)), c.Axis(o.QuantizeAxis, len(d))
		c.CheckRank(2, len(d))
		c.CheckRank(3, len(d))
		if c.DType(0) == tensor.Uint8 && o.Bits < 8 && !c.Failed() {
			c.Check(q == len(d)-1 && g != q, "axes %d and %d: packed data is quantized along its last axis and gathered along another", q, g)
		}
	}
	c.Tensor(0, c.DType(2), nil)
	c.InferByExpansion(o)
}

// Expand implements graph.Composite.
func (o *GatherBlockQuantized) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	data, index, scale, zero := n.In[0], n.In[1], n.In[2], n.Input(3)
	rank, dt := data.Fact.Rank(), data.Fact.DType
	if rank < 1 || index.Fact.Dims == nil || scale.Fact.Rank() != rank {
		return nil
	}
	gather, axis := (o.GatherAxis+rank)%rank, (o.QuantizeAxis+rank)%rank
	bits := 8
	if dt == tensor.Uint8 {
		bits = o.Bits
	}
	// Gather knows no types of 4 bits.
	switch dt {
	case tensor.Int4:
		data = b.Op(NewCast(tensor.Int8), data)
		if zero != nil {
			zero = b.Op(NewCast(tensor.Int8), zero)
		}
	case tensor.Uint4:
		data = b.Op(NewCast(tensor.Uint8), data)
		if zero != nil {
			zero = b.Op(NewCast(tensor.Uint8), zero)
		}
	case tensor.Uint8:
	default:
		data = b.Op(NewCast(scale.Fact.DType), data)
		scale = spreadScale(b, scale, data, axis, o.BlockSize)
	}
	rows := sizeOf(b, data, gather)
	number := b.Op(NewCast(tensor.Int64), index)
	a := arith{b}
	valid := b.Op(&Binary{And}, b.Op(&Compare{Less}, number, rows), b.Op(&Compare{GreaterOrEqual}, number, a.sub(b.Ints(0), rows)))
	number = b.Op(&Where{}, valid, number, b.Const(tensor.Scalar(int64(0))))
	if r := index.Fact.Rank(); r == 0 {
		number, valid = b.Op(&Squeeze{}, number, b.Ints(0)), b.Op(&Squeeze{}, valid, b.Ints(0))
	}
	take := func(x *graph.Value) *graph.Value { return b.Op(&Gather{Axis: gather}, x, number) }
	var y *graph.Value
	if gather == axis {
		y = take(o.dequantize(b, data, scale, zero, axis, bits, dt))
	} else {
		data, scale = take(data), take(scale)
		if zero != nil {
			zero = take(zero)
		}
		if axis > gather {
			axis += index.Fact.Rank() - 1
		}
		y = o.dequantize(b, data, scale, zero, axis, bits, dt)
	}
	var after []int
	for i := gather + 1; i < rank; i++ {
		after = append(after, index.Fact.Rank()+i-gather-1)
	}
	if after != nil {
		valid = b.Op(&Unsqueeze{}, valid, b.Ints(after...))
	}
	return []*graph.Value{b.Op(&Where{}, valid, y, scalar(b, y.Fact.DType, 0))}
}

// dequantize returns data of the type dt, that is gathered already or not, as floats.
func (o *GatherBlockQuantized) dequantize(b *graph.Builder, data, scale, zero *graph.Value, axis, bits int, dt tensor.DType) *graph.Value {
	if smallFloats.has(dt) {
		return arith{b}.mul(data, scale)
	}
	if bits < 8 {
		data = unpackBits(b, data, bits)
		if zero != nil {
			zero = cut(b, unpackBits(b, zero, bits), -1, b.Ints(0), sizeOf(b, scale, -1))
		}
	}
	if zero == nil && dt == tensor.Uint8 {
		zero = b.Op(&Expand{}, scalar(b, dt, float64(int(1)<<(bits-1))), b.Op(&Shape{}, scale))
	}
	return b.Op(&DequantizeLinear{Axis: axis, BlockSize: o.BlockSize}, data, scale, zero)
}

// spreadScale repeats the scales of blocks along an axis, and 1 to the size of data along others.
func spreadScale(b *graph.Builder, scale, data *graph.Value, axis, block int) *graph.Value {
	rank := data.Fact.Rank()
	shape := b.Op(&Shape{}, data)
	if block > 0 {
		var part []*graph.Value
		for i := range rank {
			part = append(part, sizeOf(b, scale, i))
		}
		wide := slices.Insert(slices.Clone(part), axis+1, b.Ints(block))
		part[axis] = arith{b}.mul(part[axis], b.Ints(block))
		scale = b.Op(&Expand{}, b.Op(&Unsqueeze{}, scale, b.Ints(axis+1)), b.Op(&Concat{Axis: 0}, wide...))
		scale = b.Op(&Reshape{AllowZero: true}, scale, b.Op(&Concat{Axis: 0}, part...))
		scale = cut(b, scale, axis, b.Ints(0), sizeOf(b, data, axis))
	}
	return b.Op(&Expand{}, scale, shape)
}

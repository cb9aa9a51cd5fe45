package op

import (
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// What the attention operators of com.microsoft share. They mask by adding a large negative number, so that a query that may
// attend nothing attends everything alike.

// sizeOf returns the size of an axis as a vector of one int64.
func sizeOf(b *graph.Builder, x *graph.Value, axis int) *graph.Value {
	s := &Shape{Start: axis}
	if axis != -1 {
		s.End = graph.Some(axis + 1)
	}
	return b.Op(s, x)
}

// cut returns the elements from..to of an axis; from and to are vectors of one integer.
func cut(b *graph.Builder, x *graph.Value, axis int, from, to *graph.Value) *graph.Value {
	return b.Op(&Slice{}, x, from, to, b.Ints(axis))
}

// counted returns 0, 1, … up to the integer in n, a vector of one, as int64.
func counted(b *graph.Builder, n *graph.Value) *graph.Value {
	return b.Op(&Range{StashType: 1}, b.Const(tensor.Scalar(int64(0))), b.Op(&Squeeze{}, n, b.Ints(0)), b.Const(tensor.Scalar(int64(1))))
}

// toHeads turns [batch,length,heads·size] into [batch,heads,length,size], fromHeads turns it back.
func toHeads(b *graph.Builder, x *graph.Value, heads int) *graph.Value {
	size := -1
	if n, ok := x.Fact.Dims[2].Int(); ok && n%heads == 0 {
		size = n / heads
	}
	return b.Op(&Transpose{Perm: []int{0, 2, 1, 3}}, b.Op(&Reshape{}, x, b.Ints(0, 0, heads, size)))
}

func fromHeads(b *graph.Builder, x *graph.Value) *graph.Value {
	size := -1
	if d := x.Fact.Dims; len(d) == 4 {
		if n, ok := d[1].Mul(d[3]).Int(); ok {
			size = n
		}
	}
	return b.Op(&Reshape{}, b.Op(&Transpose{Perm: []int{0, 2, 1, 3}}, x), b.Ints(0, 0, size))
}

// masker makes masks of one type that are added to scores.
type masker struct {
	b      *graph.Builder
	dt     tensor.DType
	filter float64 // what hides a key
}

// choose returns filter where hide is true, else 0.
func (m masker) choose(hide *graph.Value) *graph.Value {
	return m.b.Op(&Where{}, hide, scalar(m.b, m.dt, m.filter), scalar(m.b, m.dt, 0))
}

// raw returns the mask of zeros for hidden keys and ones for others, [batch,keys] or [batch,queries,keys]; nil for a shape
// [batch,1], which stands for none.
func (m masker) raw(x *graph.Value) *graph.Value {
	axes := m.b.Ints(1)
	if d := x.Fact.Dims; len(d) == 2 {
		if d[1].Is(1) {
			return nil
		}
		axes = m.b.Ints(1, 2)
	}
	zero := m.b.Const(tensor.Scalar(int32(0)))
	return m.choose(m.b.Op(&Compare{LessOrEqual}, m.b.Op(&Unsqueeze{}, x, axes), zero))
}

// between hides the keys of each batch before starts and from ends on; both are [batch] of int32, starts may be nil. total is how
// many keys there are.
func (m masker) between(starts, ends, total *graph.Value) *graph.Value {
	b := m.b
	column := func(x *graph.Value) *graph.Value {
		return b.Op(&Unsqueeze{}, b.Op(NewCast(tensor.Int64), x), b.Ints(1, 2, 3))
	}
	at := counted(b, total)
	hide := b.Op(&Compare{GreaterOrEqual}, at, column(ends))
	if starts != nil {
		hide = b.Op(&Binary{Or}, hide, b.Op(&Compare{Less}, at, column(starts)))
	}
	return m.choose(hide)
}

// plus returns the sum of those of two values that are there.
func plus(b *graph.Builder, x, y *graph.Value) *graph.Value {
	switch {
	case x == nil:
		return y
	case y == nil:
		return x
	}
	return arith{b}.add(x, y)
}

// parted cuts x in three along its last axis: two parts of n elements, a vector of one integer, and the rest.
func parted(b *graph.Builder, x, n *graph.Value) []*graph.Value {
	end := b.Ints(math.MaxInt32)
	two := arith{b}.add(n, n)
	return []*graph.Value{cut(b, x, -1, b.Ints(0), n), cut(b, x, -1, n, two), cut(b, x, -1, two, end)}
}

// thirds cuts x in three along an axis.
func thirds(b *graph.Builder, x *graph.Value, axis int) []*graph.Value {
	return slices.Clone(b.Add("", &Split{Axis: axis, NumOutputs: graph.Some(3)}, 3, x))
}

// scaleOf returns the scale of scores, which 0 leaves to the size of the heads.
func scaleOf(x float32) graph.Opt[float32] { return graph.Opt[float32]{Set: x != 0, V: x} }

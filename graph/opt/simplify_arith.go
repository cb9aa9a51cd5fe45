package opt

import (
	"math"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Rules of arithmetic. They hold bit by bit, for NaN, infinities and the sign of zero too: x+0 is x for integers, but for
// floats only x+(−0) and x−0 are.

// binaryNeutral drops a binary function whose other operand changes nothing.
//
//	Before: y = Mul (x, one)   (one is all 1, and does not broadcast x)
//	After:  x
func binaryNeutral(b *graph.Builder, n *graph.Node, o *op.Binary) []*graph.Value {
	dims := n.Out[0].Fact.Dims
	for i, v := range n.In {
		if neutral(o.Fn, 1-i, n.In[1-i].Const()) && equalDims(v.Fact.Dims, dims) {
			return []*graph.Value{v}
		}
	}
	return nil
}

// neutral reports whether a constant as operand i of fn leaves the other operand as it is.
func neutral(fn op.BinaryFn, i int, t *tensor.Tensor) bool {
	if t == nil || t.Len() == 0 || t.Len() > graph.SmallValue*64 {
		return false
	}
	whole := t.DType().IsInt()
	switch fn {
	case op.Add:
		return whole && all(t, 0) || !whole && all(t, math.Copysign(0, -1))
	case op.BitwiseOr, op.BitwiseXor:
		return all(t, 0)
	case op.Div, op.Pow:
		return i == 1 && all(t, 1)
	case op.Mul:
		return all(t, 1)
	case op.ShiftLeft, op.ShiftRight:
		return i == 1 && all(t, 0)
	case op.Sub:
		return i == 1 && all(t, 0)
	case op.And:
		return t.DType() == tensor.Bool && all(t, 1)
	case op.Or, op.Xor:
		return t.DType() == tensor.Bool && all(t, 0)
	}
	return false
}

// all reports whether every element of a real or Bool tensor is x, the sign of a zero included.
func all(t *tensor.Tensor, x float64) bool {
	dt := t.DType()
	if dt.IsComplex() || dt == tensor.String {
		return false
	}
	for _, y := range t.Float64s() {
		if math.Float64bits(y) != math.Float64bits(x) {
			return false
		}
	}
	return true
}

// castCast drops the first of two casts when it loses nothing.
//
//	Before: t = Cast <to = float> (x); y = Cast <to = int64> (t)   (x is float16)
//	After:  y = Cast <to = int64> (x)
func castCast(b *graph.Builder, n *graph.Node, o *op.Cast) []*graph.Value {
	m, _, ok := from[*op.Cast](n.In[0])
	if !ok || !lossless(m.In[0].Fact.DType, m.Out[0].Fact.DType) {
		return nil
	}
	return []*graph.Value{b.Op(o, m.In[0])}
}

// lossless reports whether each value of type a is one of type b, which then converts to any type as it does in a.
func lossless(a, b tensor.DType) bool {
	switch {
	case a == b:
		return true
	case a == tensor.Bool:
		return b.IsInt() && b.Bits() >= 8 || b == tensor.Float32 || b == tensor.Float64
	case a == tensor.Float16, a == tensor.BFloat16:
		return b == tensor.Float32 || b == tensor.Float64
	case a == tensor.Float32:
		return b == tensor.Float64
	case a.IsInt() && b.IsInt():
		return a.Bits() < b.Bits() && (b.IsSigned() || !a.IsSigned())
	case a.IsInt():
		return b == tensor.Float32 && a.Bits() <= 16 || b == tensor.Float64 && a.Bits() <= 32
	}
	return false
}

// unaryTwice drops a function that undoes the one before, and one that changes nothing after it.
//
//	Before: t = Neg (x); y = Neg (t)
//	After:  x
//	Before: t = Relu (x); y = Relu (t)
//	After:  t
func unaryTwice(b *graph.Builder, n *graph.Node, o *op.Unary) []*graph.Value {
	m, p, ok := from[*op.Unary](n.In[0])
	if !ok || p.Fn != o.Fn {
		return nil
	}
	switch o.Fn {
	case op.BitwiseNot, op.Neg, op.Not:
		return m.In[:1]
	case op.Abs, op.Ceil, op.Floor, op.Relu, op.Round, op.Sign:
		return n.In[:1]
	}
	return nil
}

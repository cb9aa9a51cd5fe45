package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// unpackBits returns the numbers of 2, 4 or 8 bits that lie in bytes x [..., n], the lowest bits first, as uint8 [..., n·8/bits].
// The rank of x must be known.
func unpackBits(b *graph.Builder, x *graph.Value, bits int) *graph.Value {
	if bits == 8 {
		return x
	}
	a := arith{b}
	base := scalar(b, tensor.Uint8, float64(int(1)<<bits))
	var parts []*graph.Value
	rest := x
	for i := 0; i < 8; i += bits {
		next := a.div(rest, base)
		part := rest
		if i+bits < 8 {
			part = a.sub(rest, a.mul(next, base))
		}
		parts = append(parts, b.Op(&Unsqueeze{}, part, b.Ints(-1)))
		rest = next
	}
	var shape []*graph.Value
	if r := x.Fact.Rank(); r > 1 {
		shape = append(shape, b.Op(&Shape{End: graph.Some(r - 1)}, x))
	}
	n := a.mul(sizeOf(b, x, -1), b.Ints(8/bits))
	return b.Op(&Reshape{AllowZero: true}, b.Op(&Concat{Axis: -1}, parts...), b.Op(&Concat{Axis: 0}, append(shape, n)...))
}

package graph

import (
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/tensor"
)

// SmallValue is the most elements a tensor may have for its value to be carried along by inference.
const SmallValue = 64

// A Fact is what is known of a value before it is computed. The zero Fact is that of an absent optional input.
type Fact struct {
	tensor.Type
	// Dims are the dimensions of a tensor: nil when even the rank is unknown, empty for a scalar.
	Dims []Dim
	// Const is the value, when it is known: for constants of any size, else for tensors of at most SmallValue elements.
	Const *tensor.Tensor
	// Ints are the elements of an integer tensor of at most SmallValue elements when they are known as formulas, such
	// as what Shape yields of a symbolic shape. nil where Const is set or nothing is known.
	Ints []Dim
}

// TensorFact returns the fact of a tensor of the given type and dimensions; nil dims: unknown rank.
func TensorFact(dt tensor.DType, dims []Dim) Fact { return Fact{Type: tensor.TypeOf(dt), Dims: dims} }

// ConstFact returns the fact of a constant.
func ConstFact(t *tensor.Tensor) Fact {
	return Fact{Type: t.Type(), Dims: Dims(t.Shape()...), Const: t}
}

// FactOf returns what is known of a value at run time: its type and, for a tensor, its dimensions.
func FactOf(v tensor.Value) Fact {
	if t, ok := v.(*tensor.Tensor); ok {
		return TensorFact(t.DType(), Dims(t.Shape()...))
	}
	return Fact{Type: v.Type()}
}

// Rank returns the number of dimensions, -1 when unknown.
func (f Fact) Rank() int {
	if f.Dims == nil || f.Kind != tensor.KindTensor {
		return -1
	}
	return len(f.Dims)
}

// Shape returns the dimensions when all are integers.
func (f Fact) Shape() ([]int, bool) {
	if f.Dims == nil || f.Kind != tensor.KindTensor {
		return nil, false
	}
	shape := make([]int, len(f.Dims))
	for i, d := range f.Dims {
		n, ok := d.Int()
		if !ok {
			return nil, false
		}
		shape[i] = n
	}
	return shape, true
}

// IsConcrete reports whether f is a tensor whose dimensions are all integers.
func (f Fact) IsConcrete() bool {
	return f.Kind == tensor.KindTensor && f.Dims != nil && !slices.ContainsFunc(f.Dims, func(d Dim) bool { return d.rest != nil })
}

// Len returns the number of elements; an unknown size when the rank is unknown.
func (f Fact) Len() Dim {
	if f.Dims == nil {
		return Sym("?")
	}
	n := N(1)
	for _, d := range f.Dims {
		n = n.Mul(d)
	}
	return n
}

// Values returns the elements of an integer tensor that are known as integers or formulas; nil when they are not.
func (f Fact) Values() []Dim {
	if f.Const == nil {
		return f.Ints
	}
	if !f.Const.DType().IsInt() || f.Const.Len() > SmallValue {
		return nil
	}
	out := []Dim{}
	for _, x := range f.Const.Int64s() {
		if int64(int(x)) != x {
			return nil // int has 32 bits
		}
		out = append(out, N(int(x)))
	}
	return out
}

// String returns the fact as text, such as float32[batch,3]; float32[?] when the rank is unknown.
func (f Fact) String() string {
	if f.Kind != tensor.KindTensor {
		return f.Type.String()
	}
	return f.DType.String() + FormatDims(f.Dims)
}

// FormatDims returns dimensions as [batch,3], or [?] when the rank is unknown.
func FormatDims(dims []Dim) string {
	if dims == nil {
		return "[?]"
	}
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = d.String()
	}
	return "[" + strings.Join(parts, ",") + "]"
}

package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A typeSet is a set of element types: bit d is set when it has DType d.
type typeSet uint32

// The sets that ONNX's schemas use most.
var (
	floatTypes   = setOf(tensor.Float16, tensor.BFloat16, tensor.Float32, tensor.Float64)
	signedTypes  = setOf(tensor.Int8, tensor.Int16, tensor.Int32, tensor.Int64)
	wholeTypes   = signedTypes | setOf(tensor.Uint8, tensor.Uint16, tensor.Uint32, tensor.Uint64)
	numberTypes  = floatTypes | wholeTypes
	complexTypes = setOf(tensor.Complex64, tensor.Complex128)
	// classicTypes are the types of before quantization: no float8 and nothing packed.
	classicTypes = numberTypes | complexTypes | setOf(tensor.Bool, tensor.String)
	// allTypes are the types that tensors can have.
	allTypes   = ^setOf(tensor.Undefined)
	indexTypes = setOf(tensor.Int32, tensor.Int64)
	int64Only  = setOf(tensor.Int64)
	stringOnly = setOf(tensor.String)
	boolOnly   = setOf(tensor.Bool)
)

func setOf(dts ...tensor.DType) typeSet {
	var s typeSet
	for _, d := range dts {
		s |= 1 << d
	}
	return s
}

// has reports whether d is a type of the set.
func (s typeSet) has(d tensor.DType) bool { return d.Valid() && s>>d&1 != 0 }

// checkTensor notes an error unless input i is a tensor of a type in s; it reports whether it is one.
func checkTensor(c *graph.Infer, i int, s typeSet) bool {
	f := c.In(i)
	if f.Kind != tensor.KindTensor {
		return c.Check(false, "input %d: %v, want a tensor", i, f.Type)
	}
	return c.Check(c.Has(i), "input %d is missing", i) && c.Check(s.has(f.DType), "input %d: %v is not supported", i, f.DType)
}

// checkOptional is checkTensor for an input that may be absent; it reports whether it is present and right.
func checkOptional(c *graph.Infer, i int, s typeSet) bool { return c.Has(i) && checkTensor(c, i, s) }

// dimsOr returns the dimensions of input i, or rank fresh ones when they are unknown.
func dimsOr(c *graph.Infer, i, rank int) []graph.Dim {
	if d := c.Dims(i); d != nil {
		return d
	}
	return c.FreshN(rank)
}

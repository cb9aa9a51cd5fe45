package ref

import (
	"cmp"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var compareKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.Compare]{
		tensor.Bool:    same[bool],
		tensor.Float32: compare[float32],
		tensor.Float64: compare[float64],
		tensor.Int8:    compare[int8],
		tensor.Int16:   compare[int16],
		tensor.Int32:   compare[int32],
		tensor.Int64:   compare[int64],
		tensor.String:  same[string],
		tensor.Uint8:   compare[uint8],
		tensor.Uint16:  compare[uint16],
		tensor.Uint32:  compare[uint32],
		tensor.Uint64:  compare[uint64],
	}),
}

func compare[T number](b *exec.Binding, o *op.Compare) tiles { return pairwise(b, compareFn[T](o.Fn)) }

// same is Equal on types without an order.
func same[T bool | string](b *exec.Binding, _ *op.Compare) tiles {
	return pairwise(b, func(a, b T) bool { return a == b })
}

func compareFn[T cmp.Ordered](fn op.CompareFn) func(a, b T) bool {
	switch fn {
	case op.Equal:
		return func(a, b T) bool { return a == b }
	case op.Greater:
		return func(a, b T) bool { return a > b }
	case op.GreaterOrEqual:
		return func(a, b T) bool { return a >= b }
	case op.Less:
		return func(a, b T) bool { return a < b }
	}
	return func(a, b T) bool { return a <= b }
}

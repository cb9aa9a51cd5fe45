package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var binaryKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.Binary]{
		tensor.Bool:    binary(logicFn),
		tensor.Float32: binaryFloat[float32],
		tensor.Float64: binaryFloat[float64],
		tensor.Int8:    binaryWhole[int8],
		tensor.Int16:   binaryWhole[int16],
		tensor.Int32:   binaryWhole[int32],
		tensor.Int64:   binaryWhole[int64],
		tensor.Uint8:   binaryWhole[uint8],
		tensor.Uint16:  binaryWhole[uint16],
		tensor.Uint32:  binaryWhole[uint32],
		tensor.Uint64:  binaryWhole[uint64],
	}),
}

// binary makes the kernel that applies a function of two elements.
func binary[T tensor.Element](fnOf func(op.BinaryFn) func(a, b T) T) tiledImpl[*op.Binary] {
	return func(b *exec.Binding, o *op.Binary) tiles { return pairwise(b, fnOf(o.Fn)) }
}

// pairwise applies a function to the elements of two operands that broadcast to output 0.
func pairwise[T, R tensor.Element](b *exec.Binding, fn func(a, b T) R) tiles {
	w := broadcast(b.OutShape(0), b.Shape(0), b.Shape(1))
	return elementwise(tensor.Count(b.OutShape(0)), func(f *exec.Frame, lo, hi int) {
		pairs(&w, tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1)), tensor.Data[R](f.Out(0)), lo, hi, fn)
	})
}

func pairs[X, Y, R any](w *walk, x []X, y []Y, z []R, lo, hi int, fn func(a X, b Y) R) {
	sx, sy := w.step[0], w.step[1]
	w.span(lo, hi, func(at, n int, offs []int) {
		i, j := offs[0], offs[1]
		for k := range z[at : at+n] {
			z[at+k] = fn(x[i], y[j])
			i += sx
			j += sy
		}
	})
}

func binaryFloat[T float](b *exec.Binding, o *op.Binary) tiles {
	if o.Fn == op.Pow {
		return pow(b)
	}
	return binary(floatFn[T])(b, o)
}

func binaryWhole[T whole](b *exec.Binding, o *op.Binary) tiles {
	if o.Fn == op.Pow {
		if b.DType(1).IsFloat() {
			return pow(b)
		}
		return wholePow[T](b)
	}
	return binary(wholeFn[T])(b, o)
}

func logicFn(fn op.BinaryFn) func(a, b bool) bool {
	switch fn {
	case op.And:
		return func(a, b bool) bool { return a && b }
	case op.Or:
		return func(a, b bool) bool { return a || b }
	}
	return func(a, b bool) bool { return a != b }
}

// numberFn returns the functions that floats and integers have in common; nil for others.
func numberFn[T number](fn op.BinaryFn) func(a, b T) T {
	switch fn {
	case op.Add:
		return func(a, b T) T { return a + b }
	case op.Max:
		return func(a, b T) T { return max(a, b) }
	case op.Min:
		return func(a, b T) T { return min(a, b) }
	case op.Mul:
		return func(a, b T) T { return a * b }
	case op.PRelu:
		return func(a, b T) T {
			if a < 0 {
				return a * b
			}
			return a
		}
	case op.Sub:
		return func(a, b T) T { return a - b }
	}
	return nil
}

func floatFn[T float](fn op.BinaryFn) func(a, b T) T {
	switch fn {
	case op.Div:
		return func(a, b T) T { return a / b }
	case op.FMod:
		return func(a, b T) T { return T(math.Mod(float64(a), float64(b))) }
	case op.Mod:
		return func(a, b T) T { return T(floorMod(float64(a), float64(b))) }
	}
	return numberFn[T](fn)
}

// floorMod returns a − floor(a/b)·b, which has the sign of b.
func floorMod(a, b float64) float64 {
	r := math.Mod(a, b)
	switch {
	case r == 0:
		return math.Copysign(r, b)
	case math.Signbit(r) != math.Signbit(b):
		return r + b
	}
	return r
}

func wholeFn[T whole](fn op.BinaryFn) func(a, b T) T {
	switch fn {
	case op.BitwiseAnd:
		return func(a, b T) T { return a & b }
	case op.BitwiseOr:
		return func(a, b T) T { return a | b }
	case op.BitwiseXor:
		return func(a, b T) T { return a ^ b }
	case op.Div:
		return func(a, b T) T {
			if b == 0 {
				return 0
			}
			return a / b
		}
	case op.FMod:
		return func(a, b T) T {
			if b == 0 {
				return 0
			}
			return a % b
		}
	case op.Mod:
		return func(a, b T) T {
			if b == 0 {
				return 0
			}
			r := a % b
			if r != 0 && (r < 0) != (b < 0) {
				r += b
			}
			return r
		}
	case op.ShiftLeft:
		return func(a, b T) T { return a << uint64(b) } // a negative b is a large one
	case op.ShiftRight:
		return func(a, b T) T { return a >> uint64(b) }
	}
	return numberFn[T](fn)
}

// pow raises to a power of any type, in float64. The result is rounded, or truncated, to the type of the base.
func pow(b *exec.Binding) tiles {
	shape := b.OutShape(0)
	w := broadcast(shape, b.Shape(0), b.Shape(1))
	return tiles{1, func(f *exec.Frame, _ int) error {
		z := make([]float64, tensor.Count(shape))
		pairs(&w, f.In(0).Float64s(), f.In(1).Float64s(), z, 0, len(z), math.Pow)
		return tensor.CastInto(f.Out(0), tensor.FromSlice(z), tensor.CastOptions{})
	}}
}

// wholePow raises integers to integers of any type, wrapping around.
func wholePow[T whole](b *exec.Binding) tiles {
	w := broadcast(b.OutShape(0), b.Shape(0), b.Shape(1))
	return tiles{1, func(f *exec.Frame, _ int) error {
		z := tensor.Data[T](f.Out(0))
		pairs(&w, tensor.Data[T](f.In(0)), f.In(1).Int64s(), z, 0, len(z), intPow[T])
		return nil
	}}
}

// intPow returns x to the power of n. A negative power is truncated: 0 but for bases 1 and −1.
func intPow[T whole](x T, n int64) T {
	if n < 0 {
		switch {
		case x == 1 || x == ^T(0) && n&1 == 0:
			return 1
		case x == ^T(0):
			return x
		}
		return 0
	}
	y := T(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			y *= x
		}
		x *= x
	}
	return y
}

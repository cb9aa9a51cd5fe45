package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var binaryKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.Binary]{
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
func binary[T tensor.Element](fnOf func(op.BinaryFn) func(a, b T) T) impl[*op.Binary] {
	return func(b *exec.Binding, o *op.Binary) run {
		fn := fnOf(o.Fn)
		pairs := pairwise[T, T](b, fn)
		return func(f *exec.Frame) error {
			pairs(tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1)), tensor.Data[T](f.Out(0)))
			return nil
		}
	}
}

// pairwise returns the loop over two operands that broadcast to output 0.
func pairwise[T, R any](b *exec.Binding, fn func(a, b T) R) func(x, y []T, z []R) {
	w := broadcast(b.OutShape(0), b.Shape(0), b.Shape(1))
	sx, sy := w.step[0], w.step[1]
	return func(x, y []T, z []R) {
		w.rows(func(at int, offs []int) {
			i, j := offs[0], offs[1]
			for k := range z[at : at+w.n] {
				z[at+k] = fn(x[i], y[j])
				i += sx
				j += sy
			}
		})
	}
}

func binaryFloat[T float](b *exec.Binding, o *op.Binary) run {
	if o.Fn == op.Pow {
		return pow(b)
	}
	return binary(floatFn[T])(b, o)
}

func binaryWhole[T whole](b *exec.Binding, o *op.Binary) run {
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
func pow(b *exec.Binding) run {
	pairs := pairwise[float64, float64](b, math.Pow)
	return func(f *exec.Frame) error {
		z := make([]float64, f.Out(0).Len())
		pairs(f.In(0).Float64s(), f.In(1).Float64s(), z)
		return tensor.CastInto(f.Out(0), tensor.FromSlice(z), tensor.CastOptions{})
	}
}

// wholePow raises integers to integers, wrapping around. A negative power is truncated: 0 but for bases 1 and −1.
func wholePow[T whole](b *exec.Binding) run {
	pairs := pairwise[int64, T](b, func(x, n int64) T {
		if n < 0 {
			switch {
			case x == 1 || x == -1 && n&1 == 0:
				return 1
			case x == -1:
				return T(x)
			}
			return 0
		}
		y := int64(1)
		for ; n > 0; n >>= 1 {
			if n&1 == 1 {
				y *= x
			}
			x *= x
		}
		return T(y)
	})
	return func(f *exec.Frame) error {
		pairs(f.In(0).Int64s(), f.In(1).Int64s(), tensor.Data[T](f.Out(0)))
		return nil
	}
}

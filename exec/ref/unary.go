package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var unaryKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.Unary]{
		tensor.Bool:    not,
		tensor.Float32: unaryFloat[float32],
		tensor.Float64: unaryFloat[float64],
		tensor.Int8:    unaryWhole[int8],
		tensor.Int16:   unaryWhole[int16],
		tensor.Int32:   unaryWhole[int32],
		tensor.Int64:   unaryWhole[int64],
		tensor.Uint8:   unaryWhole[uint8],
		tensor.Uint16:  unaryWhole[uint16],
		tensor.Uint32:  unaryWhole[uint32],
		tensor.Uint64:  unaryWhole[uint64],
	}),
}

// unaryFloats are the functions of Unary on floats, computed in float64 and rounded once; a is Alpha, b is Beta.
var unaryFloats = [...]func(x, a, b float64) float64{
	op.Abs:   func(x, _, _ float64) float64 { return math.Abs(x) },
	op.Acos:  func(x, _, _ float64) float64 { return math.Acos(x) },
	op.Acosh: func(x, _, _ float64) float64 { return math.Acosh(x) },
	op.Asin:  func(x, _, _ float64) float64 { return math.Asin(x) },
	op.Asinh: func(x, _, _ float64) float64 { return math.Asinh(x) },
	op.Atan:  func(x, _, _ float64) float64 { return math.Atan(x) },
	op.Atanh: func(x, _, _ float64) float64 { return math.Atanh(x) },
	op.Ceil:  func(x, _, _ float64) float64 { return math.Ceil(x) },
	op.Celu:  func(x, a, _ float64) float64 { return max(x, 0) + min(a*math.Expm1(x/a), 0) },
	op.Cos:   func(x, _, _ float64) float64 { return math.Cos(x) },
	op.Cosh:  func(x, _, _ float64) float64 { return math.Cosh(x) },
	op.Elu: func(x, a, _ float64) float64 {
		if x >= 0 {
			return x
		}
		return a * math.Expm1(x)
	},
	op.Erf:   func(x, _, _ float64) float64 { return math.Erf(x) },
	op.Exp:   func(x, _, _ float64) float64 { return math.Exp(x) },
	op.Floor: func(x, _, _ float64) float64 { return math.Floor(x) },
	op.Gelu:  func(x, _, _ float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) },
	op.GeluTanh: func(x, _, _ float64) float64 {
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	},
	op.HardSigmoid: func(x, a, b float64) float64 { return max(0, min(1, float64(a*x)+b)) },
	op.HardSwish:   func(x, _, _ float64) float64 { return x * max(0, min(1, x/6+0.5)) },
	op.LeakyRelu: func(x, a, _ float64) float64 {
		if x < 0 {
			return a * x
		}
		return x
	},
	op.Log:        func(x, _, _ float64) float64 { return math.Log(x) },
	op.Mish:       func(x, _, _ float64) float64 { return x * math.Tanh(softplus(x)) },
	op.Neg:        func(x, _, _ float64) float64 { return -x },
	op.Reciprocal: func(x, _, _ float64) float64 { return 1 / x },
	op.Relu:       func(x, _, _ float64) float64 { return max(x, 0) },
	op.Round:      func(x, _, _ float64) float64 { return math.RoundToEven(x) },
	op.Selu: func(x, a, b float64) float64 {
		if x > 0 {
			return b * x
		}
		return b * a * math.Expm1(x)
	},
	op.Shrink:  shrink,
	op.Sigmoid: func(x, _, _ float64) float64 { return sigmoid(x) },
	op.Sign: func(x, _, _ float64) float64 {
		switch {
		case x > 0:
			return 1
		case x < 0:
			return -1
		}
		return x
	},
	op.Sin:      func(x, _, _ float64) float64 { return math.Sin(x) },
	op.Sinh:     func(x, _, _ float64) float64 { return math.Sinh(x) },
	op.Softplus: func(x, _, _ float64) float64 { return softplus(x) },
	op.Softsign: func(x, _, _ float64) float64 { return x / (1 + math.Abs(x)) },
	op.Sqrt:     func(x, _, _ float64) float64 { return math.Sqrt(x) },
	op.Swish:    func(x, a, _ float64) float64 { return x * sigmoid(a*x) },
	op.Tan:      func(x, _, _ float64) float64 { return math.Tan(x) },
	op.Tanh:     func(x, _, _ float64) float64 { return math.Tanh(x) },
	op.ThresholdedRelu: func(x, a, _ float64) float64 {
		if x > a {
			return x
		}
		return 0
	},
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func shrink(x, lambd, bias float64) float64 {
	switch {
	case x < -lambd:
		return x + bias
	case x > lambd:
		return x - bias
	}
	return 0
}

func unaryFloat[T float](b *exec.Binding, o *op.Unary) tiles {
	fn, alpha, beta := unaryFloats[o.Fn], float64(o.Alpha), float64(o.Beta)
	return unary(b, func(x T) T { return T(fn(float64(x), alpha, beta)) })
}

func unaryWhole[T whole](b *exec.Binding, o *op.Unary) tiles { return unary(b, unaryWholeFn[T](o)) }

func not(b *exec.Binding, _ *op.Unary) tiles { return unary(b, func(x bool) bool { return !x }) }

func unary[T tensor.Element](b *exec.Binding, fn func(x T) T) tiles {
	return elementwise(tensor.Count(b.Shape(0)), func(f *exec.Frame, lo, hi int) {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		for i := lo; i < hi; i++ {
			y[i] = fn(x[i])
		}
	})
}

func unaryWholeFn[T whole](o *op.Unary) func(T) T {
	switch o.Fn {
	case op.Abs:
		return func(x T) T {
			if x < 0 {
				return -x
			}
			return x
		}
	case op.BitwiseNot:
		return func(x T) T { return ^x }
	case op.Neg:
		return func(x T) T { return -x }
	case op.Relu:
		return func(x T) T { return max(x, 0) }
	case op.Sign:
		return func(x T) T {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return ^T(0) // −1
			}
			return 0
		}
	}
	return func(x T) T { return T(shrink(float64(x), float64(o.Alpha), float64(o.Beta))) }
}

package simd

import "math"

// A MapOp is a function of one number.
type MapOp uint8

// The rows of Map. a and b are the arguments of the call that the row uses; the others ignore them. Accuracy is the largest
// error of the vector versions in units of the last place (ulp), over dense sweeps of the floats; those without a figure are
// rounded once. NaN gives NaN.
const (
	Abs         MapOp = iota
	Affine            // a·x + b, fused
	Ceil              //
	Center            // (x − a)·b
	Clip              // min(b, max(a, x))
	Cos               // 2 ulp; exact for |x| > 65536
	Elu               // x above 0, else a·(e^(b·x) − 1): 1 ulp for a = b = 1
	Erf               // 1.8 ulp
	Exp               // 1 ulp, denormal results included
	Floor             //
	Gelu              // x/2·(1 + erf(x/√2)): 1e-7·|x|
	GeluTanh          // x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))): 3 ulp for |x| < 3
	HardSigmoid       // min(1, max(0, a·x + b))
	HardSwish         // x·min(1, max(0, a·x + b))
	LeakyRelu         // x, or a·x below 0
	Log               // 1 ulp, denormals included
	Mish              // x·tanh(log(1 + e^x)): 4 ulp
	Neg               //
	Reciprocal        // 1/x
	Relu              // max(0, x)
	Round             // to the nearest integer, to even between two
	Rsqrt             // 1/√x, 1.5 ulp
	Sigmoid           // 1/(1 + e^-x): 2.3 ulp, denormal results included
	Sin               // 2 ulp; exact for |x| > 65536
	Softplus          // log(1 + e^x): 2.1 ulp, denormal results included
	Softsign          // x/(1 + |x|), 1.5 ulp
	Sqrt              //
	Square            // x·x
	Swish             // x/(1 + e^(-a·x)): 3.1 ulp for a = 1
	Tanh              // 2.1 ulp
	NumMaps
)

// A MapFunc sets y[i] = f(x[i]) for each i below the shorter length; y may be x.
type MapFunc = func(y, x []float32, a, b float32)

// Map has the functions of one number.
var Map = mapTables()

func mapTables() (t [NumLevels][NumMaps]MapFunc) {
	t[Generic] = mapsGo
	mapAsm(&t)
	return t
}

// clipGo is Clip of one number: NaN stays.
func clipGo(x, lo, hi float32) float32 {
	if x < lo {
		x = lo
	}
	if x > hi {
		x = hi
	}
	return x
}

// each is a row of a function of float64, rounded at the end.
func each(f func(x, a, b float64) float64) MapFunc {
	return func(y, x []float32, a, b float32) {
		y = y[:min(len(x), len(y))]
		for i, v := range x[:len(y)] {
			y[i] = float32(f(float64(v), float64(a), float64(b)))
		}
	}
}

func logisticGo(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplusGo(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

var mapsGo = [NumMaps]MapFunc{
	Abs: func(y, x []float32, _, _ float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = math.Float32frombits(math.Float32bits(x[i]) &^ (1 << 31))
		}
	},
	Affine: func(y, x []float32, a, b float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = a*x[i] + b
		}
	},
	Ceil: each(func(x, _, _ float64) float64 { return math.Ceil(x) }),
	Center: func(y, x []float32, a, b float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = (x[i] - a) * b
		}
	},
	Clip: func(y, x []float32, a, b float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = clipGo(x[i], a, b)
		}
	},
	Cos: each(func(x, _, _ float64) float64 { return math.Cos(x) }),
	Elu: each(func(x, a, b float64) float64 {
		if x > 0 {
			return x
		}
		return a * math.Expm1(b*x)
	}),
	Erf:   each(func(x, _, _ float64) float64 { return math.Erf(x) }),
	Exp:   each(func(x, _, _ float64) float64 { return math.Exp(x) }),
	Floor: each(func(x, _, _ float64) float64 { return math.Floor(x) }),
	Gelu:  each(func(x, _, _ float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) }),
	GeluTanh: each(func(x, _, _ float64) float64 {
		return x * logisticGo(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))
	}),
	HardSigmoid: func(y, x []float32, a, b float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = clipGo(a*x[i]+b, 0, 1)
		}
	},
	HardSwish: func(y, x []float32, a, b float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = x[i] * clipGo(a*x[i]+b, 0, 1)
		}
	},
	LeakyRelu: func(y, x []float32, a, _ float32) {
		y = y[:min(len(x), len(y))]
		for i, v := range x[:len(y)] {
			if v < 0 {
				v *= a
			}
			y[i] = v
		}
	},
	Log:  each(func(x, _, _ float64) float64 { return math.Log(x) }),
	Mish: each(func(x, _, _ float64) float64 { return x * math.Tanh(softplusGo(x)) }),
	Neg: func(y, x []float32, _, _ float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = -x[i]
		}
	},
	Reciprocal: func(y, x []float32, _, _ float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = 1 / x[i]
		}
	},
	Relu: func(y, x []float32, _, _ float32) {
		y = y[:min(len(x), len(y))]
		for i, v := range x[:len(y)] {
			if v < 0 {
				v = 0
			}
			y[i] = v
		}
	},
	Round:    each(func(x, _, _ float64) float64 { return math.RoundToEven(x) }),
	Rsqrt:    each(func(x, _, _ float64) float64 { return 1 / math.Sqrt(x) }),
	Sigmoid:  each(func(x, _, _ float64) float64 { return logisticGo(x) }),
	Sin:      each(func(x, _, _ float64) float64 { return math.Sin(x) }),
	Softplus: each(func(x, _, _ float64) float64 { return softplusGo(x) }),
	Softsign: each(func(x, _, _ float64) float64 { return x / (1 + math.Abs(x)) }),
	Sqrt:     each(func(x, _, _ float64) float64 { return math.Sqrt(x) }),
	Square: func(y, x []float32, _, _ float32) {
		y = y[:min(len(x), len(y))]
		for i := range y {
			y[i] = x[i] * x[i]
		}
	},
	Swish: each(func(x, a, _ float64) float64 { return x * logisticGo(a*x) }),
	Tanh:  each(func(x, _, _ float64) float64 { return math.Tanh(x) }),
}

// trigRow is a row whose vector version stops before large values, which f then takes.
func trigRow(vector func(y, x []float32) int, f func(float64) float64) MapFunc {
	const block = 64 // at least a step of vector
	large := func(v float32) bool { return !(v <= 65536 && v >= -65536) }
	return func(y, x []float32, _, _ float32) {
		n := min(len(x), len(y))
		for i := 0; i < n; {
			if i += vector(y[i:n], x[i:n]); i == n {
				return
			}
			var in, small [block]float32
			m := copy(in[:], x[i:n])
			for j, v := range in[:m] {
				if !large(v) {
					small[j] = v
				}
			}
			vector(y[i:i+m], small[:m])
			for j, v := range in[:m] {
				if large(v) {
					y[i+j] = float32(f(float64(v)))
				}
			}
			i += m
		}
	}
}

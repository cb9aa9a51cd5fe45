package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// mapCases say what the rows of Map are, in float64, and how far off the vector versions may be.
var mapCases = [NumMaps]struct {
	name  string
	f     func(x, a, b float64) float64
	args  [][2]float32
	ulps  float64                 // of the result
	slack func(x float64) float64 // added where f is badly conditioned
}{
	Abs:    {name: "Abs", f: func(x, _, _ float64) float64 { return math.Abs(x) }, ulps: 0.5},
	Affine: {name: "Affine", f: func(x, a, b float64) float64 { return a*x + b }, args: [][2]float32{{1.7, -0.3}, {0, 0}}, ulps: 1, slack: linear},
	Ceil:   {name: "Ceil", f: func(x, _, _ float64) float64 { return math.Ceil(x) }, ulps: 0.5},
	Center: {name: "Center", f: func(x, a, b float64) float64 { return (x - a) * b }, args: [][2]float32{{1.7, -0.3}}, ulps: 1.5},
	Clip: {name: "Clip", f: func(x, a, b float64) float64 { return float64(clipGo(float32(x), float32(a), float32(b))) },
		args: [][2]float32{{-1, 1}, {0, 6}, {2, -2}}, ulps: 0.5},
	Cos:      {name: "Cos", f: func(x, _, _ float64) float64 { return math.Cos(x) }, ulps: 2},
	Elu:      {name: "Elu", f: eluRef, args: [][2]float32{{1, 1}}, ulps: 1},
	Erf:      {name: "Erf", f: func(x, _, _ float64) float64 { return math.Erf(x) }, ulps: 1.8},
	Exp:      {name: "Exp", f: func(x, _, _ float64) float64 { return math.Exp(x) }, ulps: 1},
	Floor:    {name: "Floor", f: func(x, _, _ float64) float64 { return math.Floor(x) }, ulps: 0.5},
	Gelu:     {name: "Gelu", f: func(x, _, _ float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }, ulps: 2, slack: func(x float64) float64 { return 1e-7 * math.Abs(x) }},
	GeluTanh: {name: "GeluTanh", f: geluTanhRef, ulps: 3, slack: func(x float64) float64 { return 2e-7 * math.Abs(x) }},
	HardSigmoid: {name: "HardSigmoid", f: func(x, a, b float64) float64 { return float64(clipGo(float32(a*x+b), 0, 1)) },
		args: [][2]float32{{0.2, 0.5}}, ulps: 1, slack: func(float64) float64 { return 1e-7 }},
	HardSwish: {name: "HardSwish", f: func(x, a, b float64) float64 { return x * float64(clipGo(float32(a*x+b), 0, 1)) },
		args: [][2]float32{{1. / 6, 0.5}}, ulps: 2, slack: func(x float64) float64 { return 1e-7 * math.Abs(x) }},
	LeakyRelu: {name: "LeakyRelu", f: func(x, a, _ float64) float64 {
		if x < 0 {
			return a * x
		}
		return x
	}, args: [][2]float32{{0.01, 0}, {-2, 0}}, ulps: 0.5},
	Log:        {name: "Log", f: func(x, _, _ float64) float64 { return math.Log(x) }, ulps: 1},
	Mish:       {name: "Mish", f: func(x, _, _ float64) float64 { return x * math.Tanh(softplusGo(x)) }, ulps: 4, slack: func(x float64) float64 { return 0x1p-149 * math.Abs(x) }},
	Neg:        {name: "Neg", f: func(x, _, _ float64) float64 { return -x }, ulps: 0.5},
	Reciprocal: {name: "Reciprocal", f: func(x, _, _ float64) float64 { return 1 / x }, ulps: 0.5},
	Relu:       {name: "Relu", f: func(x, _, _ float64) float64 { return max(x, 0) }, ulps: 0.5},
	Round:      {name: "Round", f: func(x, _, _ float64) float64 { return math.RoundToEven(x) }, ulps: 0.5},
	Rsqrt:      {name: "Rsqrt", f: func(x, _, _ float64) float64 { return 1 / math.Sqrt(x) }, ulps: 1.51},
	Sigmoid:    {name: "Sigmoid", f: func(x, _, _ float64) float64 { return logisticGo(x) }, ulps: 2.3},
	Sin:        {name: "Sin", f: func(x, _, _ float64) float64 { return math.Sin(x) }, ulps: 2},
	Softplus:   {name: "Softplus", f: func(x, _, _ float64) float64 { return softplusGo(x) }, ulps: 2.1},
	Softsign:   {name: "Softsign", f: func(x, _, _ float64) float64 { return x / (1 + math.Abs(x)) }, ulps: 1.51},
	Sqrt:       {name: "Sqrt", f: func(x, _, _ float64) float64 { return math.Sqrt(x) }, ulps: 0.5},
	Square:     {name: "Square", f: func(x, _, _ float64) float64 { return x * x }, ulps: 0.5},
	Swish:      {name: "Swish", f: func(x, a, _ float64) float64 { return x * logisticGo(a*x) }, args: [][2]float32{{1, 0}}, ulps: 3.1, slack: func(x float64) float64 { return 0x1p-149 * math.Abs(x) }},
	Tanh:       {name: "Tanh", f: func(x, _, _ float64) float64 { return math.Tanh(x) }, ulps: 2.1},
}

func linear(x float64) float64 { return 2e-7 * (math.Abs(x) + 1) }

func eluRef(x, a, b float64) float64 {
	if x > 0 {
		return x
	}
	return a * math.Expm1(b*x)
}

func geluTanhRef(x, _, _ float64) float64 {
	return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

// sweep returns floats of every exponent and sign, many of ordinary size, and the special ones.
func sweep() []float32 {
	var x []float32
	for _, s := range specials {
		x = append(x, s, -s)
	}
	step := uint64(16411)
	if testing.Short() {
		step = 65537
	}
	for b := uint64(0); b < 1<<32; b += step {
		x = append(x, math.Float32frombits(uint32(b)))
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range len(x) / 2 {
		x = append(x, float32(r.NormFloat64()), float32(40*r.NormFloat64()), float32(1+r.NormFloat64()/10))
	}
	return x
}

var specials = []float32{
	0, 1, float32(math.Inf(1)), float32(math.NaN()), math.MaxFloat32, math.SmallestNonzeroFloat32, 1e-40, 0x1p-126, 0.5, 1.5, 2.5,
	88.72283, 88.72284, 103.97208, 103.97209, 87.33654, math.Pi, math.Pi / 2, 65536, 65537, 9.5, 1e9, 16777216, 3e38,
}

// ulps returns how far y is from want, in units of the last place of float32.
func ulps(y float32, want float64) float64 {
	w := float32(want)
	if want != want || y != y {
		if want != want && y != y {
			return 0
		}
		return math.Inf(1)
	}
	if math.IsInf(float64(y), 0) || math.IsInf(float64(w), 0) {
		// an overflow one unit early or late
		a, b := min(math.Abs(float64(y)), 0x1p128), min(math.Abs(want), 0x1p128)
		return math.Abs(a-b) / 0x1p104
	}
	return math.Abs(float64(y)-want) / unit(want)
}

// unit is the distance of float32 numbers at x.
func unit(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e-24, -149))
}

func TestMapAccuracy(t *testing.T) {
	x := sweep()
	y, want := make([]float32, len(x)), make([]float64, len(x))
	for op, c := range mapCases {
		if c.args == nil {
			c.args = [][2]float32{{}}
		}
		for _, ab := range c.args {
			a, b := float64(ab[0]), float64(ab[1])
			for i, v := range x {
				want[i] = c.f(float64(v), a, b)
			}
			for _, l := range levels() {
				Map[l][op](y, x, ab[0], ab[1])
				worst, at := 0.0, 0
				for i, v := range x {
					if y[i] == float32(want[i]) {
						continue
					}
					d := ulps(y[i], want[i])
					if d > worst && (c.slack == nil || !(math.Abs(float64(y[i])-want[i]) <= c.slack(float64(v)))) {
						worst, at = d, i
					}
				}
				text := fmt.Sprintf("%v %s%v: %.2f ulp at %v: %v, want %v", l, c.name, ab, worst, x[at], y[at], want[at])
				if worst > c.ulps {
					t.Errorf("%s, limit %v", text, c.ulps)
				} else {
					t.Log(text)
				}
			}
		}
	}
}

// TestMapLengths checks every length: values, guard bands, in place.
func TestMapLengths(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for op, c := range mapCases {
		for _, l := range levels() {
			for n := range 4*16 + 4 {
				_, x := guarded(n, r)
				if n > 5 && r.IntN(4) == 0 {
					x[r.IntN(n)] = 1e6
				}
				want := make([]float32, n)
				for i, v := range x {
					pad := make([]float32, 16)
					pad[3] = v
					Map[l][op](pad, pad, 0.5, 0.25)
					want[i] = pad[3]
				}
				all, y := guarded(n, nil)
				Map[l][op](y, x, 0.5, 0.25)
				checkRow(t, fmt.Sprintf("%v %s, %d", l, c.name, n), all, y, want)
				all, y = guarded(n, nil)
				copy(y, x)
				Map[l][op](y, y, 0.5, 0.25)
				checkRow(t, fmt.Sprintf("%v %s, %d in place", l, c.name, n), all, y, want)
			}
		}
	}
}

// checkRow compares bits, and the bands around y.
func checkRow(t *testing.T, what string, all, y, want []float32) {
	t.Helper()
	for i := range y {
		if math.Float32bits(y[i]) != math.Float32bits(want[i]) && y[i] == y[i] {
			t.Fatalf("%s: element %d is %v, want %v", what, i, y[i], want[i])
		}
	}
	band := (len(all) - len(y)) / 2
	if i := slices.IndexFunc(append(slices.Clone(all[:band]), all[band+len(y):]...), func(v float32) bool { return v != marker }); i >= 0 {
		t.Fatalf("%s: wrote outside, band element %d", what, i)
	}
}

func BenchmarkMap(b *testing.B) {
	x := make([]float32, 1024)
	r := rand.New(rand.NewPCG(9, 10))
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	y := make([]float32, len(x))
	for op, c := range mapCases {
		for _, l := range levels() {
			b.Run(c.name+"/"+l.String(), func(b *testing.B) {
				for b.Loop() {
					Map[l][op](y, x, 0.5, 0.25)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/elem")
			})
		}
	}
}

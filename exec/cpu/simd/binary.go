package simd

import "math"

// A BinaryOp is a function of two numbers.
type BinaryOp uint8

// The rows of Binary. Each but Pow is rounded once; a NaN operand gives NaN, but for a power of 1 or to 0.
const (
	Add     BinaryOp = iota
	AddRelu          // max(0, a + b)
	Div
	Max
	Min
	Mul
	Pow   // a^b, 1 ulp
	PRelu // a, or a·b where a is below 0
	Sub
	NumBinaries
)

// A BinaryRow has the forms of a function of two numbers: y[i] = f(a[i], b[i]) for each i below the shortest length, with
// b a single number in VS and a in SV. y may be an operand.
type BinaryRow struct {
	VV func(y, a, b []float32)
	VS func(y, a []float32, b float32)
	SV func(y []float32, a float32, b []float32)
}

// Binary has the functions of two numbers.
var Binary = binaryTables()

func binaryTables() (t [NumLevels][NumBinaries]BinaryRow) {
	for op, f := range binaryGo {
		t[Generic][op] = rowGo(f)
	}
	binaryAsm(&t)
	for l := range t {
		for op := range t[l] {
			if r := &t[l][op]; r.SV == nil && r.VS != nil {
				if BinaryOp(op) == PRelu {
					r.SV = t[Generic][op].SV
					continue
				}
				vs := r.VS // the operation is symmetric
				r.SV = func(y []float32, a float32, b []float32) { vs(y, b, a) }
			}
		}
	}
	return t
}

var binaryGo = [NumBinaries]func(a, b float32) float32{
	Add: func(a, b float32) float32 { return a + b },
	AddRelu: func(a, b float32) float32 {
		if a += b; a < 0 {
			return 0
		}
		return a
	},
	Div: func(a, b float32) float32 { return a / b },
	Max: func(a, b float32) float32 { return max(a, b) },
	Min: func(a, b float32) float32 { return min(a, b) },
	Mul: func(a, b float32) float32 { return a * b },
	Pow: func(a, b float32) float32 { return float32(math.Pow(float64(a), float64(b))) },
	PRelu: func(a, b float32) float32 {
		if a < 0 {
			return a * b
		}
		return a
	},
	Sub: func(a, b float32) float32 { return a - b },
}

func rowGo(f func(a, b float32) float32) BinaryRow {
	return BinaryRow{
		VV: func(y, a, b []float32) {
			for i := range min(len(y), len(a), len(b)) {
				y[i] = f(a[i], b[i])
			}
		},
		VS: func(y, a []float32, b float32) {
			for i := range min(len(y), len(a)) {
				y[i] = f(a[i], b)
			}
		},
		SV: func(y []float32, a float32, b []float32) {
			for i := range min(len(y), len(b)) {
				y[i] = f(a, b[i])
			}
		},
	}
}

// MulAdd sets y[i] = a[i]·x[i] + b[i], fused in the vector versions; y may be an operand.
var MulAdd = [NumLevels]func(y, a, x, b []float32){mulAddGo, mulAddAsm[0], mulAddAsm[1]}

func mulAddGo(y, a, x, b []float32) {
	for i := range min(len(y), len(a), len(x), len(b)) {
		y[i] = a[i]*x[i] + b[i]
	}
}

// Axpy sets y[i] = a·x[i] + b[i], fused in the vector versions; y may be an operand.
var Axpy = [NumLevels]func(y []float32, a float32, x, b []float32){axpyGo, axpyAsm[0], axpyAsm[1]}

func axpyGo(y []float32, a float32, x, b []float32) {
	for i := range min(len(y), len(x), len(b)) {
		y[i] = a*x[i] + b[i]
	}
}

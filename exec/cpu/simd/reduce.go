package simd

import "math"

// A ReduceOp makes one number of a row.
type ReduceOp uint8

// The rows of Reduce. A NaN gives NaN.
const (
	Largest  ReduceOp = iota // -Inf of nothing
	Smallest                 // +Inf of nothing
	Sum
	SumAbs
	SumSquares
	NumReductions
)

// Reduce has the functions of a row that give one number. The order of additions is a property of the level and the length:
// element i is added to one of 4 vectors of lanes while whole groups last, then to the first vector; vectors are added in
// pairs, then halves of a vector.
var Reduce = reduceTables()

func reduceTables() (t [NumLevels][NumReductions]func(x []float32) float32) {
	t[Generic] = [NumReductions]func(x []float32) float32{
		Largest: func(x []float32) float32 {
			m := float32(math.Inf(-1))
			for _, v := range x {
				m = max(m, v)
			}
			return m
		},
		Smallest: func(x []float32) float32 {
			m := float32(math.Inf(1))
			for _, v := range x {
				m = min(m, v)
			}
			return m
		},
		Sum: func(x []float32) float32 {
			var s sums
			for i, v := range x {
				s[i%len(s)] += v
			}
			return s.total()
		},
		SumAbs: func(x []float32) float32 {
			var s sums
			for i, v := range x {
				s[i%len(s)] += float32(math.Abs(float64(v)))
			}
			return s.total()
		},
		SumSquares: func(x []float32) float32 {
			var s sums
			for i, v := range x {
				s[i%len(s)] += v * v
			}
			return s.total()
		},
	}
	reduceAsm(&t)
	return t
}

// sums are the partial sums of the plain Go versions.
type sums [8]float32

func (s *sums) total() float32 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// Dot is Σ x[i]·w[i] over the shorter length, added in the order of Reduce.
var Dot = [NumLevels]func(x, w []float32) float32{dotGo, dotAsm[0], dotAsm[1]}

func dotGo(x, w []float32) float32 {
	var s sums
	for i := range min(len(x), len(w)) {
		s[i%len(s)] += x[i] * w[i]
	}
	return s.total()
}

// Deviations is Σ (x[i] − mean)², added in the order of Reduce.
var Deviations = [NumLevels]func(x []float32, mean float32) float32{deviationsGo, deviationsAsm[0], deviationsAsm[1]}

func deviationsGo(x []float32, mean float32) float32 {
	var s sums
	for i, v := range x {
		d := v - mean
		s[i%len(s)] += d * d
	}
	return s.total()
}

// ExpSum sets y[i] = e^(x[i]−m) and returns their sum, added in the order of Reduce but for 2 vectors instead of 4. Results
// below e^-87 are zero in the vector versions. y may be x.
var ExpSum = [NumLevels]func(y, x []float32, m float32) float32{expSumGo, expSumAsm[0], expSumAsm[1]}

func expSumGo(y, x []float32, m float32) float32 {
	var s sums
	for i := range min(len(x), len(y)) {
		y[i] = float32(math.Exp(float64(x[i] - m)))
		s[i%len(s)] += y[i]
	}
	return s.total()
}

// SumExp is ExpSum without y.
var SumExp = [NumLevels]func(x []float32, m float32) float32{sumExpGo, sumExpAsm[0], sumExpAsm[1]}

func sumExpGo(x []float32, m float32) float32 {
	var s sums
	for i, v := range x {
		s[i%len(s)] += float32(math.Exp(float64(v - m)))
	}
	return s.total()
}

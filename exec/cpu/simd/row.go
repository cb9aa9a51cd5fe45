package simd

import "math"

// Normalize sets y[i] = (x[i] − mean)·inv·gamma[i] + beta[i]; y may be x.
var Normalize = [NumLevels]func(y, x, gamma, beta []float32, mean, inv float32){normalizeGo, normalizeAsm[0], normalizeAsm[1]}

func normalizeGo(y, x, gamma, beta []float32, mean, inv float32) {
	for i := range min(len(y), len(x), len(gamma), len(beta)) {
		y[i] = (x[i]-mean)*inv*gamma[i] + beta[i]
	}
}

// ScaleBy sets y[i] = x[i]·inv·gamma[i]; y may be x.
var ScaleBy = [NumLevels]func(y, x, gamma []float32, inv float32){scaleByGo, scaleByAsm[0], scaleByAsm[1]}

func scaleByGo(y, x, gamma []float32, inv float32) {
	for i := range min(len(y), len(x), len(gamma)) {
		y[i] = x[i] * inv * gamma[i]
	}
}

// Shift sets y[i] = (x[i] − mean)·scale + bias; y may be x.
var Shift = [NumLevels]func(y, x []float32, mean, scale, bias float32){shiftGo, shiftAsm[0], shiftAsm[1]}

func shiftGo(y, x []float32, mean, scale, bias float32) {
	for i := range min(len(y), len(x)) {
		y[i] = (x[i]-mean)*scale + bias
	}
}

// Softmax sets y[i] = e^(x[i]−m)/Σ e^(x[j]−m) with m the largest x, for a whole row; y may be x and has its length. A row
// of nothing but -Inf gives NaN.
func Softmax(l Level, y, x []float32) {
	s := ExpSum[l](y, x, Reduce[l][Largest](x))
	Binary[l][Mul].VS(y, y[:len(x)], 1/s)
}

// LogSoftmax sets y[i] = x[i] − m − log Σ e^(x[j]−m) with m the largest x, for a whole row; y may be x.
func LogSoftmax(l Level, y, x []float32) {
	m := Reduce[l][Largest](x)
	Shift[l](y, x, m, 1, -float32(math.Log(float64(SumExp[l](x, m)))))
}

// LogSumExp is log Σ e^x[i], without overflow; -Inf of nothing.
func LogSumExp(l Level, x []float32) float32 {
	m := Reduce[l][Largest](x)
	if math.IsInf(float64(m), 0) {
		return m
	}
	return m + float32(math.Log(float64(SumExp[l](x, m))))
}

// LayerNorm sets y[i] = (x[i] − mean)·inv·gamma[i] + beta[i] for a whole row, with the mean of x and inv = 1/√(variance +
// eps), which it returns. gamma and beta may be nil; y may be x.
func LayerNorm(l Level, y, x, gamma, beta []float32, eps float32) (mean, inv float32) {
	n := float32(len(x))
	mean = Reduce[l][Sum](x) / n
	inv = float32(1 / math.Sqrt(float64(Deviations[l](x, mean)/n+eps)))
	switch {
	case gamma != nil && beta != nil:
		Normalize[l](y, x, gamma, beta, mean, inv)
		return mean, inv
	default:
		Map[l][Center](y, x, mean, inv)
	}
	if gamma != nil {
		Binary[l][Mul].VV(y, y, gamma)
	}
	if beta != nil {
		Binary[l][Add].VV(y, y, beta)
	}
	return mean, inv
}

// RMSNorm sets y[i] = x[i]·inv·gamma[i] for a whole row, with inv = 1/√(mean of x² + eps), which it returns; y may be x.
func RMSNorm(l Level, y, x, gamma []float32, eps float32) (inv float32) {
	inv = float32(1 / math.Sqrt(float64(Reduce[l][SumSquares](x)/float32(len(x))+eps)))
	ScaleBy[l](y, x, gamma, inv)
	return inv
}

package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// randomRow returns n numbers, with special ones among them at times.
func randomRow(n int, r *rand.Rand) []float32 {
	_, x := guarded(n, r)
	if n > 0 && r.IntN(3) == 0 {
		x[r.IntN(n)] = specials[r.IntN(len(specials))]
	}
	return x
}

func TestBinary(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for op, f := range binaryGo {
		if BinaryOp(op) == Pow {
			continue // TestPow
		}
		for _, l := range levels() {
			row := Binary[l][op]
			for n := range 4*16 + 4 {
				a, b := randomRow(n, r), randomRow(n, r)
				c := randomRow(1, r)[0]
				vv, vs, sv := make([]float32, n), make([]float32, n), make([]float32, n)
				for i := range a {
					vv[i], vs[i], sv[i] = f(a[i], b[i]), f(a[i], c), f(c, b[i])
				}
				what := fmt.Sprintf("%v, operation %d, length %d", l, op, n)
				all, y := guarded(n, nil)
				row.VV(y, a, b)
				checkValues(t, what+" VV", all, y, vv)
				row.VS(y, a, c)
				checkValues(t, what+" VS", all, y, vs)
				row.SV(y, c, b)
				checkValues(t, what+" SV", all, y, sv)
				copy(y, a)
				row.VV(y, y, b)
				checkValues(t, what+" VV in place", all, y, vv)
			}
		}
	}
}

// checkValues compares, zeros of both signs being equal, and checks the bands.
func checkValues(t *testing.T, what string, all, y, want []float32) {
	t.Helper()
	for i := range y {
		if y[i] != want[i] && !(y[i] != y[i] && want[i] != want[i]) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, y[i], want[i])
		}
	}
	checkRow(t, what, all, y, y)
}

// TestFused checks the functions of three operands; the vector versions round once where Go may round twice.
func TestFused(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, l := range levels() {
		for n := range 4*16 + 4 {
			a, x, b := randomRow(n, r), randomRow(n, r), randomRow(n, r)
			near := func(what string, all, y []float32, f func(i int) (v, size float64)) {
				t.Helper()
				for i := range y {
					want, size := f(i)
					if math.Abs(float64(y[i])-want) > 4e-7*size+0x1p-148 && !math.IsInf(float64(y[i]), 0) && want == want {
						t.Fatalf("%v %s, length %d: element %d is %v, want %v", l, what, n, i, y[i], want)
					}
					if want != want && y[i] == y[i] {
						t.Fatalf("%v %s, length %d: element %d is %v, want NaN", l, what, n, i, y[i])
					}
				}
				checkRow(t, what, all, y, y)
			}
			sum := func(p, q float64) (float64, float64) { return p + q, math.Abs(p) + math.Abs(q) }
			all, y := guarded(n, nil)
			MulAdd[l](y, a, x, b)
			near("MulAdd", all, y, func(i int) (float64, float64) { return sum(float64(a[i])*float64(x[i]), float64(b[i])) })
			Axpy[l](y, 0.75, x, b)
			near("Axpy", all, y, func(i int) (float64, float64) { return sum(0.75*float64(x[i]), float64(b[i])) })
			Normalize[l](y, x, a, b, 0.5, 1.5)
			near("Normalize", all, y, func(i int) (float64, float64) { return sum((float64(x[i])-0.5)*1.5*float64(a[i]), float64(b[i])) })
			Shift[l](y, x, 0.5, 1.5, -2)
			near("Shift", all, y, func(i int) (float64, float64) { return sum((float64(x[i])-0.5)*1.5, -2) })
			ScaleBy[l](y, x, a, 1.5)
			near("ScaleBy", all, y, func(i int) (float64, float64) { return sum(float64(x[i])*1.5*float64(a[i]), 0) })
		}
	}
}

func TestReduce(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, l := range levels() {
		for n := range 4*16*2 + 4 {
			x, w := randomRow(n, r), randomRow(n, r)
			for op := range NumReductions {
				want := Reduce[Generic][op](x)
				size := float64(Reduce[Generic][SumAbs](x))
				if op == SumSquares {
					size = float64(want)
				}
				checkSum(t, fmt.Sprintf("%v, reduction %d, length %d", l, op, n), Reduce[l][op](x), want, size)
			}
			var size float64
			for i := range x {
				size += math.Abs(float64(x[i] * w[i]))
			}
			checkSum(t, fmt.Sprintf("%v Dot, length %d", l, n), Dot[l](x, w), dotGo(x, w), size)
			d := deviationsGo(x, 0.25)
			checkSum(t, fmt.Sprintf("%v Deviations, length %d", l, n), Deviations[l](x, 0.25), d, float64(d))
			m := Reduce[l][Largest](x)
			want := make([]float32, n)
			s := expSumGo(want, x, m)
			all, y := guarded(n, nil)
			checkSum(t, fmt.Sprintf("%v ExpSum, length %d", l, n), ExpSum[l](y, x, m), s, float64(s))
			checkSum(t, fmt.Sprintf("%v SumExp, length %d", l, n), SumExp[l](x, m), s, float64(s))
			for i := range y {
				checkSum(t, fmt.Sprintf("%v ExpSum, length %d, element %d of %v", l, n, i, x[i]), y[i], want[i], float64(want[i])+1e-31)
			}
			checkRow(t, "ExpSum", all, y, y)
		}
	}
}

func checkSum(t *testing.T, what string, got, want float32, size float64) {
	t.Helper()
	if got == want || got != got && want != want {
		return
	}
	if d := math.Abs(float64(got) - float64(want)); !(d <= 2e-6*size) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for _, l := range levels() {
		for n := 1; n < 140; n++ {
			_, x := guarded(n, r)
			_, g := guarded(n, r)
			_, b := guarded(n, r)
			soft, logs, norm, rms := rowsRef(x, g, b)
			for _, c := range []struct {
				name string
				f    func(y, x []float32)
				want []float64
			}{
				{"Softmax", func(y, x []float32) { Softmax(l, y, x) }, soft},
				{"LogSoftmax", func(y, x []float32) { LogSoftmax(l, y, x) }, logs},
				{"LayerNorm", func(y, x []float32) { LayerNorm(l, y, x, g, b, 1e-5) }, norm},
				{"RMSNorm", func(y, x []float32) { RMSNorm(l, y, x, g, 1e-5) }, rms},
			} {
				all, y := guarded(n, nil)
				copy(y, x)
				c.f(y, y)
				for i := range y {
					if d := math.Abs(float64(y[i]) - c.want[i]); !(d <= 3e-6*(1+math.Abs(c.want[i]))) {
						t.Fatalf("%v %s, length %d: element %d is %v, want %v", l, c.name, n, i, y[i], c.want[i])
					}
				}
				checkRow(t, c.name, all, y, y)
			}
			masked := append([]float32{float32(math.Inf(-1))}, x...)
			Softmax(l, masked, masked)
			if masked[0] != 0 {
				t.Fatalf("%v: softmax of -Inf is %v, want 0", l, masked[0])
			}
		}
	}
}

// rowsRef returns softmax, log-softmax, layer and RMS normalization in float64.
func rowsRef(x, g, b []float32) (soft, logs, norm, rms []float64) {
	n := float64(len(x))
	var m, mean, square, e, dev float64
	m = math.Inf(-1)
	for _, v := range x {
		m = max(m, float64(v))
		mean += float64(v) / n
		square += float64(v) * float64(v) / n
	}
	for _, v := range x {
		e += math.Exp(float64(v) - m)
		dev += (float64(v) - mean) * (float64(v) - mean) / n
	}
	for i, v := range x {
		soft = append(soft, math.Exp(float64(v)-m)/e)
		logs = append(logs, float64(v)-m-math.Log(e))
		norm = append(norm, (float64(v)-mean)/math.Sqrt(dev+1e-5)*float64(g[i])+float64(b[i]))
		rms = append(rms, float64(v)/math.Sqrt(square+1e-5)*float64(g[i]))
	}
	return soft, logs, norm, rms
}

func BenchmarkRows(b *testing.B) {
	x, y, g := make([]float32, 1024), make([]float32, 1024), make([]float32, 1024)
	r := rand.New(rand.NewPCG(9, 10))
	for i := range x {
		x[i], g[i] = float32(r.NormFloat64()), 1
	}
	half, bytes := make([]uint16, 1024), make([]uint8, 1024)
	for _, l := range levels() {
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"Add", func() { Binary[l][Add].VV(y, x, g) }},
			{"Max", func() { Binary[l][Max].VV(y, x, g) }},
			{"PRelu", func() { Binary[l][PRelu].VV(y, x, g) }},
			{"Sum", func() { Reduce[l][Sum](x) }},
			{"Largest", func() { Reduce[l][Largest](x) }},
			{"Dot", func() { Dot[l](x, g) }},
			{"ExpSum", func() { ExpSum[l](y, x, 3) }},
			{"Softmax", func() { Softmax(l, y, x) }},
			{"LayerNorm", func() { LayerNorm(l, y, x, g, g, 1e-5) }},
			{"FromF16", func() { FromF16[l](y, half) }},
			{"ToF16", func() { ToF16[l](half, x) }},
			{"ToBF16", func() { ToBF16[l](half, x) }},
			{"FromUint8", func() { FromUint8[l](y, bytes, 0.1, 128) }},
			{"ToUint8", func() { ToUint8[l](bytes, x, 0.1, 128) }},
		} {
			b.Run(c.name+"/"+l.String(), func(b *testing.B) {
				for b.Loop() {
					c.f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/elem")
			})
		}
	}
}

package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestPow(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	var a, b []float32
	for _, x := range specials {
		for _, y := range specials {
			a, b = append(a, x, -x, x, -x, x), append(b, y, y, -y, -y, 3)
		}
	}
	for range 200000 {
		a = append(a, float32(math.Exp(5*r.NormFloat64())), float32(1+r.NormFloat64()/50), float32(r.NormFloat64()), float32(math.Exp(20*r.NormFloat64())))
		b = append(b, float32(4*r.NormFloat64()), float32(300*r.NormFloat64()), float32(r.IntN(9)-4), float32(r.NormFloat64()))
	}
	for _, l := range levels() {
		all, y := guarded(len(a), nil)
		Binary[l][Pow].VV(y, a, b)
		checkRow(t, "Pow", all, y, y)
		worst := 0.0
		for i := range a {
			want := math.Pow(float64(a[i]), float64(b[i]))
			d := ulps(y[i], want)
			worst = max(worst, d)
			if d > 1 {
				t.Fatalf("%v: %v to %v is %v, want %v", l, a[i], b[i], y[i], want)
			}
		}
		t.Logf("%v: %.2f ulp", l, worst)
		for n := range 4*16 + 4 {
			all, y := guarded(n, nil)
			vs, sv := make([]float32, n), make([]float32, n)
			off := r.IntN(1000)
			x := a[off:][:n]
			for i, v := range x {
				vs[i], sv[i] = float32(math.Pow(float64(v), 3)), float32(math.Pow(1.5, float64(v)))
			}
			near := func(want []float32) {
				t.Helper()
				for i := range y {
					if d := ulps(y[i], float64(want[i])); d > 4 {
						t.Fatalf("%v, length %d: %v gives %v, want %v", l, n, x[i], y[i], want[i])
					}
				}
				checkRow(t, "Pow", all, y, y)
			}
			Binary[l][Pow].VS(y, x, 3)
			near(vs)
			Binary[l][Pow].SV(y, 1.5, x)
			near(sv)
			copy(y, x)
			Binary[l][Pow].VS(y, y, 3)
			near(vs)
		}
	}
}

func BenchmarkPow(b *testing.B) {
	x, y := make([]float32, 1024), make([]float32, 1024)
	for i := range x {
		x[i] = float32(i+1) / 100
	}
	for _, l := range levels() {
		b.Run(l.String(), func(b *testing.B) {
			for b.Loop() {
				Binary[l][Pow].VS(y, x, 1.7)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/elem")
		})
	}
}

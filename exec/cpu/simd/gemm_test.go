package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// levels are the variants that this machine can run, as far as GNEISS_CPU lets them.
func levels() []Level {
	best, err := Best()
	if err != nil {
		panic(err)
	}
	var ls []Level
	for l := range best + 1 {
		ls = append(ls, l)
	}
	return ls
}

// guarded returns n floats with a band of a marker before and after, unaligned by one float.
func guarded(n int, r *rand.Rand) (all, mid []float32) {
	const band = 17
	all = make([]float32, n+2*band)
	for i := range all {
		all[i] = marker
	}
	mid = all[band : band+n]
	if r != nil {
		for i := range mid {
			mid[i] = float32(r.NormFloat64())
		}
	}
	return all, mid
}

const marker = float32(12345.678)

func TestGemm(t *testing.T) {
	if Available() < AVX512 {
		t.Logf("%v at most: kernels above it are not run here", Available())
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range levels() {
		for rows := 1; rows <= MaxRows[l]; rows++ {
			for _, k := range []int{1, 2, 3, 4, 5, 8, 13} {
				for n := 1; n <= Cols[l]; n++ {
					checkGemm(t, l, rows, k, n, r)
				}
			}
		}
	}
}

// checkGemm compares one tile function with gemmGo for a random setting of everything else.
func checkGemm(t *testing.T, l Level, rows, k, n int, r *rand.Rand) {
	t.Helper()
	segs, tiles := 1+r.IntN(3), 1+r.IntN(2)
	lda, ldc := k*segs+r.IntN(4), n+r.IntN(3)
	_, a := guarded(rows*tiles*lda, r)
	width := Cols[l]
	_, b := guarded(segs*k*width, r)
	all, c := guarded((rows*tiles-1)*ldc+n, r)
	wantAll := append([]float32(nil), all...)
	want := wantAll[17 : 17+len(c)]
	bias := make([]float32, n)
	for i := range bias {
		bias[i] = float32(i)
	}
	off := make([]int, segs)
	for i := range off {
		off[i] = 4 * k * (segs - 1 - i)
	}
	if r.IntN(8) == 0 {
		a[r.IntN(len(a))] = float32(math.NaN())
	}
	if r.IntN(8) == 0 {
		b[r.IntN(len(b))] = float32(math.Inf(1))
	}
	g := GemmArgs{
		A: &a[0], LDA: 4 * lda, B: &b[0], C: &c[0], LDC: 4 * ldc, K: k, Off: &off[0], Segs: segs, Tiles: tiles, AStep: 4 * lda * rows,
		N: n, Acc: r.IntN(2), Clamp: r.IntN(2), Lo: -0.5, Hi: 0.75,
	}
	if r.IntN(2) == 0 {
		g.Bias = &bias[0]
	}
	ref := g
	ref.C = &want[0]
	gemmGo(&ref, rows, width, l != Generic)
	Gemm[l][rows](&g)
	for i := range all {
		x, y := all[i], wantAll[i]
		if x != y && !(x != x && y != y) {
			t.Fatalf("%v, %d rows, k %d, n %d, %+v: element %d is %v, want %v", l, rows, k, n, describe(g), i-17, x, y)
		}
	}
}

func describe(g GemmArgs) string {
	return fmt.Sprintf("segs %d, tiles %d, acc %d, clamp %d, bias %v", g.Segs, g.Tiles, g.Acc, g.Clamp, g.Bias != nil)
}

func TestGemmArgsLayout(t *testing.T) {
	var g GemmArgs
	for _, f := range []struct {
		name      string
		got, want uintptr
	}{
		{"LDA", unsafe.Offsetof(g.LDA), 8}, {"Off", unsafe.Offsetof(g.Off), 48}, {"Bias", unsafe.Offsetof(g.Bias), 64},
		{"N", unsafe.Offsetof(g.N), 88}, {"Clamp", unsafe.Offsetof(g.Clamp), 104}, {"Hi", unsafe.Offsetof(g.Hi), 116},
	} {
		if f.got != f.want && unsafe.Sizeof(uintptr(0)) == 8 {
			t.Errorf("%s is at %d, the assembly reads it at %d", f.name, f.got, f.want)
		}
	}
}

func TestFMA32(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100000 {
		x, y := math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32())
		z := -float32(float64(x)*float64(y)) * (1 + float32(r.IntN(3)-1)*1e-7)
		got := fma32(x, y, z)
		want := float32(math.FMA(float64(x), float64(y), float64(z)))
		if got != want && !(got != got && want != want) {
			// math.FMA rounds twice as well; it may be off by one unit where fma32 is right
			if d := math.Abs(float64(got) - float64(want)); d > math.Abs(float64(want))*1.2e-7 && d > 1.5e-45 {
				t.Fatalf("fma32(%v, %v, %v) = %v, want %v", x, y, z, got, want)
			}
		}
	}
}

func BenchmarkGemm(b *testing.B) {
	for _, l := range levels()[1:] {
		rows, width, k := MaxRows[l], Cols[l], 256
		a, p, c := make([]float32, rows*k), make([]float32, k*width), make([]float32, rows*width)
		off := 0
		g := GemmArgs{A: &a[0], LDA: 4 * k, B: &p[0], C: &c[0], LDC: 4 * width, K: k, Off: &off, Segs: 1, Tiles: 1, N: width}
		f := Gemm[l][rows]
		b.Run(l.String(), func(b *testing.B) {
			for b.Loop() {
				f(&g)
			}
			b.ReportMetric(float64(2*rows*width*k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

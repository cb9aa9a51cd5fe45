package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHalves converts every float16 and bfloat16, and every float32 near the rounding points between them.
func TestHalves(t *testing.T) {
	bits := make([]uint16, 1<<16)
	for i := range bits {
		bits[i] = uint16(i)
	}
	widths := []struct {
		name string
		from func(l Level) func([]float32, []uint16)
		to   func(l Level) func([]uint16, []float32)
		low  uint // bits of a float32 below those of the half
	}{
		{"F16", func(l Level) func([]float32, []uint16) { return FromF16[l] }, func(l Level) func([]uint16, []float32) { return ToF16[l] }, 13},
		{"BF16", func(l Level) func([]float32, []uint16) { return FromBF16[l] }, func(l Level) func([]uint16, []float32) { return ToBF16[l] }, 16},
	}
	for _, w := range widths {
		wide := make([]float32, len(bits))
		w.from(Generic)(wide, bits)
		narrow := make([]uint16, len(bits))
		w.to(Generic)(narrow, wide)
		for i, h := range narrow {
			if h != bits[i] && wide[i] == wide[i] {
				t.Fatalf("%s: %#04x is %v, which becomes %#04x", w.name, bits[i], wide[i], h)
			}
		}
		var near []float32
		for _, v := range wide {
			b := math.Float32bits(v)
			for _, d := range []uint32{0, 1, 1<<(w.low-1) - 1, 1 << (w.low - 1), 1<<(w.low-1) + 1} {
				near = append(near, math.Float32frombits(b+d))
			}
		}
		near = append(near, specials...)
		want := make([]uint16, len(near))
		w.to(Generic)(want, near)
		for _, l := range levels()[1:] {
			got := make([]float32, len(bits))
			w.from(l)(got, bits)
			for i := range got {
				if math.Float32bits(got[i]) != math.Float32bits(wide[i]) && wide[i] == wide[i] {
					t.Fatalf("%v From%s: %#04x is %v, want %v", l, w.name, bits[i], got[i], wide[i])
				}
			}
			rounded := make([]uint16, len(near))
			w.to(l)(rounded, near)
			for i := range rounded {
				if rounded[i] != want[i] && near[i] == near[i] {
					t.Fatalf("%v To%s: %v is %#04x, want %#04x", l, w.name, near[i], rounded[i], want[i])
				}
				if near[i] != near[i] {
					var back [1]float32
					if w.from(Generic)(back[:], rounded[i:i+1]); back[0] == back[0] {
						t.Fatalf("%v To%s: NaN became %v", l, w.name, back[0])
					}
				}
			}
		}
	}
}

func TestIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	for _, l := range levels() {
		for n := range 4*16 + 4 {
			x := randomRow(n, r)
			scale := float32(r.IntN(64)+1) / 256 // exact ties happen
			for i := range x {
				if r.IntN(2) == 0 {
					x[i] = scale * (float32(r.IntN(600)-300) / 2)
				}
			}
			signed, unsigned := int32(r.IntN(256)-128), int32(r.IntN(256))
			checkConvert(t, fmt.Sprintf("%v ToInt8, %d", l, n), x, func(l Level, y []int8, x []float32) { ToInt8[l](y, x, scale, signed) }, l)
			checkConvert(t, fmt.Sprintf("%v ToUint8, %d", l, n), x, func(l Level, y []uint8, x []float32) { ToUint8[l](y, x, scale, unsigned) }, l)
			checkConvert(t, fmt.Sprintf("%v ToF16, %d", l, n), x, func(l Level, y []uint16, x []float32) { ToF16[l](y, x) }, l)
			checkConvert(t, fmt.Sprintf("%v ToBF16, %d", l, n), x, func(l Level, y []uint16, x []float32) { ToBF16[l](y, x) }, l)
			i8, u8, i32, h := make([]int8, n), make([]uint8, n), make([]int32, n), make([]uint16, n)
			for i := range n {
				b := r.Uint32()
				i8[i], u8[i], i32[i], h[i] = int8(b), uint8(b), int32(b), uint16(b)&0x7bff
			}
			checkConvert(t, fmt.Sprintf("%v FromInt8, %d", l, n), i8, func(l Level, y []float32, x []int8) { FromInt8[l](y, x, scale, signed) }, l)
			checkConvert(t, fmt.Sprintf("%v FromUint8, %d", l, n), u8, func(l Level, y []float32, x []uint8) { FromUint8[l](y, x, scale, unsigned) }, l)
			checkConvert(t, fmt.Sprintf("%v FromInt32, %d", l, n), i32, func(l Level, y []float32, x []int32) { FromInt32[l](y, x, scale, 0) }, l)
			checkConvert(t, fmt.Sprintf("%v FromF16, %d", l, n), h, func(l Level, y []float32, x []uint16) { FromF16[l](y, x) }, l)
			checkConvert(t, fmt.Sprintf("%v FromBF16, %d", l, n), h, func(l Level, y []float32, x []uint16) { FromBF16[l](y, x) }, l)
		}
	}
}

// checkConvert compares a conversion with the plain Go one, and checks that it writes nothing else.
func checkConvert[Y, X int8 | uint8 | uint16 | int32 | float32](t *testing.T, what string, x []X, f func(l Level, y []Y, x []X), l Level) {
	t.Helper()
	const band = 33
	all := make([]Y, len(x)+2*band)
	for i := range all {
		all[i] = 77
	}
	want := slices.Clone(all)
	f(Generic, want[band:band+len(x)], x)
	f(l, all[band:band+len(x)], x)
	_, half := any(all[0]).(uint16)
	for i := range all {
		if all[i] == want[i] || all[i] != all[i] && want[i] != want[i] {
			continue
		}
		if j := i - band; half && j >= 0 && j < len(x) && x[j] != x[j] {
			continue // a NaN may have other bits
		}
		t.Fatalf("%s: element %d of %d is %v, want %v", what, i-band, len(x), all[i], want[i])
	}
}

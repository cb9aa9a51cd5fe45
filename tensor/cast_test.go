package tensor

import (
	"fmt"
	"math"
	"testing"
)

// TestMinifloatCodes checks that every code of the small float types decodes to a number that encodes to it again, that
// codes are in the order of their values, and that midpoints round to even codes.
func TestMinifloatCodes(t *testing.T) {
	for dt, m := range minifloats {
		if m == nil {
			continue
		}
		for code := range int(m.max) {
			lo, hi := float64(m.decode(uint8(code))), float64(m.decode(uint8(code+1)))
			if !(lo < hi) {
				t.Errorf("%v: codes %#x and %#x are %v and %v", DType(dt), code, code+1, lo, hi)
			}
			even := code + code&1
			for _, c := range []struct {
				x    float64
				want int
			}{{lo, code}, {hi, code + 1}, {(lo + hi) / 2, even}, {math.Nextafter((lo+hi)/2, 0), code}, {math.Nextafter((lo+hi)/2, 9e9), code + 1}} {
				if got := m.encode(c.x, true); int(got) != c.want {
					t.Errorf("%v: %v is code %#x, want %#x", DType(dt), c.x, got, c.want)
				}
				want := c.want | int(m.sign)
				if c.want == 0 && !m.signed {
					want = 0
				}
				if got := m.encode(-c.x, true); int(got) != want {
					t.Errorf("%v: %v is code %#x, want %#x", DType(dt), -c.x, got, want)
				}
			}
		}
	}
}

func TestCast(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	edge := FromSlice([]float64{0, math.Copysign(0, -1), nan, inf, -inf, 1e9, -1e9, 464, 465, 0.3})
	for _, c := range []struct {
		in   *Tensor
		to   DType
		o    CastOptions
		want string
	}{
		{edge, Float8E4M3FN, CastOptions{}, "[0 -0 NaN 448 -448 448 -448 448 448 0.3125]"},
		{edge, Float8E4M3FN, CastOptions{NoSaturate: true}, "[0 -0 NaN NaN NaN NaN NaN 448 NaN 0.3125]"},
		{edge, Float8E4M3FNUZ, CastOptions{}, "[0 0 NaN 240 -240 240 -240 240 240 0.3125]"},
		{edge, Float8E4M3FNUZ, CastOptions{NoSaturate: true}, "[0 0 NaN NaN NaN NaN NaN NaN NaN 0.3125]"},
		{edge, Float8E5M2, CastOptions{}, "[0 -0 NaN 57344 -57344 57344 -57344 448 448 0.3125]"},
		{edge, Float8E5M2, CastOptions{NoSaturate: true}, "[0 -0 NaN +Inf -Inf +Inf -Inf 448 448 0.3125]"},
		{edge, Float8E5M2FNUZ, CastOptions{NoSaturate: true}, "[0 0 NaN NaN NaN NaN NaN 448 448 0.3125]"},
		{edge, Float4E2M1, CastOptions{NoSaturate: true}, "[0 -0 -0 6 -6 6 -6 6 6 0.5]"},
		{edge, Float6E2M3, CastOptions{}, "[0 -0 -0 7.5 -7.5 7.5 -7.5 7.5 7.5 0.25]"},
		{edge, Float6E3M2, CastOptions{}, "[0 -0 -0 28 -28 28 -28 28 28 0.3125]"},
		{edge, Float16, CastOptions{}, "[0 -0 NaN +Inf -Inf +Inf -Inf 464 465 0.300048828125]"},
		{edge, BFloat16, CastOptions{}, "[0 -0 NaN +Inf -Inf 9.98244352e+08 -9.98244352e+08 464 464 0.30078125]"},
		{edge, Bool, CastOptions{}, "[0 0 1 1 1 1 1 1 1 1]"},
		{edge, Complex64, CastOptions{}, "[(0+0i) (-0+0i) (NaN+0i) (+Inf+0i) (-Inf+0i) (1e+09+0i) (-1e+09+0i) (464+0i) (465+0i) (0.3+0i)]"},
		{FromSlice([]float64{0, 1e-45, 0.124, 0.1875, 0.19, 1, 2e38, inf, -1, nan}), Float8E8M0, CastOptions{},
			"[5.877471754111438e-39 5.877471754111438e-39 0.125 0.25 0.25 1 1.7014118346046923e+38 1.7014118346046923e+38 NaN NaN]"},
		{FromSlice([]float64{0, 1e-45, 0.124, 0.1875, 0.18, 1, 2e38, inf, -1, nan}), Float8E8M0, CastOptions{NoSaturate: true, Round: RoundNearest},
			"[NaN NaN 0.125 0.25 0.125 1 1.7014118346046923e+38 NaN NaN NaN]"},
		{FromSlice([]float64{0.124, 0.25}), Float8E8M0, CastOptions{Round: RoundDown}, "[0.0625 0.25]"},
		{FromSlice([]float32{-9, -8, 7.9, 8, -0.5, 300}), Int4, CastOptions{}, "[7 -8 7 -8 0 -4]"},
		{FromSlice([]float32{-9, -8, 7.9, 8, -0.5, 300}), Uint8, CastOptions{}, "[247 248 7 8 0 44]"},
		{FromSlice([]float64{1e30, -1e30, nan, 4e9}), Int64, CastOptions{}, "[-9223372036854775808 -9223372036854775808 -9223372036854775808 4000000000]"},
		{FromSlice([]float64{1e30, -1e30, nan, 4e9}), Int32, CastOptions{}, "[-2147483648 -2147483648 -2147483648 -2147483648]"},
		{FromSlice([]float64{1e19, -1, nan, 4e9}), Uint64, CastOptions{}, "[10000000000000000000 18446744073709551615 9223372036854775808 4000000000]"},
		{FromSlice([]float64{-1, 4e9}), Uint32, CastOptions{}, "[4294967295 4000000000]"},
		{FromSlice([]int16{200, -3, 0}), Int8, CastOptions{}, "[-56 -3 0]"},
		{FromSlice([]int64{-3, 5, 2}), Uint2, CastOptions{}, "[1 1 2]"},
		{FromSlice([]int64{-3, 5, 2}), Int2, CastOptions{}, "[1 1 -2]"},
		{FromSlice([]uint64{math.MaxUint64, 1}), Float32, CastOptions{}, "[1.8446744073709552e+19 1]"},
		{FromSlice([]uint64{math.MaxUint64, 1}), Int8, CastOptions{}, "[-1 1]"},
		{FromSlice([]bool{true, false}), Float16, CastOptions{}, "[1 0]"},
		{FromSlice([]int64{1<<62 + 1, math.MinInt64}), Float32, CastOptions{}, "[4.611686018427388e+18 -9.223372036854776e+18]"},
		{FromSlice([]float64{1 + 1.0/2048 + 1e-12, 1 + 1.0/2048, 65519.99, 65520}), Float16, CastOptions{}, "[1.0009765625 1 65504 +Inf]"},
		{FromSlice([]float32{0.1, 1, -0.0125, -1e-5, 1e16, 1e15, 123456.78, float32(nan), float32(-inf), 0}), String, CastOptions{},
			"[0.1 1.0 -0.0125 -1e-05 1e+16 1000000000000000.0 123456.78 nan -inf 0.0]"},
		{FromSlice([]float64{0.1, 1.0 / 3}), String, CastOptions{}, "[0.1 0.3333333333333333]"},
		{FromSlice([]uint64{math.MaxUint64}), String, CastOptions{}, "[18446744073709551615]"},
		{FromSlice([]bool{true, false}), String, CastOptions{}, "[True False]"},
		{FromSlice([]string{"3.14", " 1e-5", "+INF", "-inf", "NaN", "1E400", ".5"}), Float64, CastOptions{}, "[3.14 1e-05 +Inf -Inf NaN +Inf 0.5]"},
		{FromSlice([]string{"100.5", "-7", "9223372036854775807"}), Int64, CastOptions{}, "[100 -7 9223372036854775807]"},
		{FromSlice([]string{"18446744073709551615", "1"}), Uint64, CastOptions{}, "[18446744073709551615 1]"},
		{FromSlice([]string{"True", "0", "2"}), Bool, CastOptions{}, "[1 0 1]"},
		{FromSlice([]float32{}, 0, 3), Int4, CastOptions{}, "[]"},
		{FromSlice([]complex64{1 + 2i}), Complex128, CastOptions{}, "[(1+2i)]"},
	} {
		out, err := Cast(c.in, c.to, c.o)
		if err != nil {
			t.Errorf("%v to %v: %v", c.in.Describe(), c.to, err)
			continue
		}
		if got := show(out); got != c.want || out.DType() != c.to || fmt.Sprint(out.Shape()) != fmt.Sprint(c.in.Shape()) {
			t.Errorf("%v to %v: got %s\nwant %s", c.in.Describe(), c.to, got, c.want)
		}
	}
}

// show prints elements; floats of every width as the exact float64.
func show(t *Tensor) string {
	switch {
	case t.DType().IsFloat():
		return fmt.Sprint(t.Float64s())
	case t.DType() == Uint64:
		return fmt.Sprint(Data[uint64](t))
	case t.DType() == String:
		return fmt.Sprint(Data[string](t))
	case t.DType() == Complex64:
		return fmt.Sprint(Data[complex64](t))
	case t.DType() == Complex128:
		return fmt.Sprint(Data[complex128](t))
	}
	return fmt.Sprint(t.Int64s())
}

// TestCastAll casts small integers, which every type but Uint2 and Float8E8M0 holds, from each type to each and back.
func TestCastAll(t *testing.T) {
	for from := DType(1); from < numDTypes; from++ {
		for to := DType(1); to < numDTypes; to++ {
			x, err := Cast(FromSlice([]int32{0, 1, 1, 0, 1}), from, CastOptions{})
			if err != nil {
				t.Fatal(err)
			}
			y, err := Cast(x, to, CastOptions{})
			if from.IsComplex() && !to.IsComplex() || to.IsComplex() && from == String {
				if err == nil {
					t.Errorf("%v to %v: no error", from, to)
				}
				continue
			}
			if err != nil {
				t.Errorf("%v to %v: %v", from, to, err)
				continue
			}
			want := "[0 1 1 0 1]"
			switch {
			case from == Float8E8M0 && to == Bool:
				want = "[1 1 1 1 1]" // it has no zero
			case from == Float8E8M0 || to == Float8E8M0 || to == String || to.IsComplex():
				continue
			}
			if got := show(y); got != want {
				t.Errorf("%v to %v: %s", from, to, got)
			}
		}
	}
}

func TestCastErrors(t *testing.T) {
	if _, err := Cast(FromSlice([]string{"1", "Hello"}), Float32, CastOptions{}); err == nil || err.Error() != `tensor: element 1: "Hello" is not a number` {
		t.Error(err)
	}
	if _, err := Cast(FromSlice([]int8{1}), Undefined, CastOptions{}); err == nil {
		t.Error("no error")
	}
}

func TestCodes(t *testing.T) {
	for _, dt := range []DType{Uint4, Int4, Float4E2M1, Uint2, Int2, Float6E2M3, Float6E3M2} {
		codes := []byte{1, 2, 3, 0, 1, 2, 3}
		x := New(dt, 7)
		x.SetCodes(codes)
		if got := x.Codes(); fmt.Sprint(got) != fmt.Sprint(codes) {
			t.Errorf("%v: %v", dt, got)
		}
	}
	x := New(Float6E2M3, 4)
	x.SetCodes([]byte{0x3f, 0, 0x3f, 1})
	if got := fmt.Sprintf("%x", x.Bytes()); got != "3ff007" {
		t.Error(got)
	}
}

package tensor

import (
	"fmt"
	"math"

	"github.com/x448/float16"
)

// A Rounding says how Cast rounds to Float8E8M0, whose values are powers of two.
type Rounding uint8

// The ways to round.
const (
	RoundUp Rounding = iota
	RoundDown
	RoundNearest
)

// CastOptions are those of ONNX's Cast. The zero value is its default.
type CastOptions struct {
	// NoSaturate makes a number that a float8 type cannot hold infinity or NaN, not the largest number.
	NoSaturate bool
	// Round is the rounding to Float8E8M0.
	Round Rounding
}

// Cast returns t with its elements converted to dt, as ONNX's Cast does: to floats rounded to nearest even, out of
// range to infinity (float8: see CastOptions; float4 and float6: to the largest number); among integers by dropping high
// bits; to Bool by x ≠ 0; to integers by truncation. A float that an integer type cannot hold becomes the smallest int64
// or int32, or the low bits of that: what x86 processors make of it, and so NumPy and ONNX Runtime on them. To and from
// String numbers are decimal text as NumPy writes it; text that is no number is an error. A complex number does not
// become a real one.
//
// https://onnx.ai/onnx/operators/onnx__Cast.html
func Cast(t *Tensor, dt DType, o CastOptions) (*Tensor, error) {
	out, err := Make(dt, t.shape)
	if err != nil {
		return nil, err
	}
	if err := CastInto(out, t, o); err != nil {
		return nil, err
	}
	return out, nil
}

// CastInto is Cast into the elements of out, which has as many as t.
func CastInto(out, t *Tensor, o CastOptions) error {
	n := t.Len()
	if out.Len() != n {
		return fmt.Errorf("tensor: cast of %s to %s", t.Describe(), out.Describe())
	}
	from, to := t.dtype, out.dtype
	switch {
	case from == to:
		out.CopyFrom(t)
		return nil
	case from == String:
		return parseInto(out, t, o)
	case to == String:
		return formatInto(out, t)
	case from.IsComplex() && to.IsComplex():
		castComplex(out, t)
		return nil
	case from.IsComplex():
		return fmt.Errorf("tensor: cast of %v to %v", from, to)
	case convertHalf(out, t):
		return nil
	}
	if to.IsPacked() {
		clear(out.data)
	}
	switch {
	case from.IsFloat():
		castBy(out, t, loadFloat(from), storeFloat(to, o))
	case from == Uint64:
		castBy(out, t, load[uint64, uint64], storeUint(to, o))
	default:
		castBy(out, t, loadInt(from), storeInt(to, o))
	}
	return nil
}

// A wide type holds every element of a class of types: integers, uint64, floats.
type wide interface{ int64 | uint64 | float64 }

// castBy converts in short runs through a wide type.
func castBy[W wide](out, t *Tensor, load func(dst []W, t *Tensor, at int), store func(out *Tensor, at int, src []W)) {
	var buf [256]W
	n := t.Len()
	for at := 0; at < n; at += len(buf) {
		run := buf[:min(len(buf), n-at)]
		load(run, t, at)
		store(out, at, run)
	}
}

// realNumber are the Go types that convert to each other.
type realNumber interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func load[W wide, T realNumber](dst []W, t *Tensor, at int) {
	for i, x := range View[T](t.data)[at : at+len(dst)] {
		dst[i] = W(x)
	}
}

func loadInt(dt DType) func(dst []int64, t *Tensor, at int) {
	switch dt {
	case Int8:
		return load[int64, int8]
	case Int16:
		return load[int64, int16]
	case Int32:
		return load[int64, int32]
	case Int64:
		return load[int64, int64]
	case Uint8, Bool:
		return load[int64, uint8]
	case Uint16:
		return load[int64, uint16]
	case Uint32:
		return load[int64, uint32]
	}
	return func(dst []int64, t *Tensor, at int) {
		for i := range dst {
			dst[i] = signExtend(codeAt(t.data, dt.Bits(), at+i), dt)
		}
	}
}

func loadFloat(dt DType) func(dst []float64, t *Tensor, at int) {
	switch dt {
	case Float32:
		return load[float64, float32]
	case Float64:
		return load[float64, float64]
	case Float16:
		return func(dst []float64, t *Tensor, at int) {
			for i, x := range View[F16](t.data)[at : at+len(dst)] {
				dst[i] = float64(x.Float32())
			}
		}
	case BFloat16:
		return func(dst []float64, t *Tensor, at int) {
			for i, x := range View[BF16](t.data)[at : at+len(dst)] {
				dst[i] = float64(x.Float32())
			}
		}
	}
	values, bits := &minifloatValues[dt], dt.Bits()
	return func(dst []float64, t *Tensor, at int) {
		for i := range dst {
			dst[i] = float64(values[codeAt(t.data, bits, at+i)])
		}
	}
}

func store[W wide, T realNumber](out *Tensor, at int, src []W) {
	dst := View[T](out.data)[at : at+len(src)]
	for i, x := range src {
		dst[i] = T(x)
	}
}

func storeInt(dt DType, o CastOptions) func(out *Tensor, at int, src []int64) {
	switch dt {
	case Int8, Uint8:
		return store[int64, uint8]
	case Int16, Uint16:
		return store[int64, uint16]
	case Int32, Uint32:
		return store[int64, uint32]
	case Int64, Uint64:
		return store[int64, uint64]
	case Float32:
		return store[int64, float32]
	case Float64:
		return store[int64, float64]
	case Bool:
		return storeBool[int64]
	}
	if dt.IsInt() {
		return func(out *Tensor, at int, src []int64) {
			for i, x := range src {
				orCode(out.data, dt.Bits(), at+i, byte(x))
			}
		}
	}
	if dt.IsComplex() {
		return storeComplex[int64]
	}
	return storeSmall[int64](dt, o)
}

func storeUint(dt DType, o CastOptions) func(out *Tensor, at int, src []uint64) {
	switch {
	case dt == Float32:
		return store[uint64, float32]
	case dt == Float64:
		return store[uint64, float64]
	case dt == Bool:
		return storeBool[uint64]
	case dt.IsInt():
		st := storeInt(dt, o)
		return func(out *Tensor, at int, src []uint64) {
			var buf [256]int64
			for i, x := range src {
				buf[i] = int64(x)
			}
			st(out, at, buf[:len(src)])
		}
	case dt.IsComplex():
		return storeComplex[uint64]
	}
	return storeSmall[uint64](dt, o)
}

func storeFloat(dt DType, o CastOptions) func(out *Tensor, at int, src []float64) {
	switch {
	case dt == Float32:
		return store[float64, float32]
	case dt == Float64:
		return store[float64, float64]
	case dt == Bool:
		return storeBool[float64]
	case dt.IsInt():
		st := storeInt(dt, o)
		toInt := floatToInt32
		switch dt {
		case Int64, Uint32:
			toInt = floatToInt64
		case Uint64:
			toInt = floatToUint64
		}
		return func(out *Tensor, at int, src []float64) {
			var buf [256]int64
			for i, x := range src {
				buf[i] = toInt(x)
			}
			st(out, at, buf[:len(src)])
		}
	case dt.IsComplex():
		return storeComplex[float64]
	}
	return storeSmall[float64](dt, o)
}

func storeBool[W wide](out *Tensor, at int, src []W) {
	for i, x := range src {
		out.data[at+i] = 0
		if x != 0 {
			out.data[at+i] = 1
		}
	}
}

func storeComplex[W wide](out *Tensor, at int, src []W) {
	for i, x := range src {
		if out.dtype == Complex64 {
			View[complex64](out.data)[at+i] = complex(float32(x), 0)
		} else {
			View[complex128](out.data)[at+i] = complex(float64(x), 0)
		}
	}
}

// storeSmall rounds to the float types of at most 16 bits.
func storeSmall[W wide](dt DType, o CastOptions) func(out *Tensor, at int, src []W) {
	switch dt {
	case Float16:
		return func(out *Tensor, at int, src []W) {
			dst := View[F16](out.data)[at:]
			for i, x := range src {
				dst[i] = float16.Fromfloat32(oddFloat32(float64(x)))
			}
		}
	case BFloat16:
		return func(out *Tensor, at int, src []W) {
			dst := View[BF16](out.data)[at:]
			for i, x := range src {
				dst[i] = ToBF16(oddFloat32(float64(x)))
			}
		}
	case Float8E8M0:
		return func(out *Tensor, at int, src []W) {
			for i, x := range src {
				out.data[at+i] = encodeE8M0(float64(x), o)
			}
		}
	}
	m, bits := minifloats[dt], dt.Bits()
	return func(out *Tensor, at int, src []W) {
		for i, x := range src {
			code := m.encode(float64(x), !o.NoSaturate)
			if bits == 8 {
				out.data[at+i] = code
			} else {
				orCode(out.data, bits, at+i, code)
			}
		}
	}
}

// oddFloat32 rounds to float32 so that rounding the result to a type of fewer bits is as rounding x itself: an inexact
// result gets an odd last bit.
func oddFloat32(x float64) float32 {
	y := float32(x)
	if float64(y) == x || x != x || math.IsInf(float64(y), 0) {
		return y
	}
	u := math.Float32bits(y)
	if u&1 == 0 {
		if math.Abs(float64(y)) > math.Abs(x) {
			u-- // towards zero
		} else {
			u++
		}
	}
	return math.Float32frombits(u)
}

// floatToInt64 truncates; what does not fit is the smallest int64.
func floatToInt64(x float64) int64 {
	if x >= -1<<63 && x < 1<<63 {
		return int64(x)
	}
	return math.MinInt64
}

// floatToInt32 truncates; what does not fit is the smallest int32.
func floatToInt32(x float64) int64 {
	if x > -1<<31-1 && x < 1<<31 {
		return int64(x)
	}
	return math.MinInt32
}

// floatToUint64 truncates; negative numbers wrap, and what does not fit is 2^63.
func floatToUint64(x float64) int64 {
	if x >= 1<<63 && x < 1<<64 {
		return int64(uint64(x-1<<63) | 1<<63)
	}
	return floatToInt64(x)
}

func castComplex(out, t *Tensor) {
	if t.dtype == Complex64 {
		for i, x := range Data[complex64](t) {
			Data[complex128](out)[i] = complex128(x)
		}
		return
	}
	for i, x := range Data[complex128](t) {
		Data[complex64](out)[i] = complex64(x)
	}
}

// Float64s returns the elements of a float, integer or Bool tensor as float64. It panics for other types.
func (t *Tensor) Float64s() []float64 {
	out := New(Float64, t.shape...)
	if t.dtype == String || CastInto(out, t, CastOptions{}) != nil {
		panic(fmt.Sprintf("tensor: %v tensor as floats", t.dtype))
	}
	return Data[float64](out)
}

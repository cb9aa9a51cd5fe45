package simd

import "math"

// FromF16 and FromBF16 widen float16 and bfloat16 numbers, given as their bits.
var (
	FromF16  = [NumLevels]func(y []float32, x []uint16){fromF16Go, fromF16Asm[0], fromF16Asm[1]}
	FromBF16 = [NumLevels]func(y []float32, x []uint16){fromBF16Go, fromBF16Asm[0], fromBF16Asm[1]}
)

// ToF16 and ToBF16 round to the nearest number, to even between two; NaN stays NaN.
var (
	ToF16  = [NumLevels]func(y []uint16, x []float32){toF16Go, toF16Asm[0], toF16Asm[1]}
	ToBF16 = [NumLevels]func(y []uint16, x []float32){toBF16Go, toBF16Asm[0], toBF16Asm[1]}
)

// FromInt8, FromUint8 and FromInt32 set y[i] = float32(x[i] − zero)·scale.
var (
	FromInt8  = [NumLevels]func(y []float32, x []int8, scale float32, zero int32){dequantizeGo[int8], fromInt8Asm[0], fromInt8Asm[1]}
	FromUint8 = [NumLevels]func(y []float32, x []uint8, scale float32, zero int32){dequantizeGo[uint8], fromUint8Asm[0], fromUint8Asm[1]}
	FromInt32 = [NumLevels]func(y []float32, x []int32, scale float32, zero int32){dequantizeGo[int32], fromInt32Asm[0], fromInt32Asm[1]}
)

// ToInt8 and ToUint8 set y[i] to x[i]/scale, rounded to the nearest integer, to even between two, plus zero, within the
// range of the type; NaN gives the least value. zero is in that range too.
var (
	ToInt8  = [NumLevels]func(y []int8, x []float32, scale float32, zero int32){toInt8Go, toInt8Asm[0], toInt8Asm[1]}
	ToUint8 = [NumLevels]func(y []uint8, x []float32, scale float32, zero int32){toUint8Go, toUint8Asm[0], toUint8Asm[1]}
)

func fromF16Go(y []float32, x []uint16) {
	for i := range min(len(y), len(x)) {
		h := uint32(x[i])
		sign, exp, frac := h>>15<<31, h>>10&31, h&0x3ff
		switch {
		case exp == 31:
			if frac != 0 {
				frac |= 0x200
			}
			y[i] = math.Float32frombits(sign | 0x7f800000 | frac<<13)
		case exp == 0: // a multiple of 2^-24
			y[i] = math.Float32frombits(math.Float32bits(float32(frac)*0x1p-24) | sign)
		default:
			y[i] = math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
		}
	}
}

func toF16Go(y []uint16, x []float32) {
	for i := range min(len(y), len(x)) {
		b := math.Float32bits(x[i])
		sign, a := uint16(b>>31)<<15, b&0x7fffffff
		switch {
		case a > 0x7f800000:
			y[i] = sign | 0x7e00 | uint16(a>>13&0x3ff)
		case a >= 0x477ff000: // 65520, halfway beyond the largest
			y[i] = sign | 0x7c00
		case a < 0x38800000: // below 2^-14: a multiple of 2^-24
			y[i] = sign | uint16(math.RoundToEven(float64(math.Float32frombits(a))*0x1p24))
		default:
			y[i] = sign | uint16((a-0x38000000+0xfff+(a>>13&1))>>13)
		}
	}
}

func fromBF16Go(y []float32, x []uint16) {
	for i := range min(len(y), len(x)) {
		y[i] = math.Float32frombits(uint32(x[i]) << 16)
	}
}

func toBF16Go(y []uint16, x []float32) {
	for i := range min(len(y), len(x)) {
		b := math.Float32bits(x[i])
		if x[i] != x[i] {
			y[i] = uint16(b>>16) | 0x40
			continue
		}
		y[i] = uint16((b + 0x7fff + b>>16&1) >> 16)
	}
}

func dequantizeGo[T int8 | uint8 | int32](y []float32, x []T, scale float32, zero int32) {
	for i := range min(len(y), len(x)) {
		y[i] = float32(int32(x[i])-zero) * scale
	}
}

func toInt8Go(y []int8, x []float32, scale float32, zero int32) {
	quantizeGo(y, x, scale, zero, -128, 127)
}
func toUint8Go(y []uint8, x []float32, scale float32, zero int32) {
	quantizeGo(y, x, scale, zero, 0, 255)
}

func quantizeGo[T int8 | uint8](y []T, x []float32, scale float32, zero, lo, hi int32) {
	for i := range min(len(y), len(x)) {
		v := math.RoundToEven(float64(x[i] / scale))
		switch {
		case v > float64(hi-zero):
			y[i] = T(hi)
		case v >= float64(lo-zero):
			y[i] = T(int32(v) + zero)
		default:
			y[i] = T(lo)
		}
	}
}

package tensor

import (
	"fmt"
	"math"

	"github.com/x448/float16"
)

// Convert returns t with its elements converted to dt, rounded to nearest even. It is for types that are known to
// convert: it panics where Cast would fail.
func Convert(t *Tensor, dt DType) *Tensor {
	out := New(dt, t.shape...)
	if err := CastInto(out, t, CastOptions{}); err != nil {
		panic(fmt.Sprintf("tensor: conversion of %v to %v: %v", t.dtype, dt, err))
	}
	return out
}

// convertHalf converts float16 and bfloat16 to and from float32; false for other types.
func convertHalf(out, t *Tensor) bool {
	switch {
	case t.dtype == Float16 && out.dtype == Float32:
		dst := Data[float32](out)
		for i, x := range Data[F16](t) {
			dst[i] = x.Float32()
		}
	case t.dtype == BFloat16 && out.dtype == Float32:
		dst := Data[float32](out)
		for i, x := range Data[BF16](t) {
			dst[i] = x.Float32()
		}
	case t.dtype == Float32 && out.dtype == Float16:
		dst := Data[F16](out)
		for i, x := range Data[float32](t) {
			dst[i] = float16.Fromfloat32(x)
		}
	case t.dtype == Float32 && out.dtype == BFloat16:
		dst := Data[BF16](out)
		for i, x := range Data[float32](t) {
			dst[i] = ToBF16(x)
		}
	default:
		return false
	}
	return true
}

// Float32 returns the value of a bfloat16.
func (x BF16) Float32() float32 { return math.Float32frombits(uint32(x) << 16) }

// ToF16 rounds to float16, to nearest even; NaN stays NaN.
func ToF16(x float32) F16 { return float16.Fromfloat32(x) }

// ToBF16 rounds to bfloat16, to nearest even; NaN stays NaN.
func ToBF16(x float32) BF16 {
	u := math.Float32bits(x)
	if x != x {
		return BF16(u>>16 | 0x40)
	}
	return BF16((u + 0x7fff + u>>16&1) >> 16)
}

package tensor

import (
	"fmt"
	"math"

	"github.com/x448/float16"
)

// Convert returns t with its elements converted to dt, rounded to nearest even: float16 and bfloat16 to and from float32.
func Convert(t *Tensor, dt DType) *Tensor {
	out := New(dt, t.shape...)
	switch {
	case t.dtype == dt:
		out.CopyFrom(t)
	case t.dtype == Float16 && dt == Float32:
		for i, x := range Data[F16](t) {
			Data[float32](out)[i] = x.Float32()
		}
	case t.dtype == BFloat16 && dt == Float32:
		for i, x := range Data[BF16](t) {
			Data[float32](out)[i] = x.Float32()
		}
	case t.dtype == Float32 && dt == Float16:
		for i, x := range Data[float32](t) {
			Data[F16](out)[i] = float16.Fromfloat32(x)
		}
	case t.dtype == Float32 && dt == BFloat16:
		for i, x := range Data[float32](t) {
			Data[BF16](out)[i] = ToBF16(x)
		}
	default:
		panic(fmt.Sprintf("tensor: conversion of %v to %v", t.dtype, dt))
	}
	return out
}

// Float32 returns the value of a bfloat16.
func (x BF16) Float32() float32 { return math.Float32frombits(uint32(x) << 16) }

// ToBF16 rounds to bfloat16, to nearest even; NaN stays NaN.
func ToBF16(x float32) BF16 {
	u := math.Float32bits(x)
	if x != x {
		return BF16(u>>16 | 0x40)
	}
	return BF16((u + 0x7fff + u>>16&1) >> 16)
}

package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// microsoft is embedded by the operators of com.microsoft, those that ONNX Runtime defines and exporters, quantizers and graph
// optimizers write. Their Go types are called MS… where ai.onnx has an operator of the same name.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
type microsoft struct{}

// OpDomain implements graph.InDomain.
func (microsoft) OpDomain() string { return Microsoft }

// dequantize returns (x − zero)·scale for a scale of one element; zero may be nil.
func dequantize(b *graph.Builder, x, scale, zero *graph.Value) *graph.Value {
	return b.Op(&DequantizeLinear{Axis: 1}, x, scale, zero)
}

// quantize returns x as dt with a scale of one element; zero may be nil.
func quantize(b *graph.Builder, dt tensor.DType, x, scale, zero *graph.Value) *graph.Value {
	o := &QuantizeLinear{Axis: 1, Saturate: true}
	if zero == nil && dt != tensor.Uint8 {
		o.OutputDType = int(dt)
	}
	return b.Op(o, x, scale, zero)
}

// toLast moves the channels of an image [N, C, …] behind the spatial dimensions, toFirst moves them back.
func toLast(b *graph.Builder, x *graph.Value, rank int) *graph.Value {
	perm := []int{0}
	for i := 2; i < rank; i++ {
		perm = append(perm, i)
	}
	return b.Op(&Transpose{Perm: append(perm, 1)}, x)
}

func toFirst(b *graph.Builder, x *graph.Value, rank int) *graph.Value {
	perm := []int{0, rank - 1}
	for i := 1; i < rank-1; i++ {
		perm = append(perm, i)
	}
	return b.Op(&Transpose{Perm: perm}, x)
}

// channelsFirst applies f to an image whose channels are last, as if they came first. It returns nil when the rank of x is
// unknown or too small.
func channelsFirst(b *graph.Builder, last bool, x *graph.Value, f func(x *graph.Value) *graph.Value) []*graph.Value {
	if !last {
		return []*graph.Value{f(x)}
	}
	rank := x.Fact.Rank()
	if rank < 3 {
		return nil
	}
	return []*graph.Value{toLast(b, f(toFirst(b, x, rank)), rank)}
}

// swapped returns the transpose of a matrix when t is set, else the matrix.
func swapped(b *graph.Builder, t bool, x *graph.Value) *graph.Value {
	if t {
		return b.Op(&Transpose{Perm: []int{1, 0}}, x)
	}
	return x
}

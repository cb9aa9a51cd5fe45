package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var causalConvKernels = []exec.Kernel{
	tiledFloats(causalConv[float32], causalConv[float64]),
}

// causalConv computes blocks of channels of the batch.
func causalConv[T float](b *exec.Binding, o *op.CausalConvWithState) tiles {
	xs, kernel := b.Shape(0), b.Shape(1)[2]
	channels, length, state := xs[1], xs[2], kernel-1
	rows := xs[0] * channels
	block := blockOf(rows, kernel*length)
	return tiles{blocks(rows, block), func(f *exec.Frame, tile int) error {
		past := make([]T, state)
		for r := tile * block; r < min((tile+1)*block, rows); r++ {
			if t := f.In(3); t != nil {
				past = tensor.Data[T](t)[r*state:][:state]
			}
			x, y := tensor.Data[T](f.In(0))[r*length:][:length], tensor.Data[T](f.Out(0))[r*length:][:length]
			fill(y, biasAt[T](f, 2, r%channels))
			for k, w := range tensor.Data[T](f.In(1))[r%channels*kernel:][:kernel] {
				// Position t+k of the past and the input, one after the other.
				cut := min(state-k, length)
				axpy(y[:cut], past[k:], w)
				axpy(y[cut:], x, w)
			}
			if o.Activation != "none" {
				for i, v := range y {
					y[i] = T(float64(v) / (1 + math.Exp(-float64(v))))
				}
			}
			if t := f.Out(1); t != nil {
				present := tensor.Data[T](t)[r*state:][:state]
				keep := max(0, state-length) // of the past
				copy(present, past[state-keep:])
				copy(present[keep:], x[length-(state-keep):])
			}
		}
		return nil
	}}
}

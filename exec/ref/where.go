package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var whereKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.Clip]{
		tensor.Float32: clip[float32],
		tensor.Float64: clip[float64],
		tensor.Int8:    clip[int8],
		tensor.Int16:   clip[int16],
		tensor.Int32:   clip[int32],
		tensor.Int64:   clip[int64],
		tensor.Uint8:   clip[uint8],
		tensor.Uint16:  clip[uint16],
		tensor.Uint32:  clip[uint32],
		tensor.Uint64:  clip[uint64],
	}),
	always(where),
}

func clip[T number](b *exec.Binding, _ *op.Clip) run {
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		copy(y, x)
		if lo := f.In(1); lo != nil {
			lo := tensor.Data[T](lo)[0]
			for i := range y {
				y[i] = max(y[i], lo)
			}
		}
		if hi := f.In(2); hi != nil {
			hi := tensor.Data[T](hi)[0]
			for i := range y {
				y[i] = min(y[i], hi)
			}
		}
		return nil
	}
}

// where moves elements of any type by their size.
func where(b *exec.Binding, _ *op.Where) run {
	if b.DType(1) == tensor.String {
		return choose(b, tensor.Data[string])
	}
	switch b.DType(1).Size() {
	case 1:
		return choose(b, bytesAs[uint8])
	case 2:
		return choose(b, bytesAs[uint16])
	case 4:
		return choose(b, bytesAs[uint32])
	case 8:
		return choose(b, bytesAs[uint64])
	}
	return choose(b, bytesAs[complex128])
}

func bytesAs[T tensor.Element](t tensor.Value) []T { return tensor.View[T](t.(*tensor.Tensor).Bytes()) }

func choose[T any](b *exec.Binding, data func(tensor.Value) []T) run {
	w := broadcast(b.OutShape(0), b.Shape(0), b.Shape(1), b.Shape(2))
	return func(f *exec.Frame) error {
		cond, x, y, z := tensor.Data[bool](f.In(0)), data(f.In(1)), data(f.In(2)), data(f.Out(0))
		w.rows(func(at int, offs []int) {
			i, j, l := offs[0], offs[1], offs[2]
			for k := range w.n {
				if cond[i] {
					z[at+k] = x[j]
				} else {
					z[at+k] = y[l]
				}
				i, j, l = i+w.step[0], j+w.step[1], l+w.step[2]
			}
		})
		return nil
	}
}

package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var whereKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.Clip]{
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
	exec.On(where),
}

func clip[T number](b *exec.Binding, _ *op.Clip) tiles {
	return elementwise(tensor.Count(b.Shape(0)), func(f *exec.Frame, lo, hi int) {
		x, y := tensor.Data[T](f.In(0))[lo:hi], tensor.Data[T](f.Out(0))[lo:hi]
		copy(y, x)
		if least := f.In(1); least != nil {
			least := tensor.Data[T](least)[0]
			for i := range y {
				y[i] = max(y[i], least)
			}
		}
		if most := f.In(2); most != nil {
			most := tensor.Data[T](most)[0]
			for i := range y {
				y[i] = min(y[i], most)
			}
		}
	})
}

// where moves elements of any type by their size.
func where(b *exec.Binding, _ *op.Where) (exec.Step, error) {
	if b.Probe {
		return exec.Step{}, nil
	}
	var t tiles
	switch dt := b.DType(1); {
	case dt == tensor.String:
		t = choose(b, tensor.Data[string])
	case dt.Size() == 1:
		t = choose(b, bytesAs[uint8])
	case dt.Size() == 2:
		t = choose(b, bytesAs[uint16])
	case dt.Size() == 4:
		t = choose(b, bytesAs[uint32])
	case dt.Size() == 8:
		t = choose(b, bytesAs[uint64])
	default:
		t = choose(b, bytesAs[complex128])
	}
	return exec.Tiled(t.n, t.run), nil
}

func bytesAs[T tensor.Element](t tensor.Value) []T { return tensor.View[T](t.(*tensor.Tensor).Bytes()) }

func choose[T any](b *exec.Binding, data func(tensor.Value) []T) tiles {
	w := broadcast(b.OutShape(0), b.Shape(0), b.Shape(1), b.Shape(2))
	return elementwise(tensor.Count(b.OutShape(0)), func(f *exec.Frame, lo, hi int) {
		cond, x, y, z := tensor.Data[bool](f.In(0)), data(f.In(1)), data(f.In(2)), data(f.Out(0))
		w.span(lo, hi, func(at, n int, offs []int) {
			i, j, l := offs[0], offs[1], offs[2]
			for k := range n {
				if cond[i] {
					z[at+k] = x[j]
				} else {
					z[at+k] = y[l]
				}
				i, j, l = i+w.step[0], j+w.step[1], l+w.step[2]
			}
		})
	})
}

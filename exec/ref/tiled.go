package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// tiles is a kernel cut into n calls that write disjoint memory. A call takes at most some milliseconds, or asks
// f.Err() while it runs.
type tiles struct {
	n   int
	run func(f *exec.Frame, tile int) error
}

// tiledImpl makes the tiled kernel for one element type of an operator.
type tiledImpl[P graph.Op] func(b *exec.Binding, o P) tiles

// all runs every tile in turn.
func (t tiles) all(f *exec.Frame) error {
	for i := range t.n {
		if err := f.Err(); err != nil {
			return err
		}
		if err := t.run(f, i); err != nil {
			return err
		}
	}
	return nil
}

// tiledFloats returns the row of an operator on float types whose kernels come in tiles. Half types run all tiles as one,
// on widened copies.
func tiledFloats[P graph.Op](f32, f64 tiledImpl[P]) exec.Kernel {
	return exec.On(func(b *exec.Binding, o P) (exec.Step, error) {
		k := f32
		switch b.DType(0) {
		case tensor.Float32, tensor.Float16, tensor.BFloat16:
		case tensor.Float64:
			k = f64
		default:
			k = nil
		}
		switch {
		case k == nil:
			return exec.Step{}, exec.ErrUnsupported
		case b.Probe:
			return exec.Step{}, nil
		case b.DType(0).Bits() == 16:
			return halves(b, b.DType(0), func(w *exec.Binding) run { return k(w, o).all }), nil
		}
		t := k(b, o)
		return exec.Tiled(t.n, t.run), nil
	})
}

// as returns the elements of an operand as T, converted when it holds another type of number or Bool; nil when it is
// absent.
func as[T tensor.Element](t *tensor.Tensor) []T {
	if t == nil {
		return nil
	}
	if dt := tensor.DTypeOf[T](); t.DType() != dt {
		c, err := tensor.Cast(t, dt, tensor.CastOptions{})
		if err != nil {
			panic(err) // the types were checked by inference
		}
		t = c
	}
	return tensor.Data[T](t)
}

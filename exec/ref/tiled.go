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

// tiled is by for kernels that come in tiles. Half types run all tiles as one, on widened copies.
func tiled[P graph.Op](kernels map[tensor.DType]tiledImpl[P]) exec.Kernel {
	return exec.On(tiledStep(kernels))
}

// tiledStep is tiled as a function that binds.
func tiledStep[P graph.Op](kernels map[tensor.DType]tiledImpl[P]) func(b *exec.Binding, o P) (exec.Step, error) {
	return func(b *exec.Binding, o P) (exec.Step, error) {
		dt := b.DType(0)
		k, half := kernels[dt], false
		if k == nil && (dt == tensor.Float16 || dt == tensor.BFloat16) {
			k, half = kernels[tensor.Float32], true
		}
		switch {
		case k == nil:
			return exec.Step{}, exec.ErrUnsupported
		case b.Probe:
			return exec.Step{}, nil
		case half:
			return halves(b, dt, func(w *exec.Binding) run { return k(w, o).all }), nil
		}
		t := k(b, o)
		return exec.Tiled(t.n, t.run), nil
	}
}

// tiledFloats is tiled for float types.
func tiledFloats[P graph.Op](f32, f64 tiledImpl[P]) exec.Kernel {
	return tiled(map[tensor.DType]tiledImpl[P]{tensor.Float32: f32, tensor.Float64: f64})
}

// alwaysTiled returns the row of an operator that one tiled kernel runs for every type.
func alwaysTiled[P graph.Op](k tiledImpl[P]) exec.Kernel {
	return exec.On(func(b *exec.Binding, o P) (exec.Step, error) {
		if b.Probe {
			return exec.Step{}, nil
		}
		t := k(b, o)
		return exec.Tiled(t.n, t.run), nil
	})
}

// tileWork is how many multiplications a tile should have: some milliseconds.
const tileWork = 1 << 22

// blockOf returns how many of n equal parts, each with the given work, make a tile: at least 1.
func blockOf(n, work int) int { return max(1, min(n, tileWork/max(work, 1))) }

// blocks returns into how many blocks of the given size n falls.
func blocks(n, size int) int { return (n + size - 1) / size }

// pollEvery returns why the run should stop, asking only about once per tileWork when called for i = 0, 1, 2… with so much
// work in between.
func pollEvery(f *exec.Frame, i, work int) error {
	if i%blockOf(tileWork, work) != 0 {
		return nil
	}
	return f.Err()
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

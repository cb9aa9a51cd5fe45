package ref

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var rotaryKernels = []exec.Kernel{
	tiledFloats(rotary[float32], nil),
}

// rotary runs a tile per sequence of the batch.
func rotary[T float](b *exec.Binding, o *op.RotaryEmbedding) tiles {
	l := headsOf(b.Shape(0), o.NumHeads.V)
	dim := o.RotaryEmbeddingDim
	if dim == 0 {
		dim = l.size
	}
	half := dim / 2
	first, second := func(i int) int { return i }, func(i int) int { return half + i }
	if o.Interleaved {
		first, second = func(i int) int { return 2 * i }, func(i int) int { return 2*i + 1 }
	}
	caches := b.Shape(1)
	return tiles{l.batch, func(f *exec.Frame, n int) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		cos, sin, ids := tensor.Data[T](f.In(1)), tensor.Data[T](f.In(2)), optional[int64](f.In(3))
		for s := range l.length {
			if err := f.Err(); err != nil {
				return err
			}
			row := n*l.length + s
			if ids != nil {
				id := ids[row]
				if id < 0 || id >= int64(caches[0]) {
					return fmt.Errorf("input 3 (position_ids): element [%d,%d] is %d, want 0..%d", n, s, id, caches[0]-1)
				}
				row = int(id)
			}
			c, sn := cos[row*half:][:half], sin[row*half:][:half]
			for h := range l.heads {
				at := l.at(n, h, s)
				xs, ys := x[at:][:l.size], y[at:][:l.size]
				for i := range half {
					a, b := xs[first(i)], xs[second(i)]
					ys[first(i)] = T(c[i]*a) - T(sn[i]*b)
					ys[second(i)] = T(sn[i]*a) + T(c[i]*b)
				}
				copy(ys[dim:], xs[dim:])
			}
		}
		return nil
	}}
}

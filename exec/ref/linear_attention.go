package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var linearAttentionKernels = []exec.Kernel{
	tiledFloats(linearAttention[float32], nil),
}

// linearAttention runs a tile per key head of each sequence: it owns one state and writes the outputs of the query heads
// that share it.
func linearAttention[T float](b *exec.Binding, o *op.LinearAttention) tiles {
	hq, hk := o.QNumHeads, o.KVNumHeads
	q, k, v := headsOf(b.Shape(0), hq), headsOf(b.Shape(1), hk), headsOf(b.Shape(2), hk)
	y := headsOf(b.Shape(0), hq)
	y.size, y.sh, y.ss, y.sb = v.size, v.size, hq*v.size, hq*v.size*v.length
	scale := T(o.Scale)
	if scale == 0 {
		scale = T(1 / math.Sqrt(float64(q.size)))
	}
	decayLen, betaLen := last(b.Shape(4)), last(b.Shape(5))
	return tiles{q.batch * hk, func(f *exec.Frame, tile int) error {
		n, h := tile/hk, tile%hk
		qs, ks, vs, ys := tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1)), tensor.Data[T](f.In(2)), tensor.Data[T](f.Out(0))
		decay, beta := optional[T](f.In(4)), optional[T](f.In(5))
		state := make([]T, k.size*v.size) // row i is for element i of the key
		at := tile * len(state)
		if f.In(3) != nil {
			copy(state, as[T](f.In(3))[at:])
		}
		recall := make([]T, v.size)
		for t := range k.length {
			if err := f.Err(); err != nil {
				return err
			}
			key, value := ks[k.at(n, h, t):][:k.size], vs[v.at(n, h, t):][:v.size]
			row := n*k.length + t
			if decay != nil {
				for i := range key {
					g := decay[row*decayLen+h*decayLen/hk+i%(decayLen/hk)]
					scaleBy(state[i*v.size:][:v.size], T(math.Exp(float64(g))))
				}
			}
			rate := T(1)
			if beta != nil {
				rate = beta[row*betaLen+h%betaLen]
				clear(recall)
				for i, x := range key {
					addScaled(recall, x, state[i*v.size:])
				}
			}
			for i, x := range key {
				s := state[i*v.size:][:v.size]
				for j := range s {
					s[j] += rate * x * (value[j] - recall[j])
				}
			}
			for g := h * (hq / hk); g < (h+1)*(hq/hk); g++ {
				out := ys[y.at(n, g, t):][:v.size]
				clear(out)
				for i, x := range qs[q.at(n, g, t):][:q.size] {
					addScaled(out, x, state[i*v.size:])
				}
				scaleBy(out, scale)
			}
		}
		if p := f.Out(1); p != nil {
			put(p, at, state)
		}
		return nil
	}}
}

// last returns the last dimension of a shape, 0 of none.
func last(shape []int) int {
	if len(shape) == 0 {
		return 0
	}
	return shape[len(shape)-1]
}

// scaleBy multiplies x by a.
func scaleBy[T float](x []T, a T) {
	for i := range x {
		x[i] *= a
	}
}

// addScaled adds a·x to y.
func addScaled[T float](y []T, a T, x []T) {
	for i := range y {
		y[i] += T(a * x[i])
	}
}

// put writes xs to out from element at on, converted where out holds another type.
func put[T tensor.Element](out *tensor.Tensor, at int, xs []T) {
	t := tensor.FromSlice(xs, len(xs))
	if t.DType() != out.DType() {
		c, err := tensor.Cast(t, out.DType(), tensor.CastOptions{})
		if err != nil {
			panic(err) // the types were checked by inference
		}
		t = c
	}
	copy(out.Bytes()[at*out.DType().Size():], t.Bytes())
}

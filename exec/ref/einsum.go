package ref

import (
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Products of more than two inputs are expanded into products of two.
var einsumKernels = []exec.Kernel{
	exec.On(func(b *exec.Binding, o *op.Einsum) (exec.Step, error) {
		if len(b.In) > 2 {
			return exec.Step{}, exec.ErrUnsupported
		}
		return einsumByType(b, o)
	}),
}

var einsumByType = tiledStep(map[tensor.DType]tiledImpl[*op.Einsum]{
	tensor.Float32: einsum[float32],
	tensor.Float64: einsum[float64],
	tensor.Int8:    einsum[int8],
	tensor.Int16:   einsum[int16],
	tensor.Int32:   einsum[int32],
	tensor.Int64:   einsum[int64],
	tensor.Uint8:   einsum[uint8],
	tensor.Uint16:  einsum[uint16],
	tensor.Uint32:  einsum[uint32],
	tensor.Uint64:  einsum[uint64],
})

// An einsumLoop is one index of the loops of an Einsum: its size and its strides in the inputs and the output, which are 0
// where it does not occur.
type einsumLoop struct {
	size    int
	strides [3]int // of the two inputs and the output
}

// einsumLoops returns the loops over the output's indices and over those that are summed.
func einsumLoops(eq *op.Equation, shapes [][]int, outShape []int) (out, sum []einsumLoop) {
	loops := map[rune]*einsumLoop{}
	order := slices.Clone(eq.Out)
	for i, labels := range eq.In {
		strides := tensor.Strides(shapes[i])
		for k, l := range labels {
			p := loops[l]
			if p == nil {
				p = &einsumLoop{size: 1}
				loops[l] = p
				if !slices.Contains(order, l) {
					order = append(order, l)
				}
			}
			if shapes[i][k] != 1 {
				p.size = shapes[i][k]
				p.strides[i] += strides[k]
			}
		}
	}
	for k, s := range tensor.Strides(outShape) {
		loops[eq.Out[k]].strides[2] = s
	}
	for i, l := range order {
		if i < len(eq.Out) {
			out = append(out, *loops[l])
		} else {
			sum = append(sum, *loops[l])
		}
	}
	return out, sum
}

// takeInner removes the loop that walks memory most densely from the two lists and returns it.
func takeInner(out, sum []einsumLoop) (inner einsumLoop, restOut, restSum []einsumLoop) {
	step := func(p einsumLoop) int { return p.strides[0] + p.strides[1] + p.strides[2] }
	best := -1
	all := slices.Concat(sum, out)
	for i, p := range all {
		if p.size != 1 && (best < 0 || step(p) < step(all[best])) {
			best = i
		}
	}
	switch {
	case best < 0:
		return einsumLoop{size: 1}, out, sum
	case best < len(sum):
		return all[best], out, slices.Delete(slices.Clone(sum), best, best+1)
	}
	best -= len(sum)
	return out[best], slices.Delete(slices.Clone(out), best, best+1), sum
}

// einsumOffsets returns where the i-th turn of the loops starts in the inputs and the output.
func einsumOffsets(loops []einsumLoop, i int) (off [3]int) {
	for d := len(loops) - 1; d >= 0 && i > 0; d-- {
		at := i % loops[d].size
		for k, s := range loops[d].strides {
			off[k] += at * s
		}
		i /= loops[d].size
	}
	return off
}

func einsumTurns(loops []einsumLoop) int {
	n := 1
	for _, p := range loops {
		n *= p.size
	}
	return n
}

func einsum[T number](b *exec.Binding, o *op.Einsum) tiles {
	shapes, ranks := [][]int{}, []int{}
	for i := range b.In {
		shapes, ranks = append(shapes, b.Shape(i)), append(ranks, len(b.Shape(i)))
	}
	eq, err := op.ParseEquation(o.Equation, ranks)
	if err != nil {
		return tiles{1, func(*exec.Frame, int) error { return err }}
	}
	outs, sums := einsumLoops(eq, shapes, b.OutShape(0))
	inner, outs, sums := takeInner(outs, sums)
	turns, terms := einsumTurns(outs), einsumTurns(sums)
	block := blockOf(turns, terms*inner.size)
	return tiles{blocks(turns, block), func(f *exec.Frame, tile int) error {
		x, w, y := tensor.Data[T](f.In(0)), []T{1}, tensor.Data[T](f.Out(0))
		if len(b.In) == 2 {
			w = tensor.Data[T](f.In(1))
		}
		for i := tile * block; i < min((tile+1)*block, turns); i++ {
			at := einsumOffsets(outs, i)
			if inner.strides[2] > 0 {
				for j := range inner.size {
					y[at[2]+j*inner.strides[2]] = 0
				}
			} else {
				y[at[2]] = 0
			}
			for k := range terms {
				if err := pollEvery(f, k, inner.size); err != nil {
					return err
				}
				s := einsumOffsets(sums, k)
				einsumInner(inner, y[at[2]:], x[at[0]+s[0]:], w[at[1]+s[1]:])
			}
		}
		return nil
	}}
}

// einsumInner adds the products along one loop to y.
func einsumInner[T number](p einsumLoop, y, x, w []T) {
	sx, sw, sy := p.strides[0], p.strides[1], p.strides[2]
	if sy == 0 {
		s := y[0]
		for j := range p.size {
			s += T(x[j*sx] * w[j*sw])
		}
		y[0] = s
		return
	}
	for j := range p.size {
		y[j*sy] += T(x[j*sx] * w[j*sw])
	}
}

package ref

import (
	"fmt"
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var randomKernels = []exec.Kernel{
	always(bernoulli),
	always(dropout),
	always(multinomial),
	always(randomNormal),
	always(randomNormalLike),
	always(randomUniform),
	always(randomUniformLike),
}

// seeded returns the numbers of a node with an optional seed.
func seeded(b *exec.Binding, seed graph.Opt[float32]) exec.Random {
	if seed.Set {
		return b.Random(1<<32 | uint64(math.Float32bits(seed.V)))
	}
	return b.Random(0)
}

func randomNormal(b *exec.Binding, o *op.RandomNormal) run         { return normal(b, &o.Normal) }
func randomNormalLike(b *exec.Binding, o *op.RandomNormalLike) run { return normal(b, &o.Normal) }
func randomUniform(b *exec.Binding, o *op.RandomUniform) run       { return uniform(b, &o.Uniform) }
func randomUniformLike(b *exec.Binding, o *op.RandomUniformLike) run {
	return uniform(b, &o.Uniform)
}

// normal draws pairs by the transform of Box and Muller.
func normal(b *exec.Binding, o *op.Normal) run {
	r := seeded(b, o.Seed)
	return draw(func(f *exec.Frame, i uint64) (float64, float64) {
		u, v := r.Pair(f.RunIndex(), i)
		radius := math.Sqrt(-2 * math.Log(1-u))
		sin, cos := math.Sincos(2 * math.Pi * v)
		return float64(o.Mean) + float64(o.Scale)*radius*cos, float64(o.Mean) + float64(o.Scale)*radius*sin
	})
}

// uniform draws with 24 bits, so that a float32 from [0,1) stays below 1, and with all for float64.
func uniform(b *exec.Binding, o *op.Uniform) run {
	r := seeded(b, o.Seed)
	low, width := float64(o.Low), float64(o.High)-float64(o.Low)
	return draw(func(f *exec.Frame, i uint64) (float64, float64) {
		u, v := r.Pair(f.RunIndex(), i)
		if f.Out(0).DType() != tensor.Float64 {
			u, v = math.Floor(u*(1<<24))/(1<<24), math.Floor(v*(1<<24))/(1<<24)
		}
		return low + float64(width*u), low + float64(width*v)
	})
}

// draw fills output 0 with pairs of numbers.
func draw(pair func(f *exec.Frame, i uint64) (float64, float64)) run {
	return func(f *exec.Frame) error {
		y := make([]float64, f.Out(0).Len())
		for i := 0; i < len(y); i += 2 {
			u, v := pair(f, uint64(i/2))
			y[i] = u
			if i+1 < len(y) {
				y[i+1] = v
			}
		}
		return tensor.CastInto(f.Out(0), tensor.FromSlice(y), tensor.CastOptions{})
	}
}

// at returns number i of a run, uniform over [0,1).
func at(r exec.Random, run uint64, i int) float64 {
	u, v := r.Pair(run, uint64(i/2))
	if i%2 == 1 {
		return v
	}
	return u
}

func bernoulli(b *exec.Binding, o *op.Bernoulli) run {
	r := seeded(b, o.Seed)
	return func(f *exec.Frame) error {
		y := f.In(0).Float64s()
		for i, p := range y {
			y[i] = 0
			if at(r, f.RunIndex(), i) < p {
				y[i] = 1
			}
		}
		return tensor.CastInto(f.Out(0), tensor.FromSlice(y), tensor.CastOptions{})
	}
}

// multinomial walks the cumulative probabilities of a row for each sample.
func multinomial(b *exec.Binding, o *op.Multinomial) run {
	r := seeded(b, o.Seed)
	rows, classes := b.Shape(0)[0], b.Shape(0)[1]
	return func(f *exec.Frame) error {
		x := f.In(0).Float64s()
		y := make([]int64, rows*o.SampleSize)
		for i := range rows {
			p := x[i*classes:][:classes]
			top := math.Inf(-1)
			for _, v := range p {
				top = max(top, v)
			}
			sum := 0.0
			for k, v := range p {
				p[k] = math.Exp(v - top)
				sum += p[k]
			}
			for j := range o.SampleSize {
				left := sum * at(r, f.RunIndex(), i*o.SampleSize+j)
				k := 0
				for k < classes-1 && left >= p[k] {
					left -= p[k]
					k++
				}
				y[i*o.SampleSize+j] = int64(k)
			}
		}
		return tensor.CastInto(f.Out(0), tensor.FromSlice(y), tensor.CastOptions{})
	}
}

func dropout(b *exec.Binding, o *op.Dropout) run {
	r := b.Random(0)
	if o.Seed.Set {
		r = b.Random(1<<63 | uint64(o.Seed.V))
	}
	return func(f *exec.Frame) error {
		x, y, mask := f.In(0), f.Out(0), f.Out(1)
		ratio := 0.5
		if t := f.In(1); t != nil {
			ratio = t.Float64s()[0]
		}
		train := f.In(2) != nil && tensor.Data[bool](f.In(2))[0]
		if !train || ratio == 0 {
			if mask != nil {
				for i := range tensor.Data[bool](mask) {
					tensor.Data[bool](mask)[i] = true
				}
			}
			if y != nil {
				y.CopyFrom(x)
			}
			return nil
		}
		if !(ratio >= 0 && ratio < 1) {
			return fmt.Errorf("input 1: ratio %v, want at least 0 and less than 1", ratio)
		}
		v := x.Float64s()
		for i := range v {
			kept := at(r, f.RunIndex(), i) >= ratio
			if kept {
				v[i] /= 1 - ratio
			} else {
				v[i] = 0
			}
			if mask != nil {
				tensor.Data[bool](mask)[i] = kept
			}
		}
		if y == nil {
			return nil
		}
		return tensor.CastInto(y, tensor.FromSlice(v), tensor.CastOptions{})
	}
}

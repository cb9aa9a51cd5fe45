package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var normKernels = []exec.Kernel{
	tiledFloats(batchNorm[float32], batchNorm[float64]),
	tiledFloats(groupNorm[float32], groupNorm[float64]),
	tiledFloats(instanceNorm[float32], instanceNorm[float64]),
	tiledFloats(layerNorm[float32], layerNorm[float64]),
	tiledFloats(lpNorm[float32], lpNorm[float64]),
	tiledFloats(lrn[float32], lrn[float64]),
	tiledFloats(rmsNorm[float32], rmsNorm[float64]),
	tiledFloats(simplifiedLayerNorm[float32], simplifiedLayerNorm[float64]),
}

// floatAt returns element i of a tensor of float32, float64 or a half type.
func floatAt(t *tensor.Tensor, i int) float64 {
	switch t.DType() {
	case tensor.Float32:
		return float64(tensor.Data[float32](t)[i])
	case tensor.Float16:
		return float64(tensor.Data[tensor.F16](t)[i].Float32())
	case tensor.BFloat16:
		return float64(tensor.Data[tensor.BF16](t)[i].Float32())
	}
	return tensor.Data[float64](t)[i]
}

// setFloat stores x as element i of a tensor of float32, float64 or a half type; t may be nil.
func setFloat(t *tensor.Tensor, i int, x float64) {
	switch {
	case t == nil:
	case t.DType() == tensor.Float32:
		tensor.Data[float32](t)[i] = float32(x)
	case t.DType() == tensor.Float16:
		tensor.Data[tensor.F16](t)[i] = tensor.ToF16(float32(x))
	case t.DType() == tensor.BFloat16:
		tensor.Data[tensor.BF16](t)[i] = tensor.ToBF16(float32(x))
	default:
		tensor.Data[float64](t)[i] = x
	}
}

// meanOf returns the mean of x and the mean of its squared distance from it.
func meanOf[T float](x []T) (mean, variance float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, variance / float64(len(x))
}

// affine sets y = (x − mean)·k + b.
func affine[T float](y, x []T, mean, k, b float64) {
	m, s, c := T(mean), T(k), T(b)
	for i, v := range x {
		y[i] = T((v-m)*s) + c
	}
}

func batchNorm[T float](b *exec.Binding, o *op.BatchNormalization) tiles {
	xs := b.Shape(0)
	n, c, size := xs[0], tensor.Count(xs[1:]), 1 // batch, channels, elements of a channel in one image
	if o.Spatial && len(xs) > 1 {
		c, size = xs[1], tensor.Count(xs[2:])
	}
	if o.TrainingMode {
		return tiles{c, func(f *exec.Frame, i int) error { return batchNormTraining[T](f, o, n, c, size, i) }}
	}
	block := blockOf(n*c, size)
	return tiles{blocks(n*c, block), func(f *exec.Frame, tile int) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		for p := tile * block; p < min((tile+1)*block, n*c); p++ {
			i := p % c
			k := floatAt(f.In(1), i) / math.Sqrt(floatAt(f.In(4), i)+float64(o.Epsilon))
			affine(y[p*size:(p+1)*size], x[p*size:(p+1)*size], floatAt(f.In(3), i), k, floatAt(f.In(2), i))
		}
		return nil
	}}
}

// batchNormTraining normalizes channel i of c with its own statistics.
func batchNormTraining[T float](f *exec.Frame, o *op.BatchNormalization, n, c, size, i int) error {
	x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
	part := func(k int) (lo, hi int) { return (k*c + i) * size, (k*c + i + 1) * size }
	mean, variance := 0.0, 0.0
	for k := range n {
		lo, hi := part(k)
		for _, v := range x[lo:hi] {
			mean += float64(v)
		}
	}
	mean /= float64(n * size)
	for k := range n {
		lo, hi := part(k)
		for _, v := range x[lo:hi] {
			variance += (float64(v) - mean) * (float64(v) - mean)
		}
	}
	variance /= float64(n * size)
	s := floatAt(f.In(1), i) / math.Sqrt(variance+float64(o.Epsilon))
	for k := range n {
		lo, hi := part(k)
		affine(y[lo:hi], x[lo:hi], mean, s, floatAt(f.In(2), i))
	}
	m := float64(o.Momentum)
	setFloat(f.Out(1), i, floatAt(f.In(3), i)*m+mean*(1-m))
	setFloat(f.Out(2), i, floatAt(f.In(4), i)*m+variance*(1-m))
	return f.Err()
}

func instanceNorm[T float](b *exec.Binding, o *op.InstanceNormalization) tiles {
	return normGroups[T](b, b.Shape(0)[1], o.Epsilon)
}

func groupNorm[T float](b *exec.Binding, o *op.GroupNormalization) tiles {
	return normGroups[T](b, o.NumGroups, o.Epsilon)
}

// normGroups normalizes groups of channels, then scales and moves each channel.
func normGroups[T float](b *exec.Binding, groups int, epsilon float32) tiles {
	xs := b.Shape(0)
	size := tensor.Count(xs[2:])
	per := xs[1] / max(groups, 1) // channels of a group
	return tiles{xs[0] * groups, func(f *exec.Frame, tile int) error {
		from, to := tile*per*size, (tile+1)*per*size
		x, y := tensor.Data[T](f.In(0))[from:to], tensor.Data[T](f.Out(0))[from:to]
		mean, variance := meanOf(x)
		inverse := 1 / math.Sqrt(variance+float64(epsilon))
		for i := range per {
			c := tile%groups*per + i
			k := inverse * float64(tensor.Data[T](f.In(1))[c])
			affine(y[i*size:(i+1)*size], x[i*size:(i+1)*size], mean, k, float64(tensor.Data[T](f.In(2))[c]))
		}
		return f.Err()
	}}
}

// A normed is the shape of a normalization over the dimensions from an axis on: rows of n elements, which are lines along the
// last dimension.
type normed struct {
	shape         []int
	rows, n, line int
}

func newNormed(shape []int, axis int) normed {
	if axis < 0 {
		axis += len(shape)
	}
	return normed{shape, tensor.Count(shape[:axis]), tensor.Count(shape[axis:]), shape[len(shape)-1]}
}

// A param is an input that broadcasts to X, seen from its lines: element j of a line is at offset + j·step.
type param struct {
	input   int // -1: none
	strides []int
}

func (l *normed) param(b *exec.Binding, i int) param {
	if !b.Has(i) {
		return param{input: -1}
	}
	return param{i, tensor.BroadcastStrides(b.Shape(i), l.shape)}
}

// line returns the elements of the parameter for the line that starts at element at of X, and their step.
func paramLine[T float](l *normed, p param, elems []T, at int) ([]T, int) {
	return elems[offsetOf(at, l.shape, p.strides):], p.strides[len(p.strides)-1]
}

// tiles returns blocks of rows: run normalizes row r.
func (l *normed) tiles(run func(f *exec.Frame, r int)) tiles {
	block := blockOf(l.rows, l.n)
	return tiles{blocks(l.rows, block), func(f *exec.Frame, tile int) error {
		for r := tile * block; r < min((tile+1)*block, l.rows); r++ {
			run(f, r)
		}
		return nil
	}}
}

func layerNorm[T float](b *exec.Binding, o *op.LayerNormalization) tiles {
	l := newNormed(b.Shape(0), o.Axis)
	scale, bias := l.param(b, 1), l.param(b, 2)
	return l.tiles(func(f *exec.Frame, r int) {
		x, y := tensor.Data[T](f.In(0))[r*l.n:][:l.n], tensor.Data[T](f.Out(0))[r*l.n:][:l.n]
		mean, variance := meanOf(x)
		inverse := 1 / math.Sqrt(variance+float64(o.Epsilon))
		affine(y, x, mean, inverse, 0)
		for from := 0; from < l.n; from += l.line {
			s, step := paramLine(&l, scale, tensor.Data[T](f.In(1)), r*l.n+from)
			line := y[from : from+l.line]
			for j := range line {
				line[j] *= s[j*step]
			}
			if bias.input >= 0 {
				s, step := paramLine(&l, bias, tensor.Data[T](f.In(2)), r*l.n+from)
				for j := range line {
					line[j] += s[j*step]
				}
			}
		}
		setFloat(f.Out(1), r, mean)
		setFloat(f.Out(2), r, inverse)
	})
}

func rmsNorm[T float](b *exec.Binding, o *op.RMSNormalization) tiles {
	return rootMeanSquare[T](b, o.Axis, o.Epsilon)
}

func simplifiedLayerNorm[T float](b *exec.Binding, o *op.SimplifiedLayerNormalization) tiles {
	return rootMeanSquare[T](b, o.Axis, o.Epsilon)
}

// rootMeanSquare divides by the root of the mean square and multiplies with a scale that may be of another type.
func rootMeanSquare[T float](b *exec.Binding, axis int, epsilon float32) tiles {
	l := newNormed(b.Shape(0), axis)
	scale := l.param(b, 1)
	same := b.DType(1) == tensor.DTypeOf[T]()
	return l.tiles(func(f *exec.Frame, r int) {
		x := tensor.Data[T](f.In(0))[r*l.n:][:l.n]
		sum := 0.0
		for _, v := range x {
			sum += float64(v) * float64(v)
		}
		inverse := 1 / math.Sqrt(sum/float64(l.n)+float64(epsilon))
		setFloat(f.Out(1), r, inverse)
		for from := 0; from < l.n; from += l.line {
			at, line := r*l.n+from, x[from:from+l.line]
			if !same {
				off, step := offsetOf(at, l.shape, scale.strides), scale.strides[len(scale.strides)-1]
				for j, v := range line {
					setFloat(f.Out(0), at+j, float64(v)*inverse*floatAt(f.In(1), off+j*step))
				}
				continue
			}
			s, step := paramLine(&l, scale, tensor.Data[T](f.In(1)), at)
			y, k := tensor.Data[T](f.Out(0))[at:][:l.line], T(inverse)
			for j, v := range line {
				y[j] = v * k * s[j*step]
			}
		}
	})
}

func lpNorm[T float](b *exec.Binding, o *op.LpNormalization) tiles {
	xs, axis := b.Shape(0), o.Axis
	if axis < 0 {
		axis += len(xs)
	}
	outer, n, inner := tensor.Count(xs[:axis]), xs[axis], tensor.Count(xs[axis+1:])
	block := blockOf(outer*inner, n)
	return tiles{blocks(outer*inner, block), func(f *exec.Frame, tile int) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		for r := tile * block; r < min((tile+1)*block, outer*inner); r++ {
			at, sum := r/inner*n*inner+r%inner, 0.0
			for i := range n {
				sum += powAbs(float64(x[at+i*inner]), float64(o.P))
			}
			norm := root(sum, float64(o.P))
			for i := range n {
				y[at+i*inner] = 0
				if norm != 0 {
					y[at+i*inner] = T(float64(x[at+i*inner]) / norm)
				}
			}
		}
		return nil
	}}
}

// lrn sums the squares of neighbouring channels in the output, image by image.
func lrn[T float](b *exec.Binding, o *op.LRN) tiles {
	xs := b.Shape(0)
	c, size := xs[1], tensor.Count(xs[2:])
	below, above := min(c, (o.Size-1)/2), min(c, o.Size/2)
	return tiles{xs[0] * c, func(f *exec.Frame, tile int) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))[tile*size:][:size]
		clear(y)
		for k := max(0, tile%c-below); k <= min(c-1, tile%c+above); k++ {
			for i, v := range x[(tile-tile%c+k)*size:][:size] {
				y[i] += v * v
			}
		}
		for i, v := range x[tile*size:][:size] {
			s := float64(o.Bias) + float64(o.Alpha)/float64(o.Size)*float64(y[i])
			y[i] = T(float64(v) / power(s, float64(o.Beta)))
		}
		return f.Err()
	}}
}

// power is math.Pow, faster for the usual exponent.
func power(x, p float64) float64 {
	if p == 0.75 {
		r := math.Sqrt(x)
		return r * math.Sqrt(r)
	}
	return math.Pow(x, p)
}

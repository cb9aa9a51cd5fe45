package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var quantKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.QLinearConv]{
		tensor.Int8:  qlinearConvOf[int8],
		tensor.Uint8: qlinearConvOf[uint8],
	}),
	always(dequantizeLinear),
	always(dynamicQuantizeLinear),
	always(qlinearMatMul),
	always(quantizeLinear),
}

// grains says which scale belongs to an element of x, seen as [outer, d, inner] around the axis.
type grains struct {
	d, inner int
	block    int // elements along the axis that share a scale; 0: a scale for each place along the axis
	s        int // scales along the axis
	one      bool
}

func newGrains(b *exec.Binding, axis, block int) grains {
	x, s := b.Shape(0), b.Shape(1)
	if tensor.Count(s) == 1 {
		return grains{one: true}
	}
	if axis < 0 {
		axis += len(x)
	}
	g := grains{d: x[axis], inner: tensor.Count(x[axis+1:]), block: block}
	if block > 0 {
		g.s = s[axis]
	}
	return g
}

// at returns the index of the scale of element i.
func (g *grains) at(i int) int {
	switch {
	case g.one:
		return 0
	case g.block == 0:
		return i / g.inner % g.d
	}
	return (i/(g.inner*g.d)*g.s+i/g.inner%g.d/g.block)*g.inner + i%g.inner
}

// rounding returns a function that rounds to a half type; nil for other types.
func rounding(dt tensor.DType) func(float32) float32 {
	switch dt {
	case tensor.Float16:
		return func(x float32) float32 { return tensor.ToF16(x).Float32() }
	case tensor.BFloat16:
		return func(x float32) float32 { return tensor.ToBF16(x).Float32() }
	}
	return nil
}

// pollElements is how many elements a long loop passes between two looks at the context.
const pollElements = 1 << 16

func quantizeLinear(b *exec.Binding, o *op.QuantizeLinear) run {
	g := newGrains(b, o.Axis, o.BlockSize)
	precision := b.DType(1)
	if o.Precision != 0 {
		precision = tensor.DType(o.Precision)
	}
	round := rounding(precision)
	whole := b.Out[0].DType.IsInt()
	lo, hi := intRange(b.Out[0].DType)
	return func(f *exec.Frame) error {
		x, s, z := as[float32](f.In(0)), as[float32](f.In(1)), as[float32](f.In(2))
		y := make([]float32, len(x))
		for i, v := range x {
			if i%pollElements == 0 && f.Err() != nil {
				return f.Err()
			}
			k := g.at(i)
			q := v / s[k]
			if round != nil {
				q = round(round(v) / round(s[k]))
			}
			if whole {
				q = float32(math.RoundToEven(float64(q)))
			}
			if z != nil {
				q += z[min(k, len(z)-1)]
			}
			if whole {
				q = clampInt(q, lo, hi)
			}
			y[i] = q
		}
		return tensor.CastInto(f.Out(0), tensor.FromSlice(y, f.Out(0).Shape()...), tensor.CastOptions{NoSaturate: !o.Saturate})
	}
}

// intRange returns the least and largest value of an integer type of at most 16 bits.
func intRange(dt tensor.DType) (lo, hi float32) {
	n := float32(int(1) << dt.Bits() % (1 << 32))
	if dt.IsSigned() {
		return -n / 2, n/2 - 1
	}
	return 0, n - 1
}

// clampInt returns x between lo and hi; lo for NaN.
func clampInt(x, lo, hi float32) float32 {
	switch {
	case x >= hi:
		return hi
	case x > lo:
		return x
	}
	return lo
}

func dequantizeLinear(b *exec.Binding, o *op.DequantizeLinear) run {
	g := newGrains(b, o.Axis, o.BlockSize)
	return func(f *exec.Frame) error {
		x, s, z := as[float64](f.In(0)), as[float32](f.In(1)), as[float64](f.In(2))
		y := make([]float32, len(x))
		for i, v := range x {
			if i%pollElements == 0 && f.Err() != nil {
				return f.Err()
			}
			k := g.at(i)
			if z != nil {
				v -= z[min(k, len(z)-1)]
			}
			y[i] = float32(v) * s[k]
		}
		return tensor.CastInto(f.Out(0), tensor.FromSlice(y, f.Out(0).Shape()...), tensor.CastOptions{})
	}
}

func dynamicQuantizeLinear(b *exec.Binding, o *op.DynamicQuantizeLinear) run {
	return func(f *exec.Frame) error {
		x := tensor.Data[float32](f.In(0))
		var least, largest float32
		for _, v := range x {
			least, largest = min(least, v), max(largest, v)
		}
		scale := (largest - least) / 255
		if largest == least {
			scale = 1
		}
		zero := clampInt(float32(math.RoundToEven(float64(-least/scale))), 0, 255)
		if t := f.Out(0); t != nil {
			for i, v := range x {
				tensor.Data[uint8](t)[i] = uint8(clampInt(float32(math.RoundToEven(float64(v/scale)))+zero, 0, 255))
			}
		}
		if t := f.Out(1); t != nil {
			tensor.Data[float32](t)[0] = scale
		}
		if t := f.Out(2); t != nil {
			tensor.Data[uint8](t)[0] = uint8(zero)
		}
		return nil
	}
}

func qlinearConvOf[X int8 | uint8](b *exec.Binding, o *op.QLinearConv) tiles {
	if b.DType(3) == tensor.Int8 {
		return qlinearConv[X, int8](b, o)
	}
	return qlinearConv[X, uint8](b, o)
}

func qlinearConv[X, W int8 | uint8](b *exec.Binding, o *op.QLinearConv) tiles {
	xs, ws := b.Shape(0), b.Shape(3)
	c := newConvolution(xs, ws, o.Group, o.Geometry(xs[2:], ws[2:], false))
	lo, hi := intRange(b.DType(7))
	return c.eachTile(func(f *exec.Frame, i, m, xi, r0, r1 int) error {
		from, to := i*c.out+r0*c.last.Out, i*c.out+r1*c.last.Out
		sums := make([]int32, to-from)
		fill(sums, biasAt[int32](f, 8, m))
		x, w := tensor.Data[X](f.In(0))[xi*c.in:], tensor.Data[W](f.In(3))
		if err := convIntegers(&c, f, sums, x, w, pointOf[X](f, 2, 0), pointOf[W](f, 5, m), m, r0, r1); err != nil {
			return err
		}
		scale := tensor.Data[float32](f.In(1))[0] * elemOf(tensor.Data[float32](f.In(4)), m) / tensor.Data[float32](f.In(6))[0]
		zero := f.In(7).Int64s()[0]
		for k, s := range sums {
			q := clampInt(float32(math.RoundToEven(float64(float32(s)*scale)))+float32(zero), lo, hi)
			if t := f.Out(0); t.DType() == tensor.Int8 {
				tensor.Data[int8](t)[from+k] = int8(q)
			} else {
				tensor.Data[uint8](t)[from+k] = uint8(q)
			}
		}
		return nil
	})
}

// elemOf returns element i of a vector, or its only element.
func elemOf[T any](xs []T, i int) T {
	if len(xs) == 1 {
		i = 0
	}
	return xs[i]
}

// qlinearMatMul multiplies in float64, in which sums of products of bytes are exact: the zero point of a column is taken off
// the sums, Σ a·(w − z) = Σ a·w − z·Σ a.
func qlinearMatMul(b *exec.Binding, o *op.QLinearMatMul) run {
	p := newBatched(b.Shape(0), b.Shape(3))
	aScale, aZero := newZeros(b, 1, &p, true), newZeros(b, 2, &p, true)
	wScale, wZero := newZeros(b, 4, &p, false), newZeros(b, 5, &p, false)
	dt := b.DType(7)
	lo, hi := intRange(dt)
	return func(f *exec.Frame) error {
		x, w := as[float64](f.In(0)), as[float64](f.In(3))
		xs, xz, ws, wz := as[float32](f.In(1)), as[float64](f.In(2)), as[float32](f.In(4)), as[float64](f.In(5))
		ys, yz := as[float32](f.In(6))[0], as[float32](f.In(7))[0]
		y := make([]float32, f.Out(0).Len())
		row, sums := make([]float64, p.k), make([]float64, p.n)
		for r := range tensor.Count(p.shape) * p.m {
			if err := f.Err(); err != nil {
				return err
			}
			e, i := r/p.m, r%p.m
			total, zero := 0.0, xz[aZero.at(e, i)]
			for k, v := range x[offsetOf(e, p.shape, p.aStrides)+i*p.k:][:p.k] {
				row[k] = v - zero
				total += row[k]
			}
			clear(sums)
			mulRow(sums, row, 1, p.k, w[offsetOf(e, p.shape, p.bStrides):], p.n)
			for j, v := range sums {
				v -= total * wz[wZero.at(e, j)]
				q := float32(v) * (xs[aScale.at(e, i)] * ws[wScale.at(e, j)] / ys)
				if dt.IsInt() {
					q = clampInt(float32(math.RoundToEven(float64(q)))+yz, lo, hi)
				} else {
					q += yz
				}
				y[r*p.n+j] = q
			}
		}
		return tensor.CastInto(f.Out(0), tensor.FromSlice(y, f.Out(0).Shape()...), tensor.CastOptions{})
	}
}

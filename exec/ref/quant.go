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
	always(dynamicQuantizeLinear),
	always(qlinearMatMul),
	alwaysTiled(dequantizeLinear),
	alwaysTiled(quantizeLinear),
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

// operandOf is an input as a list of T: converted when the operator is bound, if it is a constant.
type operandOf[T tensor.Element] struct {
	input int
	elems []T
}

func newOperand[T tensor.Element](b *exec.Binding, i int) operandOf[T] {
	if i < len(b.In) {
		return operandOf[T]{i, as[T](b.In[i].Const)}
	}
	return operandOf[T]{input: i}
}

// get returns the elements; nil when the input is absent.
func (p *operandOf[T]) get(f *exec.Frame) []T {
	if p.elems != nil {
		return p.elems
	}
	return as[T](f.In(p.input))
}

// elementTiles returns tiles of the elements of input 0: run changes those from at on from what input 0 has to what output 0
// gets.
func elementTiles(b *exec.Binding, o tensor.CastOptions, run func(xs []float64, at int, s, z []float32)) tiles {
	const size = 1 << 16 // a multiple of the elements that share bytes
	n, dt := tensor.Count(b.Shape(0)), b.Out[0].DType
	read, write := tensor.Reader(b.DType(0)), tensor.Writer(dt, o)
	scale, zero := newOperand[float32](b, 1), newOperand[float32](b, 2)
	return tiles{blocks(n, size), func(f *exec.Frame, tile int) error {
		from, to := tile*size, min((tile+1)*size, n)
		x, y, s, z := f.In(0), f.Out(0), scale.get(f), zero.get(f)
		if dt.IsPacked() {
			clear(y.Bytes()[dt.Bytes(from):dt.Bytes(to)])
		}
		var buf [tensor.MaxRun]float64
		for at := from; at < to; at += len(buf) {
			xs := buf[:min(len(buf), to-at)]
			read(xs, x, at)
			run(xs, at, s, z)
			write(y, at, xs)
		}
		return nil
	}}
}

func quantizeLinear(b *exec.Binding, o *op.QuantizeLinear) tiles {
	g := newGrains(b, o.Axis, o.BlockSize)
	precision := b.DType(1)
	if o.Precision != 0 {
		precision = tensor.DType(o.Precision)
	}
	round := rounding(precision)
	whole := b.Out[0].DType.IsInt()
	lo, hi := intRange(b.Out[0].DType)
	return elementTiles(b, tensor.CastOptions{NoSaturate: !o.Saturate}, func(xs []float64, at int, s, z []float32) {
		for i, x := range xs {
			k := g.at(at + i)
			q := float32(x) / s[k]
			if round != nil {
				q = round(round(float32(x)) / round(s[k]))
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
			xs[i] = float64(q)
		}
	})
}

// intRange returns the least and largest value of an integer type of at most 16 bits.
func intRange(dt tensor.DType) (lo, hi float32) {
	n := float32(uint(1) << dt.Bits())
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

func dequantizeLinear(b *exec.Binding, o *op.DequantizeLinear) tiles {
	g := newGrains(b, o.Axis, o.BlockSize)
	return elementTiles(b, tensor.CastOptions{}, func(xs []float64, at int, s, z []float32) {
		for i, x := range xs {
			k := g.at(at + i)
			if z != nil {
				x -= float64(z[min(k, len(z)-1)])
			}
			xs[i] = float64(float32(x) * s[k])
		}
	})
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
	switch w, y := b.DType(3), b.DType(7); {
	case w == tensor.Int8 && y == tensor.Int8:
		return qlinearConv[X, int8, int8](b, o)
	case w == tensor.Int8:
		return qlinearConv[X, int8, uint8](b, o)
	case y == tensor.Int8:
		return qlinearConv[X, uint8, int8](b, o)
	}
	return qlinearConv[X, uint8, uint8](b, o)
}

func qlinearConv[X, W, Y int8 | uint8](b *exec.Binding, o *op.QLinearConv) tiles {
	xs, ws := b.Shape(0), b.Shape(3)
	c := newConvolution(xs, ws, o.Group, o.Geometry(xs[2:], ws[2:], false))
	c.cut(min(c.block, max(1, qlinearSums/max(c.last.Out, 1))))
	lo, hi := intRange(b.DType(7))
	return c.eachTile(func(f *exec.Frame, i, m, xi, r0, r1 int) error {
		var buf [qlinearSums]int32
		y := tensor.Data[Y](f.Out(0))[i*c.out+r0*c.last.Out : i*c.out+r1*c.last.Out]
		sums := buf[:min(len(y), len(buf))]
		if len(y) > len(buf) {
			sums = make([]int32, len(y))
		}
		fill(sums, biasAt[int32](f, 8, m))
		x, w := tensor.Data[X](f.In(0))[xi*c.in:], tensor.Data[W](f.In(3))
		if err := convIntegers(&c, f, sums, x, w, pointOf[X](f, 2, 0), pointOf[W](f, 5, m), m, r0, r1); err != nil {
			return err
		}
		scale := tensor.Data[float32](f.In(1))[0] * elemOf(tensor.Data[float32](f.In(4)), m) / tensor.Data[float32](f.In(6))[0]
		zero := float32(pointOf[Y](f, 7, 0))
		for k, s := range sums {
			y[k] = Y(clampInt(float32(math.RoundToEven(float64(float32(s)*scale)))+zero, lo, hi))
		}
		return nil
	})
}

// qlinearSums is how many sums a tile of QLinearConv has, unless a row is longer.
const qlinearSums = 2048

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

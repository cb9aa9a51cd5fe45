package ref

import (
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var reduceKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.ArgMax]{
		tensor.Float32: argMax[float32],
		tensor.Float64: argMax[float64],
		tensor.Int8:    argMax[int8],
		tensor.Int16:   argMax[int16],
		tensor.Int32:   argMax[int32],
		tensor.Int64:   argMax[int64],
		tensor.Uint8:   argMax[uint8],
		tensor.Uint16:  argMax[uint16],
		tensor.Uint32:  argMax[uint32],
		tensor.Uint64:  argMax[uint64],
	}),
	by(map[tensor.DType]impl[*op.ArgMin]{
		tensor.Float32: argMin[float32],
		tensor.Float64: argMin[float64],
		tensor.Int8:    argMin[int8],
		tensor.Int16:   argMin[int16],
		tensor.Int32:   argMin[int32],
		tensor.Int64:   argMin[int64],
		tensor.Uint8:   argMin[uint8],
		tensor.Uint16:  argMin[uint16],
		tensor.Uint32:  argMin[uint32],
		tensor.Uint64:  argMin[uint64],
	}),
	by(map[tensor.DType]impl[*op.CumProd]{
		tensor.Float32: cumProd[float32],
		tensor.Float64: cumProd[float64],
		tensor.Int32:   cumProd[int32],
		tensor.Int64:   cumProd[int64],
		tensor.Uint32:  cumProd[uint32],
		tensor.Uint64:  cumProd[uint64],
	}),
	by(map[tensor.DType]impl[*op.CumSum]{
		tensor.Float32: cumSum[float32],
		tensor.Float64: cumSum[float64],
		tensor.Int32:   cumSum[int32],
		tensor.Int64:   cumSum[int64],
		tensor.Uint32:  cumSum[uint32],
		tensor.Uint64:  cumSum[uint64],
	}),
	tiled(map[tensor.DType]tiledImpl[*op.Reduce]{
		tensor.Bool:    reduceBool,
		tensor.Float32: reduceFloat[float32],
		tensor.Float64: reduceFloat[float64],
		tensor.Int8:    reduceWhole[int8, int64],
		tensor.Int32:   reduceWhole[int32, int64],
		tensor.Int64:   reduceWhole[int64, int64],
		tensor.Uint8:   reduceWhole[uint8, uint64],
		tensor.Uint32:  reduceWhole[uint32, uint64],
		tensor.Uint64:  reduceWhole[uint64, uint64],
	}),
}

// A layout is how the elements of a tensor fall to those of its reduction.
type layout struct{ kept, reduced runs }

// runs is a set of offsets: those of starts, each followed by n−1 more at a distance of step.
type runs struct {
	starts  []int
	n, step int
}

// runsOf returns the offsets of a walk over dims in row-major order. Dimensions that continue each other are merged.
func runsOf(dims, strides []int) runs {
	r := runs{[]int{0}, 1, 0}
	for d := len(dims) - 1; d >= 0; d-- { // the innermost run
		switch {
		case dims[d] == 1:
		case r.n == 1:
			r.n, r.step = dims[d], strides[d]
		case strides[d] == r.n*r.step:
			r.n *= dims[d]
		default:
			starts := []int{}
			tensor.Walk(dims[:d+1], [][]int{strides[:d+1]}, func(_ int, offs []int) { starts = append(starts, offs[0]) })
			r.starts = starts
			return r
		}
	}
	return r
}

// layoutOf returns the layout of reducing axes of a shape.
func layoutOf(shape, axes []int) layout {
	strides := tensor.Strides(shape)
	var dims, steps [2][]int
	for d, n := range shape {
		k := 0
		if slices.Contains(axes, d) {
			k = 1
		}
		dims[k], steps[k] = append(dims[k], n), append(steps[k], strides[d])
	}
	return layout{runsOf(dims[0], steps[0]), runsOf(dims[1], steps[1])}
}

// span calls f for elements lo to hi of the output with the offset where the elements that fall to it begin.
func (l *layout) span(lo, hi int, f func(i, base int)) {
	for i := lo; i < hi; i++ {
		f(i, l.kept.starts[i/l.kept.n]+i%l.kept.n*l.kept.step)
	}
}

// reducer binds a reduction: fold computes one output from the elements of x at base.
func reducer[T any](b *exec.Binding, o *op.Reduce, data func(*tensor.Tensor) []T, fold func(x []T, base int, r *runs) T) tiles {
	shape, count := b.Shape(0), tensor.Count(b.OutShape(0))
	run := func(f *exec.Frame, l *layout, lo, hi int) {
		x, y := data(f.In(0)), data(f.Out(0))
		l.span(lo, hi, func(i, base int) { y[i] = fold(x, base, &l.reduced) })
	}
	if b.Has(1) && b.In[1].Const == nil {
		return tiles{1, func(f *exec.Frame, _ int) error {
			l := layoutOf(shape, o.Axes(f.In(1).Int64s(), len(shape)))
			run(f, &l, 0, count)
			return nil
		}}
	}
	var axes []int64
	if b.Has(1) {
		axes = b.In[1].Const.Int64s()
	}
	l := layoutOf(shape, o.Axes(axes, len(shape)))
	block := blockOf(count, foldWork*len(l.reduced.starts)*l.reduced.n)
	return tiles{blocks(count, block), func(f *exec.Frame, tile int) error {
		run(f, &l, tile*block, min(count, (tile+1)*block))
		return nil
	}}
}

// foldWork is how many multiplications taking an element into a reduction is worth.
const foldWork = 4

func elements[T tensor.Element](t *tensor.Tensor) []T { return tensor.Data[T](t) }

// folding returns the fold that computes in A: add takes an element, end finishes with the number of elements.
func folding[T, A number](start A, add func(a, x A) A, end func(a A, n int) A) func(x []T, base int, r *runs) T {
	return func(x []T, base int, r *runs) T {
		a := start
		for _, at := range r.starts {
			at += base
			for range r.n {
				a = add(a, A(x[at]))
				at += r.step
			}
		}
		if end == nil {
			return T(a)
		}
		return T(end(a, len(r.starts)*r.n))
	}
}

// adding returns how a reduction takes an element, where it is a simple sum, product, maximum or minimum.
func adding[A number](fn op.ReduceFn) func(a, x A) A {
	switch fn {
	case op.ReduceL1:
		return func(a, x A) A { return a + max(x, -x) }
	case op.ReduceL2, op.ReduceSumSquare:
		return func(a, x A) A { return a + A(x*x) } // no fused product, so that all machines agree
	case op.ReduceMax:
		return func(a, x A) A { return max(a, x) }
	case op.ReduceMin:
		return func(a, x A) A { return min(a, x) }
	case op.ReduceProd:
		return func(a, x A) A { return a * x }
	}
	return func(a, x A) A { return a + x }
}

func reduceFloat[T float](b *exec.Binding, o *op.Reduce) tiles {
	var start float64
	var end func(a float64, n int) float64
	switch o.Fn {
	case op.ReduceL2:
		end = func(a float64, _ int) float64 { return math.Sqrt(a) }
	case op.ReduceLogSum:
		end = func(a float64, _ int) float64 { return math.Log(a) }
	case op.ReduceLogSumExp:
		return reducer(b, o, elements[T], logSumExp[T])
	case op.ReduceMax:
		start = math.Inf(-1)
	case op.ReduceMean:
		end = func(a float64, n int) float64 { return a / float64(n) }
	case op.ReduceMin:
		start = math.Inf(1)
	case op.ReduceProd:
		start = 1
	}
	return reducer(b, o, elements[T], folding[T](start, adding[float64](o.Fn), end))
}

func reduceWhole[T whole, A int64 | uint64](b *exec.Binding, o *op.Reduce) tiles {
	var start A
	var end func(a A, n int) A
	add := adding[A](o.Fn)
	least, most := limits[T]()
	switch o.Fn {
	case op.ReduceL1:
		if ^A(0) > 0 { // unsigned: −x is no magnitude
			add = func(a, x A) A { return a + x }
		}
	case op.ReduceL2:
		end = func(a A, _ int) A { return A(math.Sqrt(float64(a))) }
	case op.ReduceMax:
		start = A(least)
	case op.ReduceMean:
		end = func(a A, n int) A {
			if n == 0 {
				return 0
			}
			return a / A(n)
		}
	case op.ReduceMin:
		start = A(most)
	case op.ReduceProd:
		start = 1
	}
	return reducer(b, o, elements[T], folding[T](start, add, end))
}

// limits returns the smallest and the largest value of an integer type.
func limits[T whole]() (least, most T) {
	if ^T(0) > 0 {
		return 0, ^T(0)
	}
	for least = 1; least > 0; {
		least <<= 1
	}
	return least, ^least
}

// reduceBool is ReduceMax and ReduceMin with False below True.
func reduceBool(b *exec.Binding, o *op.Reduce) tiles {
	start := o.Fn == op.ReduceMin
	return reducer(b, o, elements[bool], func(x []bool, base int, r *runs) bool {
		for _, at := range r.starts {
			at += base
			for range r.n {
				if x[at] != start {
					return !start
				}
				at += r.step
			}
		}
		return start
	})
}

// logSumExp subtracts the maximum, so that no exponential overflows.
func logSumExp[T float](x []T, base int, r *runs) T {
	top := float64(folding[T](math.Inf(-1), adding[float64](op.ReduceMax), nil)(x, base, r))
	if math.IsInf(top, 0) {
		return T(top)
	}
	sum := 0.0
	for _, at := range r.starts {
		at += base
		for range r.n {
			sum += math.Exp(float64(x[at]) - top)
			at += r.step
		}
	}
	return T(math.Log(sum) + top)
}

func argMax[T number](b *exec.Binding, o *op.ArgMax) run {
	return argReduce(b, &o.ArgReduce, func(x, best T) bool { return x > best })
}

func argMin[T number](b *exec.Binding, o *op.ArgMin) run {
	return argReduce(b, &o.ArgReduce, func(x, best T) bool { return x < best })
}

func argReduce[T number](b *exec.Binding, o *op.ArgReduce, better func(x, best T) bool) run {
	a := axisOf(b.Shape(0), o.Axis)
	last := o.SelectLastIndex
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[int64](f.Out(0))
		if a.n == 0 && len(y) > 0 {
			return errEmptyAxis
		}
		a.each(func(i, base int) {
			best, at := x[base], 0
			for k := 1; k < a.n && best == best; k++ {
				v := x[base+k*a.inner]
				if better(v, best) || v != v || last && v == best {
					best, at = v, k
				}
			}
			y[i] = int64(at)
		})
		return nil
	}
}

func cumSum[T number](b *exec.Binding, o *op.CumSum) run {
	return cumulative(b, &o.Cumulative, 0, func(a, x T) T { return a + x })
}

func cumProd[T number](b *exec.Binding, o *op.CumProd) run {
	return cumulative(b, &o.Cumulative, 1, func(a, x T) T { return a * x })
}

func cumulative[T number](b *exec.Binding, o *op.Cumulative, start T, add func(a, x T) T) run {
	shape := b.Shape(0)
	return func(f *exec.Frame) error {
		axis := int(f.In(1).Int64s()[0])
		if axis < -len(shape) || axis >= len(shape) {
			return axisError(axis, len(shape))
		}
		a := axisOf(shape, axis)
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		a.each(func(_, base int) {
			sum, at, step := start, base, a.inner
			if o.Reverse {
				at, step = base+(a.n-1)*a.inner, -a.inner
			}
			for range a.n {
				next := add(sum, x[at])
				if o.Exclusive {
					y[at] = sum
				} else {
					y[at] = next
				}
				sum = next
				at += step
			}
		})
		return nil
	}
}

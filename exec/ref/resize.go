package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var resizeKernels = []exec.Kernel{
	exec.On(bindResize),
}

// bindResize moves elements in the mode nearest and computes in the others.
func bindResize(b *exec.Binding, o *op.Resize) (exec.Step, error) {
	if o.Mode != "nearest" {
		return resizeBy(b, o)
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	return moveStep(b, func(b *exec.Binding) run { return resizeNearest(b, o) }), nil
}

var resizeBy = byStep(map[tensor.DType]impl[*op.Resize]{
	tensor.Float32: resize(asIs[float32]),
	tensor.Float64: resize(asIs[float64]),
	tensor.Int16:   resize(roundTo[int16]),
	tensor.Int32:   resize(roundTo[int32]),
	tensor.Int64:   resize(roundTo[int64]),
	tensor.Int8:    resize(roundTo[int8]),
	tensor.Uint16:  resize(roundTo[uint16]),
	tensor.Uint32:  resize(roundTo[uint32]),
	tensor.Uint64:  resize(roundTo[uint64]),
	tensor.Uint8:   resize(roundTo[uint8]),
})

// resizePlan returns a function that gives what build makes of the plan of a run: the one of binding when region, scales
// and sizes are known then.
func resizePlan[T any](b *exec.Binding, o *op.Resize, build func([]op.ResizeAxis) T) func(f *exec.Frame) (T, error) {
	shape := b.Shape(0)
	plan := func(roi, scales, sizes *tensor.Tensor) (T, error) {
		var list []float32
		var want []int64
		if scales != nil && scales.Len() > 0 {
			list = tensor.Data[float32](scales)
		} else if sizes != nil {
			want = tensor.Data[int64](sizes)
		}
		var region []float64
		if o.Coordinates == "tf_crop_and_resize" {
			region = as[float64](roi)
		}
		p, err := o.Plan(shape, region, list, want)
		if err != nil {
			return *new(T), err
		}
		return build(p), nil
	}
	known := true
	for i := 1; i < len(b.In); i++ {
		known = known && (!b.Has(i) || constOf(b, i) != nil)
	}
	if known {
		p, err := plan(constOf(b, 1), constOf(b, 2), constOf(b, 3))
		return func(*exec.Frame) (T, error) { return p, err }
	}
	return func(f *exec.Frame) (T, error) { return plan(f.In(1), f.In(2), f.In(3)) }
}

func resizeNearest(b *exec.Binding, o *op.Resize) run {
	mv := movesOf(b.DType(0))
	strides := tensor.Strides(b.Shape(0))
	offsets := resizePlan(b, o, func(axes []op.ResizeAxis) [][]int {
		offs := make([][]int, len(axes))
		for i, a := range axes {
			offs[i] = o.Nearest(a)
			for k := range offs[i] {
				offs[i][k] *= strides[i]
			}
		}
		return offs
	})
	var value *tensor.Tensor
	if dt := b.DType(0); o.Coordinates == "tf_crop_and_resize" && dt != tensor.String && o.Extrapolation != 0 {
		value = tensor.Convert(tensor.Scalar(o.Extrapolation), dt)
	}
	return func(f *exec.Frame) error {
		offs, err := offsets(f)
		if err != nil {
			return err
		}
		if y := f.Out(0); o.Coordinates == "tf_crop_and_resize" {
			mv.fill(y, 0, y.Len(), value)
		}
		return mv.pick(f, offs, f.Out(0), f.In(0))
	}
}

// resizing is one axis that is resampled.
type resizing struct {
	axis int
	op.Taps
}

// resize returns the kernel that resamples one axis after the other in F, and rounds in the end.
func resize[T number, F float](round func(F) T) impl[*op.Resize] {
	return func(b *exec.Binding, o *op.Resize) run {
		shape := b.Shape(0)
		plan := resizePlan(b, o, func(axes []op.ResizeAxis) []resizing {
			var list []resizing
			for i, a := range axes {
				if !o.Same(a) {
					list = append(list, resizing{i, o.Taps(a)})
				}
			}
			return list
		})
		return func(f *exec.Frame) error {
			axes, err := plan(f)
			if err != nil {
				return err
			}
			now := append([]int(nil), shape...)
			x := convertAll[F](tensor.Data[T](f.In(0)))
			for _, a := range axes {
				n := len(a.Index) / a.N
				l := axisOf(now, a.axis)
				now[a.axis] = n
				if x, err = resampleAxis(f, x, l, n, a.Taps); err != nil {
					return err
				}
			}
			y := tensor.Data[T](f.Out(0))
			for i := range y {
				y[i] = round(x[i])
			}
			for _, a := range axes {
				extrapolate(y, axisOf(now, a.axis), a.Outside, round(F(o.Extrapolation)))
			}
			return nil
		}
	}
}

// convertAll returns numbers as another type: the same ones when it is their own.
func convertAll[F, T number](x []T) []F {
	if same, ok := any(x).([]F); ok {
		return same
	}
	y := make([]F, len(x))
	for i, v := range x {
		y[i] = F(v)
	}
	return y
}

// resampleAxis replaces the l.n elements along an axis by n weighted sums.
func resampleAxis[F float](f *exec.Frame, x []F, l lanes, n int, t op.Taps) ([]F, error) {
	y := make([]F, l.outer*n*l.inner)
	for outer := range l.outer {
		for i := range n {
			row := y[(outer*n+i)*l.inner:][:l.inner]
			idx, weights := t.Index[i*t.N:][:t.N], t.Weight[i*t.N:][:t.N]
			for j := range row {
				sum := 0.0
				for k, w := range weights {
					sum += float64(w * float64(x[(outer*l.n+idx[k])*l.inner+j]))
				}
				row[j] = F(sum)
			}
		}
		if err := pollEvery(f, outer, n*l.inner*t.N); err != nil {
			return nil, err
		}
	}
	return y, nil
}

func asIs[F float](x F) F { return x }

// roundTo rounds to the nearest integer, to even in the middle, and moves it into the range of T.
func roundTo[T whole](x float64) T {
	lo, hi := limits[T]()
	switch r := math.RoundToEven(x); {
	case r != r:
		return 0
	case r <= float64(lo):
		return lo
	case r >= float64(hi):
		return hi
	default:
		return T(r)
	}
}

// extrapolate sets the places along an axis that are outside.
func extrapolate[T any](y []T, l lanes, outside []bool, value T) {
	for i, out := range outside {
		if !out {
			continue
		}
		for outer := range l.outer {
			row := y[(outer*l.n+i)*l.inner:][:l.inner]
			for j := range row {
				row[j] = value
			}
		}
	}
}

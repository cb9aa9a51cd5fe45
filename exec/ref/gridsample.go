package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var gridSampleKernels = []exec.Kernel{
	exec.On(bindGridSample),
	floats(affineGrid[float32], affineGrid[float64]),
}

// affineGrid multiplies the homogeneous coordinates of each place, innermost dimension first, with theta.
func affineGrid[T float](b *exec.Binding, o *op.AffineGrid) run {
	shape := b.OutShape(0)
	n := len(shape) - 2
	space := shape[1 : n+1]
	return func(f *exec.Frame) error {
		theta, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		at := make([]T, n+1)
		at[n] = 1
		places := tensor.Count(space)
		for i := range shape[0] * places {
			rest := i % places
			for d := n - 1; d >= 0; d-- {
				at[n-1-d] = T(gridPlace(rest%space[d], space[d], o.AlignCorners))
				rest /= space[d]
			}
			m := theta[i/places*n*(n+1):]
			for r := range n {
				var sum T
				for k, x := range at {
					sum += m[r*(n+1)+k] * x
				}
				y[i*n+r] = sum
			}
			if err := pollEvery(f, i, n*n); err != nil {
				return err
			}
		}
		return nil
	}
}

// gridPlace returns the coordinate of element i of n; a lone element is in the middle.
func gridPlace(i, n int, alignCorners bool) float64 {
	switch {
	case n == 1:
		return 0
	case alignCorners:
		return 2*float64(i)/float64(n-1) - 1
	}
	return (2*float64(i)+1)/float64(n) - 1
}

// bindGridSample moves elements in the mode nearest and computes in the others.
func bindGridSample(b *exec.Binding, o *op.GridSample) (exec.Step, error) {
	if o.Mode != "nearest" {
		return gridSampleBy(b, o)
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	return moveStep(b, func(b *exec.Binding) run { return gridSampleNearest(b, o) }), nil
}

var gridSampleBy = byStep(map[tensor.DType]impl[*op.GridSample]{
	tensor.Float32: gridSample(asFloat[float32]),
	tensor.Float64: gridSample(asFloat[float64]),
	tensor.Int16:   gridSample(roundDown[int16]),
	tensor.Int32:   gridSample(roundDown[int32]),
	tensor.Int64:   gridSample(roundDown[int64]),
	tensor.Int8:    gridSample(roundDown[int8]),
	tensor.Uint16:  gridSample(roundDown[uint16]),
	tensor.Uint32:  gridSample(roundDown[uint32]),
	tensor.Uint64:  gridSample(roundDown[uint64]),
	tensor.Uint8:   gridSample(roundDown[uint8]),
})

func asFloat[T float](x float64) T { return T(x) }

// roundDown rounds towards zero and moves the integer into the range of T.
func roundDown[T whole](x float64) T { return roundTo[T](math.Trunc(x)) }

// A sampler finds the elements of an image that count at a place.
type sampler struct {
	*op.GridSample
	space   []int // dimensions of the image
	strides []int
	single  bool // coordinates are float32
	idx     [][]int
	weight  [][]float64
}

func newSampler(b *exec.Binding, o *op.GridSample, single bool) *sampler {
	space := b.Shape(0)[2:]
	s := &sampler{GridSample: o, space: space, strides: tensor.Strides(space), single: single}
	n := map[string]int{"nearest": 1, "linear": 2, "cubic": 4}[o.Mode]
	for range space {
		s.idx, s.weight = append(s.idx, make([]int, n)), append(s.weight, make([]float64, n))
	}
	return s
}

// locate sets the elements along each dimension, −1 outside, and their weights for a place: a vector of the grid.
func (s *sampler) locate(place []float64) {
	for d, n := range s.space {
		lo, hi := -0.5, float64(n)-0.5
		if s.AlignCorners {
			lo, hi = 0, float64(n-1)
		}
		x := s.denormalize(place[len(place)-1-d], n)
		if s.Mode == "nearest" {
			x = math.RoundToEven(x)
		}
		switch {
		case s.Mode == "cubic" || x >= lo && x <= hi: // a cubic interpolation pads each of its elements
		case s.Padding == "border":
			x = math.Min(math.Max(x, 0), float64(n-1))
		case s.Padding == "reflection":
			x = reflect(x, lo, hi)
		}
		if !(math.Abs(x) < 1<<52) {
			x = -1 << 40 // too far out for its fraction to mean something, or no number
		}
		idx, w := s.idx[d], s.weight[d]
		floor := math.Floor(x)
		first := floor
		switch r := x - floor; s.Mode {
		case "nearest":
			w[0] = 1
		case "linear":
			w[0], w[1] = 1-r, r
		default:
			first--
			for k := range w {
				w[k] = cubicWeight(math.Abs(r + 1 - float64(k)))
			}
		}
		for k := range idx {
			idx[k] = s.element(first+float64(k), n, lo, hi)
		}
	}
}

// denormalize returns the place in elements of a coordinate from −1 to 1.
func (s *sampler) denormalize(x float64, n int) float64 {
	switch {
	case s.single && s.AlignCorners:
		return float64((float32(x) + 1) / 2 * float32(n-1))
	case s.single:
		return float64((float32((float32(x)+1)*float32(n)) - 1) / 2)
	case s.AlignCorners:
		return (x + 1) / 2 * float64(n-1)
	}
	return (float64((x+1)*float64(n)) - 1) / 2
}

// element returns the element of a dimension that stands at i, −1 for none.
func (s *sampler) element(i float64, n int, lo, hi float64) int {
	switch s.Padding {
	case "border":
		i = math.Min(math.Max(i, 0), float64(n-1))
	case "reflection":
		i = math.Min(math.Max(math.Trunc(reflect(i, lo, hi)), 0), float64(n-1))
	}
	if i < 0 || i >= float64(n) {
		return -1
	}
	return int(i)
}

// reflect mirrors x at the borders until it is between them.
func reflect(x, lo, hi float64) float64 {
	size := hi - lo
	switch {
	case x >= lo && x <= hi:
		return x
	case size <= 0 || x != x || math.IsInf(x, 0):
		return lo
	}
	r := math.Mod(math.Abs(x-lo), 2*size)
	return lo + math.Min(r, 2*size-r)
}

// cubicWeight is the cubic convolution kernel with a = −0.75.
func cubicWeight(x float64) float64 {
	const a = -0.75
	switch {
	case x <= 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return ((a*x-5*a)*x+8*a)*x - 4*a
	}
	return 0
}

// each calls visit with every element that counts and its weight.
func (s *sampler) each(visit func(at int, w float64)) {
	pick := make([]int, len(s.space))
	for {
		at, w, inside := 0, 1.0, true
		for d, k := range pick {
			inside = inside && s.idx[d][k] >= 0
			at += s.idx[d][k] * s.strides[d]
			w *= s.weight[d][k]
		}
		if inside {
			visit(at, w)
		}
		d := len(pick) - 1
		for ; d >= 0; d-- {
			if pick[d]++; pick[d] < len(s.idx[d]) {
				break
			}
			pick[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// places calls visit for each vector of the grid, after locating it, with its image and number there.
func (s *sampler) places(f *exec.Frame, grid *tensor.Tensor, work int, visit func(image, place, places int)) error {
	xs := as[float64](grid)
	n := len(s.space)
	places := tensor.Count(grid.Shape()[1 : n+1])
	for i := range len(xs) / n {
		s.locate(xs[i*n:][:n])
		visit(i/places, i%places, places)
		if err := pollEvery(f, i, work); err != nil {
			return err
		}
	}
	return nil
}

func gridSampleNearest(b *exec.Binding, o *op.GridSample) run {
	mv, channels, size := movesOf(b.DType(0)), b.Shape(0)[1], tensor.Count(b.Shape(0)[2:])
	return func(f *exec.Frame) error {
		x, y, grid := f.In(0), f.Out(0), f.In(1)
		s := newSampler(b, o, grid.DType() != tensor.Float64)
		mv.fill(y, 0, y.Len(), nil)
		return s.places(f, grid, channels*16, func(image, place, places int) {
			s.each(func(at int, _ float64) {
				for c := image * channels; c < (image+1)*channels; c++ {
					mv.run(y, c*places+place, x, c*size+at, 1)
				}
			})
		})
	}
}

// gridSample returns the kernel that sums weighted elements and rounds the sums.
func gridSample[T number](round func(float64) T) impl[*op.GridSample] {
	return func(b *exec.Binding, o *op.GridSample) run {
		channels, size := b.Shape(0)[1], tensor.Count(b.Shape(0)[2:])
		return func(f *exec.Frame) error {
			x, y, grid := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0)), f.In(1)
			s := newSampler(b, o, grid.DType() != tensor.Float64)
			sums := make([]float64, channels)
			return s.places(f, grid, channels*16, func(image, place, places int) {
				clear(sums)
				s.each(func(at int, w float64) {
					for c := range sums {
						sums[c] += float64(w * float64(x[(image*channels+c)*size+at]))
					}
				})
				for c, sum := range sums {
					y[(image*channels+c)*places+place] = round(sum)
				}
			})
		}
	}
}

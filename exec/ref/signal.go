package ref

import (
	"fmt"
	"math"
	"math/cmplx"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var signalKernels = []exec.Kernel{
	always(melWeights),
	always(window),
	floats(dft[float32], dft[float64]),
	floats(stft[float32], stft[float64]),
}

func dft[T float](b *exec.Binding, o *op.DFT) run {
	return func(f *exec.Frame) error {
		x, y := f.In(0), f.Out(0)
		shape := x.Shape()
		rank, axis := len(shape), len(shape)-2
		if t := f.In(2); t != nil {
			if axis = int(t.Int64s()[0]); axis < 0 {
				axis += rank
			}
		}
		n, inner := shape[axis], tensor.Count(shape[axis+1:rank-1])
		length, bins := n, y.Shape()[axis]
		if t := f.In(1); t != nil {
			length = int(t.Int64s()[0])
		} else if o.Onesided && o.Inverse {
			length = 2 * (n - 1)
		}
		p := newFFT(length)
		line := make([]complex128, length)
		in := signal[T]{tensor.Data[T](x), shape[rank-1]}
		out := signal[T]{tensor.Data[T](y), y.Shape()[rank-1]}
		for at := range tensor.Count(shape[:axis]) * inner {
			if err := f.Err(); err != nil {
				return err
			}
			clear(line)
			for k := range min(n, length) {
				line[k] = in.at((at/inner*n+k)*inner + at%inner)
			}
			switch {
			case !o.Inverse:
				p.forward(line)
			case o.Onesided: // the other half of the spectrum of real numbers mirrors this one
				for k := 1; k <= (length-1)/2; k++ {
					line[length-k] = cmplx.Conj(line[k])
				}
				fallthrough
			default:
				p.inverse(line)
			}
			for k := range bins {
				out.set((at/inner*bins+k)*inner+at%inner, line[k])
			}
		}
		return nil
	}
}

// signal views pairs of a real and an imaginary part, or real numbers alone, as complex numbers.
type signal[T float] struct {
	data  []T
	parts int // 1 or 2
}

func (s signal[T]) at(i int) complex128 {
	if s.parts == 1 {
		return complex(float64(s.data[i]), 0)
	}
	return complex(float64(s.data[2*i]), float64(s.data[2*i+1]))
}

func (s signal[T]) set(i int, x complex128) {
	s.data[s.parts*i] = T(real(x))
	if s.parts == 2 {
		s.data[2*i+1] = T(imag(x))
	}
}

func stft[T float](b *exec.Binding, o *op.STFT) run {
	xs := b.Shape(0)
	return func(f *exec.Frame) error {
		step := int(f.In(1).Int64s()[0])
		win := optional[T](f.In(2))
		length := xs[1]
		if win != nil {
			length = len(win)
		} else if t := f.In(3); t != nil {
			length = int(t.Int64s()[0])
		}
		ys := f.Out(0).Shape()
		frames, bins := ys[1], ys[2]
		in, out := signal[T]{tensor.Data[T](f.In(0)), xs[2]}, signal[T]{tensor.Data[T](f.Out(0)), 2}
		p := newFFT(length)
		line := make([]complex128, length)
		for i := range xs[0] * frames {
			if err := f.Err(); err != nil {
				return err
			}
			from := i/frames*xs[1] + i%frames*step
			for k := range line {
				line[k] = in.at(from + k)
				if win != nil {
					line[k] *= complex(float64(win[k]), 0)
				}
			}
			p.forward(line)
			for k := range bins {
				out.set(i*bins+k, line[k])
			}
		}
		return nil
	}
}

// window computes a window function, which is 1 where it is symmetric and has one point.
func window(b *exec.Binding, o *op.Window) run {
	return func(f *exec.Frame) error {
		w := make([]float64, f.Out(0).Len())
		period := float64(len(w))
		if !o.Periodic {
			period--
		}
		for i := range w {
			x := math.Pi * float64(i) / period
			switch {
			case period == 0:
				w[i] = 1
			case o.Fn == op.HannWindow:
				w[i] = math.Sin(x) * math.Sin(x)
			case o.Fn == op.HammingWindow:
				w[i] = 25./46 - 21./46*math.Cos(2*x)
			default: // Blackman
				w[i] = 0.42 - 0.5*math.Cos(2*x) + 0.08*math.Cos(4*x)
			}
		}
		put(f.Out(0), 0, w)
		return nil
	}
}

// melWeights computes triangles whose corners are evenly spaced on the mel scale, mel(f) = 2595·log10(1 + f/700).
func melWeights(b *exec.Binding, o *op.MelWeightMatrix) run {
	return func(f *exec.Frame) error {
		var edges [2]float64
		for i := range edges {
			edges[i] = f.In(3 + i).Float64s()[0]
			if !(edges[i] >= 0) {
				return fmt.Errorf("input %d is %v, want 0 or more", 3+i, edges[i])
			}
		}
		rows, bands := f.Out(0).Shape()[0], f.Out(0).Shape()[1]
		length, rate := float64(f.In(1).Int64s()[0]), float64(f.In(2).Int64s()[0])
		if rate <= 0 {
			return fmt.Errorf("input 2 (sample_rate) is %v, want 1 or more", rate)
		}
		mel := func(hertz float64) float64 { return 2595 * math.Log10(1+hertz/700) }
		low := mel(edges[0])
		step := (mel(edges[1]) - low) / float64(bands+2)
		corners := make([]int, bands+2)
		for i := range corners {
			hertz := 700 * (math.Pow(10, (low+float64(i)*step)/2595) - 1)
			bin := math.Floor((length + 1) * hertz / rate)
			if !(bin >= 0 && bin < float64(rows)) {
				return fmt.Errorf("a band ends at %v Hz, outside the spectrum of sample rate %v", hertz, rate)
			}
			corners[i] = int(bin)
		}
		w := make([]float64, rows*bands)
		for i := range bands {
			left, center, right := corners[i], corners[i+1], corners[i+2]
			for j := left; j <= center; j++ {
				w[j*bands+i] = 1
				if center > left {
					w[j*bands+i] = float64(j-left) / float64(center-left)
				}
			}
			for j := center; j < right; j++ {
				w[j*bands+i] = float64(right-j) / float64(right-center)
			}
		}
		put(f.Out(0), 0, w)
		return nil
	}
}

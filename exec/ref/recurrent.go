package ref

import (
	"fmt"
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var recurrentKernels = []exec.Kernel{
	floats(gru[float32], gru[float64]),
	floats(lstm[float32], lstm[float64]),
	floats(rnn[float32], rnn[float64]),
}

// cell computes one time step of one sequence. It adds to gates, which holds X[t]·Wᵀ + Wb, what comes of the state, and
// replaces the state.
type cell[T float] func(l *layer[T], gates []T)

// layer is one direction of a recurrent layer while it walks one sequence.
type layer[T float] struct {
	r, rb []T // [gates*hidden,hidden] and [gates*hidden], rb nil for zero
	p     []T // peepholes, nil for none
	h, c  []T // the state
	tmp   []T // hidden elements of scratch
}

func rnn[T float](b *exec.Binding, o *op.RNN) run {
	acts, err := o.Gates()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	fns := activations[T](&o.Recurrent, acts)
	return recurrent(b, &o.Recurrent, 1, func(dir int) cell[T] {
		f := fns[dir]
		return func(l *layer[T], x []T) {
			l.recur(x, l.h, 0, len(x))
			for j := range x {
				l.h[j] = f(x[j])
			}
		}
	})
}

func gru[T float](b *exec.Binding, o *op.GRU) run {
	acts, err := o.Gates()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	fns := activations[T](&o.Recurrent, acts)
	return recurrent(b, &o.Recurrent, 3, func(dir int) cell[T] {
		f, g := fns[2*dir], fns[2*dir+1]
		return func(l *layer[T], x []T) {
			n := len(l.h)
			z, r, h := x[:n], x[n:2*n], x[2*n:]
			l.recur(x, l.h, 0, 2*n)
			for j := range n {
				z[j], r[j] = f(z[j]), f(r[j])
			}
			clear(l.tmp)
			if o.LinearBeforeReset {
				l.recurInto(l.tmp, l.h, 2*n)
				for j := range n {
					h[j] += r[j] * l.tmp[j]
				}
			} else {
				for j := range n {
					r[j] *= l.h[j]
				}
				l.recurInto(h, r, 2*n)
			}
			for j := range n {
				l.h[j] = (1-z[j])*g(h[j]) + z[j]*l.h[j]
			}
		}
	})
}

func lstm[T float](b *exec.Binding, o *op.LSTM) run {
	acts, err := o.Gates()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	fns := activations[T](&o.Recurrent, acts)
	return recurrent(b, &o.Recurrent, 4, func(dir int) cell[T] {
		f, g := fns[3*dir], fns[3*dir+1]
		h := activation[T](acts[3*dir+2]) // ONNX Runtime clips what the gates get, not the cell
		return func(l *layer[T], x []T) {
			n := len(l.h)
			gi, gout, gf, gc := x[:n], x[n:2*n], x[2*n:3*n], x[3*n:]
			l.recur(x, l.h, 0, 4*n)
			for j := range n {
				if l.p != nil {
					gi[j] += l.p[j] * l.c[j]
					gf[j] += l.p[2*n+j] * l.c[j]
				}
				i := f(gi[j])
				forget := 1 - i
				if !o.InputForget {
					forget = f(gf[j])
				}
				l.c[j] = forget*l.c[j] + i*g(gc[j])
				if l.p != nil {
					gout[j] += l.p[n+j] * l.c[j]
				}
				l.h[j] = f(gout[j]) * h(l.c[j])
			}
		}
	})
}

// recur adds h·Rᵀ + Rb to the gates from row to row.
func (l *layer[T]) recur(gates, h []T, from, to int) {
	l.recurInto(gates[from:to], h, from)
}

// recurInto adds h·Rᵀ + Rb to out, for as many rows as out has, starting at row.
func (l *layer[T]) recurInto(out, h []T, row int) {
	for j := range out {
		out[j] += dot(l.r[(row+j)*len(h):][:len(h)], h)
		if l.rb != nil {
			out[j] += l.rb[row+j]
		}
	}
}

// dot returns Σ a[i]·b[i]. b is at least as long as a.
func dot[T float](a, b []T) T {
	var s T
	b = b[:len(a)]
	for i, x := range a {
		s += T(x * b[i])
	}
	return s
}

// recurrent walks every sequence of the batch in every direction. Inputs are X, W, R, B, sequence_lens, initial_h and,
// for LSTM, initial_c and P; outputs Y, Y_h and Y_c.
func recurrent[T float](b *exec.Binding, o *op.Recurrent, gates int, cells func(dir int) cell[T]) run {
	xs, dirs, hidden := b.Shape(0), o.Dirs(), b.Shape(2)[2]
	seq, batch, size := xs[0], xs[1], xs[2]
	if o.Layout == 1 {
		seq, batch = batch, seq
	}
	rows := gates * hidden
	return func(f *exec.Frame) error {
		var (
			x, w, r    = tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1)), tensor.Data[T](f.In(2))
			bias       = optional[T](f.In(3))
			h0, c0, p  = optional[T](f.In(5)), optional[T](f.In(6)), optional[T](f.In(7))
			y, yh, yc  = optional[T](f.Out(0)), optional[T](f.Out(1)), optional[T](f.Out(2))
			lens       = optional[int32](f.In(4))
			pre, state = make([]T, rows), make([]T, 3*hidden)
		)
		for dir := range dirs {
			l := &layer[T]{r: r[dir*rows*hidden:], h: state[:hidden], c: state[hidden : 2*hidden], tmp: state[2*hidden:]}
			var wb []T
			if bias != nil {
				wb, l.rb = bias[dir*2*rows:], bias[dir*2*rows+rows:]
			}
			if p != nil {
				l.p = p[dir*(gates-1)*hidden:]
			}
			step := cells(dir)
			wd := w[dir*rows*size:]
			for n := range batch {
				at, stateAt := func(t int) int { return t*batch + n }, dir*batch+n
				yAt := func(t int) int { return (t*dirs+dir)*batch + n }
				if o.Layout == 1 {
					at, stateAt = func(t int) int { return n*seq + t }, n*dirs+dir
					yAt = func(t int) int { return (n*seq+t)*dirs + dir }
				}
				clear(state)
				if h0 != nil {
					copy(l.h, h0[stateAt*hidden:])
				}
				if c0 != nil {
					copy(l.c, c0[stateAt*hidden:])
				}
				length := seq
				if lens != nil {
					if length = int(lens[n]); length < 0 || length > seq {
						return fmt.Errorf("input 4 (sequence_lens): element %d is %d, want 0..%d", n, length, seq)
					}
				}
				if length == 0 {
					clear(state) // nothing was seen: zeros, as in ONNX Runtime, not the initial state
				}
				for s := range length {
					if err := f.Err(); err != nil {
						return err
					}
					t := s
					if dir == 1 || o.Direction == "reverse" {
						t = length - 1 - s
					}
					xt := x[at(t)*size:][:size]
					for j := range pre {
						pre[j] = dot(wd[j*size:][:size], xt)
						if wb != nil {
							pre[j] += wb[j]
						}
					}
					step(l, pre)
					if y != nil {
						copy(y[yAt(t)*hidden:][:hidden], l.h)
					}
				}
				if y != nil {
					for t := length; t < seq; t++ {
						clear(y[yAt(t)*hidden:][:hidden])
					}
				}
				if yh != nil {
					copy(yh[stateAt*hidden:][:hidden], l.h)
				}
				if yc != nil {
					copy(yc[stateAt*hidden:][:hidden], l.c)
				}
			}
		}
		return nil
	}
}

// activations returns the functions of the gates, each behind the clip of the layer.
func activations[T float](o *op.Recurrent, acts []op.Activation) []func(T) T {
	fns := make([]func(T) T, len(acts))
	for i, a := range acts {
		fns[i] = activation[T](a)
		if o.Clip.Set {
			fn, limit := fns[i], T(o.Clip.V)
			fns[i] = func(x T) T { return fn(max(-limit, min(limit, x))) }
		}
	}
	return fns
}

func activation[T float](a op.Activation) func(T) T {
	alpha, beta := T(a.Alpha), T(a.Beta)
	switch a.Name {
	case "Affine":
		return func(x T) T { return alpha*x + beta }
	case "Elu":
		return func(x T) T {
			if x >= 0 {
				return x
			}
			return alpha * T(math.Expm1(float64(x)))
		}
	case "HardSigmoid":
		return func(x T) T { return max(0, min(1, alpha*x+beta)) }
	case "LeakyRelu":
		return func(x T) T {
			if x >= 0 {
				return x
			}
			return alpha * x
		}
	case "Relu":
		return func(x T) T { return max(x, 0) }
	case "ScaledTanh":
		return func(x T) T { return alpha * T(math.Tanh(float64(beta*x))) }
	case "Sigmoid":
		return func(x T) T { return T(1 / (1 + math.Exp(-float64(x)))) }
	case "Softplus":
		return func(x T) T { return max(x, 0) + T(math.Log1p(math.Exp(-math.Abs(float64(x))))) }
	case "Softsign":
		return func(x T) T { return x / (1 + T(math.Abs(float64(x)))) }
	case "ThresholdedRelu":
		return func(x T) T {
			if x >= alpha {
				return x
			}
			return 0
		}
	}
	return func(x T) T { return T(math.Tanh(float64(x))) } // Tanh
}

// optional returns the elements of an operand that may be absent: nil then.
func optional[T tensor.Element](t *tensor.Tensor) []T {
	if t == nil {
		return nil
	}
	return tensor.Data[T](t)
}

// failed is the kernel of a node that cannot run.
func failed(err error) run { return func(*exec.Frame) error { return err } }

package cpu

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/cpu/simd"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func (e engine) elementwiseKernels() []exec.Kernel {
	return []exec.Kernel{
		exec.On(e.bindBinary),
		exec.On(e.bindUnary),
	}
}

// chunk is how many elements a tile of an elementwise operator has: a few microseconds.
const chunk = 16 << 10

// unaryMaps are the functions of Unary that have a vector form, with the arguments of that form.
var unaryMaps = map[op.UnaryFn]func(o *op.Unary) (f simd.MapOp, a, b float32){
	op.Abs:         plain(simd.Abs),
	op.Ceil:        plain(simd.Ceil),
	op.Cos:         plain(simd.Cos),
	op.Elu:         func(o *op.Unary) (simd.MapOp, float32, float32) { return simd.Elu, o.Alpha, 1 },
	op.Erf:         plain(simd.Erf),
	op.Exp:         plain(simd.Exp),
	op.Floor:       plain(simd.Floor),
	op.Gelu:        plain(simd.Gelu),
	op.GeluTanh:    plain(simd.GeluTanh),
	op.HardSigmoid: func(o *op.Unary) (simd.MapOp, float32, float32) { return simd.HardSigmoid, o.Alpha, o.Beta },
	op.HardSwish:   func(o *op.Unary) (simd.MapOp, float32, float32) { return simd.HardSwish, 1.0 / 6, 0.5 },
	op.LeakyRelu:   func(o *op.Unary) (simd.MapOp, float32, float32) { return simd.LeakyRelu, o.Alpha, 0 },
	op.Log:         plain(simd.Log),
	op.Mish:        plain(simd.Mish),
	op.Neg:         plain(simd.Neg),
	op.Reciprocal:  plain(simd.Reciprocal),
	op.Relu:        plain(simd.Relu),
	op.Round:       plain(simd.Round),
	op.Sigmoid:     plain(simd.Sigmoid),
	op.Sin:         plain(simd.Sin),
	op.Softplus:    plain(simd.Softplus),
	op.Softsign:    plain(simd.Softsign),
	op.Sqrt:        plain(simd.Sqrt),
	op.Swish:       func(o *op.Unary) (simd.MapOp, float32, float32) { return simd.Swish, o.Alpha, 0 },
	op.Tanh:        plain(simd.Tanh),
}

func plain(f simd.MapOp) func(*op.Unary) (simd.MapOp, float32, float32) {
	return func(*op.Unary) (simd.MapOp, float32, float32) { return f, 0, 0 }
}

// bindUnary binds Unary of float32 where the function has a vector form.
func (e engine) bindUnary(b *exec.Binding, o *op.Unary) (exec.Step, error) {
	row := unaryMaps[o.Fn]
	if b.DType(0) != tensor.Float32 || row == nil {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	f, alpha, beta := row(o)
	apply := simd.Map[e.level][f]
	n := tensor.Count(b.Shape(0))
	step := exec.Tiled((n+chunk-1)/chunk, func(fr *exec.Frame, tile int) error {
		lo, hi := tile*chunk, min((tile+1)*chunk, n)
		apply(tensor.Data[float32](fr.Out(0))[lo:hi], tensor.Data[float32](fr.In(0))[lo:hi], alpha, beta)
		return nil
	})
	step.Kernel = "map " + e.level.String()
	return step, nil
}

var binaryRows = map[op.BinaryFn]simd.BinaryOp{
	op.Add: simd.Add, op.Div: simd.Div, op.Max: simd.Max, op.Min: simd.Min, op.Mul: simd.Mul, op.PRelu: simd.PRelu, op.Sub: simd.Sub,
}

// shortRow is the length of rows below which the reference is no slower.
const shortRow = 8

// bindBinary binds Binary of float32 where the function has a vector form and the operands broadcast in rows that are long
// enough.
func (e engine) bindBinary(b *exec.Binding, o *op.Binary) (exec.Step, error) {
	fn, ok := binaryRows[o.Fn]
	if b.DType(0) != tensor.Float32 || b.DType(1) != tensor.Float32 || !ok {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	r := newRows(b.Shape(0), b.Shape(1), b.OutShape(0))
	if r.n < shortRow && r.count > 1 {
		return exec.Step{}, exec.ErrUnsupported
	}
	f := simd.Binary[e.level][fn]
	if r.count == 1 { // one row: cut it
		step := exec.Tiled((r.n+chunk-1)/chunk, func(fr *exec.Frame, tile int) error {
			lo, hi := tile*chunk, min((tile+1)*chunk, r.n)
			r.apply(&f, tensor.Data[float32](fr.Out(0))[lo:hi], tensor.Data[float32](fr.In(0))[lo*r.x:], tensor.Data[float32](fr.In(1))[lo*r.y:])
			return nil
		})
		step.Kernel = "row " + e.level.String()
		return step, nil
	}
	each := max(1, chunk/max(r.n, 1)) // rows of a tile
	step := exec.Tiled((r.count+each-1)/each, func(fr *exec.Frame, tile int) error {
		x, y, z := tensor.Data[float32](fr.In(0)), tensor.Data[float32](fr.In(1)), tensor.Data[float32](fr.Out(0))
		for i := tile * each; i < min((tile+1)*each, r.count); i++ {
			xo, yo := r.at(i)
			r.apply(&f, z[i*r.n:(i+1)*r.n], x[xo:], y[yo:])
		}
		return nil
	})
	step.Kernel = "rows " + e.level.String()
	return step, nil
}

// A rows cuts two operands that broadcast into rows of n elements in which each is dense or one number.
type rows struct {
	n, count int
	x, y     int   // 1 where the operand is dense along a row, 0 where it is one number
	dims     []int // of the rows
	xs, ys   []int // strides of the operands along those
}

func newRows(x, y, out []int) rows {
	xs, ys := tensor.BroadcastStrides(x, out), tensor.BroadcastStrides(y, out)
	r := rows{n: 1, count: 1, x: 1, y: 1}
	d := len(out) - 1
	for ; d >= 0; d-- {
		if out[d] == 1 {
			continue
		}
		if r.n == 1 {
			r.x, r.y = xs[d], ys[d] // 0 or 1: nothing but ones comes after
		} else if xs[d] != r.x*r.n || ys[d] != r.y*r.n {
			break
		}
		r.n *= out[d]
	}
	for ; d >= 0; d-- {
		if out[d] == 1 {
			continue
		}
		if k := len(r.dims) - 1; k >= 0 && xs[d] == r.xs[k]*r.dims[k] && ys[d] == r.ys[k]*r.dims[k] {
			r.dims[k] *= out[d]
		} else {
			r.dims, r.xs, r.ys = append(r.dims, out[d]), append(r.xs, xs[d]), append(r.ys, ys[d])
		}
		r.count *= out[d]
	}
	return r
}

// at returns where row i of the operands starts. The dimensions are listed from the last to the first.
func (r *rows) at(i int) (x, y int) {
	for k, d := range r.dims {
		x += i % d * r.xs[k]
		y += i % d * r.ys[k]
		i /= d
	}
	return x, y
}

// apply computes one row, or a part of it.
func (r *rows) apply(f *simd.BinaryRow, z, x, y []float32) {
	switch {
	case len(z) == 0:
	case r.x == 1 && r.y == 1:
		f.VV(z, x[:len(z)], y[:len(z)])
	case r.x == 1:
		f.VS(z, x[:len(z)], y[0])
	case r.y == 1:
		f.SV(z, x[0], y[:len(z)])
	default: // both are one number: the row is one element long
		f.VS(z, x[:1], y[0])
	}
}

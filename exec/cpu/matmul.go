package cpu

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func (e engine) matmulKernels() []exec.Kernel {
	return []exec.Kernel{
		exec.On(e.bindGemm),
		exec.On(e.bindMatMul),
	}
}

// A factors is a batch of products, the operands of each at some offset.
type factors struct {
	gemm
	a, b, c  []int // by product: where the operands start, in elements
	distinct int   // matrices of B: those of all products, or one
}

// bindMatMul binds MatMul of float32. A batch that shares one matrix B is one product with all rows.
func (e engine) bindMatMul(b *exec.Binding, o *op.MatMul) (exec.Step, error) {
	if b.DType(0) != tensor.Float32 {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	xs, ws := b.Shape(0), b.Shape(1)
	x, w := xs, ws
	if len(x) == 1 {
		x = []int{1, x[0]}
	}
	if len(w) == 1 {
		w = []int{w[0], 1}
	}
	rx, rw := len(x), len(w)
	f := factors{gemm: gemm{e.level, x[rx-2], w[rw-1], x[rx-1]}}
	batch := tensor.Count(w[:rw-2]) // matrices of B
	f.distinct = batch
	if batch == 1 {
		f.m *= tensor.Count(x[:rx-2])
		f.a, f.b, f.c = []int{0}, []int{0}, []int{0}
	} else {
		f.offsets(x[:rx-2], w[:rw-2])
	}
	return e.product(b, &f, f.n, 1, 1, func(*exec.Frame) initial { return initial{} })
}

// offsets finds the operands of each product of a batch.
func (f *factors) offsets(x, w []int) {
	shape, _ := tensor.Broadcast(x, w) // they passed Infer
	sx, sw := tensor.BroadcastStrides(x, shape), tensor.BroadcastStrides(w, shape)
	tensor.Walk(shape, [][]int{sx, sw}, func(i int, offs []int) {
		f.a = append(f.a, offs[0]*f.m*f.k)
		f.b = append(f.b, offs[1])
		f.c = append(f.c, i*f.m*f.n)
	})
}

// bindGemm binds Gemm of float32 where A is not transposed.
func (e engine) bindGemm(b *exec.Binding, o *op.Gemm) (exec.Step, error) {
	if b.DType(0) != tensor.Float32 || o.TransA {
		return exec.Step{}, exec.ErrUnsupported
	}
	if b.Probe {
		return exec.Step{}, nil
	}
	x, shape := b.Shape(0), b.OutShape(0)
	f := factors{gemm: gemm{e.level, shape[0], shape[1], x[1]}, a: []int{0}, b: []int{0}, c: []int{0}, distinct: 1}
	rowStep, colStep := shape[1], 1
	if o.TransB {
		rowStep, colStep = 1, x[1]
	}
	if !b.Has(2) {
		return e.product(b, &f, rowStep, colStep, o.Alpha, func(*exec.Frame) initial { return initial{} })
	}
	cs := b.Shape(2)
	if o.Beta == 1 && tensor.Count(cs) == shape[1] && (len(cs) == 1 || len(cs) == 2 && cs[0] == 1) {
		return e.product(b, &f, rowStep, colStep, o.Alpha, func(fr *exec.Frame) initial {
			return initial{bias: tensor.Data[float32](fr.In(2))}
		})
	}
	step, err := e.product(b, &f, rowStep, colStep, o.Alpha, func(*exec.Frame) initial { return initial{old: true} })
	if err != nil {
		return step, err
	}
	strides := tensor.BroadcastStrides(cs, shape)
	fill := exec.Phase{Tiles: 1, Run: func(fr *exec.Frame, _, _, _ int) error {
		c, y := tensor.Data[float32](fr.In(2)), tensor.Data[float32](fr.Out(0))
		for i := range shape[0] {
			for j := range shape[1] {
				y[i*shape[1]+j] = o.Beta * c[i*strides[0]+j*strides[1]]
			}
		}
		return nil
	}}
	step.Phases = append([]exec.Phase{fill}, step.Phases...)
	return step, nil
}

// product returns the step of a batch of products of inputs 0 and 1. Element (i, j) of a matrix of input 1 is at
// i·rowStep + j·colStep; it is multiplied with scale.
func (e engine) product(b *exec.Binding, f *factors, rowStep, colStep int, scale float32, init func(*exec.Frame) initial) (exec.Step, error) {
	if f.m == 0 || f.n == 0 || len(f.a) == 0 {
		return exec.Step{Kernel: "empty"}, nil
	}
	if f.k == 0 {
		return exec.Step{}, exec.ErrUnsupported
	}
	size := f.packed()
	each := f.k * f.n // of a matrix of B
	panel := f.k * f.width()
	step := exec.Step{Kernel: "gemm " + e.level.String()}
	var constant []float32
	if c := b.In[1].Const; c != nil {
		key := packKey{e.level, f.distinct, f.k, f.n, rowStep, colStep, scale}
		constant = b.Packed(1, key, func(c *tensor.Tensor) any {
			src, all := tensor.Data[float32](c), make([]float32, 0, f.distinct*size)
			for i := range f.distinct {
				all = append(all, f.packAll(src[i*each:], rowStep, colStep, scale)...)
			}
			return all
		}).([]float32)
	} else {
		step.Shared = 4 * f.distinct * size
		np := f.panels()
		step.Phases = append(step.Phases, exec.Phase{Tiles: f.distinct * np, Run: func(fr *exec.Frame, _, _, tile int) error {
			i, p := tile/np, tile%np
			src := tensor.Data[float32](fr.In(1))[i*each:]
			f.pack(floatsOf(fr.Shared())[i*size+p*panel:], src, p, rowStep, colStep, scale)
			return nil
		}})
	}
	g := f.grid()
	step.Phases = append(step.Phases, exec.Phase{Tiles: len(f.a) * g.tiles(), Run: func(fr *exec.Frame, _, _, tile int) error {
		i, t := tile/g.tiles(), tile%g.tiles()
		r0, p0 := t/g.across*g.rows, t%g.across*g.panels
		packed := constant
		if packed == nil {
			packed = floatsOf(fr.Shared())
		}
		x, y := tensor.Data[float32](fr.In(0)), tensor.Data[float32](fr.Out(0))
		f.rows(x[f.a[i]:], f.k, packed[f.b[i]*size+p0*panel:], y[f.c[i]:], f.n, r0, min(r0+g.rows, f.m), p0, min(p0+g.panels, f.panels()), init(fr))
		return nil
	}})
	return step, nil
}

// packKey is the format of a packed constant: a level of instructions and how the matrices lie.
type packKey struct {
	level            any
	distinct, k, n   int
	rowStep, colStep int
	scale            float32
}

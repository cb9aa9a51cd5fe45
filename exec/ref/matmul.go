package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var matmulKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.Gemm]{
		tensor.Float32: gemmJob[float32],
		tensor.Float64: gemmJob[float64],
		tensor.Int32:   gemmJob[int32],
		tensor.Int64:   gemmJob[int64],
		tensor.Uint32:  gemmJob[uint32],
		tensor.Uint64:  gemmJob[uint64],
	}),
	tiled(map[tensor.DType]tiledImpl[*op.MatMul]{
		tensor.Float32: matmul[float32],
		tensor.Float64: matmul[float64],
		tensor.Int32:   matmul[int32],
		tensor.Int64:   matmul[int64],
		tensor.Uint32:  matmul[uint32],
		tensor.Uint64:  matmul[uint64],
	}),
	tiled(map[tensor.DType]tiledImpl[*op.MatMulInteger]{
		tensor.Int8:  matmulIntegerOf[int8],
		tensor.Uint8: matmulIntegerOf[uint8],
	}),
	floats(det[float32], det[float64]),
}

func matmul[T number](b *exec.Binding, o *op.MatMul) tiles {
	p := newBatched(b.Shape(0), b.Shape(1))
	return p.eachTile(func(f *exec.Frame, e, aOff, bOff, i0, i1, jb int) error {
		y := tensor.Data[T](f.Out(0))[e*p.m*p.n:]
		clearTile(&p.gemm, y, i0, i1, jb)
		mulTile(&p.gemm, y, tensor.Data[T](f.In(0))[aOff:], tensor.Data[T](f.In(1))[bOff:], i0, i1, jb)
		return nil
	})
}

// clearTile makes a tile of y zero.
func clearTile[T number](g *gemm, y []T, i0, i1, jb int) {
	for i := i0; i < i1; i++ {
		clear(y[i*g.ldy+jb*gemmCols : i*g.ldy+min((jb+1)*gemmCols, g.n)])
	}
}

func gemmJob[T number](b *exec.Binding, o *op.Gemm) tiles {
	a, shape := b.Shape(0), b.OutShape(0)
	g := gemm{m: shape[0], n: shape[1], k: a[1], ai: a[1], ap: 1, trans: o.TransB, ldy: shape[1]}
	if o.TransA {
		g.k, g.ai, g.ap = a[0], 1, a[1]
	}
	cs := []int{0, 0}
	if b.Has(2) {
		cs = tensor.BroadcastStrides(b.Shape(2), shape)
	}
	rows, down, across := g.grid()
	return tiles{down * across, func(f *exec.Frame, tile int) error {
		jb, i0 := tile%across, tile/across*rows
		i1 := min(i0+rows, g.m)
		y := tensor.Data[T](f.Out(0))
		clearTile(&g, y, i0, i1, jb)
		mulTile(&g, y, tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1)), i0, i1, jb)
		var c []T
		if b.Has(2) {
			c = tensor.Data[T](f.In(2))
		}
		for i := i0; i < i1; i++ {
			for j := jb * gemmCols; j < min((jb+1)*gemmCols, g.n); j++ {
				v := times(o.Alpha, y[i*g.ldy+j])
				if c != nil {
					v += times(o.Beta, c[i*cs[0]+j*cs[1]])
				}
				y[i*g.ldy+j] = v
			}
		}
		return nil
	}}
}

// times returns s·x, exactly x when s is 1.
func times[T number](s float32, x T) T {
	if s == 1 {
		return x
	}
	return T(float64(s) * float64(x))
}

func matmulIntegerOf[A int8 | uint8](b *exec.Binding, o *op.MatMulInteger) tiles {
	if b.DType(1) == tensor.Int8 {
		return matmulInteger[A, int8](b)
	}
	return matmulInteger[A, uint8](b)
}

// matmulInteger multiplies integers less their zero points, the first per row and the second per column.
func matmulInteger[A, B int8 | uint8](b *exec.Binding) tiles {
	p := newBatched(b.Shape(0), b.Shape(1))
	az, bz := newZeros(b, 2, &p, true), newZeros(b, 3, &p, false)
	return p.eachTile(func(f *exec.Frame, e, aOff, bOff, i0, i1, jb int) error {
		x, w := tensor.Data[A](f.In(0))[aOff:], tensor.Data[B](f.In(1))[bOff:]
		y := tensor.Data[int32](f.Out(0))[e*p.m*p.n:]
		for i := i0; i < i1; i++ {
			row := y[i*p.n+jb*gemmCols : i*p.n+min((jb+1)*gemmCols, p.n)]
			clear(row)
			za := int32(pointAt[A](f, az, e, i))
			for k := range p.k {
				a := int32(x[i*p.k+k]) - za
				for j, v := range w[k*p.n+jb*gemmCols:][:len(row)] {
					row[j] += a * int32(v)
				}
			}
			if bz.input < 0 {
				continue
			}
			var sum int32 // Σ a·(w − z) = Σ a·w − z·Σ a
			for _, v := range x[i*p.k:][:p.k] {
				sum += int32(v) - za
			}
			for j := range row {
				row[j] -= sum * int32(pointAt[B](f, bz, e, jb*gemmCols+j))
			}
		}
		return nil
	})
}

// zeros says where the zero point of a row or column is: at the offset of the batch plus a stride per row or column.
type zeros struct {
	input   int // -1: all zero
	stride  int
	shape   []int // of the batch
	strides []int
}

// newZeros returns where the zero points (or scales) of input i are: one for all, a vector of one per row or column, or
// broadcast as [batch…, M, 1] or [batch…, 1, N].
func newZeros(b *exec.Binding, i int, p *batched, rows bool) zeros {
	if !b.Has(i) {
		return zeros{input: -1}
	}
	z := zeros{input: i, shape: p.shape, strides: make([]int, len(p.shape))}
	s := b.Shape(i)
	switch {
	case tensor.Count(s) == 1:
	case len(s) == 1:
		z.stride = 1
	default:
		n := len(s) - 2
		z.strides = scaled(tensor.BroadcastStrides(s[:n], p.shape), s[n]*s[n+1])
		if s[n]*s[n+1] > 1 {
			z.stride = 1
		}
	}
	return z
}

// pointAt returns the zero point of row or column i of the e-th product.
func pointAt[T int8 | uint8](f *exec.Frame, z zeros, e, i int) T {
	if z.input < 0 {
		return 0
	}
	return tensor.Data[T](f.In(z.input))[z.at(e, i)]
}

// at returns the offset for row or column i of the e-th product.
func (z *zeros) at(e, i int) int { return offsetOf(e, z.shape, z.strides) + i*z.stride }

// det computes determinants by elimination with the largest pivot of each column, in float64.
func det[T float](b *exec.Binding, o *op.Det) run {
	s := b.Shape(0)
	n := s[len(s)-1]
	return func(f *exec.Frame) error {
		a := make([]float64, n*n)
		x := tensor.Data[T](f.In(0))
		for e := range tensor.Data[T](f.Out(0)) {
			for i := range a {
				a[i] = float64(x[e*n*n+i])
			}
			d, err := detOf(f, a, n)
			if err != nil {
				return err
			}
			tensor.Data[T](f.Out(0))[e] = T(d)
		}
		return nil
	}
}

// detOf returns the determinant of a, which it overwrites.
func detOf(f *exec.Frame, a []float64, n int) (float64, error) {
	d := 1.0
	for c := range n {
		if err := f.Err(); err != nil {
			return 0, err
		}
		p := c
		for r := c + 1; r < n; r++ {
			if abs(a[r*n+c]) > abs(a[p*n+c]) {
				p = r
			}
		}
		if a[p*n+c] == 0 {
			return 0, nil
		}
		if p != c {
			d = -d
			for k := c; k < n; k++ {
				a[p*n+k], a[c*n+k] = a[c*n+k], a[p*n+k]
			}
		}
		d *= a[c*n+c]
		for r := c + 1; r < n; r++ {
			if w := a[r*n+c] / a[c*n+c]; w != 0 {
				for k := c + 1; k < n; k++ {
					a[r*n+k] -= w * a[c*n+k]
				}
			}
		}
	}
	return d, nil
}

func abs[T float](x T) T {
	if x < 0 {
		return -x
	}
	return x
}

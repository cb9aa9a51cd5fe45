package cpu

import (
	"sync"
	"unsafe"

	"github.com/gneiss-ml/gneiss/exec/cpu/simd"
)

// depth is how many products are summed before the next panel: as many rows of a panel as stay in the L1 cache with the rows of
// the left operand.
const depth = 512

// A gemm is a product C = A·B of shapes [m, k] and [k, n], with B in panels.
type gemm struct {
	level   simd.Level
	m, n, k int
}

// width returns the columns of a panel, panels how many there are, packed how many floats all take.
func (g *gemm) width() int  { return simd.Cols[g.level] }
func (g *gemm) panels() int { return (g.n + g.width() - 1) / g.width() }
func (g *gemm) packed() int { return g.panels() * g.k * g.width() }

// pack writes panel p of B to dst: row i of the panel are elements i·rowStep + j·colStep of src, for the columns j of the panel,
// times scale; columns beyond n are 0.
func (g *gemm) pack(dst, src []float32, p, rowStep, colStep int, scale float32) {
	w := g.width()
	j0 := p * w
	n := min(w, g.n-j0)
	for i := range g.k {
		row := dst[i*w : (i+1)*w]
		clear(row[n:])
		if colStep == 1 {
			copy(row[:n], src[i*rowStep+j0:])
		} else {
			at := i*rowStep + j0*colStep
			for j := range n {
				row[j] = src[at+j*colStep]
			}
		}
		if scale != 1 {
			for j := range n {
				row[j] *= scale
			}
		}
	}
}

// packAll packs every panel.
func (g *gemm) packAll(src []float32, rowStep, colStep int, scale float32) []float32 {
	dst := make([]float32, g.packed())
	for p := range g.panels() {
		g.pack(dst[p*g.k*g.width():], src, p, rowStep, colStep, scale)
	}
	return dst
}

// An initial says what a product is added to.
type initial struct {
	bias []float32 // one for each column; nil: none
	old  bool      // what C holds
}

var (
	argsPool = sync.Pool{New: func() any { return new(simd.GemmArgs) }}
	origin   int // the offset of a left operand of one piece
)

// rows computes rows [r0, r1) of C for panels [p0, p1) of b, which starts with panel p0. Row i of A starts at a[i·lda], of C at
// c[i·ldc].
func (g *gemm) rows(a []float32, lda int, b []float32, c []float32, ldc, r0, r1, p0, p1 int, init initial) {
	if r0 >= r1 {
		return
	}
	args := argsPool.Get().(*simd.GemmArgs)
	defer argsPool.Put(args)
	w := g.width()
	most := simd.MaxRows[g.level]
	blocks := (r1 - r0 + most - 1) / most
	rows := (r1 - r0 + blocks - 1) / blocks // as even as can be
	whole, rest := (r1-r0)/rows, (r1-r0)%rows
	*args = simd.GemmArgs{LDA: 4 * lda, LDC: 4 * ldc, Off: &origin, Segs: 1, AStep: 4 * lda * rows}
	for k0 := 0; k0 < g.k; k0 += depth {
		args.K = min(depth, g.k-k0)
		args.Acc = 0
		if k0 > 0 || init.old {
			args.Acc = 1
		}
		for p := p0; p < p1; p++ {
			j := p * w
			args.N = min(w, g.n-j)
			args.Bias = nil
			if init.bias != nil && k0 == 0 {
				args.Bias = &init.bias[j]
			}
			args.B = &b[((p-p0)*g.k+k0)*w]
			args.A, args.C, args.Tiles = &a[r0*lda+k0], &c[r0*ldc+j], whole
			simd.Gemm[g.level][rows](args)
			if rest > 0 {
				r := r0 + whole*rows
				args.A, args.C, args.Tiles = &a[r*lda+k0], &c[r*ldc+j], 1
				simd.Gemm[g.level][rest](args)
			}
		}
	}
	*args = simd.GemmArgs{}
}

// A grid cuts a product into tiles of rows and panels that take some 10 to 50 microseconds each.
type grid struct{ rows, panels, down, across int }

// grid returns the tiles of the product.
func (g *gemm) grid() grid {
	const work = 2 << 20 // floating-point operations of a tile
	np := g.panels()
	rows := g.m
	for rows > simd.MaxRows[g.level] && 2*rows*g.k*g.width() > work {
		rows = (rows + 1) / 2
	}
	panels := max(1, min(np, work/max(1, 2*rows*g.k*g.width())))
	return grid{rows, panels, (g.m + rows - 1) / max(rows, 1), (np + panels - 1) / max(panels, 1)}
}

func (t grid) tiles() int { return t.down * t.across }

// floatsOf returns scratch memory as floats.
func floatsOf(b []byte) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

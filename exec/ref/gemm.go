package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A gemm is a product of matrices, Y[m,n] += A[m,k]·B[k,n], over slices. A's element (i,p) is at i·ai + p·ap. B's rows are k
// long and n apart, or with trans the other way round. Y is dense with rows ldy apart.
type gemm struct {
	m, n, k int
	ai, ap  int
	trans   bool
	ldy     int
}

// gemmCols is how many columns of Y a tile has, so that its part of B stays in a near cache.
const gemmCols = 256

// grid returns the size of a tile in rows, and how many tiles there are along rows and columns.
func (g *gemm) grid() (rows, down, across int) {
	rows = blockOf(g.m, g.k*min(g.n, gemmCols))
	return rows, blocks(g.m, rows), blocks(g.n, gemmCols)
}

// mulTile adds one tile of the product to y: rows i0 to i1 and the columns of block jb.
func mulTile[T number](g *gemm, y, a, b []T, i0, i1, jb int) {
	j0, j1 := jb*gemmCols, min((jb+1)*gemmCols, g.n)
	if g.k == 0 {
		return
	}
	for i := i0; i < i1; i++ {
		row := y[i*g.ldy+j0 : i*g.ldy+j1]
		if g.trans {
			mulRowT(row, a[i*g.ai:], g.ap, g.k, b[j0*g.k:])
		} else {
			mulRow(row, a[i*g.ai:], g.ap, g.k, b[j0:], g.n)
		}
	}
}

// mulRow adds a row vector times a matrix to y: y[j] += Σ a[p·ap]·b[p·ldb+j] for p of k. Four rows of b at a time, added
// one after the other.
func mulRow[T number](y, a []T, ap, k int, b []T, ldb int) {
	n := len(y)
	p := 0
	for ; p+4 <= k; p += 4 {
		a0, a1, a2, a3 := a[p*ap], a[(p+1)*ap], a[(p+2)*ap], a[(p+3)*ap]
		b0, b1 := b[p*ldb:][:n], b[(p+1)*ldb:][:n]
		b2, b3 := b[(p+2)*ldb:][:n], b[(p+3)*ldb:][:n]
		for j, s := range y {
			s += T(a0 * b0[j])
			s += T(a1 * b1[j])
			s += T(a2 * b2[j])
			s += T(a3 * b3[j])
			y[j] = s
		}
	}
	for ; p < k; p++ {
		axpy(y, b[p*ldb:], a[p*ap])
	}
}

// mulRowT adds a row vector times a transposed matrix to y: y[j] += Σ a[p·ap]·b[j·k+p]. Four columns at a time.
func mulRowT[T number](y, a []T, ap, k int, b []T) {
	j := 0
	for ; j+4 <= len(y); j += 4 {
		b0, b1, b2, b3 := b[j*k:][:k], b[(j+1)*k:][:k], b[(j+2)*k:][:k], b[(j+3)*k:][:k]
		var s0, s1, s2, s3 T
		for p := range b0 {
			x := a[p*ap]
			s0 += T(x * b0[p])
			s1 += T(x * b1[p])
			s2 += T(x * b2[p])
			s3 += T(x * b3[p])
		}
		y[j] += s0
		y[j+1] += s1
		y[j+2] += s2
		y[j+3] += s3
	}
	for ; j < len(y); j++ {
		var s T
		for p, v := range b[j*k:][:k] {
			s += T(a[p*ap] * v)
		}
		y[j] += s
	}
}

// axpy adds w·x to y; x may be longer.
func axpy[T number](y, x []T, w T) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += T(w * v)
	}
}

// offsetOf returns the offset of the i-th element of shape, in row-major order, under strides.
func offsetOf(i int, shape, strides []int) int {
	off := 0
	for d := len(shape) - 1; d >= 0 && i > 0; d-- {
		off += i % shape[d] * strides[d]
		i /= shape[d]
	}
	return off
}

// A batched is a product of matrices for each element of a batch shape, to which the batches of A and B broadcast.
type batched struct {
	gemm
	shape    []int // of the batch
	aStrides []int // in elements
	bStrides []int
}

// newBatched returns the products that NumPy's matmul makes of two shapes, which must fit.
//
// https://numpy.org/doc/stable/reference/generated/numpy.matmul.html
func newBatched(a, b []int) batched {
	if len(a) == 1 {
		a = []int{1, a[0]}
	}
	if len(b) == 1 {
		b = []int{b[0], 1}
	}
	na, nb := len(a)-2, len(b)-2
	p := batched{gemm: gemm{m: a[na], k: a[na+1], n: b[nb+1], ai: a[na+1], ap: 1, ldy: b[nb+1]}}
	p.shape, _ = tensor.Broadcast(a[:na], b[:nb])
	p.aStrides = scaled(tensor.BroadcastStrides(a[:na], p.shape), p.m*p.k)
	p.bStrides = scaled(tensor.BroadcastStrides(b[:nb], p.shape), p.k*p.n)
	return p
}

func scaled(xs []int, by int) []int {
	for i := range xs {
		xs[i] *= by
	}
	return xs
}

// eachTile returns the tiles of the products: run adds rows i0 to i1 of column block jb of the e-th product, whose operands
// start at the given offsets.
func (p *batched) eachTile(run func(f *exec.Frame, e, aOff, bOff, i0, i1, jb int) error) tiles {
	rows, down, across := p.grid()
	return tiles{tensor.Count(p.shape) * down * across, func(f *exec.Frame, tile int) error {
		jb, tile := tile%across, tile/across
		ib, e := tile%down, tile/down
		return run(f, e, offsetOf(e, p.shape, p.aStrides), offsetOf(e, p.shape, p.bStrides), ib*rows, min((ib+1)*rows, p.m), jb)
	}}
}

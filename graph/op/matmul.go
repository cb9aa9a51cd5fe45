package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var matmulOps = []Entry{
	core[Det]("X -> Y"),
	core[Einsum]("Inputs... -> Output"),
	core[Gemm]("A B C? -> Y"),
	core[MatMul]("A B -> Y"),
	core[MatMulInteger]("A B a_zero_point? b_zero_point? -> Y"),
}

// MatMul is the matrix product of NumPy: [batch…, M, K] by [batch…, K, N] gives [batch…, M, N], where batches broadcast; a vector
// is a row on the left and a column on the right, and loses that dimension in the result.
//
// https://onnx.ai/onnx/operators/onnx__MatMul.html
type MatMul struct{}

// Infer implements graph.Op.
func (o *MatMul) Infer(c *graph.Infer) {
	checkTensor(c, 0, matmulTypes)
	c.CheckSame(0, 1)
	c.Tensor(0, c.DType(0), matmulDims(c, 0, 1))
}

// matmulDims returns the dimensions of the product of inputs i and j; nil when a rank is unknown.
func matmulDims(c *graph.Infer, i, j int) []graph.Dim {
	a, b := c.Dims(i), c.Dims(j)
	if a == nil || b == nil || !c.Check(len(a) > 0, "input %d is a scalar, want rank 1 or more", i) ||
		!c.Check(len(b) > 0, "input %d is a scalar, want rank 1 or more", j) {
		return nil
	}
	rows, cols := len(a) > 1, len(b) > 1
	if !rows {
		a = []graph.Dim{graph.N(1), a[0]}
	}
	if !cols {
		b = []graph.Dim{b[0], graph.N(1)}
	}
	na, nb := len(a)-2, len(b)-2
	c.Unify(a[na+1], b[nb], "columns of the first matrix against rows of the second")
	out := c.Broadcast(a[:na:na], b[:nb:nb])
	if rows {
		out = append(out, a[na])
	}
	if cols {
		out = append(out, b[nb+1])
	}
	return out
}

// Gemm is the product Y = alpha·A·B + beta·C of matrices A [M, K] and B [K, N], each transposed where the attribute says so; C
// broadcasts to [M, N].
//
// https://onnx.ai/onnx/operators/onnx__Gemm.html
type Gemm struct {
	Alpha  float32 `onnx:"alpha,1"`
	Beta   float32 `onnx:"beta,1"`
	TransA bool    `onnx:"transA,0"`
	TransB bool    `onnx:"transB,0"`
}

// Infer implements graph.Op.
func (o *Gemm) Infer(c *graph.Infer) {
	checkTensor(c, 0, matmulTypes)
	c.CheckSame(0, 1)
	c.CheckSame(0, 2)
	out := c.FreshN(2)
	ka, kb := c.Fresh(), c.Fresh()
	if c.CheckRank(0, 2) {
		out[0], ka = swapIf(o.TransA, c.Dims(0))
	}
	if c.CheckRank(1, 2) {
		kb, out[1] = swapIf(o.TransB, c.Dims(1))
	}
	c.Unify(ka, kb, "columns of A against rows of B")
	checkBroadcastTo(c, 2, out)
	c.Tensor(0, c.DType(0), out)
}

// swapIf returns the two dimensions of a matrix, swapped when swap is set.
func swapIf(swap bool, d []graph.Dim) (rows, cols graph.Dim) {
	if swap {
		return d[1], d[0]
	}
	return d[0], d[1]
}

// MatMulInteger is the matrix product, as MatMul's, of 8-bit integers less their zero points, into int32. a_zero_point is a scalar,
// a vector of one per row or [batch…, M, 1]; b_zero_point a scalar, one per column or [batch…, 1, N].
//
// https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
type MatMulInteger struct{}

// Infer implements graph.Op.
func (o *MatMulInteger) Infer(c *graph.Infer) {
	checkTensor(c, 0, byteTypes)
	checkTensor(c, 1, byteTypes)
	c.CheckSame(0, 2)
	c.CheckSame(1, 3)
	dims := matmulDims(c, 0, 1)
	checkRowPoint(c, 2, 0, dims)
	checkColPoint(c, 3, 1, dims)
	c.Tensor(0, tensor.Int32, dims)
}

// checkRowPoint checks a zero point or scale, input i, of the rows of matrix input m: a scalar, a vector of one per row, or
// [batch…, M, 1].
func checkRowPoint(c *graph.Infer, i, m int, out []graph.Dim) {
	a := c.Dims(m)
	if len(a) == 1 {
		a = []graph.Dim{graph.N(1), a[0]}
	}
	checkPoint(c, i, a, out, true)
}

// checkColPoint is checkRowPoint for the columns, [batch…, 1, N].
func checkColPoint(c *graph.Infer, i, m int, out []graph.Dim) {
	b := c.Dims(m)
	if len(b) == 1 {
		b = []graph.Dim{b[0], graph.N(1)}
	}
	checkPoint(c, i, b, out, false)
}

func checkPoint(c *graph.Infer, i int, m, out []graph.Dim, rows bool) {
	d := c.Dims(i)
	if !c.Has(i) || d == nil || m == nil || out == nil || c.Failed() {
		return
	}
	if n, ok := c.In(i).Len().Int(); ok && n == 1 && len(d) <= len(m) {
		return
	}
	n := len(m) - 2
	want := []graph.Dim{m[n], graph.N(1)}
	if !rows {
		want = []graph.Dim{graph.N(1), m[n+1]}
	}
	if len(d) == 1 {
		c.Unify(d[0], want[0].Mul(want[1]), "a zero point or scale for each row or column")
		return
	}
	want = append(m[:n:n], want...)
	if c.Check(len(d) == len(want), "input %d: rank %d, want a scalar, a vector or rank %d", i, len(d), len(want)) {
		for k := range d {
			if !d[k].Is(1) {
				c.Unify(d[k], want[k], "a zero point or scale for each row or column")
			}
		}
	}
}

// Det is the determinant of square matrices: X [batch…, M, M] gives Y [batch…].
//
// https://onnx.ai/onnx/operators/onnx__Det.html
type Det struct{}

// Infer implements graph.Op.
func (o *Det) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	d := c.Dims(0)
	if d == nil || !c.Check(len(d) >= 2, "input 0: rank %d, want at least 2", len(d)) {
		c.Tensor(0, c.DType(0), nil)
		return
	}
	n := len(d) - 2
	c.Unify(d[n], d[n+1], "rows against columns of a square matrix")
	c.Tensor(0, c.DType(0), d[:n:n])
}

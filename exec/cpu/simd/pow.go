package simd

import "math"

const powBlock = 256 // a multiple of every step of the vector versions

// powRow makes a row of vector functions that stop before the first step with an operand or a result which is not positive
// and normal: those elements are left to Go, their neighbours are not.
func powRow(vv func(y, a, b []float32) int, vs func(y, a []float32, b float32) int) BinaryRow {
	row := BinaryRow{VV: func(y, a, b []float32) {
		n := min(len(y), len(a), len(b))
		for i := 0; i < n; {
			if i += vv(y[i:n], a[i:n], b[i:n]); i < n {
				end := min(i+powBlock, n)
				powMixed(y[i:end], a[i:end], b[i:end], vv)
				i = end
			}
		}
	}}
	row.VS = func(y, a []float32, b float32) {
		n := min(len(y), len(a))
		var bs [powBlock]float32
		for i := 0; i < n; {
			if i += vs(y[i:n], a[i:n], b); i < n {
				end := min(i+powBlock, n)
				for j := range bs {
					bs[j] = b
				}
				powMixed(y[i:end], a[i:end], bs[:end-i], vv)
				i = end
			}
		}
	}
	row.SV = func(y []float32, a float32, b []float32) {
		var as [powBlock]float32
		for j := range as {
			as[j] = a
		}
		n := min(len(y), len(b))
		for i := 0; i < n; i += powBlock {
			end := min(i+powBlock, n)
			row.VV(y[i:end], as[:end-i], b[i:end])
		}
	}
	return row
}

// powMixed is Pow for at most a block. Negative numbers to integer powers are powers of their absolute values.
func powMixed(y, a, b []float32, vv func(y, a, b []float32) int) {
	var as, bs, out [powBlock]float32
	var slow, negative [powBlock]bool
	n := len(y)
	for i := range n {
		x, p := a[i], b[i]
		if x < 0 && p == float32(int32(p)) && p > -1<<24 && p < 1<<24 {
			x, negative[i] = -x, int32(p)&1 != 0
		}
		exp := float32(int(math.Float32bits(x)>>23&0xff) - 127)
		if !(x >= 0x1p-126 && x <= math.MaxFloat32 && max(exp+1, -exp)*max(p, -p) < 125) {
			slow[i], x, p = true, 1, 1
		}
		as[i], bs[i] = x, p
	}
	done := vv(out[:n], as[:n], bs[:n])
	for i := range n {
		switch {
		case slow[i] || i >= done:
			y[i] = float32(math.Pow(float64(a[i]), float64(b[i])))
		case negative[i]:
			y[i] = -out[i]
		default:
			y[i] = out[i]
		}
	}
}

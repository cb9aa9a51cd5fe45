package ref

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var inverseKernels = []exec.Kernel{
	floats(inverse[float32], inverse[float64]),
}

// inverse inverts matrices by elimination with the largest pivot of each column, in float64.
func inverse[T float](b *exec.Binding, o *op.Inverse) run {
	s := b.Shape(0)
	n := s[len(s)-1]
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		if len(x) == 0 {
			return nil
		}
		a, inv := make([]float64, n*n), make([]float64, n*n)
		for e := 0; e < len(x); e += n * n {
			clear(inv)
			for i := range a {
				a[i] = float64(x[e+i])
			}
			for i := range n {
				inv[i*n+i] = 1
			}
			if err := invert(f, a, inv, n); err != nil {
				return err
			}
			for i, v := range inv {
				y[e+i] = T(v)
			}
		}
		return nil
	}
}

// invert turns the identity in inv into the inverse of a, which it overwrites.
func invert(f *exec.Frame, a, inv []float64, n int) error {
	swap := func(m []float64, p, q int) {
		for k := range n {
			m[p*n+k], m[q*n+k] = m[q*n+k], m[p*n+k]
		}
	}
	for c := range n {
		if err := f.Err(); err != nil {
			return err
		}
		p := c
		for r := c + 1; r < n; r++ {
			if abs(a[r*n+c]) > abs(a[p*n+c]) {
				p = r
			}
		}
		if a[p*n+c] == 0 {
			return fmt.Errorf("a matrix is singular: it has no inverse")
		}
		swap(a, p, c)
		swap(inv, p, c)
		d := 1 / a[c*n+c]
		scaleBy(a[c*n:][:n], d)
		scaleBy(inv[c*n:][:n], d)
		for r := range n {
			if w := a[r*n+c]; r != c && w != 0 {
				addScaled(a[r*n:][:n], -w, a[c*n:][:n])
				addScaled(inv[r*n:][:n], -w, inv[c*n:][:n])
			}
		}
	}
	return nil
}

package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var convKernels = []exec.Kernel{
	tiled(map[tensor.DType]tiledImpl[*op.ConvInteger]{
		tensor.Int8:  convIntegerOf[int8],
		tensor.Uint8: convIntegerOf[uint8],
	}),
	tiledFloats(conv[float32], conv[float64]),
	tiledFloats(convTranspose[float32], convTranspose[float64]),
}

// A convolution is what the kernels of convolutions know of their shapes.
type convolution struct {
	slider
	n, m, c int // batch, output channels, input channels of a group
	perOut  int // output channels of a group
	groups  int
	spans   []span
	block   int // rows of windows in a tile
	down    int // tiles of an output image
}

// newConvolution returns the convolution of shape x with shape w.
func newConvolution(x, w []int, groups int, dims []op.SlideDim) convolution {
	c := convolution{slider: newSlider(dims), n: x[0], m: w[0], c: w[1], perOut: w[0] / groups, groups: groups}
	if tensor.Count(w) > 0 {
		c.spans = c.slider.spans()
	}
	c.cut(blockOf(c.rows, c.c*c.taps*c.last.Kernel*c.last.Out))
	return c
}

// cut makes tiles of so many rows.
func (c *convolution) cut(rows int) { c.block, c.down = rows, blocks(c.rows, rows) }

// eachTile returns tiles of rows r0 to r1 of output image i, which has output channel m; x is the number of the first of its input
// images.
func (c *convolution) eachTile(run func(f *exec.Frame, i, m, x, r0, r1 int) error) tiles {
	return tiles{c.n * c.m * c.down, func(f *exec.Frame, tile int) error {
		i, r0 := tile/c.down, tile%c.down*c.block
		n, m := i/c.m, i%c.m
		return run(f, i, m, (n*c.groups+m/c.perOut)*c.c, r0, min(r0+c.block, c.rows))
	}}
}

func conv[T float](b *exec.Binding, o *op.Conv) tiles {
	xs, ws := b.Shape(0), b.Shape(1)
	c := newConvolution(xs, ws, o.Group, o.Geometry(xs[2:], ws[2:], false))
	if c.pointwise() {
		return c.product(b, convProduct[T])
	}
	return c.eachTile(func(f *exec.Frame, i, m, xi, r0, r1 int) error {
		y := tensor.Data[T](f.Out(0))[i*c.out+r0*c.last.Out : i*c.out+r1*c.last.Out]
		fill(y, biasAt[T](f, 2, m))
		x, w := tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1))
		for ch := range c.c {
			if err := pollEvery(f, ch, c.taps*c.last.Kernel*len(y)); err != nil {
				return err
			}
			convImage(&c, y, x[(xi+ch)*c.in:][:c.in], w[(m*c.c+ch)*c.taps*c.last.Kernel:], r0, r1)
		}
		return nil
	})
}

// convImage adds the convolution of one image to rows r0 to r1 of the output.
func convImage[T float](c *convolution, y, x, w []T, r0, r1 int) {
	ow, kw := c.last.Out, c.last.Kernel
	for tap := range c.taps {
		taps := w[tap*kw : (tap+1)*kw]
		for r := r0; r < r1; r++ {
			off := c.offset(r, tap)
			if off < 0 {
				continue
			}
			row, out := x[off:off+c.last.In], y[(r-r0)*ow:(r-r0+1)*ow]
			for k, s := range c.spans {
				if s.hi == s.lo {
					continue
				}
				if c.last.Stride == 1 {
					axpy(out[s.lo:s.hi], row[s.start:], taps[k])
				} else {
					gatherAxpy(out[s.lo:s.hi], row[s.start:], c.last.Stride, taps[k])
				}
			}
		}
	}
}

// gatherAxpy adds w times every step-th element of x to y.
func gatherAxpy[T number](y, x []T, step int, w T) {
	for i := range y {
		y[i] += T(w * x[i*step])
	}
}

// scatterAxpy adds w·x to every step-th element of y.
func scatterAxpy[T number](y []T, step int, x []T, w T) {
	for i, v := range x {
		y[i*step] += T(w * v)
	}
}

func fill[T any](y []T, v T) {
	for i := range y {
		y[i] = v
	}
}

// biasAt returns element m of the bias, input i, which may be absent.
func biasAt[T tensor.Element](f *exec.Frame, i, m int) (bias T) {
	if t := f.In(i); t != nil {
		return tensor.Data[T](t)[m]
	}
	return bias
}

// pointwise reports whether the convolution is a product of matrices: of the weight [M, C] and images [C, elements].
func (c *convolution) pointwise() bool {
	for _, w := range c.dims {
		if !w.Plain() {
			return false
		}
	}
	return true
}

// product returns the tiles of a pointwise convolution.
func (c *convolution) product(b *exec.Binding, run func(c *convolution, f *exec.Frame, g *gemm, e, i0, i1, jb int)) tiles {
	g := &gemm{m: c.perOut, k: c.c, n: c.in, ai: c.c, ap: 1, ldy: c.in}
	rows, down, across := g.grid()
	return tiles{c.n * c.groups * down * across, func(f *exec.Frame, tile int) error {
		jb, tile := tile%across, tile/across
		i0 := tile % down * rows
		run(c, f, g, tile/down, i0, min(i0+rows, g.m), jb)
		return nil
	}}
}

// convProduct computes a tile of the e-th product, which is of batch e/groups and group e%groups.
func convProduct[T float](c *convolution, f *exec.Frame, g *gemm, e, i0, i1, jb int) {
	y := tensor.Data[T](f.Out(0))[e*g.m*g.n:]
	group := e % c.groups
	for i := i0; i < i1; i++ {
		fill(y[i*g.n+jb*gemmCols:i*g.n+min((jb+1)*gemmCols, g.n)], biasAt[T](f, 2, group*g.m+i))
	}
	mulTile(g, y, tensor.Data[T](f.In(1))[group*g.m*g.k:], tensor.Data[T](f.In(0))[e*g.k*g.n:], i0, i1, jb)
}

func convTranspose[T float](b *exec.Binding, o *op.ConvTranspose) tiles {
	xs, ws := b.Shape(0), b.Shape(1)
	s := newSlider(o.Geometry(xs[2:], ws[2:]))
	m, c := ws[1], xs[1]/o.Group // output and input channels of a group
	var spans []span
	if tensor.Count(ws) > 0 {
		spans = s.spans()
	}
	return tiles{xs[0] * o.Group * m, func(f *exec.Frame, tile int) error {
		ng, mi := tile/m, tile%m
		group := ng % o.Group
		y := tensor.Data[T](f.Out(0))[tile*s.in:][:s.in]
		fill(y, biasAt[T](f, 2, group*m+mi))
		x, w := tensor.Data[T](f.In(0)), tensor.Data[T](f.In(1))
		taps := s.taps * s.last.Kernel
		for ch := range c {
			if err := pollEvery(f, ch, taps*s.out); err != nil {
				return err
			}
			spreadImage(&s, spans, y, x[(ng*c+ch)*s.out:], w[((group*c+ch)*m+mi)*taps:])
		}
		return nil
	}}
}

// spreadImage adds to image y, for each window, its element of x times the taps w.
func spreadImage[T float](s *slider, spans []span, y, x, w []T) {
	ow, kw := s.last.Out, s.last.Kernel
	for tap := range s.taps {
		for r := range s.rows {
			off := s.offset(r, tap)
			if off < 0 {
				continue
			}
			row, out := x[r*ow:(r+1)*ow], y[off:off+s.last.In]
			for k, p := range spans {
				switch {
				case p.hi == p.lo:
				case s.last.Stride == 1:
					axpy(out[p.start:p.start+p.hi-p.lo], row[p.lo:], w[tap*kw+k])
				default:
					scatterAxpy(out[p.start:], s.last.Stride, row[p.lo:p.hi], w[tap*kw+k])
				}
			}
		}
	}
}

func convIntegerOf[X int8 | uint8](b *exec.Binding, o *op.ConvInteger) tiles {
	if b.DType(1) == tensor.Int8 {
		return convInteger[X, int8](b, o)
	}
	return convInteger[X, uint8](b, o)
}

func convInteger[X, W int8 | uint8](b *exec.Binding, o *op.ConvInteger) tiles {
	xs, ws := b.Shape(0), b.Shape(1)
	c := newConvolution(xs, ws, o.Group, o.Geometry(xs[2:], ws[2:], false))
	return c.eachTile(func(f *exec.Frame, i, m, xi, r0, r1 int) error {
		y := tensor.Data[int32](f.Out(0))[i*c.out+r0*c.last.Out : i*c.out+r1*c.last.Out]
		clear(y)
		xz, wz := pointOf[X](f, 2, 0), pointOf[W](f, 3, m)
		return convIntegers(&c, f, y, tensor.Data[X](f.In(0))[xi*c.in:], tensor.Data[W](f.In(1)), xz, wz, m, r0, r1)
	})
}

// pointOf returns the zero point, input i, of channel m: 0 when it is absent, and the only one when it is one.
func pointOf[T int8 | uint8](f *exec.Frame, i, m int) int32 {
	t := f.In(i)
	switch {
	case t == nil:
		return 0
	case t.Len() == 1:
		m = 0
	}
	return int32(tensor.Data[T](t)[m])
}

// convIntegers adds rows r0 to r1 of output channel m to y: x are the images of its group, less the zero point xz, and the
// weight is less wz. Padding is zero after the zero point is taken off.
func convIntegers[X, W int8 | uint8](c *convolution, f *exec.Frame, y []int32, x []X, w []W, xz, wz int32, m, r0, r1 int) error {
	ow, kw := c.last.Out, c.last.Kernel
	for ch := range c.c {
		if err := pollEvery(f, ch, c.taps*kw*len(y)); err != nil {
			return err
		}
		image := x[ch*c.in:][:c.in]
		for tap := range c.taps {
			taps := w[((m*c.c+ch)*c.taps+tap)*kw:][:kw]
			for r := r0; r < r1; r++ {
				off := c.offset(r, tap)
				if off < 0 {
					continue
				}
				row, out := image[off:off+c.last.In], y[(r-r0)*ow:(r-r0+1)*ow]
				for k, s := range c.spans {
					v := int32(taps[k]) - wz
					for j := range s.hi - s.lo {
						out[s.lo+j] += v * (int32(row[s.start+j*c.last.Stride]) - xz)
					}
				}
			}
		}
	}
	return nil
}

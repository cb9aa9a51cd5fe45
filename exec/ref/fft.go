package ref

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// fft transforms vectors of n complex numbers: by halves when n is a power of two, else as a convolution with a chirp
// (Bluestein), which is two transforms of a power of two.
//
// https://en.wikipedia.org/wiki/Chirp_Z-transform
type fft struct {
	n       int
	roots   []complex128 // of unity, e^(−2πik/n) for k < n/2, when n is a power of two
	chirp   []complex128 // e^(−πik²/n), else
	filter  []complex128 // the transform of the conjugate chirp
	inner   *fft
	scratch []complex128
}

// newFFT prepares transforms of n ≥ 1 numbers.
func newFFT(n int) *fft {
	p := &fft{n: n}
	if n&(n-1) == 0 {
		p.roots = make([]complex128, n/2)
		for k := range p.roots {
			p.roots[k] = unit(-2*k, n)
		}
		return p
	}
	m := 1 << bits.Len(uint(2*n-2))
	p.inner = newFFT(m)
	p.chirp = make([]complex128, n)
	p.filter = make([]complex128, m)
	p.scratch = make([]complex128, m)
	for k := range n {
		hi, lo := bits.Mul64(uint64(k), uint64(k))
		_, square := bits.Div64(hi%uint64(2*n), lo, uint64(2*n))
		p.chirp[k] = unit(-int(square), n)
		p.filter[k] = cmplx.Conj(p.chirp[k])
		if k > 0 {
			p.filter[m-k] = p.filter[k]
		}
	}
	p.inner.forward(p.filter)
	return p
}

// unit returns e^(πik/n).
func unit(k, n int) complex128 {
	sin, cos := math.Sincos(math.Pi * float64(k) / float64(n))
	return complex(cos, sin)
}

// forward replaces x, of n numbers, by its transform.
func (p *fft) forward(x []complex128) {
	if p.inner == nil {
		p.radix2(x)
		return
	}
	s := p.scratch
	clear(s)
	for k := range x {
		s[k] = x[k] * p.chirp[k]
	}
	p.inner.forward(s)
	for k := range s {
		s[k] *= p.filter[k]
	}
	p.inner.inverse(s)
	for k := range x {
		x[k] = s[k] * p.chirp[k]
	}
}

// inverse undoes forward.
func (p *fft) inverse(x []complex128) {
	for k := range x {
		x[k] = cmplx.Conj(x[k])
	}
	p.forward(x)
	for k := range x {
		x[k] = complex(real(x[k])/float64(p.n), -imag(x[k])/float64(p.n))
	}
}

// radix2 is the transform for powers of two, in place.
func (p *fft) radix2(x []complex128) {
	n := p.n
	shift := 64 - bits.Len(uint(n-1))
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); n > 1 && j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half := 1; half < n; half *= 2 {
		step := n / (2 * half)
		for start := 0; start < n; start += 2 * half {
			for k := range half {
				a, b := x[start+k], x[start+half+k]*p.roots[k*step]
				x[start+k], x[start+half+k] = a+b, a-b
			}
		}
	}
}

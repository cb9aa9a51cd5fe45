package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// The expressions of the transcendental functions. Coefficients come from coeffs/minimax.py.

const (
	sign  = 0x80000000
	magic = 0x1.8p23 // adding it leaves the nearest integer in the low bits

	log2e = math.Log2E
	ln2Hi = 0x1.62e430p-1 // ln 2 rounded to float32
	ln2Lo = math.Ln2 - ln2Hi
)

// split returns the integer n nearest to x/ln2, in bits and as a float, and x − n·ln2. The bits hold n plus bias.
func (k *kern) split(x val, bias float64) (bits, n, r val) {
	bits = k.fma(x, k.con(log2e), k.con(magic+bias))
	n = k.sub(bits, k.con(magic+bias))
	r = k.fnma(n, k.con(ln2Hi), x)
	r = k.fnma(n, k.con(ln2Lo), r.last())
	return bits, n, r
}

// exp is e^x for x ≤ 89; above -104 if full, else results below 2^-126 may be zero.
func (k *kern) exp(x val, full bool) val {
	if !full && k.bytes == 32 {
		x = k.max(k.con(-88), x) // whose 2^n is zero
	} else {
		x = k.max(k.con(-104), x)
	}
	two := full && k.bytes == 32
	bias := 0.0
	if k.bytes == 32 {
		bias = 127
	}
	if two {
		bias = 254
	}
	bits, n, r := k.split(x, bias)
	p := k.poly(r, 0.49999994, 0.166665211, 0.0416682735, 0.00836868584, 0.00138201355)
	p = k.fma(p.last(), r, k.con(1))
	p = k.fma(p.last(), r, k.con(1))
	switch {
	case k.bytes == 64:
		return k.scalef(p.last(), n)
	case two: // 2^n may be beyond the floats: half of it twice
		half := k.sar(bits, 1)
		rest := k.subi(bits.last(), half)
		p = k.mul(p.last(), k.shl(half.last(), 23))
		return k.mul(p.last(), k.shl(rest.last(), 23))
	}
	return k.mul(p.last(), k.shl(bits.last(), 23))
}

var expm1Poly = []float64{0.5, 0.166666657, 0.0416664928, 0.00833354425, 0.00139323424, 0.000197633926}

// expm1 is (e^x − 1)·2^scale to full relative accuracy for -87 ≤ x ≤ 87; e^r − 1 is r + r²·Σ c[k]·r^k.
func (k *kern) expm1(x val, scale int, c ...float64) val {
	bits, _, r := k.split(x, float64(127+scale))
	p := k.poly(r, c...)
	p = k.mul(p.last(), r)
	p = k.fma(p.last(), r, r)
	s := k.shl(bits.last(), 23)
	return k.fma(p.last(), s, k.sub(s, k.con(math.Ldexp(1, scale))))
}

func (k *kern) abs(x val) val { return k.and(x, k.bits(^uint32(sign))) }
func (k *kern) neg(x val) val { return k.xor(x, k.bits(sign)) }

// copysign returns |a| with the sign of x.
func (k *kern) copysign(a, x val) val {
	if k.bytes != 64 {
		return k.or(k.abs(a).last(), k.and(x, k.bits(sign)))
	}
	dst := k.into(a)
	for i := range k.u {
		VPTERNLOGD_BCST(Imm(0xd8), k.bits(sign).c, x.at(i), dst.v[i]) // the constant ? x : a
	}
	return dst
}

// log is the natural logarithm.
func (k *kern) log(x val) val {
	tiny := k.cmp(lt, x, k.con(0x1p-126))
	m := k.sel(tiny, k.mul(x, k.con(0x1p23)), x)
	e0 := k.sel(tiny, k.con(-23), k.bits(0))
	i := k.subi(m, k.bits(0x3f2aaaab)) // 2/3: the mantissa will be in [2/3, 4/3)
	e := k.add(k.toFloat(k.sar(i, 23)), e0.last())
	f := k.sub(k.subi(m.last(), k.and(i.last(), k.bits(0xff800000))), k.con(1))
	p := k.poly(f, 0.333332151, -0.249998033, 0.200104535, -0.166802108, 0.140050933, -0.121884041, 0.139883131, -0.128723055)
	s := k.mul(f, f)
	p = k.mul(p.last(), f)
	t := k.fma(p.last(), s, k.mul(e, k.con(ln2Lo)))
	t = k.fma(s.last(), k.con(-0.5), t.last())
	y := k.fma(e.last(), k.con(ln2Hi), k.add(t.last(), f))
	y = k.sel(k.cmp(lt, x, k.con(math.Inf(1))), y.last(), x)
	y = k.sel(k.cmp(lt, x, k.bits(0)), k.bits(0x7fc00000), y.last())
	return k.sel(k.cmp(eq, x, k.bits(0)), k.con(math.Inf(-1)), y.last())
}

// softplus is max(x, 0) + log(1 + e^-|x|).
func (k *kern) softplus(x val) val {
	e := k.exp(k.or(x, k.bits(sign)), true)
	p := k.poly(e, 1, -0.499999315, 0.333304673, -0.24958089, 0.196926832, -0.153472334, 0.106663093, -0.057520546, 0.02012657, -0.00330090686)
	return k.fma(p.last(), e, k.max(k.bits(0), x))
}

// tanh is h − h²/(1+h), or 1 − 1/(1+h) where h is large, with h = (e^2a − 1)/2 and a = |x|.
func (k *kern) tanh(x val) val {
	a := k.min(k.con(10), k.abs(x))
	h := k.expm1(k.add(a, a), -1, expm1Poly...)
	d := k.add(h, k.con(1))
	big := k.cmp(nle, h, k.con(1))
	num := k.sel(big, k.con(1), k.mul(h, h).last())
	y := k.div(num.last(), d.last())
	y = k.sub(k.sel(big, k.con(1), h.last()).last(), y.last())
	return k.copysign(y.last(), x)
}

// logistic returns numerator and denominator of 1/(1+e^-x), both positive.
func (k *kern) logistic(x val) (num, den val) {
	e := k.exp(k.or(x, k.bits(sign)), true)
	den = k.add(e, k.con(1))
	num = k.sel(k.cmp(lt, x, k.bits(0)), e, k.con(1))
	return num, den
}

func (k *kern) sigmoid(x val) val {
	num, den := k.logistic(x)
	return k.div(num.last(), den.last())
}

// The coefficients c of erf x = 1 − e^-(x + x·Σ c[k]·x^k), 0 ≤ x ≤ 3.93.
var erfPoly = []float64{
	0.128379166, 0.636619568, 0.102776304, -0.0191478226, -0.000169504681, 0.00167567784, -0.000637365214, 0.000118862248, -9.38813173e-06,
}

// erf is erf(x·scale).
func (k *kern) erf(x val, scale float64) val {
	c := make([]float64, len(erfPoly)) // of −|x|
	for i, v := range erfPoly {
		c[i] = v * math.Pow(-scale, float64(i)) * scale
	}
	c[0] += scale - 1
	a := k.max(k.con(-3.93/scale), k.or(x, k.bits(sign)))
	p := k.poly(a, c...)
	y := k.expm1(k.fma(p.last(), a, a.last()).last(), 0, 0.49999997, 0.166665465, 0.0416674353, 0.00836627185, 0.00138706958)
	return k.copysign(y.last(), x)
}

func (k *kern) gelu(x val) val {
	h := k.mul(x, k.con(0.5))
	return k.fma(k.erf(x, math.Sqrt2/2).last(), h, h)
}

func (k *kern) geluTanh(x val) val {
	c := 2 * math.Sqrt(2/math.Pi)
	u := k.mul(k.fma(k.mul(x, x), k.con(c*0.044715), k.con(c)), x)
	num, den := k.logistic(u)
	return k.mul(k.div(num.last(), den.last()).last(), x)
}

func (k *kern) swish(x, alpha val) val {
	num, den := k.logistic(k.mul(x, alpha))
	return k.mul(k.div(num.last(), den.last()).last(), x)
}

// mish is x·tanh(log(1 + e^x)) = x·w/(w+2), w = e^x·(e^x+2).
func (k *kern) mish(x val) val {
	e := k.exp(k.min(k.con(20), x), true)
	w := k.fma(e, e, k.add(e, e))
	den := k.add(w, k.con(2))
	return k.mul(k.div(w.last(), den.last()).last(), x)
}

// elu is x above 0, else a·(e^(b·x) − 1).
func (k *kern) elu(x, a, b val) val {
	z := k.max(k.con(-30), k.min(k.bits(0), k.mul(x, b)))
	y := k.mul(k.expm1(z, 0, expm1Poly...), a)
	return k.sel(k.cmp(nle, x, k.bits(0)), x, y.last())
}

// Parts of π/2, each rounded to float32: x − n·(p1+p2+p3) keeps its accuracy because the first product and difference
// are exact under fma.
var (
	halfPi1 = float64(float32(math.Pi / 2))
	halfPi2 = float64(float32(math.Pi/2 - halfPi1))
	halfPi3 = math.Pi/2 - halfPi1 - halfPi2 + 6.123233995736766e-17
)

// trig is sin(x + quarter·π/2) for |x| up to 2^16.
func (k *kern) trig(x val, quarter uint32) val {
	k.bail(k.cmp(nle, k.abs(x), k.con(1<<16)))
	j := k.fma(x, k.con(2/math.Pi), k.con(magic))
	n := k.sub(j, k.con(magic))
	r := k.fnma(n, k.con(halfPi1), x)
	r = k.fnma(n, k.con(halfPi2), r.last())
	r = k.fnma(n.last(), k.con(halfPi3), r.last())
	if quarter != 0 {
		j = k.addi(j.last(), k.bits(quarter))
	}
	s := k.mul(r, r)
	c := k.poly(s, 0.0416666456, -0.00138873013, 2.44306684e-05)
	c = k.fma(c.last(), k.mul(s, s), k.fma(s, k.con(-0.5), k.con(1)))
	w := k.poly(s, -0.166666552, 0.0083321901, -0.000195184082)
	w = k.fma(w.last(), s, k.con(1))
	w = k.mul(w.last(), r)
	y := k.sel(k.odd(j), c, w)
	return k.xor(y, k.shl(k.and(j.last(), k.bits(2)), 30))
}

// Parts of ln 2: the product of the first and an exponent is exact.
const (
	ln2Short = 0x1.62ep-1
	ln2Rest  = math.Ln2 - ln2Short
)

// pow is x^y for normal positive x where the result is normal. The logarithm is kept as a sum hi + lo.
func (k *kern) pow(x, y val) val {
	k.bail(k.cmp(lt, x, k.con(0x1p-126)))
	k.bail(k.cmp(nlt, x, k.con(math.Inf(1))))
	i := k.subi(x, k.bits(0x3f2aaaab))
	e := k.toFloat(k.sar(i, 23))
	f := k.sub(k.subi(x, k.and(i.last(), k.bits(0xff800000))).last(), k.con(1))
	p := k.poly(f, 0.333333343, -0.249998257, 0.199996859, -0.166793659, 0.14302507, -0.121984012, 0.107726075, -0.128347576, 0.11944513)
	s := k.mul(f, f)
	lo := k.mul(k.mul(p.last(), f).last(), s)
	lo = k.fma(k.fms(f, f, s), k.con(-0.5), lo.last()) // what s lacks
	hi := k.fnma(s, k.con(0.5), f)
	lo = k.add(k.fnma(s.last(), k.con(0.5), k.sub(f.last(), hi).last()).last(), lo.last())
	big := k.mul(e, k.con(ln2Short))
	sum := k.add(big, hi)
	lo = k.add(k.sub(hi.last(), k.sub(sum, big.last()).last()).last(), lo.last())
	lo = k.fma(e.last(), k.con(ln2Rest), lo.last())
	hi = k.add(sum, lo)
	lo = k.sub(lo.last(), k.sub(hi, sum.last()).last())
	z := k.mul(hi, y)
	lo = k.mul(lo.last(), y)
	lo = k.add(k.fms(hi.last(), y, z), lo.last())
	k.bail(k.cmp(nle, k.abs(z), k.con(87)))
	bias := 127.0
	bits, n, r := k.split(z.last(), bias)
	r = k.add(r.last(), lo.last())
	q := k.poly(r, expm1Poly...)
	q = k.fma(q.last(), r, k.con(1))
	q = k.fma(q.last(), r, k.con(1))
	if k.bytes == 64 {
		return k.scalef(q.last(), n)
	}
	return k.mul(q.last(), k.shl(bits.last(), 23))
}

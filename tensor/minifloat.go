package tensor

import "math"

// A minifloat describes a float type of at most 8 bits: a sign, exponent bits and man mantissa bits. Its codes are in
// the order of the values they stand for, subnormals below normals without a gap.
type minifloat struct {
	man    int   // mantissa bits
	emin   int   // exponent of the smallest normal number
	sign   uint8 // the sign bit
	max    uint8 // code of the largest finite number
	inf    uint8 // code of infinity; 0: there is none
	nan    uint8 // code of NaN
	signed bool  // NaN and zero have a sign
	clamps bool  // there is no NaN or infinity: out of range is always the largest number
}

// The formats, after https://onnx.ai/onnx/technical/float8.html, float4.html and the OCP Microscaling Formats (MX) v1.0.
// Where a format has no NaN, NaN becomes −0, as ONNX's reference has it.
var minifloats = [numDTypes]*minifloat{
	Float8E4M3FN:   {man: 3, emin: -6, sign: 0x80, max: 0x7e, nan: 0x7f, signed: true},
	Float8E4M3FNUZ: {man: 3, emin: -7, sign: 0x80, max: 0x7f, nan: 0x80},
	Float8E5M2:     {man: 2, emin: -14, sign: 0x80, max: 0x7b, inf: 0x7c, nan: 0x7e, signed: true},
	Float8E5M2FNUZ: {man: 2, emin: -15, sign: 0x80, max: 0x7f, nan: 0x80},
	Float4E2M1:     {man: 1, emin: 0, sign: 0x08, max: 0x07, nan: 0x08, signed: true, clamps: true},
	Float6E2M3:     {man: 3, emin: 0, sign: 0x20, max: 0x1f, nan: 0x20, signed: true, clamps: true},
	Float6E3M2:     {man: 2, emin: -2, sign: 0x20, max: 0x1f, nan: 0x20, signed: true, clamps: true},
}

// minifloatValues are the values of all codes of the float types of at most 8 bits.
var minifloatValues = makeMinifloatValues()

func makeMinifloatValues() *[numDTypes][256]float32 {
	var v [numDTypes][256]float32
	for dt, m := range minifloats {
		if m == nil {
			continue
		}
		for code := range 256 {
			v[dt][code] = m.decode(uint8(code))
		}
	}
	for code := range 255 {
		v[Float8E8M0][code] = float32(math.Ldexp(1, code-127))
	}
	v[Float8E8M0][255] = float32(math.NaN())
	return &v
}

// decode returns the value of a code.
func (m *minifloat) decode(code uint8) float32 {
	mag := int(code & (m.sign - 1))
	var x float64
	switch {
	case !m.clamps && code&(2*m.sign-1) == m.nan, m.inf != 0 && mag > int(m.inf), m.signed && !m.clamps && m.inf == 0 && mag > int(m.max):
		return float32(math.NaN())
	case m.inf != 0 && mag == int(m.inf):
		x = math.Inf(1)
	default:
		e, f := mag>>m.man, mag&(1<<m.man-1)
		if e > 0 {
			f += 1 << m.man
			e--
		}
		x = math.Ldexp(float64(f), m.emin+e-m.man)
	}
	if code&m.sign != 0 {
		x = -x
	}
	return float32(x)
}

// encode rounds x to nearest even. Out of range is the largest number when saturate is set, else infinity or NaN.
func (m *minifloat) encode(x float64, saturate bool) uint8 {
	var s uint8
	if math.Signbit(x) {
		s = m.sign
	}
	a := math.Abs(x)
	code := int(m.max) + 1
	switch {
	case x != x:
		if m.signed && !m.clamps {
			return m.nan | s
		}
		return m.nan
	case a < 1<<20: // no format reaches this far
		e := m.emin
		if _, k := math.Frexp(a); a != 0 {
			e = max(k-1, m.emin)
		}
		code = (e-m.emin)<<m.man + int(math.RoundToEven(math.Ldexp(a, m.man-e)))
	}
	if code > int(m.max) {
		switch {
		case saturate || m.clamps:
			code = int(m.max)
		case m.inf != 0:
			code = int(m.inf)
		case m.signed:
			return m.nan | s
		default:
			return m.nan
		}
	}
	if code == 0 && !m.signed {
		return 0
	}
	return uint8(code) | s
}

// encodeE8M0 rounds x to a power of two from 2^-127 to 2^127. NaN and negative numbers are NaN; without saturation
// zero, infinity and what is out of range are too.
func encodeE8M0(x float64, o CastOptions) uint8 {
	const nan = 255
	if x != x || x < 0 {
		return nan
	}
	code := -1
	switch {
	case math.IsInf(x, 1):
		code = nan
	case x > 0:
		f, e := math.Frexp(x) // x = f·2^e, 0.5 ≤ f < 1
		code = e - 1 + 127
		if o.Round == RoundUp && f > 0.5 || o.Round == RoundNearest && f >= 0.75 {
			code++
		}
	}
	if code >= 0 && code < nan {
		return uint8(code)
	}
	if o.NoSaturate {
		return nan
	}
	return uint8(min(max(code, 0), nan-1))
}

package tensor

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/x448/float16"
)

// formatInto writes numbers as text.
func formatInto(out, t *Tensor) error {
	switch dt := t.dtype; {
	case dt == Bool:
		for i, x := range Data[bool](t) {
			out.text[i] = "False"
			if x {
				out.text[i] = "True"
			}
		}
	case dt == Uint64:
		for i, x := range Data[uint64](t) {
			out.text[i] = strconv.FormatUint(x, 10)
		}
	case dt.IsInt():
		for i, x := range t.Int64s() {
			out.text[i] = strconv.FormatInt(x, 10)
		}
	case dt.IsFloat():
		for i, x := range t.Float64s() {
			out.text[i] = formatFloat(x, dt)
		}
	default:
		return fmt.Errorf("tensor: cast of %v to string", dt)
	}
	return nil
}

// formatFloat returns the shortest decimal that is x again once rounded to dt, in NumPy's form: 1.0, 0.1, 1e+16, nan, inf.
func formatFloat(x float64, dt DType) string {
	switch {
	case x != x:
		return "nan"
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	}
	bits, prec := 32, -1
	switch dt {
	case Float64:
		bits = 64
	case Float16:
		prec = shortest(x, func(y float64) float64 { return float64(float16.Fromfloat32(float32(y)).Float32()) })
	case BFloat16:
		prec = shortest(x, func(y float64) float64 { return float64(ToBF16(float32(y)).Float32()) })
	}
	e := strconv.FormatFloat(x, 'e', prec, bits)
	mant, exp, _ := strings.Cut(e, "e")
	n, _ := strconv.Atoi(exp)
	if n < -4 || n >= 16 {
		return e
	}
	mant, neg := strings.CutPrefix(mant, "-")
	digits := strings.Replace(mant, ".", "", 1)
	switch {
	case n < 0:
		digits = "0." + strings.Repeat("0", -n-1) + digits
	case len(digits) <= n+1:
		digits += strings.Repeat("0", n+1-len(digits)) + ".0"
	default:
		digits = digits[:n+1] + "." + digits[n+1:]
	}
	if neg {
		return "-" + digits
	}
	return digits
}

// shortest returns the fewest digits after the first that give x back when rounded.
func shortest(x float64, round func(float64) float64) int {
	for prec := range 9 {
		y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'e', prec, 64), 64)
		if round(y) == x {
			return prec
		}
	}
	return 9
}

// parseInto reads numbers from text. Integers may be written as floats, which are truncated; Bool is also True or False.
func parseInto(out, t *Tensor, o CastOptions) error {
	n := t.Len()
	dt := out.dtype
	if dt.IsComplex() {
		return fmt.Errorf("tensor: cast of string to %v", dt)
	}
	fs := New(Float64, n)
	is := New(Int64, n)
	us := New(Uint64, n)
	whole := dt.IsInt()
	for i, s := range t.text {
		s = strings.TrimSpace(s)
		if whole {
			if x, err := strconv.ParseInt(s, 10, 64); err == nil {
				Data[int64](is)[i], Data[uint64](us)[i], Data[float64](fs)[i] = x, uint64(x), float64(x)
				continue
			}
			if x, err := strconv.ParseUint(s, 10, 64); err == nil {
				Data[int64](is)[i], Data[uint64](us)[i], Data[float64](fs)[i] = int64(x), x, float64(x)
				continue
			}
		}
		x, err := parseFloat(s)
		if dt == Bool && strings.EqualFold(s, "true") {
			x, err = 1, nil
		} else if dt == Bool && strings.EqualFold(s, "false") {
			x, err = 0, nil
		}
		if err != nil {
			return fmt.Errorf("tensor: element %d: %q is not a number", i, t.text[i])
		}
		Data[float64](fs)[i] = x
		Data[int64](is)[i], Data[uint64](us)[i] = floatToInt64(x), uint64(floatToUint64(x))
	}
	src := fs
	switch {
	case dt == Uint64:
		src = us
	case whole:
		src = is
	}
	src.shape = t.shape
	return CastInto(out, src, o)
}

// parseFloat reads a decimal number, INF or NaN in any case; not the hexadecimal and underscored forms of Go.
func parseFloat(s string) (float64, error) {
	if strings.ContainsAny(s, "xX_pP") {
		return 0, strconv.ErrSyntax
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil && math.IsInf(x, 0) {
		err = nil // out of range
	}
	return x, err
}

package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/cmplx"
	"os"

	"github.com/gneiss-ml/gneiss/tensor"
)

// A Tolerance bounds how far numbers may differ.
type Tolerance struct {
	RTol float64 `json:"rtol"` // relative to the wanted value
	ATol float64 `json:"atol"` // absolute
}

// ONNX is the tolerance of ONNX's own test runner.
//
// https://github.com/onnx/onnx/blob/main/onnx/backend/test/runner/__init__.py
var ONNX = Tolerance{RTol: 1e-3, ATol: 1e-7}

// For returns the tolerance for elements of a type: bfloat16 has a relative one of at least 2⁻⁶, as in ONNX's runner.
func (t Tolerance) For(dt tensor.DType) Tolerance {
	if dt == tensor.BFloat16 {
		t.RTol = max(t.RTol, 1.0/64)
	}
	return t
}

// Load reads a tolerance file, {"rtol": 1e-3, "atol": 1e-5}. A field that is missing keeps the value it has in def, and
// so do both when there is no such file.
func Load(path string, def Tolerance) (Tolerance, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return def, nil
	}
	if err != nil {
		return def, err
	}
	t := def
	if err := json.Unmarshal(data, &t); err != nil {
		return def, fmt.Errorf("%s: %w", path, err)
	}
	if !(t.RTol >= 0 && t.ATol >= 0) {
		return def, fmt.Errorf("%s: rtol and atol must not be negative", path)
	}
	return t, nil
}

// A Result says how far two values are apart.
type Result struct {
	Diff   string  // what is different, first case; empty when the values are equal within the tolerance
	MaxAbs float64 // the largest absolute difference of finite numbers
	MaxRel float64 // the largest difference relative to the wanted value, where that is not 0
}

// OK reports whether the values are equal within the tolerance.
func (r Result) OK() bool { return r.Diff == "" }

// Values compares two values.
func Values(got, want tensor.Value, tol Tolerance) Result {
	var r Result
	r.value("", got, want, tol)
	return r
}

func (r *Result) fail(path, format string, args ...any) {
	if r.Diff == "" {
		if path != "" {
			path += ": "
		}
		r.Diff = path + fmt.Sprintf(format, args...)
	}
}

func (r *Result) value(path string, got, want tensor.Value, tol Tolerance) {
	if isNil(got) || isNil(want) {
		if isNil(got) != isNil(want) {
			r.fail(path, "one is absent: got %v, want %v", describe(got), describe(want))
		}
		return
	}
	switch w := want.(type) {
	case *tensor.Tensor:
		if g, ok := got.(*tensor.Tensor); ok {
			r.tensor(path, g, w, tol)
			return
		}
	case *tensor.Sequence:
		if g, ok := got.(*tensor.Sequence); ok {
			if len(g.Items) != len(w.Items) {
				r.fail(path, "%d items, want %d", len(g.Items), len(w.Items))
				return
			}
			for i := range w.Items {
				r.value(fmt.Sprintf("%s[%d]", path, i), g.Items[i], w.Items[i], tol)
			}
			return
		}
	case *tensor.Optional:
		if g, ok := got.(*tensor.Optional); ok {
			r.value(path, g.Value, w.Value, tol)
			return
		}
		if w.Value != nil { // a file cannot tell an optional that is present from its content
			r.value(path, got, w.Value, tol)
			return
		}
	case *tensor.Map:
		if g, ok := got.(*tensor.Map); ok {
			r.mapping(path, g, w, tol)
			return
		}
	}
	if o, ok := got.(*tensor.Optional); ok && o.Value != nil {
		r.value(path, o.Value, want, tol)
		return
	}
	r.fail(path, "got %v, want %v", describe(got), describe(want))
}

// mapping compares maps without regard to the order of their keys.
func (r *Result) mapping(path string, got, want *tensor.Map, tol Tolerance) {
	g, w := items(got), items(want)
	if len(g) != len(w) {
		r.fail(path, "%d keys, want %d", len(g), len(w))
		return
	}
	for k, x := range w {
		r.value(fmt.Sprintf("%s[%s]", path, k), g[k], x, tol)
	}
}

func items(m *tensor.Map) map[string]tensor.Value {
	out := map[string]tensor.Value{}
	for i := range m.Keys.Len() {
		var key string
		if m.Keys.DType() == tensor.String {
			key = tensor.Data[string](m.Keys)[i]
		} else {
			key = fmt.Sprint(m.Keys.Int64s()[i])
		}
		switch v := m.Values.(type) {
		case *tensor.Sequence:
			out[key] = v.Items[i]
		case *tensor.Tensor:
			row, err := v.Row(i)
			if err == nil {
				out[key] = row
			}
		}
	}
	return out
}

func (r *Result) tensor(path string, got, want *tensor.Tensor, tol Tolerance) {
	if got.DType() != want.DType() || !sameShape(got.Shape(), want.Shape()) {
		r.fail(path, "got %s, want %s", got.Describe(), want.Describe())
		return
	}
	at := func(i int) string { return path + indexText(i, want.Shape()) }
	switch dt := want.DType(); {
	case dt == tensor.String:
		g, w := tensor.Data[string](got), tensor.Data[string](want)
		for i := range w {
			if g[i] != w[i] {
				r.fail(at(i), "%q, want %q", g[i], w[i])
			}
		}
	case dt.IsComplex():
		g, w := complexes(got), complexes(want)
		for i := range w {
			r.number(func() string { return at(i) }, cmplx.Abs(g[i]-w[i]), cmplx.Abs(w[i]), g[i] == w[i] || (cmplx.IsNaN(g[i]) && cmplx.IsNaN(w[i])), g[i], w[i], tol)
		}
	case dt == tensor.Bool:
		g, w := tensor.Data[bool](got), tensor.Data[bool](want)
		for i := range w {
			if g[i] != w[i] {
				r.fail(at(i), "%v, want %v", g[i], w[i])
			}
		}
	case dt.IsInt():
		g, w := got.Int64s(), want.Int64s()
		for i := range w {
			if g[i] != w[i] {
				r.number(func() string { return at(i) }, math.Abs(float64(g[i])-float64(w[i])), math.Abs(float64(w[i])), false, g[i], w[i], tol)
			}
		}
	default:
		g, w := got.Float64s(), want.Float64s()
		tol := tol.For(dt)
		for i := range w {
			same := g[i] == w[i] || (math.IsNaN(g[i]) && math.IsNaN(w[i]))
			r.number(func() string { return at(i) }, math.Abs(g[i]-w[i]), math.Abs(w[i]), same, g[i], w[i], tol)
		}
	}
}

// number notes one pair of numbers: their distance, the size of the wanted one, and whether they are the same.
func (r *Result) number(at func() string, dist, size float64, same bool, got, want any, tol Tolerance) {
	if same {
		return
	}
	if !math.IsInf(dist, 0) && !math.IsNaN(dist) {
		r.MaxAbs = max(r.MaxAbs, dist)
		if size > 0 {
			r.MaxRel = max(r.MaxRel, dist/size)
		}
	}
	if !(dist <= tol.ATol+tol.RTol*size) || math.IsInf(size, 0) {
		if r.Diff == "" {
			r.fail(at(), "%v, want %v (off by %.3g, allowed %.3g)", got, want, dist, tol.ATol+tol.RTol*size)
		}
	}
}

func complexes(t *tensor.Tensor) []complex128 {
	if t.DType() == tensor.Complex128 {
		return tensor.Data[complex128](t)
	}
	out := make([]complex128, t.Len())
	for i, x := range tensor.Data[complex64](t) {
		out[i] = complex128(x)
	}
	return out
}

func sameShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// indexText returns element i of a shape as [0,2].
func indexText(i int, shape []int) string {
	idx := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		idx[d] = i % shape[d]
		i /= shape[d]
	}
	return tensor.FormatShape(idx)
}

func isNil(v tensor.Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case *tensor.Tensor:
		return v == nil
	case *tensor.Optional:
		return v == nil || isNil(v.Value)
	}
	return false
}

func describe(v tensor.Value) string {
	if isNil(v) {
		return "nothing"
	}
	if t, ok := v.(*tensor.Tensor); ok {
		return t.Describe()
	}
	return v.Type().String()
}

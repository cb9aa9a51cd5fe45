package ref

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlMapKernels = []exec.Kernel{
	always(castMap),
	always(dictVectorizer),
	always(zipMap),
}

// mapValues returns the values of a map as one tensor.
func mapValues(m *tensor.Map) (*tensor.Tensor, error) {
	switch v := m.Values.(type) {
	case *tensor.Tensor:
		if v.Len() != m.Keys.Len() {
			return nil, fmt.Errorf("input 0: a map of %d keys and %d values", m.Keys.Len(), v.Len())
		}
		return v, nil
	case *tensor.Sequence:
		if len(v.Items) != m.Keys.Len() {
			return nil, fmt.Errorf("input 0: a map of %d keys and %d values", m.Keys.Len(), len(v.Items))
		}
		out, err := tensor.Make(v.Elem.DType, []int{len(v.Items)})
		if err != nil {
			return nil, err
		}
		for i, x := range v.Items {
			t, ok := x.(*tensor.Tensor)
			if !ok || t.Len() != 1 || t.DType() != out.DType() {
				return nil, fmt.Errorf("input 0: value %d of the map is no scalar of type %v", i, out.DType())
			}
			if t.DType() == tensor.String {
				tensor.Data[string](out)[i] = tensor.Data[string](t)[0]
			} else {
				copy(out.Bytes()[i*t.DType().Size():], t.Bytes())
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("input 0: a map of %v", m.Values.Type())
}

func castMap(b *exec.Binding, o *op.CastMap) run {
	return func(f *exec.Frame) error {
		m := f.InValue(0).(*tensor.Map)
		values, err := mapValues(m)
		if err != nil {
			return err
		}
		keys := tensor.Data[int64](m.Keys)
		order := make([]int, len(keys))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int { return cmp.Compare(keys[i], keys[j]) })
		n, at := len(keys), func(i int) int { return i }
		if o.MapForm == "SPARSE" {
			n, at = o.MaxMap, func(i int) int { return int(keys[order[i]]) }
			for _, k := range keys {
				if k < 0 || k >= int64(n) {
					return fmt.Errorf("input 0: key %d, want 0..%d", k, n-1)
				}
			}
		}
		y, err := f.Make(0, b.Out[0].DType, 1, n)
		if err != nil {
			return err
		}
		switch o.CastTo {
		case "TO_FLOAT":
			return castEach(tensor.Data[float32](y), 0, values, order, at, func(x float32) float32 { return x }, func(s string) (float32, error) {
				x, err := strconv.ParseFloat(s, 32)
				return float32(x), err
			})
		case "TO_INT64":
			return castEach(tensor.Data[int64](y), 0, values, order, at, func(x float32) int64 { return int64(x) }, func(s string) (int64, error) {
				return strconv.ParseInt(s, 10, 64)
			})
		}
		return castEach(tensor.Data[string](y), "0.f", values, order, at, // what ONNX Runtime pads strings with
			func(x float32) string { return strconv.FormatFloat(float64(x), 'f', 6, 64) },
			func(s string) (string, error) { return s, nil })
	}
}

// castEach fills y with pad, then puts value order[i] of the map at index at(i).
func castEach[T any](y []T, pad T, values *tensor.Tensor, order []int, at func(int) int, number func(float32) T, text func(string) (T, error)) error {
	for i := range y {
		y[i] = pad
	}
	for i, j := range order {
		if values.DType() == tensor.Float32 {
			y[at(i)] = number(tensor.Data[float32](values)[j])
			continue
		}
		x, err := text(tensor.Data[string](values)[j])
		if err != nil {
			return fmt.Errorf("input 0: value %d of the map: %w", j, err)
		}
		y[at(i)] = x
	}
	return nil
}

func dictVectorizer(b *exec.Binding, o *op.DictVectorizer) run {
	return func(f *exec.Frame) error {
		m := f.InValue(0).(*tensor.Map)
		values, err := mapValues(m)
		if err != nil {
			return err
		}
		y := f.Out(0)
		put := func(i, j int) {
			if values.DType() == tensor.String {
				tensor.Data[string](y)[i] = tensor.Data[string](values)[j]
				return
			}
			size := y.DType().Size()
			copy(y.Bytes()[i*size:(i+1)*size], values.Bytes()[j*size:])
		}
		clear(y.Bytes())
		if y.DType() == tensor.String {
			clear(tensor.Data[string](y))
		}
		if o.StringVocabulary != nil {
			scatter(o.StringVocabulary, tensor.Data[string](m.Keys), put)
		} else {
			scatter(o.Int64Vocabulary, tensor.Data[int64](m.Keys), put)
		}
		return nil
	}
}

// scatter calls put for each word i of a vocabulary that is key j.
func scatter[K comparable](vocabulary, keys []K, put func(i, j int)) {
	index := make(map[K]int, len(keys))
	for j, k := range keys {
		index[k] = j
	}
	for i, k := range vocabulary {
		if j, ok := index[k]; ok {
			put(i, j)
		}
	}
}

func zipMap(b *exec.Binding, o *op.ZipMap) run {
	keys := labels(o.ClasslabelsStrings, o.ClasslabelsInt64s)
	return func(f *exec.Frame) error {
		x := tensor.Data[float32](f.In(0))
		n := keys.Len()
		s := &tensor.Sequence{Elem: *b.Out[0].Elem}
		for at := 0; at+n <= len(x) && n > 0; at += n {
			s.Items = append(s.Items, &tensor.Map{Keys: keys, Values: tensor.FromSlice(slices.Clone(x[at : at+n]))})
		}
		f.Emit(0, s)
		return nil
	}
}

// labels returns the labels that are given as a tensor: strings, or else integers.
func labels(text []string, ints []int64) *tensor.Tensor {
	if len(text) > 0 {
		return tensor.FromSlice(text)
	}
	return tensor.FromSlice(ints)
}

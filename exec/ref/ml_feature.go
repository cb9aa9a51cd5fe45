package ref

import (
	"fmt"
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlFeatureKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.Binarizer]{
		tensor.Float32: binarizer[float32], tensor.Float64: binarizer[float64],
		tensor.Int32: binarizer[int32], tensor.Int64: binarizer[int64],
	}),
	by(map[tensor.DType]impl[*op.Imputer]{
		tensor.Float32: imputer[float32], tensor.Float64: imputer[float64],
		tensor.Int32: imputer[int32], tensor.Int64: imputer[int64],
	}),
	always(arrayFeatureExtractor),
	always(categoryMapper),
	always(featureVectorizer),
	always(labelEncoder),
	always(normalizer),
	always(oneHotEncoder),
	always(scaler),
}

func arrayFeatureExtractor(b *exec.Binding, o *op.ArrayFeatureExtractor) run {
	n := last(b.Shape(0))
	return func(f *exec.Frame) error {
		x, z, ids := f.In(0), f.Out(0), tensor.Data[int64](f.In(1))
		for i, id := range ids {
			if id < 0 || id >= int64(n) {
				return fmt.Errorf("input 1: element %d is %d, want 0..%d", i, id, n-1)
			}
		}
		size := x.DType().Size()
		for i := range z.Len() {
			j := i/len(ids)*n + int(ids[i%len(ids)])
			if x.DType() == tensor.String {
				tensor.Data[string](z)[i] = tensor.Data[string](x)[j]
			} else {
				copy(z.Bytes()[i*size:(i+1)*size], x.Bytes()[j*size:])
			}
		}
		return nil
	}
}

func binarizer[T number](b *exec.Binding, o *op.Binarizer) run {
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		for i := range x {
			y[i] = 0
			if float64(x[i]) > float64(o.Threshold) {
				y[i] = 1
			}
		}
		return nil
	}
}

func categoryMapper(b *exec.Binding, o *op.CategoryMapper) run {
	return func(f *exec.Frame) error {
		if f.In(0).DType() == tensor.String {
			lookUp(tensor.Data[int64](f.Out(0)), tensor.Data[string](f.In(0)), dictionary(o.CatsStrings, o.CatsInt64s), o.DefaultInt64)
		} else {
			lookUp(tensor.Data[string](f.Out(0)), tensor.Data[int64](f.In(0)), dictionary(o.CatsInt64s, o.CatsStrings), o.DefaultString)
		}
		return nil
	}
}

// dictionary returns the map from each key to its value; the last one of repeated keys counts.
func dictionary[K comparable, V any](keys []K, values []V) map[K]V {
	m := make(map[K]V, len(keys))
	for i, k := range keys {
		m[k] = values[i]
	}
	return m
}

// lookUp maps each element of x, or to def.
func lookUp[K comparable, V any](y []V, x []K, m map[K]V, def V) {
	for i, k := range x {
		v, ok := m[k]
		if !ok {
			v = def
		}
		y[i] = v
	}
}

func featureVectorizer(b *exec.Binding, o *op.FeatureVectorizer) run {
	shape := b.OutShape(0)
	return func(f *exec.Frame) error {
		y := tensor.Data[float32](f.Out(0))
		clear(y)
		at := 0
		for i := range f.NumIn() {
			x, n := as[float32](f.In(i)), last(b.Shape(i))
			width := n
			if o.InputDimensions != nil {
				width = o.InputDimensions[i]
			}
			for r := range shape[0] {
				copy(y[r*shape[1]+at:][:width], x[r*n:][:n])
			}
			at += width
		}
		return nil
	}
}

func imputer[T number](b *exec.Binding, o *op.Imputer) run {
	var values []T
	old := T(o.ReplacedValueFloat)
	if b.DType(0).IsInt() {
		old = T(o.ReplacedValueInt64)
		for _, v := range o.ImputedValueInt64s {
			values = append(values, T(v))
		}
	} else {
		for _, v := range o.ImputedValueFloats {
			values = append(values, T(v))
		}
	}
	return func(f *exec.Frame) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		for i, v := range x {
			if v == old || v != v && old != old {
				v = values[i%len(values)]
			}
			y[i] = v
		}
		return nil
	}
}

func labelEncoder(b *exec.Binding, o *op.LabelEncoder) run {
	keys, values := o.Keys(), o.Values()
	def := o.Default(values.DType())
	return func(f *exec.Frame) error {
		at := indexOf(f.In(0), keys)
		switch values.DType() {
		case tensor.String:
			pick(tensor.Data[string](f.Out(0)), at, tensor.Data[string](values), tensor.Data[string](def)[0])
		case tensor.Float32, tensor.Int32:
			pick(tensor.View[uint32](f.Out(0).Bytes()), at, tensor.View[uint32](values.Bytes()), tensor.View[uint32](def.Bytes())[0])
		case tensor.Int16:
			pick(tensor.Data[int16](f.Out(0)), at, tensor.Data[int16](values), tensor.Data[int16](def)[0])
		default: // Float64, Int64
			pick(tensor.View[uint64](f.Out(0).Bytes()), at, tensor.View[uint64](values.Bytes()), tensor.View[uint64](def.Bytes())[0])
		}
		return nil
	}
}

// pick maps indices to values, and −1 to def.
func pick[T any](y []T, at []int, values []T, def T) {
	for i, j := range at {
		if j < 0 {
			y[i] = def
		} else {
			y[i] = values[j]
		}
	}
}

// indexOf returns for each element of x the index of the last key that equals it, or −1. NaN equals NaN.
func indexOf(x, keys *tensor.Tensor) []int {
	switch x.DType() {
	case tensor.String:
		return indices(tensor.Data[string](x), tensor.Data[string](keys))
	case tensor.Float32, tensor.Float64:
		return indices(floatKeys(x), floatKeys(keys))
	}
	return indices(x.Int64s(), keys.Int64s())
}

func indices[K comparable](x, keys []K) []int {
	ids := make([]int, len(keys))
	for i := range ids {
		ids[i] = i
	}
	at := make([]int, len(x))
	lookUp(at, x, dictionary(keys, ids), -1)
	return at
}

// floatKeys returns floats as bits, so that 0 is −0 and NaN is NaN.
func floatKeys(t *tensor.Tensor) []uint64 {
	out := make([]uint64, t.Len())
	for i, x := range as[float64](t) {
		switch {
		case x != x:
			x = math.NaN()
		case x == 0:
			x = 0
		}
		out[i] = math.Float64bits(x)
	}
	return out
}

func normalizer(b *exec.Binding, o *op.Normalizer) run {
	n := last(b.Shape(0))
	return func(f *exec.Frame) error {
		x, y := as[float32](f.In(0)), tensor.Data[float32](f.Out(0))
		for at := 0; at < len(x); at += n {
			row := x[at : at+n]
			top, sum, squares := row[0], float32(0), float32(0)
			for _, v := range row {
				top = max(top, v)
				sum += max(v, -v)
				squares += float32(v * v)
			}
			by := top
			switch o.Norm {
			case "L1":
				by = sum
			case "L2":
				by = float32(math.Sqrt(float64(squares)))
			}
			if by == 0 {
				by = 1
			}
			for i, v := range row {
				y[at+i] = v / by
			}
		}
		return nil
	}
}

func oneHotEncoder(b *exec.Binding, o *op.OneHotEncoder) run {
	cats := labels(o.CatsStrings, o.CatsInt64s)
	return func(f *exec.Frame) error {
		x, y := f.In(0), tensor.Data[float32](f.Out(0))
		if x.DType() != tensor.String {
			x = tensor.FromSlice(as[int64](x))
		}
		clear(y)
		for i, j := range indexOf(x, cats) {
			if j >= 0 {
				y[i*cats.Len()+j] = 1
			} else if !o.Zeros {
				return fmt.Errorf("input 0: element %d is in no category", i)
			}
		}
		return nil
	}
}

func scaler(b *exec.Binding, o *op.Scaler) run {
	return func(f *exec.Frame) error {
		y := tensor.Data[float32](f.Out(0))
		for i, x := range as[float64](f.In(0)) {
			k := i % len(o.Scale)
			y[i] = float32((x - float64(o.Offset[k])) * float64(o.Scale[k]))
		}
		return nil
	}
}

package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlFeatureOps = []Entry{
	core[ArrayFeatureExtractor]("X Y -> Z"),
	core[Binarizer]("X -> Y"),
	core[CategoryMapper]("X -> Y"),
	core[FeatureVectorizer]("X... -> Y"),
	core[Imputer]("X -> Y"),
	core[LabelEncoder]("X -> Y"),
	core[Normalizer]("X -> Y"),
	core[OneHotEncoder]("X -> Y"),
	core[Scaler]("X -> Y"),
}

// ArrayFeatureExtractor picks elements of the last axis of X by the indices Y: [...,n] to [...,len(Y)], and [n] to
// [1,len(Y)].
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html
type ArrayFeatureExtractor struct{ inML }

// Infer implements graph.Op.
func (o *ArrayFeatureExtractor) Infer(c *graph.Infer) {
	checkTensor(c, 0, mlTypes|stringOnly)
	checkTensor(c, 1, int64Only)
	n := c.Fresh()
	if c.Dims(1) != nil {
		n = c.In(1).Len()
	}
	x := c.Dims(0)
	switch len(x) {
	case 0:
		c.Check(x == nil, "input 0: rank 0, want 1 or more")
		c.Tensor(0, c.DType(0), nil)
	case 1:
		c.Tensor(0, c.DType(0), []graph.Dim{graph.N(1), n})
	default:
		c.Tensor(0, c.DType(0), append(append([]graph.Dim(nil), x[:len(x)-1]...), n))
	}
}

// Binarizer is 1 where X is above Threshold, else 0.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html
type Binarizer struct {
	inML
	Threshold float32 `onnx:"threshold,0"`
}

// Infer implements graph.Op.
func (o *Binarizer) Infer(c *graph.Infer) {
	checkTensor(c, 0, mlTypes)
	c.Like(0, 0)
}

// CategoryMapper turns strings into integers or integers into strings by pairs of both.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_CategoryMapper.html
type CategoryMapper struct {
	inML
	CatsInt64s    []int64  `onnx:"cats_int64s"`
	CatsStrings   []string `onnx:"cats_strings"`
	DefaultInt64  int64    `onnx:"default_int64,-1"`
	DefaultString string   `onnx:"default_string,_Unused"`
}

// Infer implements graph.Op.
func (o *CategoryMapper) Infer(c *graph.Infer) {
	checkTensor(c, 0, stringOnly|int64Only)
	checkLen(c, "cats_strings", len(o.CatsStrings), len(o.CatsInt64s))
	to := tensor.String
	if c.DType(0) == tensor.String {
		to = tensor.Int64
	}
	c.Tensor(0, to, c.Dims(0))
}

// FeatureVectorizer concatenates the columns of its inputs, [rows,columns] or [columns], each cut or filled with zeros to
// what InputDimensions says.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html
type FeatureVectorizer struct {
	inML
	InputDimensions []int `onnx:"inputdimensions"`
}

// Infer implements graph.Op.
func (o *FeatureVectorizer) Infer(c *graph.Infer) {
	if o.InputDimensions != nil {
		checkLen(c, "inputdimensions", len(o.InputDimensions), c.NumIn())
	}
	rows, total := c.Fresh(), graph.N(0)
	for i := range c.NumIn() {
		checkTensor(c, i, mlTypes)
		c.CheckSame(0, i)
		d := c.Dims(i)
		c.Check(d == nil || len(d) == 1 || len(d) == 2, "input %d: rank %d, want 1 or 2", i, len(d))
		width := c.Fresh()
		switch len(d) {
		case 1:
			rows, width = c.Unify(rows, graph.N(1), "rows of the inputs"), d[0]
		case 2:
			rows, width = c.Unify(rows, d[0], "rows of the inputs"), d[1]
		}
		if i < len(o.InputDimensions) {
			n := o.InputDimensions[i]
			c.Check(n >= 0, "attribute %q: %d, want 0 or more", "inputdimensions", n)
			width = graph.N(n)
		}
		total = total.Add(width)
	}
	c.Tensor(0, tensor.Float32, []graph.Dim{rows, total})
}

// Imputer replaces the elements of X that equal one value (NaN equals NaN) by another, or by one per column.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html
type Imputer struct {
	inML
	ImputedValueFloats []float32 `onnx:"imputed_value_floats"`
	ImputedValueInt64s []int64   `onnx:"imputed_value_int64s"`
	ReplacedValueFloat float32   `onnx:"replaced_value_float,0"`
	ReplacedValueInt64 int64     `onnx:"replaced_value_int64,0"`
}

// Infer implements graph.Op.
func (o *Imputer) Infer(c *graph.Infer) {
	if !checkTensor(c, 0, mlTypes) {
		return
	}
	n, name := len(o.ImputedValueFloats), "imputed_value_floats"
	if c.DType(0).IsInt() {
		n, name = len(o.ImputedValueInt64s), "imputed_value_int64s"
	}
	c.Check(n > 0, "attribute %q: no elements, want one, or one per column", name)
	if r := c.Rank(0); r > 0 {
		k, ok := c.Dims(0)[r-1].Int()
		c.Check(!ok || n == 1 || n == k, "attribute %q: %d elements, want 1 or %d", name, n, k)
	} else {
		c.Check(r < 0 || n == 1, "attribute %q: %d elements, want 1", name, n)
	}
	c.Like(0, 0)
}

// LabelEncoder maps each element by parallel lists of keys and values, whose types are those of input and output. Of
// repeated keys the last one counts; NaN is a key like others.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html
type LabelEncoder struct {
	inML
	DefaultFloat  float32        `onnx:"default_float,-0"`
	DefaultInt64  int64          `onnx:"default_int64,-1"`
	DefaultString string         `onnx:"default_string,_Unused"`
	DefaultTensor *tensor.Tensor `onnx:"default_tensor"`
	KeysFloats    []float32      `onnx:"keys_floats"`
	KeysInt64s    []int64        `onnx:"keys_int64s"`
	KeysStrings   []string       `onnx:"keys_strings"`
	KeysTensor    *tensor.Tensor `onnx:"keys_tensor"`
	ValuesFloats  []float32      `onnx:"values_floats"`
	ValuesInt64s  []int64        `onnx:"values_int64s"`
	ValuesStrings []string       `onnx:"values_strings"`
	ValuesTensor  *tensor.Tensor `onnx:"values_tensor"`
}

// Keys returns the keys as a tensor; nil when there is not exactly one list of them.
func (o *LabelEncoder) Keys() *tensor.Tensor {
	return onlyList(o.KeysFloats, o.KeysInt64s, o.KeysStrings, o.KeysTensor)
}

// Values returns the values as a tensor; nil when there is not exactly one list of them.
func (o *LabelEncoder) Values() *tensor.Tensor {
	return onlyList(o.ValuesFloats, o.ValuesInt64s, o.ValuesStrings, o.ValuesTensor)
}

// Default returns what keys that are not listed map to, as a tensor of one element of type dt.
func (o *LabelEncoder) Default(dt tensor.DType) *tensor.Tensor {
	if t := o.DefaultTensor; t != nil && t.DType() == dt {
		return t
	}
	switch {
	case dt == tensor.String:
		return tensor.FromSlice([]string{o.DefaultString})
	case dt.IsInt():
		t := tensor.FromSlice([]int64{o.DefaultInt64})
		if c, err := tensor.Cast(t, dt, tensor.CastOptions{}); err == nil {
			return c
		}
		return t
	case dt == tensor.Float64:
		return tensor.FromSlice([]float64{float64(o.DefaultFloat)})
	}
	return tensor.FromSlice([]float32{o.DefaultFloat})
}

func onlyList(floats []float32, ints []int64, text []string, t *tensor.Tensor) *tensor.Tensor {
	n := 0
	if floats != nil {
		n, t = n+1, tensor.FromSlice(floats)
	} else if t != nil {
		n++
	}
	if ints != nil {
		n, t = n+1, tensor.FromSlice(ints)
	}
	if text != nil {
		n, t = n+1, tensor.FromSlice(text)
	}
	if n != 1 {
		return nil
	}
	return t
}

// Infer implements graph.Op.
func (o *LabelEncoder) Infer(c *graph.Infer) {
	types := setOf(tensor.String, tensor.Int64, tensor.Float32, tensor.Int32, tensor.Int16, tensor.Float64)
	checkTensor(c, 0, types)
	keys, values := o.Keys(), o.Values()
	if !c.Check(keys != nil, "want one attribute of keys_*") || !c.Check(values != nil, "want one attribute of values_*") {
		return
	}
	c.Check(keys.DType() == c.DType(0), "input 0: %v, want %v, the type of the keys", c.DType(0), keys.DType())
	c.Check(keys.Len() == values.Len(), "%d keys and %d values, want as many", keys.Len(), values.Len())
	c.Check(types.has(values.DType()), "values of type %v are not supported", values.DType())
	if t := o.DefaultTensor; t != nil {
		c.Check(t.DType() == values.DType() && t.Len() == 1, "attribute %q: %s, want one element of type %v", "default_tensor", t.Describe(), values.DType())
	}
	c.Tensor(0, values.DType(), c.Dims(0))
}

// Normalizer divides each row by its largest element (MAX), the sum of its absolute values (L1) or its length (L2), unless
// that is 0.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html
type Normalizer struct {
	inML
	Norm string `onnx:"norm,MAX"`
}

// Infer implements graph.Op.
func (o *Normalizer) Infer(c *graph.Infer) {
	checkRows(c)
	checkChoice(c, "norm", o.Norm, "MAX L1 L2")
	c.Tensor(0, tensor.Float32, c.Dims(0))
}

// OneHotEncoder appends a dimension that is 1 at the index of the category that the element is. Elements of no category
// are all zeros, or an error when Zeros is false. Floats are truncated to integers.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html
type OneHotEncoder struct {
	inML
	CatsInt64s  []int64  `onnx:"cats_int64s"`
	CatsStrings []string `onnx:"cats_strings"`
	Zeros       bool     `onnx:"zeros,1"`
}

// Infer implements graph.Op.
func (o *OneHotEncoder) Infer(c *graph.Infer) {
	checkTensor(c, 0, mlTypes|stringOnly)
	n, dt := checkLabels(c, o.CatsStrings, o.CatsInt64s)
	c.Check((c.DType(0) == tensor.String) == (dt == tensor.String), "input 0: %v does not go with categories of type %v", c.DType(0), dt)
	var dims []graph.Dim
	if x := c.Dims(0); x != nil {
		dims = append(append([]graph.Dim{}, x...), graph.N(n))
	}
	c.Tensor(0, tensor.Float32, dims)
}

// Scaler is (X − Offset)·Scale, with one number each, or one per column.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html
type Scaler struct {
	inML
	Offset []float32 `onnx:"offset"`
	Scale  []float32 `onnx:"scale"`
}

// Infer implements graph.Op.
func (o *Scaler) Infer(c *graph.Infer) {
	checkTensor(c, 0, mlTypes)
	c.Check(len(o.Offset) == len(o.Scale) && len(o.Scale) > 0, "attributes %q and %q: %d and %d elements, want as many, 1 or more",
		"offset", "scale", len(o.Offset), len(o.Scale))
	n := len(o.Scale)
	if r := c.Rank(0); r > 0 {
		k, ok := c.Dims(0)[r-1].Int()
		c.Check(!ok || n == 1 || n == k, "attribute %q: %d elements, want 1 or %d", "scale", n, k)
	} else {
		c.Check(r < 0 || n == 1, "attribute %q: %d elements, want 1", "scale", n)
	}
	c.Tensor(0, tensor.Float32, c.Dims(0))
}

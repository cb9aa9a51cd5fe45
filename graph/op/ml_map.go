package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlMapOps = []Entry{
	core[CastMap]("X -> Y"),
	core[DictVectorizer]("X -> Y"),
	core[ZipMap]("X -> Z"),
}

// CastMap makes a tensor [1,n] of the values of a map with integer keys: in the order of the keys (DENSE), or at the index
// that the key is, with MaxMap elements (SPARSE).
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_CastMap.html
type CastMap struct {
	inML
	CastTo  string `onnx:"cast_to,TO_FLOAT"`
	MapForm string `onnx:"map_form,DENSE"`
	MaxMap  int    `onnx:"max_map,1"`
}

// Infer implements graph.Op.
func (o *CastMap) Infer(c *graph.Infer) {
	checkMap(c, 0, setOf(tensor.Int64), setOf(tensor.String, tensor.Float32))
	checkChoice(c, "map_form", o.MapForm, "DENSE SPARSE")
	n := c.Fresh()
	if o.MapForm == "SPARSE" {
		c.Check(o.MaxMap > 0, "attribute %q: %d, want 1 or more", "max_map", o.MaxMap)
		n = graph.N(o.MaxMap)
	}
	if !checkChoice(c, "cast_to", o.CastTo, "TO_FLOAT TO_STRING TO_INT64") {
		return
	}
	to := map[string]tensor.DType{"TO_FLOAT": tensor.Float32, "TO_STRING": tensor.String, "TO_INT64": tensor.Int64}
	c.Tensor(0, to[o.CastTo], []graph.Dim{graph.N(1), n})
}

// checkMap checks that input i is a map from a key type to tensors, and returns the type of their elements.
func checkMap(c *graph.Infer, i int, keys, values typeSet) tensor.DType {
	t := c.In(i).Type
	if !c.Check(t.Kind == tensor.KindMap && t.Elem != nil && t.Elem.Kind == tensor.KindTensor, "input %d: %v, want a map", i, t) {
		return tensor.Undefined
	}
	c.Check(keys.has(t.DType) && values.has(t.Elem.DType), "input %d: %v is not supported", i, t)
	return t.Elem.DType
}

// DictVectorizer makes a tensor [1,n] of the values of a map, in the order of a vocabulary of n keys; zero where the map
// lacks a key.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_DictVectorizer.html
type DictVectorizer struct {
	inML
	Int64Vocabulary  []int64  `onnx:"int64_vocabulary"`
	StringVocabulary []string `onnx:"string_vocabulary"`
}

// Infer implements graph.Op.
func (o *DictVectorizer) Infer(c *graph.Infer) {
	n, key := checkLabels(c, o.StringVocabulary, o.Int64Vocabulary)
	value := checkMap(c, 0, setOf(key), setOf(tensor.Int64, tensor.Float32, tensor.Float64, tensor.String))
	c.Tensor(0, value, []graph.Dim{graph.N(1), graph.N(n)})
}

// ZipMap makes of each row of X, [rows,columns] or [columns], a map from the labels to its elements.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html
type ZipMap struct {
	inML
	ClasslabelsInt64s  []int64  `onnx:"classlabels_int64s"`
	ClasslabelsStrings []string `onnx:"classlabels_strings"`
}

// Infer implements graph.Op.
func (o *ZipMap) Infer(c *graph.Infer) {
	n, key := checkLabels(c, o.ClasslabelsStrings, o.ClasslabelsInt64s)
	checkTensor(c, 0, setOf(tensor.Float32))
	if _, columns := checkRows(c); !c.Failed() {
		k, ok := columns.Int()
		c.Check(!ok || k == n, "input 0: %d columns, want %d as there are labels", k, n)
	}
	c.Set(0, graph.Fact{Type: tensor.SequenceOf(tensor.MapOf(key, tensor.TypeOf(tensor.Float32)))})
}

package op

import (
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var tfIdfOps = []Entry{
	core[TfIdfVectorizer]("X -> Y"),
}

// TfIdfVectorizer counts the n-grams of a pool in each row: PoolInts or PoolStrings holds first all 1-grams, then all
// 2-grams and so on, those of n from NgramCounts[n−1] on, and NgramIndexes says in which column each is counted. The items of
// an n-gram may be up to MaxSkip others apart, equally far. Mode TF yields the counts, IDF the weight of the n-gram where there
// are any, TFIDF both multiplied.
//
// https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html
type TfIdfVectorizer struct {
	MaxGram      int       `onnx:"max_gram_length,required"`
	MaxSkip      int       `onnx:"max_skip_count,required"`
	MinGram      int       `onnx:"min_gram_length,required"`
	Mode         string    `onnx:"mode,required"`
	NgramCounts  []int     `onnx:"ngram_counts,required"`
	NgramIndexes []int     `onnx:"ngram_indexes,required"`
	PoolInts     []int64   `onnx:"pool_int64s"`
	PoolStrings  []string  `onnx:"pool_strings"`
	Weights      []float32 `onnx:"weights"`
}

// Columns returns how many columns the result has.
func (o *TfIdfVectorizer) Columns() int {
	if len(o.NgramIndexes) == 0 {
		return 0
	}
	return slices.Max(o.NgramIndexes) + 1
}

// Section returns where the n-grams of n items are in a pool of the given size.
func (o *TfIdfVectorizer) Section(n, pool int) (from, to int) {
	if n > len(o.NgramCounts) {
		return pool, pool
	}
	if n < len(o.NgramCounts) {
		return o.NgramCounts[n-1], o.NgramCounts[n]
	}
	return o.NgramCounts[n-1], pool
}

// Infer implements graph.Op.
func (o *TfIdfVectorizer) Infer(c *graph.Infer) {
	checkChoice(c, "mode", o.Mode, "TF IDF TFIDF")
	pool := max(len(o.PoolInts), len(o.PoolStrings))
	switch {
	case len(o.PoolInts) > 0 && len(o.PoolStrings) > 0:
		c.Check(false, "both attributes \"pool_int64s\" and \"pool_strings\" are there")
	case len(o.PoolStrings) > 0:
		checkTensor(c, 0, stringOnly)
	case len(o.PoolInts) > 0:
		checkTensor(c, 0, indexTypes)
	default:
		checkTensor(c, 0, indexTypes|stringOnly)
	}
	c.Check(o.MinGram >= 1 && o.MaxGram >= o.MinGram, "n-grams of %d to %d items, want 1 or more", o.MinGram, o.MaxGram)
	c.Check(o.MaxSkip >= 0, "attribute \"max_skip_count\" is %d, want at least 0", o.MaxSkip)
	c.Check(o.MaxGram <= len(o.NgramCounts), "attribute \"ngram_counts\" has %d elements, want at least %d", len(o.NgramCounts), o.MaxGram)
	grams, last := 0, 0
	for i, at := range o.NgramCounts {
		if !c.Check(at >= last && at <= pool, "attribute \"ngram_counts\": element %d is %d, want %d to %d", i, at, last, pool) {
			return
		}
		last = at
		from, to := o.Section(i+1, pool)
		grams += max(to-from, 0) / (i + 1)
	}
	c.Check(len(o.NgramIndexes) >= grams, "attribute \"ngram_indexes\" has %d elements, want %d", len(o.NgramIndexes), grams)
	for i, k := range o.NgramIndexes {
		c.Check(k >= 0 && k < math.MaxInt32, "attribute \"ngram_indexes\": element %d is %d, want at least 0", i, k)
	}
	c.Check(len(o.Weights) == 0 || len(o.Weights) == len(o.NgramIndexes), "attribute \"weights\" has %d elements, want %d",
		len(o.Weights), len(o.NgramIndexes))
	if c.Failed() {
		return
	}
	columns := graph.N(o.Columns())
	switch d := c.Dims(0); {
	case d == nil:
		c.Tensor(0, tensor.Float32, nil)
	case len(d) == 2:
		c.Tensor(0, tensor.Float32, []graph.Dim{d[0], columns})
	case c.Check(len(d) < 2, "input 0: rank %d, want at most 2", len(d)):
		c.Tensor(0, tensor.Float32, []graph.Dim{columns})
	}
}

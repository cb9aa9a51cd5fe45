package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func TestText(t *testing.T) {
	days := words("Monday", "tuesday", "Wednesday", "monday")
	for _, c := range []check{
		{&op.RegexFullMatch{Pattern: `(\w+)@x\.org`}, in(words("a@x.org", "a@x.orgs", "")), "bool[3] 1 0 0"},
		{&op.RegexFullMatch{Pattern: `a|ab`}, in(words("ab", "a\n")), "bool[2] 1 0"},
		{&op.RegexFullMatch{Pattern: `(`}, in(words("a")), "error: node \"\" (RegexFullMatch): attribute \"pattern\": error parsing regexp: missing closing ): `(`"},
		{&op.StringConcat{}, in(words("a", "b"), tensor.Scalar("c")), "string[2] ac bc"},
		{&op.StringConcat{}, in(words("a", "b"), words("a", "b", "c")), `error: node "" (StringConcat): shapes [2] and [3] do not broadcast: 2 against 3`},
		{&op.StringNormalizer{CaseChange: "LOWER", Stopwords: []string{"MONDAY"}}, in(days), "string[2] tuesday wednesday"},
		{&op.StringNormalizer{CaseChange: "UPPER", CaseSensitive: true, Stopwords: []string{"monday"}}, in(days), "string[3] MONDAY TUESDAY WEDNESDAY"},
		{&op.StringNormalizer{CaseChange: "NONE", Stopwords: []string{"a"}}, in(tensor.FromSlice([]string{"A", "a"}, 1, 2)), "string[1,1] "},
		{&op.StringNormalizer{CaseChange: "UPPER", Locale: "tr_TR"}, in(words("i")), "string[1] İ"},
		{&op.StringNormalizer{CaseChange: "TITLE"}, in(days), `error: node "" (StringNormalizer): attribute "case_change_action": "TITLE", want one of NONE LOWER UPPER`},
		{&op.StringNormalizer{CaseChange: "NONE"}, in(tensor.FromSlice([]string{"A", "a"}, 2, 1)), `error: node "" (StringNormalizer): input 0: shape [2,1], want one row`},
		{&op.StringSplit{Delimiter: "."}, in(words("a.b", "c", "")), "string[3,2] a b c    | int64[3] 2 1 1"},
		{&op.StringSplit{Delimiter: ".", MaxSplit: graph.Some(1)}, in(words("a.b.c")), "string[1,2] a b.c | int64[1] 2"},
		{&op.StringSplit{}, in(words(" a  b ", "")), "string[2,2] a b   | int64[2] 2 0"},
		{&op.StringSplit{MaxSplit: graph.Some(1)}, in(words(" a  b  c ")), "string[1,2] a b  c  | int64[1] 2"},
		{&op.StringSplit{}, in(tensor.FromSlice([]string{}, 2, 0)), "string[2,0,0] | int64[2,0]"},
	} {
		c.run(t)
	}
}

func TestTfIdf(t *testing.T) {
	with := func(set func(o *op.TfIdfVectorizer)) graph.Op {
		o := &op.TfIdfVectorizer{MinGram: 1, MaxGram: 2, Mode: "TF", NgramCounts: []int{0, 2}, NgramIndexes: []int{2, 0, 1}, PoolInts: []int64{5, 6, 5, 7}}
		set(o)
		return o
	}
	x := ints(5, 7, 5, 6, 7)
	for _, c := range []check{
		{with(func(o *op.TfIdfVectorizer) {}), in(x), "float32[3] 1 1 2"},
		{with(func(o *op.TfIdfVectorizer) { o.MaxSkip = 1 }), in(x), "float32[3] 1 2 2"},
		{with(func(o *op.TfIdfVectorizer) { o.MaxSkip = 9 }), in(x), "float32[3] 1 3 2"},
		{with(func(o *op.TfIdfVectorizer) { o.MinGram = 2 }), in(arr(i32, []int{2, 2}, 5, 7, 6, 7)), "float32[2,3] 0 1 0 0 0 0"},
		{with(func(o *op.TfIdfVectorizer) { o.Mode, o.Weights = "IDF", []float32{10, 20, 30} }), in(x), "float32[3] 20 30 10"},
		{with(func(o *op.TfIdfVectorizer) { o.Mode, o.Weights = "TFIDF", []float32{10, 20, 30} }), in(x), "float32[3] 20 30 20"},
		{with(func(o *op.TfIdfVectorizer) { o.PoolInts, o.PoolStrings = nil, []string{"a", "b", "a", "c"} }), in(words("a", "c")), "float32[3] 0 1 1"},
		{with(func(o *op.TfIdfVectorizer) { o.MaxGram = 3 }), in(x), `error: node "" (TfIdfVectorizer): attribute "ngram_counts" has 2 elements, want at least 3`},
		{with(func(o *op.TfIdfVectorizer) { o.NgramIndexes = []int{0} }), in(x), `error: node "" (TfIdfVectorizer): attribute "ngram_indexes" has 1 elements, want 3`},
		{with(func(o *op.TfIdfVectorizer) { o.NgramCounts = []int{0, 9} }), in(x), `error: node "" (TfIdfVectorizer): attribute "ngram_counts": element 1 is 9, want 0 to 4`},
		{with(func(o *op.TfIdfVectorizer) {}), in(words("a")), `error: node "" (TfIdfVectorizer): input 0: string is not supported`},
	} {
		c.run(t)
	}
}

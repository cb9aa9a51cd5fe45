package ref_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// What testdata/ortcases covers is not repeated here: edge cases, errors, and where we follow the standard's text.
func TestFeatures(t *testing.T) {
	const ml = op.ML + "."
	ints, floats := []int64{1, 2}, []float32{1, 2}
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "bad index", Op: ml + "ArrayFeatureExtractor", In: []string{"float32[2] 1", "int64[2] 0 2"}, Err: "element 1 is 2, want 0..1"},
		{Name: "no indices", Op: ml + "ArrayFeatureExtractor", In: []string{"float32[3,2] 1", "int64[0]"}, Want: []string{"float32[3,0]"}},
		{Name: "scalar", Op: ml + "ArrayFeatureExtractor", In: []string{"float32[] 1", "int64[1] 0"}, Err: "rank 0"},
		{Name: "int32", Op: ml + "Binarizer", Attrs: graph.Attrs{"threshold": float32(1.5)}, In: []string{"int32[3] 1 2 3"}, Want: []string{"int32[3] 0 1 1"}},
		{Name: "uneven", Op: ml + "CategoryMapper", Attrs: graph.Attrs{"cats_int64s": ints, "cats_strings": []string{"a"}}, In: []string{"int64[1] 1"}, Err: "1 elements, want 2"},
		{Name: "without sizes", Op: ml + "FeatureVectorizer", In: []string{"float64[2,1] 1 2", "float64[2,2] 3 4 5 6"}, Want: []string{"float32[2,3] 1 3 4 2 5 6"}},
		{Name: "rows differ", Op: ml + "FeatureVectorizer", In: []string{"float32[2,1] 1", "float32[3,1] 1"}, Err: "2 against 3"},
		{Name: "sizes differ", Op: ml + "FeatureVectorizer", Attrs: graph.Attrs{"inputdimensions": ints}, In: []string{"float32[2,1] 1"}, Err: "2 elements, want 1"},
		{Name: "int32", Op: ml + "Imputer", Attrs: graph.Attrs{"imputed_value_int64s": []int64{5}}, In: []string{"int32[2] 0 1"}, Want: []string{"int32[2] 5 1"}},
		{Name: "wrong kind", Op: ml + "Imputer", Attrs: graph.Attrs{"imputed_value_int64s": []int64{5}}, In: []string{"float32[2] 0 1"}, Err: "imputed_value_floats"},
		{Name: "wrong count", Op: ml + "Imputer", Attrs: graph.Attrs{"imputed_value_floats": floats}, In: []string{"float32[3] 0"}, Err: "2 elements, want 1 or 3"},
		{Name: "last of repeated keys", Op: ml + "LabelEncoder", Attrs: graph.Attrs{"keys_int64s": []int64{1, 2, 1}, "values_floats": []float32{3, 4, 5}}, In: []string{"int64[3] 1 2 7"}, Want: []string{"float32[3] 5 4 -0"}},
		{Name: "tensors", Op: ml + "LabelEncoder", Attrs: graph.Attrs{"keys_tensor": exectest.Tensor("int16[2] 3 4"), "values_tensor": exectest.Tensor("float64[2] 0.5 0.25")}, In: []string{"int16[3] 4 3 0"}, Want: []string{"float64[3] 0.25 0.5 -0"}},
		{Name: "two lists", Op: ml + "LabelEncoder", Attrs: graph.Attrs{"keys_int64s": ints, "keys_floats": floats, "values_floats": floats}, In: []string{"int64[1] 1"}, Err: "want one attribute of keys_*"},
		{Name: "type of keys", Op: ml + "LabelEncoder", Attrs: graph.Attrs{"keys_int64s": ints, "values_floats": floats}, In: []string{"float32[1] 1"}, Err: "the type of the keys"},
		{Name: "no columns", Op: ml + "Normalizer", In: []string{"float32[2,0]"}, Want: []string{"float32[2,0]"}},
		{Name: "unknown norm", Op: ml + "Normalizer", Attrs: graph.Attrs{"norm": "L3"}, In: []string{"float32[2] 1"}, Err: `"L3"`},
		{Name: "no category", Op: ml + "OneHotEncoder", Attrs: graph.Attrs{"cats_int64s": ints, "zeros": int64(0)}, In: []string{"int64[2] 1 3"}, Err: "element 1 is in no category"},
		{Name: "scalar", Op: ml + "OneHotEncoder", Attrs: graph.Attrs{"cats_int64s": ints}, In: []string{"int64[] 2"}, Want: []string{"float32[2] 0 1"}},
		{Name: "strings for numbers", Op: ml + "OneHotEncoder", Attrs: graph.Attrs{"cats_strings": []string{"a"}}, In: []string{"int64[] 2"}, Err: "does not go with"},
		{Name: "no numbers", Op: ml + "Scaler", In: []string{"float32[2] 1"}, Err: "want as many, 1 or more"},

		{Name: "no intercepts", Op: ml + "LinearClassifier", Attrs: graph.Attrs{"coefficients": floats, "classlabels_ints": ints}, In: []string{"float32[2,2] 1 1 -1 -1"}, Want: []string{"int64[2] 2 1", "float32[2,2] -2 3 4 -3"}},
		{Name: "bad count", Op: ml + "LinearClassifier", Attrs: graph.Attrs{"coefficients": floats, "classlabels_ints": ints}, In: []string{"float32[2,3] 1"}, Err: "do not fit 3 features and 2 labels"},
		{Name: "no labels", Op: ml + "LinearClassifier", Attrs: graph.Attrs{"coefficients": floats}, In: []string{"float32[2,1] 1"}, Err: "0 strings and 0 integers"},
		{Name: "unknown transform", Op: ml + "LinearRegressor", Attrs: graph.Attrs{"coefficients": floats, "post_transform": "SQUARE"}, In: []string{"float32[2] 1"}, Err: `"SQUARE"`},
		{Name: "probit", Op: ml + "LinearRegressor", Attrs: graph.Attrs{"coefficients": []float32{1}, "post_transform": "PROBIT"}, In: []string{"float32[3,1] 0.5 0.8413447 0.02275013"}, Want: []string{"float32[3,1] 0 1 -2"}},
		{Name: "bad targets", Op: ml + "LinearRegressor", Attrs: graph.Attrs{"coefficients": floats, "targets": int64(1 << 40)}, In: []string{"float32[2] 1"}, Err: `"targets"`},
		{Name: "bad vectors", Op: ml + "SVMClassifier", Attrs: graph.Attrs{"classlabels_ints": ints, "vectors_per_class": []int64{1 << 40, 1}}, In: []string{"float32[2] 1"}, Err: "vectors_per_class"},
		{Name: "bad rho", Op: ml + "SVMRegressor", Attrs: graph.Attrs{"coefficients": floats}, In: []string{"float32[2] 1"}, Err: `"rho"`},
	})
}

// stump is a tree of one comparison, of feature 0 with 0.5, and a vote of each leaf.
func stump(more graph.Attrs) graph.Attrs {
	a := graph.Attrs{
		"nodes_treeids": []int64{0, 0, 0}, "nodes_nodeids": []int64{0, 1, 2}, "nodes_featureids": []int64{0, 0, 0},
		"nodes_modes": []string{"BRANCH_LEQ", "LEAF", "LEAF"}, "nodes_values": []float32{0.5, 0, 0},
		"nodes_truenodeids": []int64{1, 0, 0}, "nodes_falsenodeids": []int64{2, 0, 0},
		"target_treeids": []int64{0, 0}, "target_nodeids": []int64{1, 2}, "target_ids": []int64{0, 0}, "target_weights": []float32{10, 20}, "n_targets": int64(1),
	}
	for k, v := range more {
		if a[k] = v; v == nil {
			delete(a, k)
		}
	}
	return a
}

func TestTrees(t *testing.T) {
	const name = op.ML + ".TreeEnsembleRegressor"
	x := []string{"float32[4,1] 0 0.5 1 nan"}
	// The two classes of one tree both get votes: the label is that of the higher score.
	both := stump(graph.Attrs{"target_treeids": nil, "target_nodeids": nil, "target_ids": nil, "target_weights": nil, "n_targets": nil,
		"class_treeids": []int64{0, 0, 0, 0}, "class_nodeids": []int64{1, 1, 2, 2}, "class_ids": []int64{0, 1, 0, 1},
		"class_weights": []float32{0.9, 0.1, 0.2, 0.8}, "classlabels_int64s": []int64{7, 3}})
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "stump", Op: name, Attrs: stump(nil), In: x, Want: []string{"float32[4,1] 10 10 20 20"}},
		{Name: "missing goes to true", Op: name, Attrs: stump(graph.Attrs{"nodes_missing_value_tracks_true": []int64{1, 0, 0}}), In: x, Want: []string{"float32[4,1] 10 10 20 10"}},
		{Name: "as double", Op: name, Attrs: stump(graph.Attrs{"nodes_values": nil, "nodes_values_as_tensor": exectest.Tensor("float64[3] 0.1 0 0")}),
			In: []string{"float64[2,1] 0.1 0.10000000000000002"}, Want: []string{"float32[2,1] 10 20"}},
		{Name: "integers", Op: name, Attrs: stump(nil), In: []string{"int64[2,1] 0 1"}, Want: []string{"float32[2,1] 10 20"}},
		{Name: "one row", Op: name, Attrs: stump(nil), In: []string{"float32[1] 1"}, Want: []string{"float32[1,1] 20"}},
		{Name: "no rows", Op: name, Attrs: stump(nil), In: []string{"float32[0,1]"}, Want: []string{"float32[0,1]"}},
		{Name: "no trees", Op: name, Attrs: graph.Attrs{"n_targets": int64(2), "base_values": []float32{1, 2}}, In: []string{"float32[1,1] 1"}, Want: []string{"float32[1,2] 0 0"}},
		{Name: "both", Op: op.ML + ".TreeEnsembleClassifier", Attrs: both, In: []string{"float32[2,1] 0 1"}, Want: []string{"int64[2] 7 3", "float32[2,2] 0.9 0.1 0.2 0.8"}},

		{Name: "circle", Op: name, Attrs: stump(graph.Attrs{"nodes_truenodeids": []int64{0, 0, 0}}), In: x, Err: "run in a circle"},
		{Name: "long circle", Op: name, Attrs: stump(graph.Attrs{"nodes_modes": []string{"BRANCH_LEQ", "BRANCH_LT", "LEAF"}, "nodes_falsenodeids": []int64{2, 2, 0}}), In: x, Err: "run in a circle"},
		{Name: "no such node", Op: name, Attrs: stump(graph.Attrs{"nodes_falsenodeids": []int64{3, 0, 0}}), In: x, Err: "node 0 of tree 0: no such nodes as 1 and 3"},
		{Name: "twice", Op: name, Attrs: stump(graph.Attrs{"nodes_nodeids": []int64{0, 1, 1}}), In: x, Err: "node 1 of tree 0 stands there twice"},
		{Name: "unknown mode", Op: name, Attrs: stump(graph.Attrs{"nodes_modes": []string{"BRANCH", "LEAF", "LEAF"}}), In: x, Err: `"BRANCH" is not known`},
		{Name: "short list", Op: name, Attrs: stump(graph.Attrs{"nodes_treeids": []int64{0, 0}}), In: x, Err: "nodes_treeids\": 2 elements, want 3"},
		{Name: "bad target", Op: name, Attrs: stump(graph.Attrs{"target_ids": []int64{0, 1}}), In: x, Err: "vote 1: target 1, want 0..0"},
		{Name: "bad vote", Op: name, Attrs: stump(graph.Attrs{"target_nodeids": []int64{0, 9}}), In: x, Err: "vote 1: no node 9 in tree 0"},
		{Name: "bad feature", Op: name, Attrs: stump(graph.Attrs{"nodes_featureids": []int64{-1, 0, 0}}), In: x, Err: "-1 is not a feature"},
		{Name: "few features", Op: name, Attrs: stump(graph.Attrs{"nodes_featureids": []int64{4, 0, 0}}), In: x, Err: "1 features, want 5 or more"},
		{Name: "bad base", Op: name, Attrs: stump(graph.Attrs{"base_values": []float32{1, 2}}), In: x, Err: "2 elements, want 1"},
		{Name: "values twice", Op: name, Attrs: stump(graph.Attrs{"nodes_values_as_tensor": exectest.Tensor("float64[3] 0")}), In: x, Err: "want one of both"},
		{Name: "many targets", Op: name, Attrs: stump(graph.Attrs{"n_targets": int64(1 << 40)}), In: x, Err: `"n_targets"`},
	})
}

// ensemble is a TreeEnsemble of one node, which asks whether feature 0 is in {1,3}.
func ensemble(more graph.Attrs) graph.Attrs {
	a := graph.Attrs{
		"tree_roots": []int64{0}, "nodes_featureids": []int64{0}, "nodes_modes": exectest.Tensor("uint8[1] 6"), "nodes_splits": exectest.Tensor("float32[1] 0"),
		"nodes_truenodeids": []int64{0}, "nodes_trueleafs": []int64{1}, "nodes_falsenodeids": []int64{1}, "nodes_falseleafs": []int64{1},
		"leaf_weights": exectest.Tensor("float32[2] 1 2"), "leaf_targetids": []int64{0, 1}, "n_targets": int64(2),
		"membership_values": exectest.Tensor("float32[3] 1 3 nan"),
	}
	for k, v := range more {
		if a[k] = v; v == nil {
			delete(a, k)
		}
	}
	return a
}

func TestTreeEnsemble(t *testing.T) {
	const name = op.ML + ".TreeEnsemble"
	x := []string{"float32[3,1] 1 2 3"}
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "members", Op: name, Attrs: ensemble(nil), In: x, Want: []string{"float32[3,2] 1 0 0 2 1 0"}},
		{Name: "float16", Op: name, Attrs: ensemble(nil), In: []string{"float16[1,1] 2"}, Want: []string{"float16[1,2] 0 2"}},
		{Name: "transform 2 is logistic", Op: name, Attrs: ensemble(graph.Attrs{"post_transform": int64(2)}), In: []string{"float32[1,1] 1"}, Want: []string{"float32[1,2] 0.7310586 0.5"}},
		{Name: "circle", Op: name, Attrs: ensemble(graph.Attrs{"nodes_falseleafs": []int64{0}, "nodes_falsenodeids": []int64{0}}), In: x, Err: "run in a circle"},
		{Name: "no such leaf", Op: name, Attrs: ensemble(graph.Attrs{"nodes_truenodeids": []int64{2}}), In: x, Err: "2, want 0..1"},
		{Name: "no such root", Op: name, Attrs: ensemble(graph.Attrs{"tree_roots": []int64{1}}), In: x, Err: "1, want 0..0"},
		{Name: "no members", Op: name, Attrs: ensemble(graph.Attrs{"membership_values": nil}), In: x, Err: "fewer sets"},
		{Name: "bad mode", Op: name, Attrs: ensemble(graph.Attrs{"nodes_modes": exectest.Tensor("uint8[1] 7")}), In: x, Err: "7, want 0..6"},
		{Name: "modes of another type", Op: name, Attrs: ensemble(graph.Attrs{"nodes_modes": exectest.Tensor("int64[1] 6")}), In: x, Err: "want uint8"},
		{Name: "bad target", Op: name, Attrs: ensemble(graph.Attrs{"leaf_targetids": []int64{0, 2}}), In: x, Err: "2, want 0..1"},
		{Name: "bad aggregate", Op: name, Attrs: ensemble(graph.Attrs{"aggregate_function": int64(4)}), In: x, Err: "want 0..3"},
	})
}

func TestMaps(t *testing.T) {
	m := func(keys *tensor.Tensor, values tensor.Value) tensor.Value {
		return &tensor.Map{Keys: keys, Values: values}
	}
	words := m(tensor.FromSlice([]int64{5, -1}), tensor.FromSlice([]string{"2.5", "-7"}))
	cases := []struct {
		o    graph.Op
		in   tensor.Value
		want string // or a part of the error
	}{
		{&op.CastMap{CastTo: "TO_FLOAT", MapForm: "DENSE"}, words, "float32[1,2] [-7 2.5]"},
		{&op.CastMap{CastTo: "TO_STRING", MapForm: "DENSE"}, words, "string[1,2] [-7 2.5]"},
		{&op.CastMap{CastTo: "TO_INT64", MapForm: "DENSE"}, words, `parsing "2.5"`},
		{&op.CastMap{CastTo: "TO_FLOAT", MapForm: "SPARSE", MaxMap: 9}, words, "key -1, want 0..8"},
		{&op.CastMap{CastTo: "TO_FLOAT", MapForm: "DENSE"}, m(tensor.FromSlice([]int64{}), tensor.FromSlice([]float32{})), "float32[1,0] []"},
		{&op.CastMap{CastTo: "TO_FLOAT", MapForm: "DENSE"}, m(tensor.FromSlice([]int64{1, 2}), tensor.FromSlice([]float32{1})), "2 keys and 1 values"},
		{&op.CastMap{CastTo: "TO_FLOAT", MapForm: "DENSE"}, tensor.FromSlice([]float32{1}), "want a map"},
		{&op.DictVectorizer{Int64Vocabulary: []int64{5, 6}}, words, "string[1,2] [2.5 ]"},
		{&op.DictVectorizer{StringVocabulary: []string{"a"}}, words, "is not supported"},
		{&op.DictVectorizer{StringVocabulary: []string{"b", "a"}}, m(tensor.FromSlice([]string{"a"}),
			&tensor.Sequence{Elem: tensor.TypeOf(tensor.Int64), Items: []tensor.Value{tensor.Scalar(int64(4))}}), "int64[1,2] [0 4]"},
	}
	for _, c := range cases {
		got := ""
		out, err := exec.EvalValues(context.Background(), c.o, []tensor.Value{c.in}, 1, ref.Backend)
		if err != nil {
			got = err.Error()
		} else {
			y := out[0].(*tensor.Tensor)
			switch y.DType() {
			case tensor.String:
				got = fmt.Sprint(y.Describe(), " ", tensor.Data[string](y))
			case tensor.Int64:
				got = fmt.Sprint(y.Describe(), " ", tensor.Data[int64](y))
			default:
				got = fmt.Sprint(y.Describe(), " ", tensor.Data[float32](y))
			}
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s %+v: got %s, want %s", graph.OpName(c.o), c.o, got, c.want)
		}
	}
}

// TestTreesDamaged changes the lists of a forest at random: an error or a result, but no panic and no endless walk.
func TestTreesDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := tensor.FromSlice([]float32{-1, 0, 1, 2}, 2, 2)
	ran := 0
	for range 3000 {
		n := 3 + r.IntN(6)
		ints := func(limit int) []int64 {
			xs := make([]int64, n)
			for i := range xs {
				xs[i] = int64(r.IntN(limit))
			}
			if r.IntN(60) == 0 {
				xs[r.IntN(n)] = r.Int64() >> r.IntN(64)
			}
			return xs[:n-r.IntN(60)/59]
		}
		var o graph.Op
		e := &op.TreeEnsemble{
			AggregateFunction: r.IntN(4), NTargets: 1 + r.IntN(3), LeafTargetids: ints(1), LeafWeights: tensor.New(tensor.Float32, n),
			NodesFalseleafs: ints(2), NodesFalsenodeids: ints(n), NodesFeatureids: ints(2), NodesModes: tensor.New(tensor.Uint8, n),
			NodesSplits: tensor.New(tensor.Float32, n), NodesTrueleafs: ints(2), NodesTruenodeids: ints(n), TreeRoots: ints(n),
		}
		o = e
		if r.IntN(2) == 0 {
			c := &op.TreeEnsembleRegressor{AggregateFunction: "SUM", PostTransform: op.PostNone, NTargets: e.NTargets,
				TargetIds: ints(1), TargetNodeids: ints(n), TargetTreeids: ints(1), TargetWeights: make([]float32, n)}
			c.NodesFalsenodeids, c.NodesTruenodeids, c.NodesFeatureids = ints(n), ints(n), ints(2)
			c.NodesTreeids, c.NodesValues = ints(1), make([]float32, n)
			for i := range n {
				c.NodesNodeids = append(c.NodesNodeids, int64(i))
				c.NodesModes = append(c.NodesModes, []string{"BRANCH_LEQ", "BRANCH_GT", "LEAF", "LEAF"}[r.IntN(4)])
			}
			o = c
		}
		if _, err := exec.EvalValues(context.Background(), o, []tensor.Value{x}, 1, ref.Backend); err == nil {
			ran++
		}
	}
	if ran < 100 {
		t.Errorf("%d of 3000 ran, want 100 or more", ran)
	}
}

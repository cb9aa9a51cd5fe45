package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlTreeOps = []Entry{
	core[TreeEnsemble]("X -> Y"),
	core[TreeEnsembleClassifier]("X -> Y Z"),
	core[TreeEnsembleRegressor]("X -> Y"),
}

// TreeEnsemble adds up, or aggregates in another way, what the leaves say that a row reaches: X [rows,features] to Y
// [rows,NTargets].
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
type TreeEnsemble struct {
	inML
	AggregateFunction           int            `onnx:"aggregate_function,1"`
	LeafTargetids               []int64        `onnx:"leaf_targetids,required"`
	LeafWeights                 *tensor.Tensor `onnx:"leaf_weights,required"`
	MembershipValues            *tensor.Tensor `onnx:"membership_values"`
	NTargets                    int            `onnx:"n_targets"`
	NodesFalseleafs             []int64        `onnx:"nodes_falseleafs,required"`
	NodesFalsenodeids           []int64        `onnx:"nodes_falsenodeids,required"`
	NodesFeatureids             []int64        `onnx:"nodes_featureids,required"`
	NodesHitrates               *tensor.Tensor `onnx:"nodes_hitrates"` // of no consequence
	NodesMissingValueTracksTrue []int64        `onnx:"nodes_missing_value_tracks_true"`
	NodesModes                  *tensor.Tensor `onnx:"nodes_modes,required"`
	NodesSplits                 *tensor.Tensor `onnx:"nodes_splits,required"`
	NodesTrueleafs              []int64        `onnx:"nodes_trueleafs,required"`
	NodesTruenodeids            []int64        `onnx:"nodes_truenodeids,required"`
	PostTransform               int            `onnx:"post_transform,0"`
	TreeRoots                   []int64        `onnx:"tree_roots,required"`
}

// maxTargets limits the targets of a Forest, whose numbers are of 32 bits.
const maxTargets = 1 << 30

// aggregates lists the functions that combine the trees, in the order of TreeEnsemble's numbers.
var aggregates = []string{"AVERAGE", "SUM", "MIN", "MAX"}

// Aggregate returns the name of the aggregate function.
func (o *TreeEnsemble) Aggregate() string { return aggregates[o.AggregateFunction] }

// Post returns the name of the transform of the scores.
func (o *TreeEnsemble) Post() PostTransform { return postTransforms[o.PostTransform] }

// Infer implements graph.Op.
func (o *TreeEnsemble) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Float32, tensor.Float64, tensor.Float16))
	c.CheckRank(0, 2)
	c.Check(o.AggregateFunction >= 0 && o.AggregateFunction < len(aggregates), "attribute %q: %d, want 0..3", "aggregate_function", o.AggregateFunction)
	c.Check(o.PostTransform >= 0 && o.PostTransform < len(postTransforms), "attribute %q: %d, want 0..4", "post_transform", o.PostTransform)
	c.Check(o.NTargets > 0 && o.NTargets <= maxTargets, "attribute %q: %d, want 1..%d", "n_targets", o.NTargets, maxTargets)
	c.Tensor(0, c.DType(0), []graph.Dim{dimOf(c, 0, 0), graph.N(o.NTargets)})
}

// Forest returns the trees, or says what is wrong with them.
func (o *TreeEnsemble) Forest() (*Forest, error) {
	if o.NodesModes == nil || o.NodesSplits == nil || o.LeafWeights == nil || o.NodesModes.DType() != tensor.Uint8 {
		return nil, fmt.Errorf("attribute %q: want uint8", "nodes_modes")
	}
	splits, err := numbers("nodes_splits", nil, o.NodesSplits)
	if err != nil {
		return nil, err
	}
	weights, err := numbers("leaf_weights", nil, o.LeafWeights)
	if err != nil {
		return nil, err
	}
	modes := tensor.Data[uint8](o.NodesModes)
	n, leaves := len(modes), len(weights)
	for name, k := range map[string]int{
		"nodes_falseleafs": len(o.NodesFalseleafs), "nodes_falsenodeids": len(o.NodesFalsenodeids), "nodes_featureids": len(o.NodesFeatureids),
		"nodes_splits": len(splits), "nodes_trueleafs": len(o.NodesTrueleafs), "nodes_truenodeids": len(o.NodesTruenodeids),
	} {
		if k != n {
			return nil, fmt.Errorf("attribute %q: %d elements, want %d as in nodes_modes", name, k, n)
		}
	}
	if k := len(o.NodesMissingValueTracksTrue); k != 0 && k != n {
		return nil, fmt.Errorf("attribute %q: %d elements, want %d as in nodes_modes", "nodes_missing_value_tracks_true", k, n)
	}
	if len(o.LeafTargetids) != leaves {
		return nil, fmt.Errorf("attribute %q: %d elements, want %d as in leaf_weights", "leaf_targetids", len(o.LeafTargetids), leaves)
	}
	f := &Forest{Nodes: make([]ForestNode, n+leaves), Votes: make([]Vote, leaves)}
	for i := range leaves {
		t := o.LeafTargetids[i]
		if t < 0 || t >= int64(o.NTargets) {
			return nil, fmt.Errorf("attribute %q: %d, want 0..%d", "leaf_targetids", t, o.NTargets-1)
		}
		f.Votes[i] = Vote{int32(t), weights[i]}
		f.Nodes[n+i] = ForestNode{Mode: Leaf, First: int32(i), Behind: int32(i) + 1}
	}
	child := func(id, leaf int64) (int32, error) {
		limit, from := n, 0
		if leaf != 0 {
			limit, from = leaves, n
		}
		if id < 0 || id >= int64(limit) {
			return 0, fmt.Errorf("attributes nodes_truenodeids and nodes_falsenodeids: %d, want 0..%d", id, limit-1)
		}
		return int32(from) + int32(id), nil
	}
	members, err := o.members()
	if err != nil {
		return nil, err
	}
	for i := range n {
		d := &f.Nodes[i]
		if d.Mode = BranchMode(modes[i]); d.Mode > BranchMember {
			return nil, fmt.Errorf("attribute %q: %d, want 0..6", "nodes_modes", modes[i])
		}
		d.Value = splits[i]
		d.MissingTrue = len(o.NodesMissingValueTracksTrue) > 0 && o.NodesMissingValueTracksTrue[i] == 1
		if err := f.feature(d, o.NodesFeatureids[i]); err != nil {
			return nil, err
		}
		if d.True, err = child(o.NodesTruenodeids[i], o.NodesTrueleafs[i]); err != nil {
			return nil, err
		}
		if d.False, err = child(o.NodesFalsenodeids[i], o.NodesFalseleafs[i]); err != nil {
			return nil, err
		}
		if d.Mode == BranchMember {
			if len(members) == 0 {
				return nil, fmt.Errorf("attribute %q: fewer sets than nodes of mode BRANCH_MEMBER", "membership_values")
			}
			d.First = int32(len(f.Members))
			f.Members = append(f.Members, members[0]...)
			d.Behind = int32(len(f.Members))
			members = members[1:]
		}
	}
	for _, r := range o.TreeRoots {
		if r < 0 || r >= int64(n) {
			return nil, fmt.Errorf("attribute %q: %d, want 0..%d", "tree_roots", r, n-1)
		}
		f.Roots = append(f.Roots, int32(r))
	}
	return f, f.checkPaths()
}

// members splits the membership values at NaN.
func (o *TreeEnsemble) members() ([][]float64, error) {
	if o.MembershipValues == nil {
		return nil, nil
	}
	xs, err := numbers("membership_values", nil, o.MembershipValues)
	if err != nil {
		return nil, err
	}
	var sets [][]float64
	for len(xs) > 0 {
		k := slices.IndexFunc(xs, math.IsNaN)
		if k < 0 {
			return append(sets, xs), nil
		}
		sets = append(sets, xs[:k])
		xs = xs[k+1:]
	}
	return sets, nil
}

// TreeEnsembleClassifier sums the votes of the leaves that a row reaches. Y is the label of the class with the highest
// score and Z [rows,classes] the scores.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
type TreeEnsembleClassifier struct {
	inML
	treeNodes
	BaseValues           []float32      `onnx:"base_values"`
	BaseValuesAsTensor   *tensor.Tensor `onnx:"base_values_as_tensor"`
	ClassIds             []int64        `onnx:"class_ids"`
	ClassNodeids         []int64        `onnx:"class_nodeids"`
	ClassTreeids         []int64        `onnx:"class_treeids"`
	ClassWeights         []float32      `onnx:"class_weights"`
	ClassWeightsAsTensor *tensor.Tensor `onnx:"class_weights_as_tensor"`
	ClasslabelsInt64s    []int64        `onnx:"classlabels_int64s"`
	ClasslabelsStrings   []string       `onnx:"classlabels_strings"`
	PostTransform        PostTransform  `onnx:"post_transform,NONE"`
}

// Classes returns the number of classes.
func (o *TreeEnsembleClassifier) Classes() int {
	return max(len(o.ClasslabelsInt64s), len(o.ClasslabelsStrings))
}

// Infer implements graph.Op.
func (o *TreeEnsembleClassifier) Infer(c *graph.Infer) {
	rows, _ := checkRows(c)
	n, label := checkLabels(c, o.ClasslabelsStrings, o.ClasslabelsInt64s)
	o.PostTransform.check(c)
	c.Tensor(0, label, []graph.Dim{rows})
	c.Tensor(1, tensor.Float32, []graph.Dim{rows, graph.N(n)})
}

// Forest returns the trees, or says what is wrong with them.
func (o *TreeEnsembleClassifier) Forest() (*Forest, error) {
	weights, err := numbers("class_weights", o.ClassWeights, o.ClassWeightsAsTensor)
	if err != nil {
		return nil, err
	}
	return o.forest(o.ClassTreeids, o.ClassNodeids, o.ClassIds, weights, o.Classes())
}

// Base returns what is added to the scores: a number per class, one for two classes, or none.
func (o *TreeEnsembleClassifier) Base() ([]float64, error) {
	n := o.Classes()
	base, err := numbers("base_values", o.BaseValues, o.BaseValuesAsTensor)
	if err == nil && len(base) != 0 && len(base) != n && !(n == 2 && len(base) == 1) {
		err = fmt.Errorf("attribute %q: %d elements, want %d", "base_values", len(base), n)
	}
	return base, err
}

// TreeEnsembleRegressor aggregates the votes of the leaves that a row reaches: X [rows,features] to Y [rows,NTargets].
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
type TreeEnsembleRegressor struct {
	inML
	treeNodes
	AggregateFunction     string         `onnx:"aggregate_function,SUM"`
	BaseValues            []float32      `onnx:"base_values"`
	BaseValuesAsTensor    *tensor.Tensor `onnx:"base_values_as_tensor"`
	NTargets              int            `onnx:"n_targets"`
	PostTransform         PostTransform  `onnx:"post_transform,NONE"`
	TargetIds             []int64        `onnx:"target_ids"`
	TargetNodeids         []int64        `onnx:"target_nodeids"`
	TargetTreeids         []int64        `onnx:"target_treeids"`
	TargetWeights         []float32      `onnx:"target_weights"`
	TargetWeightsAsTensor *tensor.Tensor `onnx:"target_weights_as_tensor"`
}

// Infer implements graph.Op.
func (o *TreeEnsembleRegressor) Infer(c *graph.Infer) {
	rows, _ := checkRows(c)
	checkChoice(c, "aggregate_function", o.AggregateFunction, "AVERAGE SUM MIN MAX")
	o.PostTransform.check(c)
	c.Check(o.NTargets > 0 && o.NTargets <= maxTargets, "attribute %q: %d, want 1..%d", "n_targets", o.NTargets, maxTargets)
	c.Tensor(0, tensor.Float32, []graph.Dim{rows, graph.N(o.NTargets)})
}

// Forest returns the trees, or says what is wrong with them.
func (o *TreeEnsembleRegressor) Forest() (*Forest, error) {
	weights, err := numbers("target_weights", o.TargetWeights, o.TargetWeightsAsTensor)
	if err != nil {
		return nil, err
	}
	return o.forest(o.TargetTreeids, o.TargetNodeids, o.TargetIds, weights, o.NTargets)
}

// Base returns what is added to the targets: a number each, or none.
func (o *TreeEnsembleRegressor) Base() ([]float64, error) {
	base, err := numbers("base_values", o.BaseValues, o.BaseValuesAsTensor)
	if err == nil && len(base) != 0 && len(base) != o.NTargets {
		err = fmt.Errorf("attribute %q: %d elements, want %d", "base_values", len(base), o.NTargets)
	}
	return base, err
}

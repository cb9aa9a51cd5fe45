package ref

import (
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlTreeKernels = []exec.Kernel{
	by(map[tensor.DType]impl[*op.TreeEnsemble]{
		tensor.Float32: treeEnsemble[float32],
		tensor.Float64: treeEnsemble[float64],
	}),
	by(map[tensor.DType]impl[*op.TreeEnsembleClassifier]{
		tensor.Float32: treeClassifier[float32], tensor.Float64: treeClassifier[float64],
		tensor.Int32: treeClassifier[float32], tensor.Int64: treeClassifier[float32],
	}),
	by(map[tensor.DType]impl[*op.TreeEnsembleRegressor]{
		tensor.Float32: treeRegressor[float32], tensor.Float64: treeRegressor[float64],
		tensor.Int32: treeRegressor[float32], tensor.Int64: treeRegressor[float32],
	}),
}

// trees walks a Forest. Scores are summed in T, which is also what features are compared in.
type trees[T float] struct {
	*op.Forest
	aggregate string
	base      []T
	targets   int
	score     []T
	has       []bool // which targets got a vote
}

// newTrees binds a forest to rows of the given number of features.
func newTrees[T float](b *exec.Binding, forest *op.Forest, features, targets int, aggregate string, base []float64) (*trees[T], error) {
	if features < forest.Features {
		return nil, b.Errorf("input 0: %d features, want %d or more", features, forest.Features)
	}
	t := &trees[T]{Forest: forest, aggregate: aggregate, targets: targets}
	for _, x := range base {
		t.base = append(t.base, T(x))
	}
	return t, nil
}

// sum fills score and has for one row.
func (t *trees[T]) sum(x []T) {
	if t.score == nil {
		t.score, t.has = make([]T, t.targets), make([]bool, t.targets)
	}
	clear(t.score)
	clear(t.has)
	for _, root := range t.Roots {
		d := t.leaf(root, x)
		for _, v := range t.Votes[d.First:d.Behind] {
			w, s := T(v.Weight), &t.score[v.Target]
			switch {
			case t.aggregate != "MIN" && t.aggregate != "MAX":
				*s += w
			case !t.has[v.Target] || t.aggregate == "MIN" && w < *s || t.aggregate == "MAX" && w > *s:
				*s = w
			}
			t.has[v.Target] = true
		}
	}
	if t.aggregate == "AVERAGE" {
		for i := range t.score {
			t.score[i] /= T(len(t.Roots))
		}
	}
}

// leaf returns the leaf that a row reaches.
func (t *trees[T]) leaf(i int32, x []T) *op.ForestNode {
	for {
		d := &t.Nodes[i]
		if d.Mode == op.Leaf {
			return d
		}
		if v := x[d.Feature]; t.holds(d, v) || d.MissingTrue && v != v {
			i = d.True
		} else {
			i = d.False
		}
	}
}

// holds reports whether the comparison of a node is true.
func (t *trees[T]) holds(d *op.ForestNode, x T) bool {
	v := T(d.Value)
	switch d.Mode {
	case op.BranchLEQ:
		return x <= v
	case op.BranchLT:
		return x < v
	case op.BranchGTE:
		return x >= v
	case op.BranchGT:
		return x > v
	case op.BranchEQ:
		return x == v
	case op.BranchNEQ:
		return x != v
	}
	return slices.Contains(t.Members[d.First:d.Behind], float64(x))
}

// regress computes the targets of every row.
func (t *trees[T]) regress(f *exec.Frame, rows, features int, post op.PostTransform) error {
	x := as[T](f.In(0))
	for r := range rows {
		if err := f.Err(); err != nil {
			return err
		}
		t.sum(x[r*features:][:features])
		for i, b := range t.base {
			if t.has[i] || t.targets == 1 { // ONNX Runtime leaves a target without votes at 0
				t.score[i] += b
			}
		}
		transform(post, t.score)
		put(f.Out(0), r*t.targets, t.score)
	}
	return nil
}

func treeEnsemble[T float](b *exec.Binding, o *op.TreeEnsemble) run {
	rows, features := mlRows(b.Shape(0))
	forest, err := o.Forest()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	return func(f *exec.Frame) error {
		t, err := newTrees[T](b, forest, features, o.NTargets, o.Aggregate(), nil)
		if err != nil {
			return err
		}
		return t.regress(f, rows, features, o.Post())
	}
}

func treeRegressor[T float](b *exec.Binding, o *op.TreeEnsembleRegressor) run {
	rows, features := mlRows(b.Shape(0))
	forest, err := o.Forest()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	base, err := o.Base()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	return func(f *exec.Frame) error {
		t, err := newTrees[T](b, forest, features, o.NTargets, o.AggregateFunction, base)
		if err != nil {
			return err
		}
		return t.regress(f, rows, features, o.PostTransform)
	}
}

func treeClassifier[T float](b *exec.Binding, o *op.TreeEnsembleClassifier) run {
	rows, features := mlRows(b.Shape(0))
	forest, err := o.Forest()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	base, err := o.Base()
	if err != nil {
		return failed(b.Errorf("%v", err))
	}
	names := labels(o.ClasslabelsStrings, o.ClasslabelsInt64s)
	classes := names.Len()
	oneSided, positive := true, true // all votes are for one class; no vote is negative
	for _, v := range forest.Votes {
		oneSided = oneSided && v.Target == forest.Votes[0].Target
		positive = positive && v.Weight >= 0
	}
	return func(f *exec.Frame) error {
		t, err := newTrees[T](b, forest, features, classes, "SUM", base)
		if err != nil {
			return err
		}
		x := as[T](f.In(0))
		for r := range rows {
			if err := f.Err(); err != nil {
				return err
			}
			t.sum(x[r*features:][:features])
			var class int
			var scores []T
			if classes == 2 && oneSided && len(base) < 2 && len(forest.Votes) > 0 {
				class, scores = t.binary(forest.Votes[0].Target == 1, positive, o.PostTransform)
			} else {
				class, scores = t.most(), t.score
				transform(o.PostTransform, scores)
			}
			setLabel(f.Out(0), r, names, class)
			if z := f.Out(1); z != nil {
				put(z, r*classes, scores)
			}
		}
		return nil
	}
}

// most adds the base values and returns the class with the highest score of those that got a vote.
func (t *trees[T]) most() int {
	best := -1
	for i := range t.score {
		if i < len(t.base) {
			t.score[i] += t.base[i]
			t.has[i] = true
		}
		if t.has[i] && (best < 0 || t.score[i] > t.score[best]) {
			best = i
		}
	}
	return max(best, 0)
}

// binary returns the class and the scores of two classes when all votes are for one of them. By the rules of ONNX
// Runtime, votes for the first class (what converters write) are scores of the second one, a base value is added to those
// only, and the second class wins above 0.5, or above 0 where weights are negative.
func (t *trees[T]) binary(second, positive bool, post op.PostTransform) (int, []T) {
	s := t.score[0]
	if second {
		s = t.score[1]
	} else if len(t.base) == 1 && t.has[0] {
		s += t.base[0]
	}
	limit := T(0)
	if positive {
		limit = 0.5
	}
	class := 0
	if s > limit {
		class = 1
	}
	switch {
	case second:
		transform(post, t.score)
		return class, t.score
	case positive || post == op.PostLogistic || post == op.PostProbit:
		return class, complement(post, s)
	}
	return class, []T{-s, s}
}

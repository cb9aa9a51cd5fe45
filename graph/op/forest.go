package op

import (
	"errors"
	"fmt"

	"github.com/gneiss-ml/gneiss/tensor"
)

// A Forest is what the operators on decision trees have in common, checked: every index is in range and no path runs in
// circles. It is not changed once made.
type Forest struct {
	Nodes    []ForestNode
	Members  []float64 // of the nodes with mode BranchMember
	Votes    []Vote    // of the leaves
	Roots    []int32   // one node per tree
	Features int       // how many features rows must have at least
}

// A ForestNode is an inner node, which compares a feature with a value and goes on to True or False, or a leaf.
type ForestNode struct {
	Mode          BranchMode
	MissingTrue   bool // NaN goes to True
	Feature       int32
	Value         float64
	True, False   int32
	First, Behind int32 // the range of a leaf's Votes, or of a BranchMember's Members
}

// A Vote is what a leaf adds to one target or class.
type Vote struct {
	Target int32
	Weight float64
}

// A BranchMode is how a node of a tree compares a feature with its value; the numbers are those of TreeEnsemble.
type BranchMode uint8

// The modes of nodes.
const (
	BranchLEQ BranchMode = iota
	BranchLT
	BranchGTE
	BranchGT
	BranchEQ
	BranchNEQ
	BranchMember
	Leaf
)

var branchModes = map[string]BranchMode{
	"BRANCH_LEQ": BranchLEQ, "BRANCH_LT": BranchLT, "BRANCH_GTE": BranchGTE, "BRANCH_GT": BranchGT,
	"BRANCH_EQ": BranchEQ, "BRANCH_NEQ": BranchNEQ, "LEAF": Leaf,
}

// treeNodes holds the node attributes that TreeEnsembleClassifier and TreeEnsembleRegressor have in common.
type treeNodes struct {
	NodesFalsenodeids           []int64        `onnx:"nodes_falsenodeids"`
	NodesFeatureids             []int64        `onnx:"nodes_featureids"`
	NodesHitrates               []float32      `onnx:"nodes_hitrates"`           // of no consequence
	NodesHitratesAsTensor       *tensor.Tensor `onnx:"nodes_hitrates_as_tensor"` // of no consequence
	NodesMissingValueTracksTrue []int64        `onnx:"nodes_missing_value_tracks_true"`
	NodesModes                  []string       `onnx:"nodes_modes"`
	NodesNodeids                []int64        `onnx:"nodes_nodeids"`
	NodesTreeids                []int64        `onnx:"nodes_treeids"`
	NodesTruenodeids            []int64        `onnx:"nodes_truenodeids"`
	NodesValues                 []float32      `onnx:"nodes_values"`
	NodesValuesAsTensor         *tensor.Tensor `onnx:"nodes_values_as_tensor"`
}

// nodeID names a node of a tree in a file.
type nodeID struct{ tree, node int64 }

// forest builds the trees; votes are given by parallel lists. The root of a tree is its first node.
func (o *treeNodes) forest(trees, nodes, targets []int64, weights []float64, numTargets int) (*Forest, error) {
	values, err := numbers("nodes_values", o.NodesValues, o.NodesValuesAsTensor)
	if err != nil {
		return nil, err
	}
	n := len(o.NodesModes)
	for name, k := range map[string]int{
		"nodes_falsenodeids": len(o.NodesFalsenodeids), "nodes_featureids": len(o.NodesFeatureids), "nodes_nodeids": len(o.NodesNodeids),
		"nodes_treeids": len(o.NodesTreeids), "nodes_truenodeids": len(o.NodesTruenodeids), "nodes_values": len(values),
	} {
		if k != n {
			return nil, fmt.Errorf("attribute %q: %d elements, want %d as in nodes_modes", name, k, n)
		}
	}
	if k := len(o.NodesMissingValueTracksTrue); k != 0 && k != n {
		return nil, fmt.Errorf("attribute %q: %d elements, want %d as in nodes_modes", "nodes_missing_value_tracks_true", k, n)
	}
	f := &Forest{Nodes: make([]ForestNode, n)}
	index := make(map[nodeID]int32, n)
	for i := range n {
		id := nodeID{o.NodesTreeids[i], o.NodesNodeids[i]}
		if _, ok := index[id]; ok {
			return nil, fmt.Errorf("node %d of tree %d stands there twice", id.node, id.tree)
		}
		index[id] = int32(i)
		if i == 0 || id.tree != o.NodesTreeids[i-1] {
			f.Roots = append(f.Roots, int32(i))
		}
	}
	for i := range n {
		d, tree := &f.Nodes[i], o.NodesTreeids[i]
		mode, ok := branchModes[o.NodesModes[i]]
		if !ok {
			return nil, fmt.Errorf("attribute %q: %q is not known", "nodes_modes", o.NodesModes[i])
		}
		if d.Mode = mode; mode == Leaf {
			continue
		}
		d.Value = values[i]
		d.MissingTrue = len(o.NodesMissingValueTracksTrue) > 0 && o.NodesMissingValueTracksTrue[i] == 1
		if err := f.feature(d, o.NodesFeatureids[i]); err != nil {
			return nil, err
		}
		var ok1, ok2 bool
		d.True, ok1 = index[nodeID{tree, o.NodesTruenodeids[i]}]
		d.False, ok2 = index[nodeID{tree, o.NodesFalsenodeids[i]}]
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("node %d of tree %d: no such nodes as %d and %d", o.NodesNodeids[i], tree, o.NodesTruenodeids[i], o.NodesFalsenodeids[i])
		}
	}
	if err := f.vote(index, trees, nodes, targets, weights, numTargets); err != nil {
		return nil, err
	}
	return f, f.checkPaths()
}

// vote hands the votes to their leaves, in the order in which they are given.
func (f *Forest) vote(index map[nodeID]int32, trees, nodes, targets []int64, weights []float64, numTargets int) error {
	if len(nodes) != len(trees) || len(targets) != len(trees) || len(weights) != len(trees) {
		return fmt.Errorf("votes: %d tree ids, %d node ids, %d targets and %d weights, want as many", len(trees), len(nodes), len(targets), len(weights))
	}
	at := make([]int32, len(trees))
	for i := range at {
		k, ok := index[nodeID{trees[i], nodes[i]}]
		if !ok {
			return fmt.Errorf("vote %d: no node %d in tree %d", i, nodes[i], trees[i])
		}
		if t := targets[i]; t < 0 || t >= int64(numTargets) {
			return fmt.Errorf("vote %d: target %d, want 0..%d", i, t, numTargets-1)
		}
		at[i] = k
		if f.Nodes[k].Mode == Leaf {
			f.Nodes[k].Behind++ // the count, for now
		}
	}
	total := int32(0)
	for i := range f.Nodes {
		if d := &f.Nodes[i]; d.Mode == Leaf {
			total, d.First, d.Behind = total+d.Behind, total, total
		}
	}
	f.Votes = make([]Vote, total)
	for i, k := range at {
		if d := &f.Nodes[k]; d.Mode == Leaf {
			f.Votes[d.Behind] = Vote{int32(targets[i]), weights[i]}
			d.Behind++
		}
	}
	return nil
}

// feature sets the feature that a node looks at.
func (f *Forest) feature(d *ForestNode, id int64) error {
	if id < 0 || id > 1<<30 {
		return fmt.Errorf("attribute %q: %d is not a feature", "nodes_featureids", id)
	}
	d.Feature = int32(id)
	f.Features = max(f.Features, int(id)+1)
	return nil
}

// checkPaths returns an error when a path from a root comes back to a node. It visits nodes depth first.
func (f *Forest) checkPaths() error {
	const open, done = 1, 2
	state := make([]uint8, len(f.Nodes))
	var stack []int32
	for _, root := range f.Roots {
		stack = append(stack, root)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			d := &f.Nodes[i]
			if state[i] != 0 || d.Mode == Leaf {
				state[i] = done
				stack = stack[:len(stack)-1]
				continue
			}
			state[i] = open
			for _, next := range [2]int32{d.True, d.False} {
				if state[next] == open {
					return errors.New("the nodes of a tree run in a circle")
				}
				if state[next] == 0 {
					stack = append(stack, next)
				}
			}
		}
	}
	return nil
}

// numbers returns a list of floats that is given as one or as a tensor.
func numbers(name string, xs []float32, t *tensor.Tensor) ([]float64, error) {
	if t == nil {
		out := make([]float64, len(xs))
		for i, x := range xs {
			out[i] = float64(x)
		}
		return out, nil
	}
	if len(xs) > 0 {
		return nil, fmt.Errorf("attributes %q and %q: want one of both", name, name+"_as_tensor")
	}
	if dt := t.DType(); dt != tensor.Float32 && dt != tensor.Float64 && dt != tensor.Float16 {
		return nil, fmt.Errorf("attribute %q: %v, want a float type", name+"_as_tensor", dt)
	}
	return t.Float64s(), nil
}

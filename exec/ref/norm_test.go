package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
)

func TestNorm(t *testing.T) {
	eps := func(e float32) graph.Attrs { return graph.Attrs{"epsilon": e} }
	exectest.RunCases(t, ref.Backend, []exectest.Case{
		{Name: "types of their own", Op: "BatchNormalization", Attrs: eps(0),
			In:   []string{"float16[1,2,2] 1 2 3 4", "float32[2] 2 3", "float32[2] 1 0", "float64[2] 1 2", "float64[2] 4 9"},
			Want: []string{"float16[1,2,2] 1 2 1 2"}},
		{Name: "one dimension", Op: "BatchNormalization", Attrs: eps(0),
			In: []string{"float32[3] 1 2 3", "float32[1] 2", "float32[1] 1", "float32[1] 1", "float32[1] 4"}, Want: []string{"float32[3] 1 2 3"}},
		{Name: "training", Op: "BatchNormalization", Attrs: graph.Attrs{"training_mode": int64(1), "momentum": float32(0.5), "epsilon": float32(0)},
			In:   []string{"float32[2,1,2] 1 2 3 6", "float32[1] 2", "float32[1] 1", "bfloat16[1] 1", "bfloat16[1] 4"},
			Want: []string{"float32[2,1,2] -1.1380899 -0.069044968 1 4.2071349", "bfloat16[1] 2", "bfloat16[1] 3.75"}},
		{Name: "elements as channels", Op: "BatchNormalization", Attrs: graph.Attrs{"epsilon": float32(0), "-spatial": int64(0)},
			In:   []string{"float32[2,1,2] 1 2 3 4", "float32[1,2] 1 2", "float32[1,2] 0 1", "float32[1,2] 1 2", "float32[1,2] 1 1"},
			Want: []string{"float32[2,1,2] 0 1 2 5"}},
		{Name: "channels", Op: "BatchNormalization", In: []string{"float32[1,2] 1", "float32[1] 1", "float32[1] 1", "float32[1] 1", "float32[1] 1"},
			Err: "input 1: shape [1], want [2]"},
		{Name: "images", Op: "InstanceNormalization", Attrs: eps(0), In: []string{"float32[1,2,2] 1 3 2 8", "float32[2] 1 2", "float32[2] 0 1"},
			Want: []string{"float32[1,2,2] -1 1 -1 3"}},
		{Name: "groups", Op: "GroupNormalization", Attrs: graph.Attrs{"num_groups": int64(1), "epsilon": float32(0)},
			In: []string{"float64[1,2,2] 1 1 3 3", "float64[2] 1 2", "float64[2] 0 1"}, Want: []string{"float64[1,2,2] -1 -1 3 3"}},
		{Name: "group size", Op: "GroupNormalization", Attrs: graph.Attrs{"num_groups": int64(2)},
			In: []string{"float32[1,3,1] 1", "float32[3] 1", "float32[3] 1"}, Err: "3 channels, want a multiple of num_groups, 2"},
		{Name: "statistics", Op: "LayerNormalization", Attrs: eps(0), In: []string{"float32[2,2] 1 3 2 8", "float32[2] 1 2", "float32[] 1"},
			Want: []string{"float32[2,2] 0 3 0 3", "float32[2,1] 2 5", "float32[2,1] 1 0.33333333"}},
		{Name: "scale of the whole shape", Op: "LayerNormalization", Attrs: graph.Attrs{"axis": int64(1), "epsilon": float32(0), "stash_type": int64(16)},
			In: []string{"bfloat16[2,1,2] 1 3 2 8", "bfloat16[2,1,1] 1 2"}, Want: []string{"bfloat16[2,1,2] -1 1 -2 2", "bfloat16[2,1,1] 2 5"}},
		{Name: "axis", Op: "LayerNormalization", Attrs: graph.Attrs{"axis": int64(2)}, In: []string{"float32[2,2] 1", "float32[2] 1"}, Err: "axis 2 outside rank 2"},
		{Name: "scale", Op: "LayerNormalization", In: []string{"float32[2,2] 1", "float32[3] 1"}, Err: "input 1: shape [3] does not broadcast to [2,2]"},
		{Name: "stash type", Op: "LayerNormalization", Attrs: graph.Attrs{"stash_type": int64(7)}, In: []string{"float32[2,2] 1", "float32[2] 1"}, Err: "stash_type 7"},
		{Name: "scale of another type", Op: "RMSNormalization", Attrs: eps(0), In: []string{"float32[1,2] 3 4", "float16[2] 1 2"},
			Want: []string{"float16[1,2] 0.84852814 2.2627417"}},
		{Name: "inverse", Op: "SimplifiedLayerNormalization", Attrs: eps(0), In: []string{"float16[1,2] 3 4", "float32[2] 1 2"},
			Want: []string{"float32[1,2] 0.84852814 2.2627417", "float32[1,1] 0.28284271"}},
		{Name: "zero", Op: "LpNormalization", Attrs: graph.Attrs{"axis": int64(0)}, In: []string{"float32[2,2] 3 0 4 0"}, Want: []string{"float32[2,2] 0.6 0 0.8 0"}},
		{Name: "1-norm", Op: "LpNormalization", Attrs: graph.Attrs{"p": int64(1)}, In: []string{"float32[1,2] 1 -3"}, Want: []string{"float32[1,2] 0.25 -0.75"}},
		{Name: "p", Op: "LpNormalization", Attrs: graph.Attrs{"p": int64(3)}, In: []string{"float32[1,2] 1 -3"}, Err: "p 3, want 1 or 2"},
		{Name: "axes", Op: "MeanVarianceNormalization", Attrs: graph.Attrs{"axes": []int64{-1}}, In: []string{"float32[2,2] 1 3 2 8"}, Want: []string{"float32[2,2] -1 1 -1 1"}},
		{Name: "neighbours", Op: "LRN", Attrs: graph.Attrs{"size": int64(2), "alpha": float32(2), "beta": float32(1), "bias": float32(0)},
			In: []string{"float32[1,3,1] 1 2 3"}, Want: []string{"float32[1,3,1] 0.2 0.15384615 0.33333333"}},
	})
}

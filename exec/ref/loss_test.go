package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
)

func TestClassLoss(t *testing.T) {
	loss := func(reduction string, ignore ...int) op.ClassLoss {
		o := op.ClassLoss{Reduction: reduction}
		if len(ignore) > 0 {
			o.IgnoreIndex = graph.Some(ignore[0])
		}
		return o
	}
	nll := func(r string, ignore ...int) graph.Op {
		return &op.NegativeLogLikelihoodLoss{ClassLoss: loss(r, ignore...)}
	}
	sce := func(r string, ignore ...int) graph.Op {
		return &op.SoftmaxCrossEntropyLoss{ClassLoss: loss(r, ignore...)}
	}
	x := arr(f32, []int{2, 3, 2}, 1, 2, 2, 2, 3, 2, 0, 1, 2, 2, 1, 2)
	target := arr(i64, []int{2, 2}, 2, 1, 0, 2)
	weight := vec(f32, 0.2, 0.3, 0.1)
	flat := arr(f32, []int{2, 2}, 0, 0, 1000, 0)
	for _, c := range []check{
		{nll("none"), in(x, target), "float32[2,2] -3 -2 -0 -2"},
		{nll("sum", -1), in(x, target, weight), "float32[] -1.1"},
		{nll("mean"), in(x, target, weight), "float32[] -1.57143"},
		{nll("mean"), in(x, target), "float32[] -1.75"},
		{nll("mean", 2), in(x, target), "float32[] -1"},
		{nll("none", -100), in(x, arr(i32, []int{2, 2}, -100, 1, 0, 2)), "float32[2,2] 0 -2 -0 -2"},
		{nll("mean", 1), in(arr(f32, []int{1, 2}, 5, 6), vec(i64, 1)), "float32[] NaN"},
		{nll("mean"), in(x, arr(i64, []int{2, 2}, 2, 1, 3, 2)), `error: node "" (NegativeLogLikelihoodLoss): input 1: element 2 is class 3 of 3`},
		{nll("mean"), in(x, vec(i64, 1)), `error: node "" (NegativeLogLikelihoodLoss): input 1: rank 1, want 2`},
		{nll("max"), in(x, target), `error: node "" (NegativeLogLikelihoodLoss): attribute "reduction": "max", want none, sum or mean`},
		{nll("sum"), in(vec(f32, 1), target), `error: node "" (NegativeLogLikelihoodLoss): input 0: rank 1, want at least 2`},
		{sce("none"), in(flat, vec(i64, 0, 1)), "float32[2] 0.693147 1000 | float32[2,2] -0.693147 -0.693147 0 -1000"},
		{sce("mean"), in(arr(f16, []int{2, 2}, 0, 0, 10, 0), vec(i64, 0, 1)), "float16[] 5.34766"},
		{sce("sum"), in(flat, vec(i64, 0, 1), vec(f32, 2, 0.5)), "float32[] 501.386"},
		{sce("mean", 1), in(flat, vec(i64, 0, 1)), "float32[] 0.693147"},
		{sce("sum"), in(arr(f32, []int{0, 2}), vec(i64)), "float32[] 0"},
	} {
		c.run(t)
	}
}

func TestOptimizers(t *testing.T) {
	r, first, later := arr(f32, []int{}, 0.1), arr(i64, []int{}, 0), arr(i64, []int{}, 2)
	x, g, v, h := vec(f32, 1, 2), vec(f32, -1, 3), vec(f32, 2, 1), vec(f32, 0.5, 4)
	// The expected values are those of ONNX's reference implementation.
	for _, c := range []check{
		{&op.Adagrad{DecayFactor: 0.1, Epsilon: 1e-5, NormCoefficient: 0.001}, in(r, later, x, g, h),
			"float32[2] 1.06802 1.93065 | float32[2] 1.498 13.012"},
		{&op.Adagrad{Epsilon: 1e-5}, in(r, first, x, vec(f64, 1), g, vec(f64, 2), h, vec(f64, 4)),
			"float32[2] 1.08165 1.9168 | float64[1] 0.92929 | float32[2] 1.5 13 | float64[1] 8"},
		{&op.Adam{Alpha: 0.9, Beta: 0.999, Epsilon: 1e-6}, in(r, first, x, g, v, h),
			"float32[2] 0.759704 1.94004 | float32[2] 1.7 1.2 | float32[2] 0.5005 4.005"},
		{&op.Adam{Alpha: 0.95, Beta: 0.1, Epsilon: 1e-7, NormCoefficient: 0.01, NormCoefficientPost: 0.5}, in(r, later, x, g, v, h),
			"float32[2] -0.478009 0.808526 | float32[2] 1.8505 1.101 | float32[2] 0.93209 8.60836"},
		{&op.Momentum{Alpha: 0.95, Beta: 0.5, Mode: "standard", NormCoefficient: 0.001}, in(r, first, x, g, v),
			"float32[2] 0.9099 1.6048 | float32[2] 0.901 3.952"},
		{&op.Momentum{Alpha: 0.95, Beta: 0.5, Mode: "nesterov", NormCoefficient: 0.001}, in(r, later, x, g, v),
			"float32[2] 0.966852 1.46695 | float32[2] 1.4005 2.451"},
		{&op.Momentum{Mode: "x"}, in(r, first, x, g, v), `error: node "" (ai.onnx.preview.training.Momentum): attribute "mode": "x", want standard or nesterov`},
		{&op.Momentum{Mode: "standard"}, in(r, first, x, g), `error: node "" (ai.onnx.preview.training.Momentum): 4 inputs, want 2 and 3 for each tensor`},
		{&op.Momentum{Mode: "standard"}, in(r, first, x, g, vec(f32, 1)), `error: node "" (ai.onnx.preview.training.Momentum): input 4: shape [1], want [2]`},
	} {
		c.run(t)
	}
}

func TestLegacyActivations(t *testing.T) {
	for _, c := range []check{
		{&op.Affine{Alpha: 2, Beta: 1}, in(vec(f32, 1, -1)), "float32[2] 3 -1"},
		{&op.ParametricSoftplus{Alpha: 2, Beta: 3}, in(vec(f32, 0, 1)), "float32[2] 1.38629 6.09717"},
		{&op.ScaledTanh{Alpha: 2, Beta: 3}, in(vec(f64, 0, 1)), "float64[2] 0 1.99011"},
	} {
		c.run(t)
	}
}

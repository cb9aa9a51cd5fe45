package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

var lossOps = []Entry{
	core[NegativeLogLikelihoodLoss]("input target weight? -> loss"),
	core[SoftmaxCrossEntropyLoss]("scores labels weights? -> output log_prob?"),
}

// NegativeLogLikelihoodLoss is −input at the class that target names, times the weight of the class: input is
// [N,C,d1,…], target [N,d1,…] and weight [C]. The loss is [N,d1,…], or a scalar: the sum, or the mean weighted by the
// weights. Targets equal to IgnoreIndex have weight 0.
//
// https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html
type NegativeLogLikelihoodLoss struct{ ClassLoss }

// SoftmaxCrossEntropyLoss is NegativeLogLikelihoodLoss of the LogSoftmax of the scores along dimension 1, which is its
// second output.
//
// https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html
type SoftmaxCrossEntropyLoss struct{ ClassLoss }

// ClassLoss holds the attributes of the losses over classes, and their inference.
type ClassLoss struct {
	IgnoreIndex graph.Opt[int] `onnx:"ignore_index"`
	Reduction   string         `onnx:"reduction,mean"`
}

// Infer implements graph.Op.
func (o *ClassLoss) Infer(c *graph.Infer) {
	c.Check(slices.Contains([]string{"none", "sum", "mean"}, o.Reduction), "attribute %q: %q, want none, sum or mean", "reduction", o.Reduction)
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, indexTypes)
	c.CheckSame(0, 2)
	x, target := c.Dims(0), c.Dims(1)
	if x != nil && c.Check(len(x) >= 2, "input 0: rank %d, want at least 2", len(x)) {
		want := slices.Delete(slices.Clone(x), 1, 2)
		matchDims(c, 1, want...)
		matchDims(c, 2, x[1])
		target = want
	}
	loss := []graph.Dim{}
	if o.Reduction == "none" {
		loss = target
	}
	c.Tensor(0, c.DType(0), loss)
	c.Like(1, 0)
}

package op

import (
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// inML is embedded by the operators of ai.onnx.ml.
type inML struct{}

// OpDomain implements graph.InDomain.
func (inML) OpDomain() string { return ML }

// mlTypes are the numbers that classic models take.
var mlTypes = setOf(tensor.Float32, tensor.Float64, tensor.Int32, tensor.Int64)

// A PostTransform names what is done to the scores of a classifier or regressor.
type PostTransform string

// The transforms of scores.
const (
	PostNone        PostTransform = "NONE"
	PostSoftmax     PostTransform = "SOFTMAX"
	PostLogistic    PostTransform = "LOGISTIC"
	PostSoftmaxZero PostTransform = "SOFTMAX_ZERO"
	PostProbit      PostTransform = "PROBIT"
)

// postTransforms lists the transforms in the order of TreeEnsemble's numbers.
var postTransforms = []PostTransform{PostNone, PostSoftmax, PostLogistic, PostSoftmaxZero, PostProbit}

func (p PostTransform) check(c *graph.Infer) {
	c.Check(slices.Contains(postTransforms, p), "attribute %q: %q, want NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT", "post_transform", string(p))
}

// checkChoice checks that an attribute has one of the values of a list separated by blanks.
func checkChoice(c *graph.Infer, name, value, list string) bool {
	return c.Check(slices.Contains(strings.Fields(list), value), "attribute %q: %q, want one of %s", name, value, list)
}

// checkRows checks that input 0 is [rows,features], or [features] for one row, of a type of classic models, and returns
// both sizes.
func checkRows(c *graph.Infer) (rows, features graph.Dim) {
	checkTensor(c, 0, mlTypes)
	switch d := c.Dims(0); len(d) {
	case 1:
		return graph.N(1), d[0]
	case 2:
		return d[0], d[1]
	default:
		c.Check(d == nil, "input 0: rank %d, want 1 or 2", len(d))
		return c.Fresh(), c.Fresh()
	}
}

// checkLabels checks that labels are given as strings or as integers, not both, and returns how many and of what type.
func checkLabels(c *graph.Infer, text []string, ints []int64) (int, tensor.DType) {
	c.Check(len(text) > 0 != (len(ints) > 0), "labels: %d strings and %d integers, want one of both", len(text), len(ints))
	if len(text) > 0 {
		return len(text), tensor.String
	}
	return len(ints), tensor.Int64
}

// checkLen checks the length of a list attribute.
func checkLen(c *graph.Infer, name string, got, want int) bool {
	return c.Check(got == want, "attribute %q: %d elements, want %d", name, got, want)
}

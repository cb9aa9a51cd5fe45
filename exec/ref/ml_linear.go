package ref

import (
	"math"
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlLinearKernels = []exec.Kernel{
	always(linearClassifier),
	always(linearRegressor),
	always(svmClassifier),
	always(svmRegressor),
}

// mlRows returns the rows and columns of [rows,columns] or [columns].
func mlRows(shape []int) (rows, columns int) {
	if len(shape) == 1 {
		return 1, shape[0]
	}
	return shape[0], shape[1]
}

func linearClassifier(b *exec.Binding, o *op.LinearClassifier) run {
	rows, features := mlRows(b.Shape(0))
	names := labels(o.ClasslabelsStrings, o.ClasslabelsInts)
	scores := o.Scores(features)
	return func(f *exec.Frame) error {
		x := as[float32](f.In(0))
		z := make([]float32, scores, scores+1)
		for r := range rows {
			linear(z, x[r*features:][:features], o.Coefficients, o.Intercepts)
			class := argmax(z)
			if scores == 1 {
				class = 0
				if z[0] > 0 {
					class = names.Len() - 1
				}
			}
			setLabel(f.Out(0), r, names, class)
			if out := f.Out(1); out != nil {
				width := out.Shape()[1]
				if scores == 1 && width == 2 {
					copy(tensor.Data[float32](out)[r*2:], complement(o.PostTransform, z[0]))
				} else {
					transform(o.PostTransform, z)
					copy(tensor.Data[float32](out)[r*width:], z)
				}
			}
		}
		return nil
	}
}

func linearRegressor(b *exec.Binding, o *op.LinearRegressor) run {
	rows, features := mlRows(b.Shape(0))
	return func(f *exec.Frame) error {
		x, y := as[float32](f.In(0)), tensor.Data[float32](f.Out(0))
		for r := range rows {
			out := y[r*o.Targets:][:o.Targets]
			linear(out, x[r*features:][:features], o.Coefficients, o.Intercepts)
			transform(o.PostTransform, out)
		}
		return nil
	}
}

// linear computes out[i] = x·weights[i] + bias[i]; bias may be empty.
func linear(out, x, weights, bias []float32) {
	for i := range out {
		out[i] = dot(x, weights[i*len(x):])
		if len(bias) > 0 {
			out[i] += bias[i]
		}
	}
}

// argmax returns the index of the first of the largest elements.
func argmax[T float | int](x []T) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// setLabel makes element i of a tensor of labels the label of a class.
func setLabel(out *tensor.Tensor, i int, labels *tensor.Tensor, class int) {
	switch {
	case out == nil:
	case labels.DType() == tensor.String:
		tensor.Data[string](out)[i] = tensor.Data[string](labels)[class]
	default:
		tensor.Data[int64](out)[i] = tensor.Data[int64](labels)[class]
	}
}

// logistic is 1/(1+exp(−x)).
func logistic[T float](x T) T { return T(1 / (1 + math.Exp(-float64(x)))) }

// probit is the inverse of the distribution function of the normal distribution.
func probit[T float](x T) T { return T(math.Sqrt2 * math.Erfinv(2*float64(x)-1)) }

// complement returns the scores of both classes from that of the second: s and 1 − s, after a logistic transform when
// it is asked for.
func complement[T float](p op.PostTransform, s T) []T {
	switch p {
	case op.PostLogistic:
		return []T{logistic(-s), logistic(s)}
	case op.PostProbit:
		return []T{probit(1 - s), probit(s)}
	}
	return []T{1 - s, s}
}

// transform applies a transform to the scores of one row. A single score knows only PROBIT, as in ONNX Runtime.
func transform[T float](p op.PostTransform, scores []T) {
	switch {
	case p == op.PostProbit:
		for i, s := range scores {
			scores[i] = probit(s)
		}
	case len(scores) < 2:
	case p == op.PostLogistic:
		for i, s := range scores {
			scores[i] = logistic(s)
		}
	case p == op.PostSoftmax || p == op.PostSoftmaxZero:
		top := slices.Max(scores)
		var sum T
		for i, s := range scores {
			if p == op.PostSoftmaxZero && s < 1e-7 && s > -1e-7 {
				scores[i] = s * T(math.Exp(-float64(top)))
				continue
			}
			scores[i] = T(math.Exp(float64(s - top)))
			sum += scores[i]
		}
		for i := range scores {
			scores[i] /= sum
		}
	}
}

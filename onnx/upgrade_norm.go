package onnx

import (
	"github.com/gneiss-ml/gneiss/graph"
)

// normAdapters are about normalizations and the operators that make one axis of many.
var normAdapters = []adapter{
	{"", "BatchNormalization", 13, fixBatchNorm},
	{"", "GroupNormalization", 20, fixGroupNorm},
	{"", "Hardmax", 12, fixSoftmax},
	{"", "LogSoftmax", 12, fixSoftmax},
	{"", "Softmax", 12, fixSoftmax},
}

// fixSoftmax is about versions up to 12, which see a matrix: the axes before the attribute's are its rows, the others its
// columns.
func fixSoftmax(n *legacy) ([]*graph.Value, error) {
	axis := n.takeInt("axis", 1)
	if len(n.in) != 1 || n.in[0] == nil {
		return nil, nil // an error that the newest version has too
	}
	if r := int64(n.rank(0)); r >= 0 {
		if axis < 0 {
			axis += r
		}
		one := axis >= 0 && axis < r
		for _, d := range n.dims(0)[min(max(axis+1, 0), r):] {
			one = one && d.Is(1)
		}
		if one {
			n.attrs["axis"] = axis
			return nil, nil
		}
	}
	flat := n.call("Flatten", graph.Attrs{"axis": axis}, n.in[0])
	n.attrs["axis"] = int64(1)
	y := n.call(n.op, n.attrs, flat)
	return []*graph.Value{n.call("Reshape", graph.Attrs{"allowzero": int64(1)}, y, n.call("Shape", nil, n.in[0]))}, nil
}

// fixBatchNorm is about versions up to 13. More than one output means training: the statistics are those of the batch.
// Versions up to 6 can rule that out with is_test; versions up to 8 may have statistics per element (spatial=0).
// Outputs 3 and 4 are the mean and the reciprocal deviation of the batch, as ONNX Runtime has it.
func fixBatchNorm(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	test := n.takeInt("is_test", 0) != 0
	spatial := n.takeInt("spatial", 1) != 0 || n.rank(0) == 2
	train := n.outputs > 1
	if test {
		train = false
		for i := 1; i < n.outputs; i++ {
			if n.wants(i) {
				n.fail("output %d is one of training, but is_test is 1", i)
			}
		}
	}
	if len(n.in) != 5 {
		return nil, nil
	}
	switch {
	case !spatial:
		return n.batchNormPerElement(train), nil
	case !train:
		return n.alone(n.call("BatchNormalization", n.attrs, n.in...)), nil
	}
	eps := n.attrs["epsilon"]
	n.attrs["training_mode"] = int64(1)
	out := n.calls("BatchNormalization", n.attrs, 3, n.in...)
	if n.wants(3) || n.wants(4) {
		axes := n.call("Concat", graph.Attrs{"axis": int64(0)}, n.ints(0), n.axesFrom(0, 2))
		mean, deviation := n.moments(axes, epsilonOr(eps))
		out = append(out, n.call("Squeeze", nil, mean, axes), n.call("Reciprocal", nil, n.call("Squeeze", nil, deviation, axes)))
	}
	return out, nil
}

func epsilonOr(a any) float64 {
	if e, ok := a.(float32); ok {
		return float64(e)
	}
	return float64(float32(1e-5))
}

// moments returns the mean of input 0 over axes, which are kept, and sqrt(variance + epsilon).
func (n *legacy) moments(axes *graph.Value, epsilon float64) (mean, deviation *graph.Value) {
	x := n.in[0]
	mean = n.call("ReduceMean", nil, x, axes)
	diff := n.call("Sub", nil, x, mean)
	variance := n.call("ReduceMean", nil, n.call("Mul", nil, diff, diff), axes)
	return mean, n.call("Sqrt", nil, n.call("Add", nil, variance, n.scalar(n.dtype(0), epsilon)))
}

// batchNormPerElement is BatchNormalization with spatial=0: scale, bias and statistics have the shape of one sample.
func (n *legacy) batchNormPerElement(train bool) []*graph.Value {
	x, scale, bias, mean, variance := n.in[0], n.in[1], n.in[2], n.in[3], n.in[4]
	dt := n.dtype(0)
	eps := n.scalar(dt, epsilonOr(n.attrs["epsilon"]))
	out := n.alone(nil)
	if train {
		momentum := float64(n.takeFloat("momentum", 0.9))
		axes := n.ints(0)
		keep := graph.Attrs{"keepdims": int64(0)}
		batchMean := n.call("ReduceMean", keep, x, axes)
		diff := n.call("Sub", nil, x, batchMean)
		batchVar := n.call("ReduceMean", keep, n.call("Mul", nil, diff, diff), axes)
		mix := func(old, new *graph.Value) *graph.Value {
			return n.call("Add", nil, n.call("Mul", nil, old, n.scalar(dt, momentum)), n.call("Mul", nil, new, n.scalar(dt, 1-momentum)))
		}
		stats := []*graph.Value{mix(mean, batchMean), mix(variance, batchVar), batchMean,
			n.call("Reciprocal", nil, n.call("Sqrt", nil, n.call("Add", nil, batchVar, eps)))}
		copy(out[1:], stats)
		mean, variance = batchMean, batchVar
	}
	deviation := n.call("Sqrt", nil, n.call("Add", nil, variance, eps))
	y := n.call("Div", nil, n.call("Sub", nil, x, mean), deviation)
	out[0] = n.call("Add", nil, n.call("Mul", nil, y, scale), bias)
	return out
}

// fixGroupNorm repeats scale and bias, which up to version 20 are per group, for every channel of the group.
func fixGroupNorm(n *legacy) ([]*graph.Value, error) {
	groups, ok := n.attrs["num_groups"].(int64)
	if !ok || groups <= 0 || len(n.in) != 3 || n.in[0] == nil {
		return nil, nil
	}
	var per *graph.Value
	if d := n.dims(0); len(d) >= 2 {
		if c, ok := d[1].Int(); ok {
			if int64(c)%groups != 0 {
				n.fail("%d channels in %d groups", c, groups)
				return nil, nil
			}
			per = n.ints(1, int64(c)/groups)
		}
	}
	if per == nil {
		channels := n.call("Shape", graph.Attrs{"start": int64(1), "end": int64(2)}, n.in[0])
		per = n.call("Concat", graph.Attrs{"axis": int64(0)}, n.ints(1), n.call("Div", nil, channels, n.ints(groups)))
	}
	for i := 1; i <= 2; i++ {
		if r := n.rank(i); n.in[i] == nil || r >= 0 && r != 1 {
			continue
		}
		column := n.call("Unsqueeze", nil, n.in[i], n.ints(1))
		n.in[i] = n.call("Reshape", nil, n.call("Expand", nil, column, per), n.ints(-1))
	}
	return nil, nil
}

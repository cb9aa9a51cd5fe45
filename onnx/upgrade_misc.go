package onnx

import (
	"math"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// newest is a version that every opset is below.
const newest = math.MaxInt64

// miscAdapters are about operators of which one detail changed.
var miscAdapters = []adapter{
	{"", "Cast", 5, fixCast},
	{"", "Concat", 3, fixConcat},
	{"", "Erf", 12, fixErf},
	{"", "GRU", 6, fixRecurrent},
	{"", "GlobalLpPool", 1, fixGlobalLpPool},
	{"", "LSTM", 6, fixRecurrent},
	{"", "LpPool", 1, fixLpPool},
	{"", "OneHot", 10, fixOneHot},
	{"", "RNN", 6, fixRecurrent},
	{"", "Scatter", newest, fixScatter},
	{"", "Selu", 5, fixSelu},
	{"ai.onnx.ml", "LabelEncoder", 1, fixLabelEncoder},
}

// fixCast turns the name of the type into its number.
func fixCast(n *legacy) ([]*graph.Value, error) {
	if name, ok := n.attrs["to"].(string); ok {
		dt, err := tensor.ParseDType(name)
		if err != nil {
			n.fail("attribute \"to\": %v", err)
		}
		n.attrs["to"] = int64(dt)
	}
	return nil, nil
}

func fixConcat(n *legacy) ([]*graph.Value, error) {
	if _, ok := n.attrs["axis"]; !ok {
		n.attrs["axis"] = int64(1)
	}
	return nil, nil
}

// fixErf is for integers, which version 9 took: the result is truncated.
func fixErf(n *legacy) ([]*graph.Value, error) {
	dt := n.dtype(0)
	if !dt.IsInt() || len(n.in) != 1 {
		return nil, nil
	}
	return []*graph.Value{n.cast(n.call("Erf", n.attrs, n.cast(n.in[0], tensor.Float64)), dt)}, nil
}

// fixRecurrent drops output_sequence, since outputs are optional now, and mends a misspelt direction that was the default.
func fixRecurrent(n *legacy) ([]*graph.Value, error) {
	n.takeInt("output_sequence", 0)
	if n.attrs["direction"] == "foward" {
		n.attrs["direction"] = "forward"
	}
	return nil, nil
}

// fixGlobalLpPool is about version 1, whose p is a float.
func fixGlobalLpPool(n *legacy) ([]*graph.Value, error) {
	p := n.takeFloat("p", 2)
	if p == float32(int64(p)) {
		n.attrs["p"] = int64(p)
		return nil, nil
	}
	if len(n.in) != 1 || n.in[0] == nil {
		return nil, nil
	}
	sum := n.call("ReduceSum", nil, n.power(n.call("Abs", nil, n.in[0]), float64(p)), n.axesFrom(0, 2))
	return []*graph.Value{n.power(sum, 1/float64(p))}, nil
}

// fixLpPool is about version 1, whose p is a float. Where it is no integer, a sum is the mean times the window's size.
func fixLpPool(n *legacy) ([]*graph.Value, error) {
	p := n.takeFloat("p", 2)
	if p == float32(int64(p)) {
		n.attrs["p"] = int64(p)
		return nil, nil
	}
	if len(n.in) != 1 || n.in[0] == nil {
		return nil, nil
	}
	size := int64(1)
	if kernel, ok := n.attrs["kernel_shape"].([]int64); ok {
		for _, k := range kernel {
			size *= k
		}
	}
	n.attrs["count_include_pad"] = int64(1)
	mean := n.call("AveragePool", n.attrs, n.power(n.call("Abs", nil, n.in[0]), float64(p)))
	sum := n.call("Mul", nil, mean, n.scalar(n.dtype(0), float64(size)))
	return []*graph.Value{n.power(sum, 1/float64(p))}, nil
}

// power returns x to the power of p.
func (n *legacy) power(x *graph.Value, p float64) *graph.Value {
	return n.call("Pow", nil, x, n.scalar(n.dtype(0), p))
}

// fixOneHot keeps negative indices from counting from the end, as they do from version 11 on: depth is no index.
func fixOneHot(n *legacy) ([]*graph.Value, error) {
	dt := n.dtype(0)
	if len(n.in) != 3 || n.in[0] == nil || n.in[1] == nil || (dt.IsInt() && !dt.IsSigned()) {
		return nil, nil
	}
	depth := n.call("Reshape", nil, n.cast(n.in[1], dt), n.ints())
	negative := n.call("Less", nil, n.in[0], n.scalar(dt, 0))
	n.in[0] = n.call("Where", nil, negative, depth, n.in[0])
	return nil, nil
}

func fixScatter(n *legacy) ([]*graph.Value, error) {
	n.op = "ScatterElements"
	return nil, nil
}

// fixSelu states the constants that were rounded up to version 5.
func fixSelu(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	for name, def := range map[string]float32{"alpha": 1.6732, "gamma": 1.0507} {
		if _, ok := n.attrs[name]; !ok {
			n.attrs[name] = def
		}
	}
	return nil, nil
}

// fixLabelEncoder states the two lists of which version 1 has one: the numbers are the places in it.
func fixLabelEncoder(n *legacy) ([]*graph.Value, error) {
	classes, ok := n.attrs["classes_strings"].([]string)
	if !ok {
		return nil, nil
	}
	delete(n.attrs, "classes_strings")
	places := make([]int64, len(classes))
	for i := range places {
		places[i] = int64(i)
	}
	if n.dtype(0) == tensor.String {
		n.attrs["keys_strings"], n.attrs["values_int64s"] = classes, places
		delete(n.attrs, "default_string")
	} else {
		n.attrs["keys_int64s"], n.attrs["values_strings"] = places, classes
		delete(n.attrs, "default_int64")
	}
	return nil, nil
}

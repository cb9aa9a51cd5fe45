package onnx

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// broadcastAdapters are about the broadcasting of operators up to version 6, which the attributes broadcast and axis ask
// for, and about consumed_inputs, an attribute that versions up to 5 have and that means nothing.
var broadcastAdapters = broadcastRows()

func broadcastRows() []adapter {
	as := []adapter{
		{"", "Gemm", 6, fixGemm},
		{"", "PRelu", 6, fixPRelu},
	}
	for _, op := range []string{"Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"} {
		as = append(as, adapter{"", op, 6, fixBroadcast})
	}
	for _, op := range []string{
		"Abs", "Ceil", "Elu", "Exp", "Floor", "HardSigmoid", "InstanceNormalization", "LeakyRelu", "Log", "Max", "Mean", "Min", "Neg",
		"Reciprocal", "Relu", "Sigmoid", "Sqrt", "Sum", "Tanh",
	} {
		as = append(as, adapter{"", op, 5, dropConsumed})
	}
	return as
}

func dropConsumed(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	return nil, nil
}

// fixBroadcast lines the axes of input 1 up with those of input 0 from the given axis on, by axes of size 1 after its last.
func fixBroadcast(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	on := n.takeInt("broadcast", 0) != 0
	axis, ok := take[int64](n, "axis")
	if !on || !ok || len(n.in) != 2 || n.in[0] == nil || n.in[1] == nil || n.in[1].Fact.Len().Is(1) {
		return nil, nil
	}
	ra, rb := n.rank(0), n.rank(1)
	if axis < 0 && ra >= 0 {
		axis += int64(ra)
	}
	if ra < 0 || rb < 0 {
		n.in[1] = n.alignDynamic(axis)
		return nil, nil
	}
	after := int64(ra) - axis - int64(rb)
	if axis < 0 || after < 0 {
		n.fail("axis %d: input 1 of rank %d does not fit input 0 of rank %d there", axis, rb, ra)
		return nil, nil
	}
	n.in[1] = n.appendAxes(n.in[1], int(after))
	return nil, nil
}

// appendAxes returns v, of known rank, with count axes of size 1 after its last.
func (n *legacy) appendAxes(v *graph.Value, count int) *graph.Value {
	if count <= 0 {
		return v
	}
	axes := make([]int64, count)
	for i := range axes {
		axes[i] = int64(v.Fact.Rank() + i)
	}
	return n.call("Unsqueeze", nil, v, n.ints(axes...))
}

// alignDynamic is what fixBroadcast does, where a rank is unknown.
func (n *legacy) alignDynamic(axis int64) *graph.Value {
	start := n.ints(axis)
	if axis < 0 {
		start = n.call("Add", nil, start, n.rankOf(n.in[0]))
	}
	return n.appendDynamic(n.in[1], n.call("Sub", nil, n.call("Sub", nil, n.rankOf(n.in[0]), start), n.rankOf(n.in[1])))
}

// appendDynamic returns v with count axes of size 1 after its last; count is a vector of one int64, none when negative.
func (n *legacy) appendDynamic(v, count *graph.Value) *graph.Value {
	ones := n.filled(n.call("Max", nil, count, n.ints(0)), 1)
	shape := n.call("Concat", graph.Attrs{"axis": int64(0)}, n.call("Shape", nil, v), ones)
	return n.call("Reshape", graph.Attrs{"allowzero": int64(1)}, v, shape)
}

// fixGemm drops the attribute that allows input 2 to broadcast, which it now always does.
func fixGemm(n *legacy) ([]*graph.Value, error) {
	n.takeInt("broadcast", 0)
	return nil, nil
}

// fixPRelu lines a slope per channel up with axis 1, where newer versions broadcast from the last axis.
func fixPRelu(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	rx, rs := n.rank(0), n.rank(1)
	switch {
	case len(n.in) != 2 || n.in[0] == nil || n.in[1] == nil || rs >= 0 && rs != 1 || rs == 1 && n.dims(1)[0].Is(1):
	case rx >= 0 && rs == 1:
		n.in[1] = n.appendAxes(n.in[1], rx-2)
	default:
		perChannel := n.cast(n.call("Equal", nil, n.rankOf(n.in[1]), n.ints(1)), tensor.Int64)
		n.in[1] = n.appendDynamic(n.in[1], n.call("Mul", nil, perChannel, n.call("Sub", nil, n.rankOf(n.in[0]), n.ints(2))))
	}
	return nil, nil
}

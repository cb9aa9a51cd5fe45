package onnx

import "github.com/gneiss-ml/gneiss/graph"

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
	after := n.call("Sub", nil, n.call("Sub", nil, n.rankOf(n.in[0]), start), n.rankOf(n.in[1]))
	shape := n.call("Concat", graph.Attrs{"axis": int64(0)}, n.call("Shape", nil, n.in[1]), n.filled(after, 1))
	return n.call("Reshape", graph.Attrs{"allowzero": int64(1)}, n.in[1], shape)
}

// fixGemm drops the attribute that allows input 2 to broadcast, which it now always does.
func fixGemm(n *legacy) ([]*graph.Value, error) {
	n.takeInt("broadcast", 0)
	return nil, nil
}

// fixPRelu lines a slope per channel up with axis 1, where newer versions broadcast from the last axis.
func fixPRelu(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	if n.rank(1) != 1 || n.dims(1)[0].Is(1) || n.input(0) == nil {
		return nil, nil
	}
	if r := n.rank(0); r >= 0 {
		n.in[1] = n.appendAxes(n.in[1], r-2)
		return nil, nil
	}
	n.in[1] = n.alignDynamic(1)
	return nil, nil
}

package onnx

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// inputAdapters turn attributes into the inputs that newer versions have in their place.
var inputAdapters = slices.Concat([]adapter{
	{"", "Clip", 10, fixClip},
	{"", "DFT", 19, fixDFT},
	{"", "Dropout", 11, fixDropout},
	{"", "Pad", 10, fixPad},
	{"", "Reshape", 4, fixReshape},
	{"", "Slice", 9, fixSlice},
	{"", "Split", 17, fixSplit},
	{"", "Squeeze", 12, fixAxes},
	{"", "Tile", 5, fixTile},
	{"", "TopK", 9, fixTopK},
	{"", "Unsqueeze", 12, fixAxes},
}, reduceAdapters())

func reduceAdapters() []adapter {
	as := []adapter{
		{"", "ReduceLogSum", 27, fixReduceInts},
		{"", "ReduceLogSumExp", 27, fixReduceInts},
		{"", "ReduceSum", 12, fixAxes},
	}
	for _, op := range []string{"ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSumSquare"} {
		as = append(as, adapter{"", op, 17, fixAxes})
	}
	return as
}

// fixAxes makes the attribute axes input 1.
func fixAxes(n *legacy) ([]*graph.Value, error) {
	if axes, ok := take[[]int64](n, "axes"); ok {
		n.setInput(1, n.ints(axes...))
	}
	return nil, nil
}

// fixReduceInts is for reductions that took integers, up to version 27: they are computed in floating point and truncated.
func fixReduceInts(n *legacy) ([]*graph.Value, error) {
	if n.version < 18 {
		fixAxes(n)
	}
	dt := n.dtype(0)
	if !dt.IsInt() {
		return nil, nil
	}
	y := n.call(n.op, n.attrs, n.cast(n.in[0], tensor.Float64), n.input(1))
	return []*graph.Value{n.cast(y, dt)}, nil
}

// fixClip makes the limits inputs. Those that the attributes leave out are the largest float32, which matters to
// infinities; version 1 has no limit then.
func fixClip(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	dt := n.dtype(0)
	for i, name := range []string{"min", "max"} {
		limit, ok := take[float32](n, name)
		if !ok && n.version >= 6 && (dt == tensor.Float32 || dt == tensor.Float64) {
			limit, ok = []float32{-maxFloat32, maxFloat32}[i], true
		}
		if ok {
			n.setInput(1+i, n.scalar(dt, float64(limit)))
		}
	}
	return nil, nil
}

const maxFloat32 = 0x1p127 * (1 + (1 - 0x1p-23))

func fixDFT(n *legacy) ([]*graph.Value, error) {
	n.setInput(2, n.scalar(tensor.Int64, float64(n.takeInt("axis", 1))))
	return nil, nil
}

// fixDropout makes the ratio an input. Up to version 6 the attribute is_test tells training from inference; versions 7 to
// 11 know inference only. Up to version 9 the mask has the type of the data.
func fixDropout(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	in := []*graph.Value{n.input(0), n.scalar(tensor.Float32, float64(n.takeFloat("ratio", 0.5)))}
	if n.takeInt("is_test", 0) == 0 && n.version <= 6 {
		in = append(in, n.b.Const(tensor.Scalar(true)))
	}
	n.in = in
	if n.version > 9 || !n.wants(1) {
		return nil, nil
	}
	out := n.calls("Dropout", n.attrs, 2, in...)
	return []*graph.Value{out[0], n.cast(out[1], n.dtype(0))}, nil
}

// fixPad makes the paddings, named paddings in version 1, and the value inputs.
func fixPad(n *legacy) ([]*graph.Value, error) {
	for _, name := range []string{"paddings", "pads"} {
		if pads, ok := take[[]int64](n, name); ok {
			n.setInput(1, n.ints(pads...))
		}
	}
	if value, ok := take[float32](n, "value"); ok && value != 0 {
		n.setInput(2, n.scalar(n.dtype(0), float64(value)))
	}
	return nil, nil
}

func fixReshape(n *legacy) ([]*graph.Value, error) {
	delete(n.attrs, "consumed_inputs")
	if shape, ok := take[[]int64](n, "shape"); ok {
		n.setInput(1, n.ints(shape...))
	}
	return nil, nil
}

func fixSlice(n *legacy) ([]*graph.Value, error) {
	for i, name := range []string{"starts", "ends", "axes"} {
		if xs, ok := take[[]int64](n, name); ok {
			n.setInput(1+i, n.ints(xs...))
		}
	}
	return nil, nil
}

// fixSplit makes the sizes an input. Without them the parts are as many as the outputs, which newer versions state.
func fixSplit(n *legacy) ([]*graph.Value, error) {
	if sizes, ok := take[[]int64](n, "split"); ok {
		n.setInput(1, n.ints(sizes...))
	}
	if n.input(1) == nil {
		n.attrs["num_outputs"] = int64(n.outputs)
	} else if n.version == 1 {
		n.in[1] = n.cast(n.in[1], tensor.Int64) // it had the type of the data
	}
	return nil, nil
}

// fixTile makes one repeat per axis of input tiles, repeats along one axis, and input axis.
func fixTile(n *legacy) ([]*graph.Value, error) {
	if len(n.in) != 3 {
		return nil, nil
	}
	one := n.ints(1)
	tiles := n.call("Reshape", nil, n.cast(n.in[1], tensor.Int64), one)
	axis := n.call("Reshape", nil, n.cast(n.in[2], tensor.Int64), one)
	repeats := n.call("ScatterElements", nil, n.filled(n.rankOf(n.in[0]), 1), axis, tiles)
	n.in = []*graph.Value{n.in[0], repeats}
	return nil, nil
}

func fixTopK(n *legacy) ([]*graph.Value, error) {
	if k, ok := take[int64](n, "k"); ok {
		n.setInput(1, n.ints(k))
	}
	return nil, nil
}

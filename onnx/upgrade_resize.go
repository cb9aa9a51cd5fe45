package onnx

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// resizeAdapters are about operators that sample images.
var resizeAdapters = []adapter{
	{"", "GridSample", 19, fixGridSample},
	{"", "Resize", 10, fixResize10},
	{"", "Resize", 12, fixResize12},
	{"", "RoiAlign", 15, fixRoiAlign},
	{"", "Upsample", newest, fixResize10},
}

func fixGridSample(n *legacy) ([]*graph.Value, error) {
	switch n.attrs["mode"] {
	case "bilinear":
		n.attrs["mode"] = "linear"
	case "bicubic":
		n.attrs["mode"] = "cubic"
	}
	return nil, nil
}

func fixRoiAlign(n *legacy) ([]*graph.Value, error) {
	n.attrs["coordinate_transformation_mode"] = "output_half_pixel"
	return nil, nil
}

// fixResize12 drops regions and scales that are empty tensors, which is how versions 11 and 12 leave them out.
func fixResize12(n *legacy) ([]*graph.Value, error) {
	for i := 1; i < min(3, len(n.in)); i++ {
		if d := n.dims(i); len(d) == 1 && d[0].Is(0) {
			n.in[i] = nil
		}
	}
	return nil, nil
}

// fixResize10 is about Upsample and the first Resize: output sample i is at i/scale of the input; the nearest sample is the
// one before where the axis grows and the one after where it shrinks, as ONNX Runtime has it.
func fixResize10(n *legacy) ([]*graph.Value, error) {
	n.op = "Resize"
	var scales *graph.Value
	h, tall := take[float32](n, "height_scale")
	w, wide := take[float32](n, "width_scale")
	list, has := take[[]float32](n, "scales")
	switch {
	case tall && wide:
		scales = n.floats(1, 1, h, w)
	case has:
		scales = n.floats(list...)
	case len(n.in) == 2 && n.in[1] != nil:
		scales = n.in[1]
	default:
		n.fail("there are no scales")
		return nil, nil
	}
	n.attrs["coordinate_transformation_mode"] = "asymmetric"
	if mode := n.attrs["mode"]; mode == "bilinear" || mode == "trilinear" || mode == "linear" {
		n.attrs["mode"] = "linear"
		n.in = []*graph.Value{n.in[0], nil, scales}
		return nil, nil
	}
	x := n.in[0]
	grow, shrink := n.splitScales(scales)
	for _, s := range []struct {
		scales *graph.Value
		mode   string
	}{{grow, "floor"}, {shrink, "ceil"}} {
		if s.scales != nil {
			n.attrs["nearest_mode"] = s.mode
			x = n.call("Resize", n.attrs, x, nil, s.scales)
		}
	}
	return []*graph.Value{x}, nil
}

// splitScales returns scales with those below 1 replaced by 1, and with those above; nil where that leaves no others than
// 1, but not twice.
func (n *legacy) splitScales(scales *graph.Value) (grow, shrink *graph.Value) {
	t := scales.Const()
	if t == nil || t.DType() != tensor.Float32 {
		one := n.scalar(tensor.Float32, 1)
		return n.call("Max", nil, scales, one), n.call("Min", nil, scales, one)
	}
	up, down := slices.Clone(tensor.Data[float32](t)), slices.Clone(tensor.Data[float32](t))
	ups, downs := false, false
	for i, s := range up {
		ups, downs = ups || s > 1, downs || s < 1
		up[i], down[i] = max(s, 1), min(s, 1)
	}
	switch {
	case !downs:
		return scales, nil
	case !ups:
		return nil, scales
	}
	return n.floats(up...), n.floats(down...)
}

package ref_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// newResize returns a Resize with the defaults of ONNX and what set changes.
func newResize(set func(o *op.Resize)) *op.Resize {
	o := &op.Resize{}
	if err := graph.Decode(o, graph.Attrs{}); err != nil {
		panic(err)
	}
	set(o)
	return o
}

func TestResize(t *testing.T) {
	row := count(f32, 4)
	one := func(mode, coordinates, nearest string) graph.Op {
		return newResize(func(o *op.Resize) { o.Mode, o.Coordinates, o.NearestMode = mode, coordinates, nearest })
	}
	nearest := func(how string) graph.Op { return one("nearest", "asymmetric", how) }
	linear := func(coordinates string) graph.Op { return one("linear", coordinates, "floor") }
	for _, c := range []check{
		{nearest("floor"), in(row, nil, vec(f32, 2)), "float32[8] 0 0 1 1 2 2 3 3"},
		{nearest("ceil"), in(row, nil, vec(f32, 2)), "float32[8] 0 1 1 2 2 3 3 3"},
		{nearest("round_prefer_ceil"), in(row, nil, vec(f32, 2)), "float32[8] 0 1 1 2 2 3 3 3"},
		{nearest("round_prefer_floor"), in(words("a", "b"), nil, nil, ints(3)), "string[3] a b b"},
		{one("nearest", "tf_half_pixel_for_nn", "floor"), in(row, nil, vec(f32, 0.5)), "float32[2] 1 3"},
		{linear("half_pixel"), in(row, nil, vec(f32, 2)), "float32[8] 0 0.25 0.75 1.25 1.75 2.25 2.75 3"},
		{linear("align_corners"), in(row, nil, nil, ints(7)), "float32[7] 0 0.5 1 1.5 2 2.5 3"},
		{linear("pytorch_half_pixel"), in(row, nil, nil, ints(1)), "float32[1] 0"},
		{linear("half_pixel_symmetric"), in(row, nil, vec(f32, 0.6)), "float32[2] 0.666667 2.33333"},
		{linear("asymmetric"), in(vec(f16, 0, 1), nil, nil, ints(4)), "float16[4] 0 0.5 1 1"},
		{linear("half_pixel"), in(vec(u8, 0, 255), nil, nil, ints(4)), "uint8[4] 0 64 191 255"},
		{linear("half_pixel"), in(count(f32, 0, 2), nil, vec(f32, 1, 2)), "float32[0,4]"},
		{newResize(func(o *op.Resize) { o.Mode, o.Axes = "linear", []int{-1} }), in(count(i32, 2, 2), nil, vec(f32, 2)), "int32[2,4] 0 0 1 1 2 2 3 3"},
		{newResize(func(o *op.Resize) { o.Mode, o.Coordinates = "cubic", "asymmetric" }), in(row, nil, vec(f32, 2)),
			"float32[8] 0 0.40625 1 1.5 2 2.59375 3 3.09375"},
		{newResize(func(o *op.Resize) {
			o.Mode, o.Coordinates, o.ExcludeOutside, o.CubicA = "cubic", "asymmetric", true, -0.5
		}), in(row, nil, vec(f32, 2)),
			"float32[8] 0 0.411765 1 1.5 2 2.58824 3 3.125"},
		{newResize(func(o *op.Resize) { o.Mode, o.Antialias = "linear", true }), in(row, nil, vec(f32, 0.5)), "float32[2] 0.625 2.375"},
		{newResize(func(o *op.Resize) { o.Mode, o.Coordinates, o.Extrapolation = "linear", "tf_crop_and_resize", 9 }),
			in(row, vec(f32, 0.5, 1.5), nil, ints(3)), "float32[3] 1.5 3 9"},
		{newResize(func(o *op.Resize) { o.Coordinates, o.Extrapolation = "tf_crop_and_resize", 9 }),
			in(row, vec(f32, 0.5, 1.5), nil, ints(3)), "float32[3] 1 3 9"},
		{newResize(func(o *op.Resize) { o.Aspect = "not_larger" }), in(count(u8, 1, 2), nil, nil, ints(4, 4)), "uint8[2,4] 0 0 1 1 0 0 1 1"},
		{newResize(func(o *op.Resize) { o.Aspect = "not_smaller" }), in(count(u8, 2, 1), nil, nil, ints(2, 2)), "uint8[4,2] 0 0 0 0 1 1 1 1"},
		{nearest("floor"), in(row), `error: node "" (Resize): neither scales nor sizes are there`},
		{nearest("floor"), in(row, nil, vec(f32, 2), ints(2)), `error: node "" (Resize): both scales and sizes are there`},
		{nearest("floor"), in(row, nil, vec(f32, -2)), `error: node "" (Resize): input 2: scale -2, want more than 0`},
		{nearest("floor"), in(row, nil, vec(f32, 1, 1)), `error: node "" (Resize): input 2: 2 elements, want 1`},
		{linear("half_pixel"), in(words("a"), nil, vec(f32, 2)), `error: node "" (Resize): input 0: string is not supported`},
		{linear("half"), in(row, nil, vec(f32, 2)), `error: node "" (Resize): attribute "coordinate_transformation_mode": "half", want one of ` +
			"align_corners asymmetric half_pixel half_pixel_symmetric pytorch_half_pixel tf_crop_and_resize tf_half_pixel_for_nn"},
	} {
		c.run(t)
	}
}

func TestGridSample(t *testing.T) {
	x := count(f32, 1, 1, 2, 3)
	grid := arr(f32, []int{1, 1, 4, 2}, 0, 0, -1, -1, 1, 1, 3, -0.5)
	lin := func(mode, padding string, corners bool) graph.Op {
		return &op.GridSample{Mode: mode, Padding: padding, AlignCorners: corners}
	}
	for _, c := range []check{
		{lin("linear", "zeros", false), in(x, grid), "float32[1,1,1,4] 2.5 0 1.25 0"},
		{lin("linear", "zeros", true), in(x, grid), "float32[1,1,1,4] 2.5 0 5 0"},
		{lin("linear", "border", false), in(x, grid), "float32[1,1,1,4] 2.5 0 5 2"},
		{lin("linear", "reflection", true), in(x, grid), "float32[1,1,1,4] 2.5 0 5 0.75"},
		{lin("nearest", "zeros", false), in(x, grid), "float32[1,1,1,4] 1 0 0 0"},
		{lin("cubic", "zeros", true), in(x, grid), "float32[1,1,1,4] 2.96875 0 5 0"},
		{lin("linear", "zeros", true), in(arr(u8, []int{1, 2, 3}, 0, 10, 21, 5, 6, 7), arr(f64, []int{1, 2, 1}, 0.5, -1)), "uint8[1,2,2] 15 0 6 5"},
		{lin("nearest", "zeros", true), in(count(tensor.String, 1, 1, 2), arr(f32, []int{1, 2, 1}, -1, 2)), "string[1,1,2] 0.0 "},
		{lin("linear", "zeros", true), in(x, arr(f32, []int{1, 1, 1, 3}, 0, 0, 0)), `error: node "" (GridSample): input 1: shape [1,1,1,3], want [1,1,1,2]`},
		{lin("linear", "zero", true), in(x, grid), `error: node "" (GridSample): attribute "padding_mode": "zero", want one of zeros border reflection`},
		{&op.AffineGrid{AlignCorners: true}, in(arr(f32, []int{1, 2, 3}, 1, 0, 0, 0, 1, 0.5), ints(1, 1, 2, 2)), "float32[1,2,2,2] -1 -0.5 1 -0.5 -1 1.5 1 1.5"},
		{&op.AffineGrid{}, in(arr(f32, []int{1, 2, 3}, 2, 0, 0, 0, 1, 0), ints(1, 1, 1, 2)), "float32[1,1,2,2] -1 0 1 0"},
		{&op.AffineGrid{}, in(arr(f16, []int{1, 3, 4}, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1), ints(1, 1, 1, 1, 1)), "float16[1,1,1,1,3] 0 0 1"},
		{&op.AffineGrid{}, in(arr(f32, []int{1, 2, 3}, 2, 0, 0, 0, 1, 0), ints(1, 1, 2)), `error: node "" (AffineGrid): input 1: 3 elements, want 4 or 5`},
	} {
		c.run(t)
	}
}

package op

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

var gridSampleOps = []Entry{
	core[AffineGrid]("theta size -> grid"),
	core[GridSample]("X grid -> Y"),
}

// AffineGrid yields for each place of an image of the size [N, C, H, W] (or [N, C, D, H, W]) where an affine map theta, a
// matrix of 2×3 (or 3×4) per image, sends it. Coordinates run from −1 to 1: over the centers of the outermost elements with
// AlignCorners, else over their outer edges.
//
// https://onnx.ai/onnx/operators/onnx__AffineGrid.html
type AffineGrid struct {
	AlignCorners bool `onnx:"align_corners,0"`
}

// Infer implements graph.Op.
func (o *AffineGrid) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, int64Only)
	n := -1 // 2 or 3 dimensions
	if c.Rank(1) >= 0 && c.CheckRank(1, 1) {
		if k, ok := c.Dims(1)[0].Int(); ok && c.Check(k == 4 || k == 5, "input 1: %d elements, want 4 or 5", k) {
			n = k - 2
		}
	}
	if d := c.Dims(0); d != nil && c.CheckRank(0, 3) {
		if k, ok := d[1].Int(); ok && n < 0 {
			c.Check(k == 2 || k == 3, "input 0: shape %s, want 2 or 3 rows", graph.FormatDims(d))
			n = k
		}
	}
	size := c.Ints(1)
	if n < 0 || c.Failed() {
		c.Tensor(0, c.DType(0), nil)
		return
	}
	batch := dimOf(c, 0, 0)
	matchDims(c, 0, batch, graph.N(n), graph.N(n+1))
	out := append([]graph.Dim{batch}, c.FreshN(n)...)
	if len(size) == n+2 {
		out[0] = c.Unify(batch, size[0], "batch of inputs 0 and 1")
		copy(out[1:], size[2:])
		for i, d := range size {
			k, ok := d.Int()
			c.Check(!ok || k >= 0 && k <= maxSize, "input 1: element %d is %d, want at least 0", i, k)
		}
	}
	c.Tensor(0, c.DType(0), append(out, graph.N(n)))
}

// GridSample yields for each vector of the grid, a place in the image X with coordinates from −1 to 1, innermost dimension
// first, what is there: the nearest element or an interpolation. Padding says what is outside of X.
//
// https://onnx.ai/onnx/operators/onnx__GridSample.html
type GridSample struct {
	AlignCorners bool   `onnx:"align_corners,0"`
	Mode         string `onnx:"mode,linear"`
	Padding      string `onnx:"padding_mode,zeros"`
}

// Infer implements graph.Op.
func (o *GridSample) Infer(c *graph.Infer) {
	checkChoice(c, "mode", o.Mode, "linear nearest cubic")
	checkChoice(c, "padding_mode", o.Padding, "zeros border reflection")
	types := classicTypes
	if o.Mode != "nearest" {
		types = numberTypes
	}
	checkTensor(c, 0, types)
	checkTensor(c, 1, floatTypes)
	x, grid := c.Dims(0), c.Dims(1)
	rank := max(len(x), len(grid))
	c.Check(x == nil || len(x) >= 3 && len(x) == rank, "input 0: rank %d, want at least 3 and that of input 1", len(x))
	c.Check(grid == nil || len(grid) >= 3 && len(grid) == rank, "input 1: rank %d, want at least 3 and that of input 0", len(grid))
	if x == nil && grid == nil || c.Failed() {
		unknown(c, -1)
		return
	}
	c.Check(rank <= maxSpatial+2 || o.Mode == "nearest", "input 0: rank %d, want at most %d", rank, maxSpatial+2)
	x, grid = dimsOr(c, 0, rank), dimsOr(c, 1, rank)
	matchDims(c, 1, append(append([]graph.Dim{x[0]}, grid[1:rank-1]...), graph.N(rank-2))...)
	if c.Failed() {
		return
	}
	if places, ok := product(grid[:rank-1]).Int(); ok && places > 0 {
		for i, d := range x[2:] {
			c.Check(!d.Is(0), "input 0: dimension %d is empty", i+2)
		}
	}
	out := append([]graph.Dim{c.Unify(x[0], grid[0], "batch of inputs 0 and 1"), x[1]}, slices.Clone(grid[1:rank-1])...)
	c.Tensor(0, c.DType(0), out)
}

// maxSpatial is how many spatial dimensions an interpolation may have: a place has 4 neighbours in each.
const maxSpatial = 6

package op

import "github.com/gneiss-ml/gneiss/graph"

var roiOps = []Entry{
	core[MaxRoiPool]("X rois -> Y"),
	core[RoiAlign]("X rois batch_indices -> Y"),
}

// MaxRoiPool divides regions of images into a grid and takes the largest element of each cell: X [N, C, H, W], rois [R, 5]
// with rows of batch index and corners x1, y1, x2, y2, and Y [R, C, pooled_shape…].
//
// https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html
type MaxRoiPool struct {
	PooledShape  []int   `onnx:"pooled_shape,required"`
	SpatialScale float32 `onnx:"spatial_scale,1"`
}

// Infer implements graph.Op.
func (o *MaxRoiPool) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	c.Check(len(o.PooledShape) == 2, "pooled_shape: %d numbers, want 2", len(o.PooledShape))
	if c.Failed() {
		return
	}
	inferRoi(c, 5, o.PooledShape[0], o.PooledShape[1])
}

// inferRoi sets the output [R, C, height, width] of regions given by rows of cols numbers.
func inferRoi(c *graph.Infer, cols, height, width int) {
	c.Check(height >= 1 && width >= 1 && height <= maxWindow && width <= maxWindow, "output size %d×%d, want at least 1×1", height, width)
	c.CheckRank(0, 4)
	matchDims(c, 1, dimOf(c, 1, 0), graph.N(cols))
	c.Tensor(0, c.DType(0), []graph.Dim{dimOf(c, 1, 0), dimOf(c, 0, 1), graph.N(height), graph.N(width)})
}

// RoiAlign divides regions of images into a grid and takes the mean or largest of samples in each cell, interpolated between
// elements: X [N, C, H, W], rois [R, 4] with corners x1, y1, x2, y2, batch_indices [R], and Y [R, C, output_height,
// output_width]. The mode max takes the largest of the weighted neighbours of each sample, as ONNX Runtime does.
//
// https://onnx.ai/onnx/operators/onnx__RoiAlign.html
type RoiAlign struct {
	CoordinateTransformationMode string  `onnx:"coordinate_transformation_mode,half_pixel"`
	Mode                         string  `onnx:"mode,avg"`
	OutputHeight                 int     `onnx:"output_height,1"`
	OutputWidth                  int     `onnx:"output_width,1"`
	SamplingRatio                int     `onnx:"sampling_ratio,0"`
	SpatialScale                 float32 `onnx:"spatial_scale,1"`
}

// Infer implements graph.Op.
func (o *RoiAlign) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	c.CheckSame(0, 1)
	checkTensor(c, 2, int64Only)
	c.Check(o.Mode == "avg" || o.Mode == "max", "mode %q, want avg or max", o.Mode)
	c.Check(o.CoordinateTransformationMode == "half_pixel" || o.CoordinateTransformationMode == "output_half_pixel",
		"coordinate_transformation_mode %q, want half_pixel or output_half_pixel", o.CoordinateTransformationMode)
	c.Check(o.SamplingRatio >= 0 && o.SamplingRatio <= 1<<15, "sampling_ratio %d, want 0 to %d", o.SamplingRatio, 1<<15)
	matchDims(c, 2, dimOf(c, 1, 0))
	inferRoi(c, 4, o.OutputHeight, o.OutputWidth)
}

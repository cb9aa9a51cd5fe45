package ref

import (
	"fmt"
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var roiKernels = []exec.Kernel{
	tiledFloats(maxRoiPool[float32], maxRoiPool[float64]),
	tiledFloats(roiAlign[float32], roiAlign[float64]),
}

// batchOf returns a batch index of a region as an int, or an error when it is outside n images. NaN is outside.
func batchOf(index float64, n int) (int, error) {
	if !(index >= 0 && index < float64(n)) {
		return 0, fmt.Errorf("batch index %v of a region, want 0 to %d", index, n-1)
	}
	return int(index), nil
}

func maxRoiPool[T float](b *exec.Binding, o *op.MaxRoiPool) tiles {
	xs, ys := b.Shape(0), b.OutShape(0)
	return tiles{ys[0], func(f *exec.Frame, r int) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))[r*tensor.Count(ys[1:]):]
		roi := tensor.Data[T](f.In(1))[r*5:][:5]
		n, err := batchOf(float64(roi[0]), xs[0])
		if err != nil {
			return err
		}
		rows := roiCells(float64(roi[2]), float64(roi[4]), float64(o.SpatialScale), ys[2], xs[2])
		cols := roiCells(float64(roi[1]), float64(roi[3]), float64(o.SpatialScale), ys[3], xs[3])
		for c := range xs[1] {
			if err := f.Err(); err != nil {
				return err
			}
			image := x[(n*xs[1]+c)*xs[2]*xs[3]:]
			for i, row := range rows {
				for j, col := range cols {
					y[(c*ys[2]+i)*ys[3]+j] = maxOfCell(image, xs[3], row, col)
				}
			}
		}
		return nil
	}}
}

// roiCells divides one dimension of a region, from one corner to the other, into n cells and returns the elements of each, cut
// to the size of the image.
func roiCells(from, to, scale float64, n, size int) [][2]int {
	start := math.Round(from * scale)
	length := max(math.Round(to*scale)-start+1, 1)
	cells := make([][2]int, n)
	for i := range cells {
		cells[i][0] = clampTo(start+math.Floor(float64(i)*length/float64(n)), size)
		cells[i][1] = clampTo(start+math.Ceil(float64(i+1)*length/float64(n)), size)
	}
	return cells
}

// clampTo returns x as an int between 0 and n; 0 for NaN.
func clampTo(x float64, n int) int {
	if !(x > 0) {
		return 0
	}
	return int(min(x, float64(n)))
}

// maxOfCell returns the largest element of a part of an image; 0 when it is empty.
func maxOfCell[T float](image []T, width int, rows, cols [2]int) T {
	if rows[0] >= rows[1] || cols[0] >= cols[1] {
		return 0
	}
	best := lowest[T]()
	for h := rows[0]; h < rows[1]; h++ {
		for _, v := range image[h*width+cols[0] : h*width+cols[1]] {
			best = max(best, v)
		}
	}
	return best
}

// roiGridLimit bounds the samples of a cell in one dimension.
const roiGridLimit = 1 << 20

func roiAlign[T float](b *exec.Binding, o *op.RoiAlign) tiles {
	xs, ys := b.Shape(0), b.OutShape(0)
	return tiles{ys[0], func(f *exec.Frame, r int) error {
		x, y := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))[r*tensor.Count(ys[1:]):]
		roi := tensor.Data[T](f.In(1))[r*4:][:4]
		n, err := batchOf(float64(tensor.Data[int64](f.In(2))[r]), xs[0])
		if err != nil {
			return err
		}
		rows, err := newRoiAxis(o, float64(roi[1]), float64(roi[3]), ys[2], xs[2])
		if err != nil {
			return err
		}
		cols, err := newRoiAxis(o, float64(roi[0]), float64(roi[2]), ys[3], xs[3])
		if err != nil {
			return err
		}
		for c := range xs[1] {
			image := x[(n*xs[1]+c)*xs[2]*xs[3]:][:xs[2]*xs[3]]
			for i := range ys[2] {
				for j := range ys[3] {
					v, err := roiCell(f, image, &rows, &cols, i, j, o.Mode == "max")
					if err != nil {
						return err
					}
					y[(c*ys[2]+i)*ys[3]+j] = v
				}
			}
		}
		return nil
	}}
}

// A roiAxis is one dimension of a region: where its cells start, how long they are and how many samples each has.
type roiAxis struct {
	start, cell float64
	grid, size  int
}

func newRoiAxis(o *op.RoiAlign, from, to float64, cells, size int) (roiAxis, error) {
	half := o.CoordinateTransformationMode == "half_pixel"
	shift := 0.0
	if half {
		shift = 0.5
	}
	start := from*float64(o.SpatialScale) - shift
	length := to*float64(o.SpatialScale) - shift - start
	if !half {
		length = max(length, 1)
	}
	a := roiAxis{start: start, cell: length / float64(cells), grid: o.SamplingRatio, size: size}
	if a.grid == 0 {
		g := math.Ceil(a.cell)
		if !(g <= roiGridLimit) {
			return a, fmt.Errorf("input 1: a region from %v to %v is too large", from, to)
		}
		a.grid = int(max(g, 0))
	}
	return a, nil
}

// sample returns the two elements on either side of a sample and the weight of the second; false when it is outside.
func (a *roiAxis) sample(cell, i int) (low, high int, part float64, ok bool) {
	at := a.start + float64(cell)*a.cell + (float64(i)+0.5)*a.cell/float64(a.grid)
	if !(at >= -1 && at <= float64(a.size)) || a.size == 0 {
		return 0, 0, 0, false
	}
	at = max(at, 0)
	low = int(at)
	if low >= a.size-1 {
		return a.size - 1, a.size - 1, 0, true
	}
	return low, low + 1, at - float64(low), true
}

// roiCell returns the mean of the samples of a cell, or the largest weighted neighbour of one. A sample outside the image
// counts as 0.
func roiCell[T float](f *exec.Frame, image []T, rows, cols *roiAxis, i, j int, largest bool) (T, error) {
	sum, best := 0.0, math.Inf(-1)
	for h := range rows.grid {
		if err := pollEvery(f, h, cols.grid); err != nil {
			return 0, err
		}
		y0, y1, ty, okY := rows.sample(i, h)
		for w := range cols.grid {
			x0, x1, tx, okX := cols.sample(j, w)
			if !okX || !okY {
				best = max(best, 0)
				continue
			}
			a := (1 - ty) * (1 - tx) * float64(image[y0*cols.size+x0])
			b := (1 - ty) * tx * float64(image[y0*cols.size+x1])
			c := ty * (1 - tx) * float64(image[y1*cols.size+x0])
			d := ty * tx * float64(image[y1*cols.size+x1])
			sum += a + b + c + d
			best = max(best, a, b, c, d)
		}
	}
	if n := rows.grid * cols.grid; !largest {
		return T(sum / float64(max(n, 1))), nil
	} else if n == 0 {
		return 0, nil
	}
	return T(best), nil
}

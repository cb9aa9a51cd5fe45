package ref

import (
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// rect is a box by its borders.
type rect struct{ x0, y0, x1, y1 float32 }

func rectOf(b []float32, center bool) rect {
	if center {
		w, h := b[2]/2, b[3]/2
		return rect{b[0] - w, b[1] - h, b[0] + w, b[1] + h}
	}
	return rect{min(b[1], b[3]), min(b[0], b[2]), max(b[1], b[3]), max(b[0], b[2])}
}

func (a rect) area() float32 { return (a.x1 - a.x0) * (a.y1 - a.y0) }

// overlaps reports whether the intersection of two boxes is more than the given part of their union.
func (a rect) overlaps(b rect, threshold float32) bool {
	c := rect{max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1)}
	if c.x1 <= c.x0 || c.y1 <= c.y0 {
		return false
	}
	both := c.area()
	union := a.area() + b.area() - both
	return a.area() > 0 && b.area() > 0 && union > 0 && both/union > threshold
}

func nonMaxSuppression(b *exec.Binding, o *op.NonMaxSuppression) run {
	batches, classes, n := b.Shape(1)[0], b.Shape(1)[1], b.Shape(1)[2]
	return func(f *exec.Frame) error {
		boxes, scores := tensor.Data[float32](f.In(0)), tensor.Data[float32](f.In(1))
		most, iou := int64(0), float32(0)
		if t := f.In(2); t != nil {
			most = tensor.Data[int64](t)[0]
		}
		if t := f.In(3); t != nil {
			iou = tensor.Data[float32](t)[0]
		}
		var picked []int64
		rects := make([]rect, n)
		for batch := range batches {
			for i := range rects {
				rects[i] = rectOf(boxes[(batch*n+i)*4:], o.CenterPointBox)
			}
			for class := range classes {
				s := scores[(batch*classes+class)*n:][:n]
				best := suppress(f, rects, candidates(s, f.In(4)), iou, most)
				if err := f.Err(); err != nil {
					return err
				}
				for _, i := range best {
					picked = append(picked, int64(batch), int64(class), int64(i))
				}
			}
		}
		y, err := f.Make(0, tensor.Int64, len(picked)/3, 3)
		if err != nil {
			return err
		}
		copy(tensor.Data[int64](y), picked)
		return nil
	}
}

// candidates returns the boxes whose score is above the threshold, the best first; nil: all boxes.
func candidates(scores []float32, threshold *tensor.Tensor) []int {
	var c []int
	for i, s := range scores {
		if threshold == nil || s > tensor.Data[float32](threshold)[0] {
			c = append(c, i)
		}
	}
	slices.SortStableFunc(c, func(a, b int) int { return order(scores[b], scores[a]) })
	return c
}

// suppress returns at most most of the candidates, leaving out those that overlap one before them.
func suppress(f *exec.Frame, rects []rect, candidates []int, iou float32, most int64) []int {
	var kept []int
	for _, i := range candidates {
		if int64(len(kept)) >= most || f.Err() != nil {
			break
		}
		if !slices.ContainsFunc(kept, func(k int) bool { return rects[i].overlaps(rects[k], iou) }) {
			kept = append(kept, i)
		}
	}
	return kept
}

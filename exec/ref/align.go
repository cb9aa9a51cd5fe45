package ref

import (
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var alignKernels = []exec.Kernel{
	always(timeWarping),
}

// timeWarping adds to each cost the least of the paths that lead to it, then walks back from the end. Between equal paths a step of
// a column goes before one of a row, and that before one of both.
func timeWarping(b *exec.Binding, _ *op.DynamicTimeWarping) run {
	shape := b.Shape(0)
	rows, cols := shape[len(shape)-2], shape[len(shape)-1]
	return func(f *exec.Frame) error {
		x := tensor.Data[float32](f.In(0))
		cost, from := make([]float32, rows*cols), make([]byte, rows*cols)
		const both, row, col = 0, 1, 2
		for i := range rows {
			if err := f.Err(); err != nil {
				return err
			}
			for j := range cols {
				at := i*cols + j
				switch {
				case i == 0 && j == 0:
				case i == 0:
					cost[at], from[at] = cost[at-1], col
				case j == 0:
					cost[at], from[at] = cost[at-cols], row
				default:
					d, r, c := cost[at-cols-1], cost[at-cols], cost[at-1]
					switch {
					case d < r && d < c:
						cost[at], from[at] = d, both
					case r < d && r < c:
						cost[at], from[at] = r, row
					default:
						cost[at], from[at] = c, col
					}
				}
				cost[at] += x[at]
			}
		}
		var path [2][]int32
		for i, j := rows-1, cols-1; ; {
			path[0], path[1] = append(path[0], int32(i)), append(path[1], int32(j))
			if i == 0 && j == 0 {
				break
			}
			step := from[i*cols+j]
			if step != col {
				i--
			}
			if step != row {
				j--
			}
		}
		n := len(path[0])
		y, err := f.Make(0, tensor.Int32, 2, n)
		if err != nil {
			return err
		}
		for k := range path {
			slices.Reverse(path[k])
			copy(tensor.Data[int32](y)[k*n:], path[k])
		}
		return nil
	}
}

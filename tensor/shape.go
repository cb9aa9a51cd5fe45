package tensor

import (
	"fmt"
	"strconv"
	"strings"
)

// Count returns the product of the dimensions: 1 for a scalar.
func Count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Strides returns the row-major strides of a shape, in elements.
func Strides(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// FormatShape returns a shape as [2,3].
func FormatShape(shape []int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range shape {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteByte(']')
	return b.String()
}

// Broadcast returns the shape that the given shapes broadcast to by NumPy's rule, or an error naming the dimension.
//
// https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md
func Broadcast(shapes ...[]int) ([]int, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int, rank)
	for i := range out {
		out[i] = 1
		for _, s := range shapes {
			j := i - (rank - len(s))
			if j < 0 || s[j] == 1 || s[j] == out[i] {
				continue
			}
			if out[i] != 1 {
				return nil, fmt.Errorf("tensor: shapes %v do not broadcast: dimension %d is %d and %d", shapes, i, out[i], s[j])
			}
			out[i] = s[j]
		}
	}
	return out, nil
}

// BroadcastStrides returns the strides, in elements, that walk a tensor of shape from as if it had shape to: 0 where
// it is repeated. from must broadcast to to.
func BroadcastStrides(from, to []int) []int {
	s := make([]int, len(to))
	n := 1
	for i := len(from) - 1; i >= 0; i-- {
		if from[i] != 1 {
			s[i+len(to)-len(from)] = n
		}
		n *= from[i]
	}
	return s
}

// Walk calls f with the offsets of each element of shape, in row-major order, under the given strides: offs[k] is the
// offset that strides[k] gives. It is for reference code: clear, not fast. offs is reused between calls.
func Walk(shape []int, strides [][]int, f func(i int, offs []int)) {
	offs := make([]int, len(strides))
	idx := make([]int, len(shape))
	n := Count(shape)
	for i := range n {
		f(i, offs)
		for d := len(shape) - 1; d >= 0; d-- {
			idx[d]++
			for k := range strides {
				offs[k] += strides[k][d]
			}
			if idx[d] < shape[d] {
				break
			}
			for k := range strides {
				offs[k] -= idx[d] * strides[k][d]
			}
			idx[d] = 0
		}
	}
}

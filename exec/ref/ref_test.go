package ref_test

import (
	"fmt"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func TestBinary(t *testing.T) {
	x := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	y := tensor.FromSlice([]float32{10, 20}, 2, 1)
	z := exectest.Run(t, ref.Backend, &op.Binary{Fn: op.Add}, 1, x, y)[0].(*tensor.Tensor)
	if got := fmt.Sprint(z.Describe(), " ", tensor.Data[float32](z)); got != "float32[2,3] [11 12 13 24 25 26]" {
		t.Error(got)
	}
}

func TestComposite(t *testing.T) {
	x := tensor.FromSlice([]float32{-1, 2})
	z := exectest.Run(t, ref.Backend, &op.SwiGLUExample{}, 1, x, x)[0].(*tensor.Tensor)
	if got := fmt.Sprint(z.Describe(), " ", tensor.Data[float32](z)); got != "float32[2] [-0 4]" {
		t.Error(got)
	}
}

package ref_test

import (
	"math"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// moments runs an operator and returns the mean and the standard deviation of its first output.
func moments(t *testing.T, o graph.Op, ins ...tensor.Value) (mean, dev float64, xs []float64) {
	xs = exectest.Run(t, ref.Backend, o, 1, ins...)[0].(*tensor.Tensor).Float64s()
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		dev += (x - mean) * (x - mean) / float64(len(xs))
	}
	return mean, math.Sqrt(dev), xs
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestRandomDistributions(t *testing.T) {
	const n = 20001
	normal := op.Normal{Mean: 3, Scale: 2}
	uniform := op.Uniform{Low: -1, High: 3}
	for _, dt := range []tensor.DType{f32, f64, f16, b16} {
		mean, dev, _ := moments(t, &op.RandomNormal{Normal: normal, DType: dt, Shape: []int{3, n / 3}})
		near(t, "mean", mean, 3, 0.06)
		near(t, "deviation", dev, 2, 0.06)
		mean, dev, xs := moments(t, &op.RandomUniform{Uniform: uniform, DType: dt, Shape: []int{n}})
		near(t, "mean", mean, 1, 0.04)
		near(t, "deviation", dev, 4/math.Sqrt(12), 0.04)
		for _, x := range xs {
			if x < -1 || x > 3 || x == 3 && (dt == f32 || dt == f64) {
				t.Fatalf("%v: %v is outside [-1,3)", dt, x)
			}
		}
	}
	like := tensor.New(tensor.Uint8, 5, n)
	mean, dev, _ := moments(t, &op.RandomNormalLike{Normal: normal, DType: graph.Some(f64)}, like)
	near(t, "mean", mean, 3, 0.03)
	near(t, "deviation", dev, 2, 0.03)
	mean, _, _ = moments(t, &op.RandomUniformLike{Uniform: uniform, DType: graph.Some(f16)}, like)
	near(t, "mean", mean, 1, 0.03)

	p := tensor.New(f32, n)
	for i := range tensor.Data[float32](p) {
		tensor.Data[float32](p)[i] = 0.3
	}
	mean, _, _ = moments(t, &op.Bernoulli{DType: graph.Some(tensor.Bool)}, p)
	near(t, "frequency", mean, 0.3, 0.01)

	logs := arr(f32, []int{2, 3}, math.Log(2), math.Log(6), -1e9, 1000, 1000, 1000)
	_, _, xs := moments(t, &op.Multinomial{DType: i64, SampleSize: n}, logs)
	var count [2][3]float64
	for i, x := range xs {
		count[i/n][int(x)]++
	}
	for i, want := range [2][3]float64{{0.25, 0.75, 0}, {1. / 3, 1. / 3, 1. / 3}} {
		for k := range want {
			near(t, "frequency", count[i][k]/n, want[k], 0.012)
		}
	}
}

func TestRandomSeeds(t *testing.T) {
	draw := func(seed graph.Opt[float32]) float64 {
		_, _, xs := moments(t, &op.RandomUniform{Uniform: op.Uniform{High: 1, Seed: seed}, DType: f64, Shape: []int{1}})
		return xs[0]
	}
	none, zero, one := draw(graph.Opt[float32]{}), draw(graph.Some[float32](0)), draw(graph.Some[float32](1))
	if none == zero || zero == one || none == one || draw(graph.Some[float32](1)) != one {
		t.Error(none, zero, one)
	}
}

func TestDropout(t *testing.T) {
	x := arr(f32, []int{2, 2}, 1, 2, 3, 4)
	yes, no := arr(tensor.Bool, []int{}, 1), arr(tensor.Bool, []int{}, 0)
	for _, c := range []check{
		{&op.Dropout{}, in(x), "float32[2,2] 1 2 3 4"},
		{&op.Dropout{}, in(x, arr(f32, []int{}, 0.9), no), "float32[2,2] 1 2 3 4 | bool[2,2] 1 1 1 1"},
		{&op.Dropout{}, in(x, arr(f32, []int{}, 0), yes), "float32[2,2] 1 2 3 4 | bool[2,2] 1 1 1 1"},
		{&op.Dropout{}, in(x, arr(f32, []int{}, 1), yes), `error: node "" (Dropout): input 1: ratio 1, want at least 0 and less than 1`},
		{&op.Dropout{}, in(vec(i32, 1)), `error: node "" (Dropout): input 0: int32 is not supported`},
	} {
		c.run(t)
	}
	const n = 10000
	ones := tensor.New(tensor.Float64, n)
	for i := range tensor.Data[float64](ones) {
		tensor.Data[float64](ones)[i] = 1
	}
	for _, dt := range []tensor.DType{f32, f64, f16, tensor.Float8E5M2} {
		out := exectest.Run(t, ref.Backend, &op.Dropout{Seed: graph.Some(7)}, 2, tensor.Convert(ones, dt), arr(f32, []int{}, 0.75), yes)
		y, mask := out[0].(*tensor.Tensor).Float64s(), tensor.Data[bool](out[1])
		kept := 0.0
		for i := range y {
			if mask[i] {
				kept++
			}
			if mask[i] && y[i] != 4 || !mask[i] && y[i] != 0 {
				t.Fatalf("%v: element %d is %v, kept %v", dt, i, y[i], mask[i])
			}
		}
		near(t, "kept", kept/n, 0.25, 0.015)
	}
}

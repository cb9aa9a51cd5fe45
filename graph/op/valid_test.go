package op_test

import (
	"math"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A maker makes nodes of one operator that are mostly right, which random ones seldom are.
type maker struct {
	name string
	make func(g *exectest.Random) (o graph.Op, outputs int, in []tensor.Value)
}

// sizes returns n sizes of at least low.
func sizes(g *exectest.Random, n, low int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = low + g.N(4)
	}
	return s
}

func numbers[T int32 | int64](n int, next func(i int) int) tensor.Value {
	xs := make([]T, n)
	for i := range xs {
		xs[i] = T(next(i))
	}
	return tensor.FromSlice(xs, n)
}

// data returns a tensor of some type.
func data(g *exectest.Random, shape ...int) tensor.Value {
	return g.Tensor(exectest.Pick(g, tensor.Float32, tensor.Int64, tensor.String, tensor.Bool, tensor.Float16), shape)
}

func floatData(g *exectest.Random, shape ...int) tensor.Value {
	return g.Tensor(exectest.Pick(g, tensor.Float32, tensor.Float64, tensor.BFloat16), shape)
}

// indices returns indices into the given sizes, shape[last] of them at a time, now and then a wrong one.
func indices(g *exectest.Random, into []int, shape ...int) *tensor.Tensor {
	xs := make([]int64, tensor.Count(shape))
	for i := range xs {
		if n := into[i%len(into)]; n > 0 {
			xs[i] = int64(g.N(2*n) - n)
		}
		if g.Once(100) {
			xs[i] = int64(g.N(20))
		}
	}
	return tensor.FromSlice(xs, shape...)
}

type values = []tensor.Value

var makers = []maker{
	{"AffineGrid", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		n, d := 1+g.N(2), 2+g.N(2)
		size := append([]int{n, 3}, sizes(g, d, 1)...)
		return &op.AffineGrid{AlignCorners: g.Once(2)}, 1, values{g.Tensor(tensor.Float32, []int{n, d, d + 1}),
			numbers[int64](d+2, func(i int) int { return size[i] })}
	}},
	{"CenterCropPad", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 0)
		return &op.CenterCropPad{}, 1, values{data(g, s...), numbers[int32](len(s), func(int) int { return g.N(6) })}
	}},
	{"Compress", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 1)
		axis := g.N(len(s))
		return &op.Compress{Axis: graph.Some(axis)}, 1, values{data(g, s...), g.Tensor(tensor.Bool, []int{s[axis]})}
	}},
	{"DepthToSpace", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		b, s := 1+g.N(3), sizes(g, 4, 0)
		s[1] *= b * b
		return &op.DepthToSpace{Blocksize: b, Mode: exectest.Pick(g, "DCR", "CRD")}, 1, values{data(g, s...)}
	}},
	{"Expand", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		to := sizes(g, 1+g.N(3), 0)
		from := append([]int{}, to[g.N(len(to)):]...)
		for i := range from {
			if g.Once(2) {
				from[i] = 1
			}
		}
		return &op.Expand{}, 1, values{data(g, from...), numbers[int64](len(to), func(i int) int { return to[i] })}
	}},
	{"GatherND", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 2+g.N(3), 1)
		batch := g.N(len(s) - 1)
		depth := 1 + g.N(len(s)-batch)
		shape := append(append(append([]int{}, s[:batch]...), sizes(g, g.N(3), 0)...), depth)
		return &op.GatherND{BatchDims: batch}, 1, values{data(g, s...), indices(g, s[batch:batch+depth], shape...)}
	}},
	{"GridSample", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		n, d := 1+g.N(2), 1+g.N(3)
		x := append([]int{n, g.N(3)}, sizes(g, d, 1)...)
		grid := append(append([]int{n}, sizes(g, d, 0)...), d)
		return &op.GridSample{AlignCorners: g.Once(2), Mode: exectest.Pick(g, "linear", "nearest", "cubic"), Padding: exectest.Pick(g, "zeros", "border", "reflection")},
			1, values{floatData(g, x...), floatData(g, grid...)}
	}},
	{"NonMaxSuppression", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		b, n := g.N(3), g.N(6)
		return &op.NonMaxSuppression{CenterPointBox: g.Once(2)}, 1, values{g.Tensor(tensor.Float32, []int{b, n, 4}),
			g.Tensor(tensor.Float32, []int{b, g.N(3), n}), numbers[int64](1, func(int) int { return g.N(4) })}
	}},
	{"Pad", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 0)
		return &op.Pad{Mode: exectest.Pick(g, "constant", "edge", "reflect", "wrap")}, 1,
			values{data(g, s...), numbers[int64](2*len(s), func(int) int { return g.N(7) - 2 })}
	}},
	{"Reshape", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(4), 0)
		to := append([]int{}, s...)
		for i := range to {
			if g.Once(3) {
				to[i] = 0
			}
		}
		if i := g.N(len(to)); g.Once(2) {
			to[i] = -1
		}
		return &op.Reshape{AllowZero: g.Once(4)}, 1, values{data(g, s...), numbers[int64](len(to), func(i int) int { return to[i] })}
	}},
	{"Resize", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 0)
		o := &op.Resize{CubicA: -0.75, Antialias: g.Once(3), ExcludeOutside: g.Once(3), Mode: exectest.Pick(g, "linear", "nearest", "cubic"),
			NearestMode: exectest.Pick(g, "floor", "ceil", "round_prefer_ceil", "round_prefer_floor"), Aspect: exectest.Pick(g, "stretch", "stretch", "not_larger", "not_smaller"),
			Coordinates: exectest.Pick(g, "half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric", "pytorch_half_pixel", "tf_crop_and_resize", "tf_half_pixel_for_nn")}
		o.Antialias = o.Antialias && o.Mode != "nearest"
		in := values{floatData(g, s...), nil, nil, nil}
		if o.Coordinates == "tf_crop_and_resize" {
			in[1] = g.Tensor(tensor.Float32, []int{2 * len(s)})
		}
		if g.Once(2) {
			scales := make([]float32, len(s))
			for i := range scales {
				scales[i] = exectest.Pick[float32](g, 1, 2, 0.5, 0.25, 1.5, 0.3, 3)
			}
			in[2] = tensor.FromSlice(scales)
		} else {
			in[3] = numbers[int64](len(s), func(int) int { return g.N(6) })
		}
		return o, 1, in
	}},
	{"ReverseSequence", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s, axis := sizes(g, 2+g.N(2), 0), g.N(2)
		return &op.ReverseSequence{BatchAxis: axis, TimeAxis: 1 - axis}, 1,
			values{data(g, s...), numbers[int64](s[axis], func(int) int { return g.N(s[1-axis] + 1) })}
	}},
	{"ScatterND", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 1)
		depth, n := 1+g.N(len(s)), g.N(4)
		return &op.ScatterND{Reduction: exectest.Pick(g, "none", "add", "mul", "max", "min")}, 1,
			values{g.Tensor(tensor.Float32, s), indices(g, s[:depth], n, depth), g.Tensor(tensor.Float32, append([]int{n}, s[depth:]...))}
	}},
	{"Slice", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 0)
		n := 1 + g.N(len(s))
		edge := func(int) int { return exectest.Pick(g, 0, 1, -1, 2, -2, math.MaxInt/2+1, -(math.MaxInt/2 + 1), 5) }
		return &op.Slice{}, 1, values{data(g, s...), numbers[int64](n, edge), numbers[int64](n, edge),
			numbers[int64](n, func(i int) int { return i - len(s) }), numbers[int64](n, func(int) int { return exectest.Pick(g, 1, 1, 2, -1, -2) })}
	}},
	{"SpaceToDepth", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		b, s := 1+g.N(3), sizes(g, 4, 0)
		s[2], s[3] = s[2]*b, s[3]*b
		return &op.SpaceToDepth{Blocksize: b, Mode: exectest.Pick(g, "DCR", "CRD")}, 1, values{data(g, s...)}
	}},
	{"Split", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s, parts := sizes(g, 1+g.N(3), 0), sizes(g, 1+g.N(3), 0)
		s[0] = 0
		for _, p := range parts {
			s[0] += p
		}
		if g.Once(2) {
			return &op.Split{}, len(parts), values{data(g, s...)}
		}
		return &op.Split{}, len(parts), values{data(g, s...), numbers[int64](len(parts), func(i int) int { return parts[i] })}
	}},
	{"TensorScatter", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 2+g.N(2), 1)
		upd := append([]int{}, s...)
		upd[1] = g.N(s[1] + 1)
		return &op.TensorScatter{Axis: 1, Mode: exectest.Pick(g, "linear", "circular")}, 1,
			values{g.Tensor(tensor.Float32, s), g.Tensor(tensor.Float32, upd), numbers[int64](s[0], func(int) int { return g.N(4) })}
	}},
	{"TfIdfVectorizer", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		n := 1 + g.N(2)
		return &op.TfIdfVectorizer{MinGram: n, MaxGram: 2, MaxSkip: g.N(4), Mode: exectest.Pick(g, "TF", "IDF", "TFIDF"), NgramCounts: []int{0, 2},
			NgramIndexes: []int{2, 0, 1, 1}, PoolInts: []int64{0, 1, 1, 1, 0, 1}, Weights: []float32{1, 2, 3, 4}}, 1, values{g.Tensor(tensor.Int64, sizes(g, 1+g.N(2), 0))}
	}},
	{"TopK", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 1)
		axis := g.N(len(s))
		return &op.TopK{Axis: axis, Largest: g.Once(2)}, 2, values{floatData(g, s...), numbers[int64](1, func(int) int { return g.N(s[axis] + 1) })}
	}},
	{"Unique", func(g *exectest.Random) (graph.Op, int, []tensor.Value) {
		s := sizes(g, 1+g.N(3), 0)
		o := &op.Unique{Sorted: g.Once(2)}
		if g.Once(2) {
			o.Axis = graph.Some(g.N(len(s)))
		}
		return o, 4, values{data(g, s...)}
	}},
}

// TestInferValid is TestInferRandom on nodes that are mostly right.
func TestInferValid(t *testing.T) {
	rounds := uint64(300)
	if testing.Short() {
		rounds = 30
	}
	for _, m := range makers {
		t.Run(m.name, func(t *testing.T) {
			inferred, ran := 0, 0
			for seed := range rounds {
				g := exectest.NewRandom(seed, 200)
				o, outputs, in := m.make(g)
				a, b := checkNode(t, randomNode{o, in, outputs, g})
				if a {
					inferred++
				}
				if b {
					ran++
				}
			}
			if inferred < int(rounds)/3 || ran < int(rounds)/4 {
				t.Errorf("%d nodes: %d inferred, %d ran", rounds, inferred, ran)
			}
		})
	}
}

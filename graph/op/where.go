package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var whereOps = []Entry{
	core[Clip]("input min? max? -> output"),
	core[Where]("condition X Y -> output"),
}

// Where takes elements of X where the condition holds, else of Y. The three broadcast.
//
// https://onnx.ai/onnx/operators/onnx__Where.html
type Where struct{}

// Infer implements graph.Op.
func (o *Where) Infer(c *graph.Infer) {
	checkTensor(c, 0, boolOnly)
	checkTensor(c, 1, classicTypes)
	c.CheckSame(1, 2)
	if c.Failed() {
		return
	}
	f := graph.TensorFact(c.DType(1), c.Broadcast(c.Dims(0), c.Dims(1), c.Dims(2)))
	x, y, cond := formulas(c, 1), formulas(c, 2), c.In(0).Const
	if shape, ok := f.Shape(); ok && len(shape) <= 1 && cond != nil && len(x) > 0 && len(y) > 0 {
		when := tensor.Data[bool](cond)
		if n := tensor.Count(shape); n > 0 && n <= graph.SmallValue && fits(len(when), n) && fits(len(x), n) && fits(len(y), n) {
			out := make([]graph.Dim, n)
			for i := range out {
				out[i] = y[i%len(y)]
				if when[i%len(when)] {
					out[i] = x[i%len(x)]
				}
			}
			c.Known(0, f.DType, f.Dims, out)
			return
		}
	}
	c.Set(0, f)
}

func fits(k, n int) bool { return k == 1 || k == n }

// Clip limits elements to the range from min to max, scalars that may be absent. Where min is above max the result is
// max.
//
// https://onnx.ai/onnx/operators/onnx__Clip.html
type Clip struct{}

// Infer implements graph.Op.
func (o *Clip) Infer(c *graph.Infer) {
	checkTensor(c, 0, numberTypes)
	for i := 1; i <= 2; i++ {
		c.CheckSame(0, i)
		wantOne(c, i)
	}
	if v := formulas(c, 0); len(v) > 0 && c.In(0).Const == nil {
		lo, hi := formulas(c, 1), formulas(c, 2)
		if (len(lo) == 1 || !c.Has(1)) && (len(hi) == 1 || !c.Has(2)) {
			out := make([]graph.Dim, len(v))
			for i, d := range v {
				if len(lo) == 1 && !(lo[0].Is(0) && d.NonNegative()) {
					d = graph.MaxDim(d, lo[0])
				}
				if len(hi) == 1 && !hi[0].Is(maxInt64) {
					d = graph.MinDim(d, hi[0])
				}
				out[i] = d
			}
			c.Known(0, c.DType(0), c.Dims(0), out)
			return
		}
	}
	c.Like(0, 0)
}

const maxInt64 = int(^uint(0) >> 1)

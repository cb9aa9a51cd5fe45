package ref_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// check runs an operator and compares its outputs, written as text, with want. Floats are compared to 6 digits.
type check struct {
	op   graph.Op
	in   []tensor.Value
	want string
}

func (c check) run(t *testing.T) {
	t.Helper()
	out, err := exec.EvalValues(context.Background(), c.op, c.in, max(1, countOutputs(c.want)), ref.Backend)
	got := ""
	if err != nil {
		got = "error: " + err.Error()
	}
	for i, v := range out {
		if i > 0 {
			got += " | "
		}
		got += text(v)
	}
	if got != c.want {
		t.Errorf("%s %v of %s:\n got %s\nwant %s", graph.QualifiedName(c.op), graph.Encode(c.op), texts(c.in), got, c.want)
	}
}

func countOutputs(want string) int {
	n := 1
	for _, r := range want {
		if r == '|' {
			n++
		}
	}
	return n
}

func texts(vs []tensor.Value) string {
	s := ""
	for _, v := range vs {
		s += text(v) + ", "
	}
	return s
}

// text writes a tensor as float32[2] 1 2.
func text(v tensor.Value) string {
	switch v := v.(type) {
	case *tensor.Sequence:
		items := make([]string, len(v.Items))
		for i, e := range v.Items {
			items[i] = text(e)
		}
		return fmt.Sprintf("%v{%s}", v.Type(), strings.Join(items, "; "))
	case *tensor.Optional:
		if v.Value == nil {
			return fmt.Sprintf("%v{}", v.Type())
		}
		return fmt.Sprintf("%v{%s}", v.Type(), text(v.Value))
	}
	x, ok := v.(*tensor.Tensor)
	if !ok || x == nil {
		return fmt.Sprint(v)
	}
	s := x.Describe()
	switch {
	case x.DType().IsFloat():
		for _, e := range x.Float64s() {
			s += fmt.Sprintf(" %.6g", e)
		}
	case x.DType() == tensor.String:
		for _, e := range tensor.Data[string](x) {
			s += " " + e
		}
	case x.DType() == tensor.Uint64:
		for _, e := range tensor.Data[uint64](x) {
			s += fmt.Sprint(" ", e)
		}
	default:
		for _, e := range x.Int64s() {
			s += fmt.Sprint(" ", e)
		}
	}
	return s
}

// vec returns a vector of a number type.
func vec(dt tensor.DType, xs ...float64) tensor.Value {
	return tensor.Convert(tensor.FromSlice(append([]float64{}, xs...)), dt)
}

// arr returns a tensor of a number type and the given shape.
func arr(dt tensor.DType, shape []int, xs ...float64) tensor.Value {
	return tensor.Convert(tensor.FromSlice(append([]float64{}, xs...), shape...), dt)
}

func in(vs ...tensor.Value) []tensor.Value { return vs }

const (
	f32 = tensor.Float32
	f64 = tensor.Float64
	f16 = tensor.Float16
	b16 = tensor.BFloat16
	i8  = tensor.Int8
	i32 = tensor.Int32
	i64 = tensor.Int64
	u8  = tensor.Uint8
)

func unary(fn op.UnaryFn, params ...float32) graph.Op {
	o := op.NewUnary(fn)
	if len(params) > 0 {
		o.Alpha = params[0]
	}
	if len(params) > 1 {
		o.Beta = params[1]
	}
	return o
}

func TestUnary(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []check{
		{unary(op.Abs), in(vec(f32, -1.5, 2, -inf, nan)), "float32[4] 1.5 2 +Inf NaN"},
		{unary(op.Abs), in(vec(i8, -128, -3, 4)), "int8[3] -128 3 4"},
		{unary(op.Abs), in(vec(u8, 200)), "uint8[1] 200"},
		{unary(op.Acos), in(vec(f64, 1, 2)), "float64[2] 0 NaN"},
		{unary(op.Acosh), in(vec(f32, 1, 10)), "float32[2] 0 2.99322"},
		{unary(op.Asin), in(vec(f32, 1)), "float32[1] 1.5708"},
		{unary(op.Asinh), in(vec(f32, 1)), "float32[1] 0.881374"},
		{unary(op.Atan), in(vec(f32, inf)), "float32[1] 1.5708"},
		{unary(op.Atanh), in(vec(f32, 0.5, 1)), "float32[2] 0.549306 +Inf"},
		{unary(op.BitwiseNot), in(vec(u8, 0, 5)), "uint8[2] 255 250"},
		{unary(op.BitwiseNot), in(vec(i64, 0, 5)), "int64[2] -1 -6"},
		{unary(op.Ceil), in(vec(f16, -1.5, 1.2)), "float16[2] -1 2"},
		{unary(op.Celu, 2), in(vec(f32, -1, 0, 3)), "float32[3] -0.786939 0 3"},
		{unary(op.Celu, 2), in(vec(b16, -1, 0, 3)), "bfloat16[3] -0.785156 0 3"},
		{unary(op.Cos), in(vec(f32, 0)), "float32[1] 1"},
		{unary(op.Cosh), in(vec(f32, 1)), "float32[1] 1.54308"},
		{unary(op.Elu), in(vec(f32, -1, 2)), "float32[2] -0.632121 2"},
		{unary(op.Erf), in(vec(f32, 0.5)), "float32[1] 0.5205"},
		{unary(op.Exp), in(vec(f32, 1, -inf, 89)), "float32[3] 2.71828 0 +Inf"},
		{unary(op.Floor), in(vec(f32, -0.5, 1.9)), "float32[2] -1 1"},
		{unary(op.Gelu), in(vec(f32, -1, 0, 1, -10)), "float32[4] -0.158655 0 0.841345 -7.61985e-23"},
		{unary(op.GeluTanh), in(vec(f32, -1, 0, 1)), "float32[3] -0.158808 0 0.841192"},
		{unary(op.HardSigmoid), in(vec(f32, -5, 0, 1, 5, nan)), "float32[5] 0 0.5 0.7 1 NaN"},
		{unary(op.HardSwish), in(vec(f32, -4, 1, 4)), "float32[3] -0 0.666667 4"},
		{unary(op.LeakyRelu, 0.1), in(vec(f32, -2, 2)), "float32[2] -0.2 2"},
		{unary(op.Log), in(vec(f32, 0, 1, -1)), "float32[3] -Inf 0 NaN"},
		{unary(op.Mish), in(vec(f32, -1, 2)), "float32[2] -0.303401 1.94396"},
		{unary(op.Neg), in(vec(i8, -128, 3)), "int8[2] -128 -3"},
		{unary(op.Neg), in(arr(f32, []int{0, 2})), "float32[0,2]"},
		{unary(op.Not), in(vec(tensor.Bool, 1, 0)), "bool[2] 0 1"},
		{unary(op.Reciprocal), in(vec(f32, 4, 0)), "float32[2] 0.25 +Inf"},
		{unary(op.Relu), in(vec(f32, -1, 2, nan)), "float32[3] 0 2 NaN"},
		{unary(op.Relu), in(vec(i32, -1, 2)), "int32[2] 0 2"},
		{unary(op.Relu), in(vec(u8, 1)), `error: node "" (Relu): input 0: uint8 is not supported`},
		{unary(op.Round), in(vec(f32, 0.5, 1.5, -2.5, 2.6)), "float32[4] 0 2 -2 3"},
		{unary(op.Selu), in(vec(f32, -1, 1)), "float32[2] -1.11133 1.0507"},
		{unary(op.Shrink, 1.5, 0.5), in(vec(f32, -2, 0, 2)), "float32[3] -1.5 0 1.5"},
		{unary(op.Shrink, 1.5, 1), in(vec(u8, 1, 2)), "uint8[2] 0 1"},
		{unary(op.Sigmoid), in(vec(f32, 0, -1000, 1000)), "float32[3] 0.5 0 1"},
		{unary(op.Sign), in(vec(f32, -3, 0, 5, nan)), "float32[4] -1 0 1 NaN"},
		{unary(op.Sign), in(vec(i64, -3, 0, 5)), "int64[3] -1 0 1"},
		{unary(op.Sign), in(vec(u8, 200, 0)), "uint8[2] 1 0"},
		{unary(op.Sin), in(vec(f32, 1)), "float32[1] 0.841471"},
		{unary(op.Sinh), in(vec(f32, 1)), "float32[1] 1.1752"},
		{unary(op.Softplus), in(vec(f32, 0, 1000, -1000)), "float32[3] 0.693147 1000 0"},
		{unary(op.Softsign), in(vec(f32, -1, 3)), "float32[2] -0.5 0.75"},
		{unary(op.Sqrt), in(vec(f32, 4, -1)), "float32[2] 2 NaN"},
		{unary(op.Swish, 2), in(vec(f32, 1)), "float32[1] 0.880797"},
		{unary(op.Tan), in(vec(f32, 1)), "float32[1] 1.55741"},
		{unary(op.Tanh), in(arr(f32, []int{}, 1)), "float32[] 0.761594"},
		{unary(op.ThresholdedRelu), in(vec(f32, 1, 1.5)), "float32[2] 0 1.5"},
	} {
		c.run(t)
	}
}

func binary(fn op.BinaryFn) graph.Op { return &op.Binary{Fn: fn} }

func TestBinaryOps(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	u64 := tensor.FromSlice([]uint64{math.MaxUint64, 1})
	for _, c := range []check{
		{binary(op.Add), in(arr(f32, []int{2, 1}, 1, 2), arr(f32, []int{3}, 10, 20, 30)), "float32[2,3] 11 21 31 12 22 32"},
		{binary(op.Add), in(arr(f16, []int{}, 1), arr(f16, []int{2, 0})), "float16[2,0]"},
		{binary(op.Add), in(vec(i8, 127), vec(i8, 1)), "int8[1] -128"},
		{binary(op.Add), in(vec(i8, 1), vec(u8, 1)), `error: node "" (Add): input 0 is tensor(int8) and input 1 is tensor(uint8), want one type`},
		{binary(op.Add), in(vec(f32, 1, 2), vec(f32, 1, 2, 3)), `error: node "" (Add): shapes [2] and [3] do not broadcast: 2 against 3`},
		{binary(op.Sub), in(arr(f32, []int{2, 1, 2}, 1, 2, 3, 4), arr(f32, []int{2, 1}, 1, 2)), "float32[2,2,2] 0 1 -1 0 2 3 1 2"},
		{binary(op.Mul), in(vec(b16, 3), vec(b16, 0.5)), "bfloat16[1] 1.5"},
		{binary(op.Div), in(vec(i32, -7, 7, 1, math.MinInt32), vec(i32, 2, -2, 0, -1)), "int32[4] -3 -3 0 -2147483648"},
		{binary(op.Div), in(vec(f32, 1, 0), vec(f32, 0, 0)), "float32[2] +Inf NaN"},
		{binary(op.Div), in(u64, tensor.FromSlice([]uint64{2})), "uint64[2] 9223372036854775807 0"},
		{binary(op.Mod), in(vec(i32, -7, 7, 5, -4), vec(i32, 3, -3, 0, 2)), "int32[4] 2 -2 0 0"},
		{binary(op.FMod), in(vec(i32, -7, 7, 5), vec(i32, 3, -3, 0)), "int32[3] -1 1 0"},
		{binary(op.Mod), in(vec(f32, -7.5, 7, 1, -1, inf, 3), vec(f32, 3, -3, inf, inf, 2, 0)), "float32[6] 1.5 -2 1 +Inf NaN NaN"},
		{binary(op.FMod), in(vec(f32, -7.5, 7, -1), vec(f32, 3, -3, inf)), "float32[3] -1.5 1 -1"},
		{binary(op.ShiftLeft), in(vec(i8, 1, 64, 1, 1, -1), vec(i8, 1, 1, 8, -1, 7)), "int8[5] 2 -128 0 0 -128"},
		{binary(op.ShiftRight), in(vec(i8, 8, -8, 8, -8, -8), vec(i8, 1, 1, 9, 9, -1)), "int8[5] 4 -4 0 -1 -1"},
		{binary(op.ShiftRight), in(u64, tensor.FromSlice([]uint64{60})), "uint64[2] 15 0"},
		{binary(op.BitwiseAnd), in(vec(u8, 12), vec(u8, 10)), "uint8[1] 8"},
		{binary(op.BitwiseOr), in(vec(u8, 12), vec(u8, 10)), "uint8[1] 14"},
		{binary(op.BitwiseXor), in(vec(i64, -1), vec(i64, 10)), "int64[1] -11"},
		{binary(op.And), in(vec(tensor.Bool, 0, 0, 1, 1), vec(tensor.Bool, 0, 1, 0, 1)), "bool[4] 0 0 0 1"},
		{binary(op.Or), in(vec(tensor.Bool, 0, 0, 1, 1), vec(tensor.Bool, 0, 1, 0, 1)), "bool[4] 0 1 1 1"},
		{binary(op.Xor), in(vec(tensor.Bool, 0, 0, 1, 1), vec(tensor.Bool, 0, 1, 0, 1)), "bool[4] 0 1 1 0"},
		{binary(op.PRelu), in(arr(f32, []int{2, 2}, -1, 2, -3, 4), arr(f32, []int{2, 1}, 0.5, 0.25)), "float32[2,2] -0.5 2 -0.75 4"},
		{binary(op.PRelu), in(vec(f32, 1), arr(f32, []int{2, 1}, 1, 1)), `error: node "" (PRelu): input 1: shape [2,1] does not broadcast to [1]`},
		{binary(op.Pow), in(vec(f32, 2, 4), vec(i64, 3, -1)), "float32[2] 8 0.25"},
		{binary(op.Pow), in(vec(f16, 2, 4), vec(f16, 3, 0.5)), "float16[2] 8 2"},
		{binary(op.Pow), in(vec(i64, 3, -1, 2, -1, 1), vec(i32, 39, -3, -1, -2, -5)), "int64[5] 4052555153018976267 -1 0 1 1"},
		{binary(op.Pow), in(vec(i32, 2, 4), vec(f32, 3, 0.6)), "int32[2] 8 2"},
		{binary(op.Pow), in(vec(f32, 2), vec(f64, 0.5)), "float32[1] 1.41421"},
		{binary(op.Pow), in(vec(f32, -8), vec(u8, 3)), "float32[1] -512"},
		{&op.Variadic{Fn: op.MaxOf}, in(vec(f32, 1, nan, 3), vec(f32, 2), vec(f32, 0, 5, 9)), "float32[3] 2 NaN 9"},
		{&op.Variadic{Fn: op.MinOf}, in(vec(i8, 1, 2), vec(i8, 2, 1)), "int8[2] 1 1"},
		{&op.Variadic{Fn: op.MeanOf}, in(vec(f64, 1, 2), vec(f64, 2, 2), vec(f64, 3, 5)), "float64[2] 2 3"},
		{&op.Variadic{Fn: op.SumOf}, in(vec(f16, 1, 2)), "float16[2] 1 2"},
		{&op.Variadic{Fn: op.SumOf}, in(vec(f32, 1, 2), arr(f32, []int{2, 1}, 10, 20), arr(f32, []int{}, 100)), "float32[2,2] 111 112 121 122"},
	} {
		c.run(t)
	}
}

func compare(fn op.CompareFn) graph.Op { return &op.Compare{Fn: fn} }

func TestCompareWhereClip(t *testing.T) {
	nan := math.NaN()
	for _, c := range []check{
		{compare(op.Equal), in(tensor.FromSlice([]string{"a", "b"}), tensor.FromSlice([]string{"b"})), "bool[2] 0 1"},
		{compare(op.Equal), in(vec(tensor.Bool, 1, 0), vec(tensor.Bool, 0, 0)), "bool[2] 0 1"},
		{compare(op.Equal), in(vec(f16, 1, nan), vec(f16, 1, nan)), "bool[2] 1 0"},
		{compare(op.Greater), in(vec(u8, 200, 1), vec(u8, 100)), "bool[2] 1 0"},
		{compare(op.GreaterOrEqual), in(vec(i64, 1, 2, 3), vec(i64, 2)), "bool[3] 0 1 1"},
		{compare(op.Less), in(vec(f64, 1, nan, 3), vec(f64, 2)), "bool[3] 1 0 0"},
		{compare(op.LessOrEqual), in(vec(f32, 1, 2, 3), vec(f32, 2)), "bool[3] 1 1 0"},
		{compare(op.Less), in(vec(tensor.Bool, 1), vec(tensor.Bool, 1)), `error: node "" (Less): input 0: bool is not supported`},
		{&op.Where{}, in(vec(tensor.Bool, 1, 0), arr(f32, []int{2, 1}, 1, 2), vec(f32, 9)), "float32[2,2] 1 9 2 9"},
		{&op.Where{}, in(vec(tensor.Bool, 1, 0), tensor.FromSlice([]string{"a", "b"}), tensor.FromSlice([]string{"c"})), "string[2] a c"},
		{&op.Where{}, in(vec(tensor.Bool, 1, 0), vec(i8, 1, 2), vec(i8, 3, 4)), "int8[2] 1 4"},
		{&op.Where{}, in(vec(tensor.Bool, 1, 0), vec(b16, 1, 2), vec(b16, 3, 4)), "bfloat16[2] 1 4"},
		{&op.Where{}, in(vec(tensor.Bool, 1, 0), vec(i64, 1, 2), vec(i64, 3, 4)), "int64[2] 1 4"},
		{&op.Clip{}, in(vec(f32, -1, 0.5, 2, nan), arr(f32, []int{}, 0), arr(f32, []int{}, 1)), "float32[4] 0 0.5 1 NaN"},
		{&op.Clip{}, in(vec(i8, -1, 5), nil, arr(i8, []int{}, 1)), "int8[2] -1 1"},
		{&op.Clip{}, in(vec(f16, -1, 5), arr(f16, []int{}, 2)), "float16[2] 2 5"},
		{&op.Clip{}, in(vec(f32, -1, 5)), "float32[2] -1 5"},
		{&op.Clip{}, in(vec(f32, -1, 5), arr(f32, []int{}, 3), arr(f32, []int{}, 2)), "float32[2] 2 2"},
		{&op.Clip{}, in(vec(f32, 1), vec(f32, 3, 4)), `error: node "" (Clip): input 1: 2 elements, want 1`},
	} {
		c.run(t)
	}
}

func TestCast(t *testing.T) {
	for _, c := range []check{
		{op.NewCast(tensor.Int4), in(vec(f32, -9, 7, 300)), "int4[3] 7 7 -4"},
		{op.NewCast(tensor.String), in(vec(f32, 0.5, 1)), "string[2] 0.5 1.0"},
		{op.NewCast(f32), in(tensor.FromSlice([]string{"1", "x"})), `error: node "" (Cast): tensor: element 1: "x" is not a number`},
		{op.NewCast(tensor.Complex64), in(vec(f32, 1)), `error: node "" (Cast): attribute "to": complex64 is not supported`},
		{&op.CastLike{RoundMode: "up", Saturate: true}, in(vec(f32, 1.5, 500), vec(tensor.Float8E4M3FN)), "float8e4m3fn[2] 1.5 448"},
		{&op.CastLike{RoundMode: "up"}, in(vec(f32, 1.5, 500), vec(tensor.Float8E4M3FN)), "float8e4m3fn[2] 1.5 NaN"},
		{&op.Cast{RoundMode: "x", To: f32}, in(vec(f32, 1)), `error: node "" (Cast): attribute "round_mode": "x", want up, down or nearest`},
		{&op.IsNaN{}, in(vec(f32, 1, math.NaN(), math.Inf(1))), "bool[3] 0 1 0"},
		{&op.IsNaN{}, in(vec(tensor.Float8E5M2, 1, math.NaN())), "bool[2] 0 1"},
		{&op.IsInf{DetectNegative: true, DetectPositive: true}, in(vec(f16, 1, math.Inf(-1), math.Inf(1), math.NaN())), "bool[4] 0 1 1 0"},
		{&op.IsInf{DetectPositive: true}, in(vec(f64, 1, math.Inf(-1), math.Inf(1))), "bool[3] 0 0 1"},
		{&op.BitCast{To: i32}, in(vec(f32, 1)), "int32[1] 1065353216"},
		{&op.BitCast{To: tensor.Uint4}, in(vec(tensor.Int4, -1, 2, 3)), "uint4[3] 15 2 3"},
		{&op.BitCast{To: i8}, in(vec(f32, 1)), `error: node "" (BitCast): input 0: float32 has elements of 32 bits, int8 of 8`},
	} {
		c.run(t)
	}
}

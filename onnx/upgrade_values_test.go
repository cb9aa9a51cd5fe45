package onnx

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
)

// An oldCase is a node of an older version whose inputs are constants, so that reading computes it.
type oldCase struct {
	opset  int64
	op     string
	in     []*pb.TensorProto // nil: absent
	attrs  []*pb.AttributeProto
	want   string // outputs as type, shape and elements
	domain string
}

func ints(xs []int64, dims ...int64) *pb.TensorProto {
	return &pb.TensorProto{DataType: 7, Int64Data: xs, Dims: dims}
}

func int32s(xs []int32, dims ...int64) *pb.TensorProto {
	return &pb.TensorProto{DataType: 6, Int32Data: xs, Dims: dims}
}

func f(xs []float32, dims ...int64) *pb.TensorProto { return floats("", xs, dims...) }

func intsAttr(name string, xs ...int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_INTS, Ints: xs}
}

func floatAttr(name string, x float32) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_FLOAT, F: x}
}

func floatsAttr(name string, xs ...float32) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_FLOATS, Floats: xs}
}

func textAttr(name, s string) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_STRING, S: []byte(s)}
}

func textsAttr(name string, ss ...string) *pb.AttributeProto {
	a := &pb.AttributeProto{Name: name, Type: pb.AttributeProto_STRINGS}
	for _, s := range ss {
		a.Strings = append(a.Strings, []byte(s))
	}
	return a
}

var (
	six     = []float32{1, 2, 3, 4, 5, 6}
	oldOnes = intAttr("broadcast", 1)
)

var oldCases = []oldCase{
	{opset: 1, op: "Abs", in: list(f([]float32{-1, 2}, 2)), attrs: attrs(intsAttr("consumed_inputs", 0)), want: "float32[2] [1 2]"},
	{opset: 6, op: "Add", in: list(f(six, 2, 3), f([]float32{10, 20}, 2)), attrs: attrs(oldOnes, intAttr("axis", 0)), want: "float32[2,3] [11 12 13 24 25 26]"},
	{opset: 6, op: "Sub", in: list(f(six, 2, 3), f([]float32{1, 2, 3}, 3)), attrs: attrs(oldOnes), want: "float32[2,3] [0 0 0 3 3 3]"},
	{opset: 1, op: "Mul", in: list(f(six, 1, 2, 3, 1), f([]float32{1, 2, 3, 4, 5, 6}, 2, 3)), attrs: attrs(oldOnes, intAttr("axis", 1)),
		want: "float32[1,2,3,1] [1 4 9 16 25 36]"},
	{opset: 6, op: "Div", in: list(f(six, 2, 3), f([]float32{2}, 1, 1)), attrs: attrs(oldOnes, intAttr("axis", 1)), want: "float32[2,3] [0.5 1 1.5 2 2.5 3]"},
	{opset: 6, op: "Pow", in: list(f(six, 2, 3), f([]float32{2, 1}, 2)), attrs: attrs(oldOnes, intAttr("axis", -2)), want: "float32[2,3] [1 4 9 4 5 6]"},
	{opset: 6, op: "Greater", in: list(f(six, 2, 3), f([]float32{2, 5}, 2)), attrs: attrs(oldOnes, intAttr("axis", 0)), want: "bool[2,3] [false false true false false true]"},
	{opset: 6, op: "Equal", in: list(int32s([]int32{1, 2, 3, 4}, 2, 2), int32s([]int32{1, 4}, 2)), attrs: attrs(oldOnes, intAttr("axis", 0)),
		want: "bool[2,2] [true false false true]"},
	{opset: 6, op: "PRelu", in: list(f([]float32{-1, -2, -3, -4}, 1, 2, 2, 1), f([]float32{10, 100}, 2)), want: "float32[1,2,2,1] [-10 -20 -300 -400]"},
	{opset: 6, op: "Gemm", in: list(f(six, 2, 3), f(six, 3, 2), f([]float32{1, 2}, 2)), attrs: attrs(oldOnes), want: "float32[2,2] [23 30 50 66]"},
	{opset: 5, op: "Cast", in: list(f([]float32{1.5, -2.5}, 2)), attrs: attrs(textAttr("to", "INT64")), want: "int64[2] [1 -2]"},
	{opset: 6, op: "Clip", in: list(f([]float32{-2, 0.5, 9}, 3)), attrs: attrs(floatAttr("max", 1)), want: "float32[3] [-2 0.5 1]"},
	{opset: 1, op: "Clip", in: list(f([]float32{-2, 0.5, 9}, 3)), attrs: attrs(floatAttr("min", 0), intsAttr("consumed_inputs", 0)), want: "float32[3] [0 0.5 9]"},
	{opset: 3, op: "Concat", in: list(f([]float32{1, 2}, 2, 1), f([]float32{3, 4}, 2, 1)), want: "float32[2,2] [1 3 2 4]"},
	{opset: 17, op: "DFT", in: list(f([]float32{1, 2, 3, 4}, 1, 4, 1)), want: "float32[1,4,2] [10 0 -2 2 -2 0 -2 -2]"},
	{opset: 10, op: "Dropout", in: list(f([]float32{1, 2}, 2)), attrs: attrs(floatAttr("ratio", 0.9)), want: "float32[2] [1 2]; bool[2] [true true]"},
	{opset: 7, op: "Dropout", in: list(f([]float32{1, 2}, 2)), want: "float32[2] [1 2]; float32[2] [1 1]"},
	{opset: 6, op: "Dropout", in: list(f([]float32{1, 2}, 2)), attrs: attrs(intAttr("is_test", 1), intsAttr("consumed_inputs", 0)), want: "float32[2] [1 2]"},
	{opset: 9, op: "Erf", in: list(int32s([]int32{0, 5, -5}, 3)), want: "int32[3] [0 0 0]"},
	{opset: 12, op: "Hardmax", in: list(f(six, 1, 2, 3)), want: "float32[1,2,3] [0 0 0 0 0 1]"},
	{opset: 12, op: "Softmax", in: list(f(make([]float32, 8), 2, 2, 2)), want: "float32[2,2,2] [0.25 0.25 0.25 0.25 0.25 0.25 0.25 0.25]"},
	{opset: 11, op: "Softmax", in: list(f(make([]float32, 8), 2, 2, 2)), attrs: attrs(intAttr("axis", -1)), want: "float32[2,2,2] [0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5]"},
	{opset: 9, op: "Softmax", in: list(f(make([]float32, 8), 2, 2, 2)), attrs: attrs(intAttr("axis", 0)),
		want: "float32[2,2,2] [0.125 0.125 0.125 0.125 0.125 0.125 0.125 0.125]"},
	{opset: 9, op: "Softmax", in: list(f(make([]float32, 4), 2, 2, 1)), want: "float32[2,2,1] [0.5 0.5 0.5 0.5]"},
	{opset: 9, op: "OneHot", in: list(ints([]int64{-1, 1, 3}, 3), ints([]int64{3}), f([]float32{0, 1}, 2)), want: "float32[3,3] [0 0 0 0 1 0 0 0 0]"},
	{opset: 11, op: "OneHot", in: list(ints([]int64{-1, 1, 3}, 3), ints([]int64{3}), f([]float32{0, 1}, 2)), want: "float32[3,3] [0 0 1 0 1 0 0 0 0]"},
	{opset: 1, op: "Pad", in: list(f([]float32{1, 2}, 1, 2)), attrs: attrs(intsAttr("paddings", 0, 1, 0, 0), floatAttr("value", 7)), want: "float32[1,3] [7 1 2]"},
	{opset: 2, op: "Pad", in: list(f([]float32{1, 2, 3}, 3)), attrs: attrs(intsAttr("pads", 0, 2), textAttr("mode", "reflect")), want: "float32[5] [1 2 3 2 1]"},
	{opset: 11, op: "ReduceSum", in: list(f(six, 2, 3)), attrs: attrs(intsAttr("axes", -1), intAttr("keepdims", 0)), want: "float32[2] [6 15]"},
	{opset: 13, op: "ReduceMax", in: list(f(six, 2, 3)), attrs: attrs(intsAttr("axes", 0)), want: "float32[1,3] [4 5 6]"},
	{opset: 11, op: "ReduceMean", in: list(f(six, 2, 3)), want: "float32[1,1] [3.5]"},
	{opset: 13, op: "ReduceLogSum", in: list(int32s([]int32{10, 20}, 2)), want: "int32[1] [3]"},
	{opset: 27, op: "ReduceLogSumExp", in: list(ints([]int64{3, 3}, 2), ints([]int64{0}, 1)), attrs: attrs(intAttr("keepdims", 0)), want: "int64[] [3]"},
	{opset: 1, op: "Reshape", in: list(f(six, 6)), attrs: attrs(intsAttr("shape", 3, -1)), want: "float32[3,2] [1 2 3 4 5 6]"},
	{opset: 10, op: "Resize", in: list(f(six, 1, 1, 1, 6), f([]float32{1, 1, 2, 0.4}, 4)), want: "float32[1,1,2,2] [1 4 1 4]"},
	{opset: 10, op: "Resize", in: list(f([]float32{1, 2}, 1, 1, 1, 2), f([]float32{1, 1, 1, 2}, 4)), attrs: attrs(textAttr("mode", "linear")),
		want: "float32[1,1,1,4] [1 1.5 2 2]"},
	{opset: 11, op: "Resize", in: list(f([]float32{1, 2}, 1, 1, 1, 2), f(nil, 0), f(nil, 0), ints([]int64{1, 1, 1, 4}, 4)), want: "float32[1,1,1,4] [1 1 2 2]"},
	{opset: 9, op: "Scatter", in: list(f([]float32{1, 2, 3}, 1, 3), ints([]int64{2, 0}, 1, 2), f([]float32{8, 9}, 1, 2)), attrs: attrs(intAttr("axis", 1)),
		want: "float32[1,3] [9 2 8]"},
	{opset: 5, op: "Selu", in: list(f([]float32{2}, 1)), want: "float32[1] [2.1014]"},
	{opset: 6, op: "Selu", in: list(f([]float32{2}, 1)), want: "float32[1] [2.101402]"},
	{opset: 9, op: "Slice", in: list(f(six, 2, 3)), attrs: attrs(intsAttr("starts", 1, -2), intsAttr("ends", 9, -1), intsAttr("axes", 0, 1)), want: "float32[1,1] [5]"},
	{opset: 1, op: "Slice", in: list(f(six, 2, 3)), attrs: attrs(intsAttr("starts", 1), intsAttr("ends", 2)), want: "float32[1,3] [4 5 6]"},
	{opset: 2, op: "Split", in: list(f(six, 6)), attrs: attrs(intsAttr("split", 1, 5)), want: "float32[1] [1]; float32[5] [2 3 4 5 6]"},
	{opset: 13, op: "Split", in: list(f(six, 2, 3)), want: "float32[1,3] [1 2 3]; float32[1,3] [4 5 6]"},
	{opset: 11, op: "Squeeze", in: list(f(six, 1, 6, 1)), attrs: attrs(intsAttr("axes", -1)), want: "float32[1,6] [1 2 3 4 5 6]"},
	{opset: 11, op: "Squeeze", in: list(f(six, 1, 6, 1)), want: "float32[6] [1 2 3 4 5 6]"},
	{opset: 5, op: "Tile", in: list(f([]float32{1, 2}, 1, 2), f([]float32{2}), f([]float32{1})), want: "float32[1,4] [1 2 1 2]"},
	{opset: 9, op: "TopK", in: list(f([]float32{1, 3, 2}, 3)), attrs: attrs(intAttr("k", 2)), want: "float32[2] [3 2]; int64[2] [1 2]"},
	{opset: 11, op: "Unsqueeze", in: list(f([]float32{1, 2}, 2)), attrs: attrs(intsAttr("axes", 2, 0)), want: "float32[1,2,1] [1 2]"},
	{opset: 1, op: "Upsample", in: list(f([]float32{1, 2}, 1, 1, 1, 2)), attrs: attrs(floatAttr("height_scale", 2), floatAttr("width_scale", 1)),
		want: "float32[1,1,2,2] [1 2 1 2]"},
	{opset: 7, op: "Upsample", in: list(f([]float32{1, 2}, 1, 1, 1, 2)), attrs: attrs(floatsAttr("scales", 1, 1, 1, 2), textAttr("mode", "linear")),
		want: "float32[1,1,1,4] [1 1.5 2 2]"},
	{opset: 9, op: "Upsample", in: list(f([]float32{1, 2}, 1, 1, 1, 2), f([]float32{1, 1, 1, 2}, 4)), want: "float32[1,1,1,4] [1 1 2 2]"},
	{opset: 1, op: "GlobalLpPool", in: list(f([]float32{3, 4}, 1, 1, 2)), attrs: attrs(floatAttr("p", 2)), want: "float32[1,1,1] [5]"},
	{opset: 1, op: "GlobalLpPool", in: list(f([]float32{1, 1, 1, 1}, 1, 1, 4)), attrs: attrs(floatAttr("p", 0.5)), want: "float32[1,1,1] [16]"},
	{opset: 1, op: "LpPool", in: list(f([]float32{1, 1, 1, 1}, 1, 1, 4)), attrs: attrs(floatAttr("p", 0.5), intsAttr("kernel_shape", 2)), want: "float32[1,1,3] [4 4 4]"},
	{opset: 9, op: "BatchNormalization", in: bnInputs(), want: "float32[1,2,2] [1 3 10 20]"},
	{opset: 9, op: "BatchNormalization", in: bnInputs(), attrs: attrs(floatAttr("momentum", 0.5), floatAttr("epsilon", 0)),
		want: "float32[1,2,2] [-1 1 -1 1]; float32[2] [1 7.5]; float32[2] [0.999995 13]; float32[2] [2 15]; float32[2] [1 0.2]"},
	{opset: 6, op: "BatchNormalization", in: bnInputs(), attrs: attrs(intAttr("is_test", 1), intsAttr("consumed_inputs", 0)), want: "float32[1,2,2] [1 3 10 20]"},
	{opset: 7, op: "BatchNormalization", in: list(f([]float32{1, 2, 3, 4}, 2, 1, 2), f([]float32{2, 3}, 1, 2), f([]float32{0, 1}, 1, 2), f([]float32{1, 1}, 1, 2), f([]float32{1, 4}, 1, 2)),
		attrs: attrs(intAttr("spatial", 0), floatAttr("epsilon", 0)), want: "float32[2,1,2] [0 2.5 4 5.5]"},
	{opset: 18, op: "GroupNormalization", in: list(f([]float32{1, 3, 5, 7}, 1, 4, 1), f([]float32{1, 10}, 2), f([]float32{0, 5}, 2)),
		attrs: attrs(intAttr("num_groups", 2), floatAttr("epsilon", 0)), want: "float32[1,4,1] [-1 1 -5 15]"},
	{opset: 1, op: "LabelEncoder", domain: "ai.onnx.ml", in: list(ints([]int64{1, 5}, 2)), attrs: attrs(textsAttr("classes_strings", "a", "b"), textAttr("default_string", "?")),
		want: "string[2] [b ?]"},
	{opset: 1, op: "LabelEncoder", domain: "ai.onnx.ml", in: list(&pb.TensorProto{DataType: 8, StringData: [][]byte{[]byte("b"), []byte("x")}, Dims: []int64{2}}),
		attrs: attrs(textsAttr("classes_strings", "a", "b")), want: "int64[2] [1 -1]"},
}

// bnInputs returns two channels of means 2 and 15, and statistics that change nothing.
func bnInputs() []*pb.TensorProto {
	one := f([]float32{1, 1}, 2)
	return list(f([]float32{1, 3, 10, 20}, 1, 2, 2), one, f([]float32{0, 0}, 2), f([]float32{0, 0}, 2), f([]float32{0.99999, 0.99999}, 2))
}

func list(ts ...*pb.TensorProto) []*pb.TensorProto        { return ts }
func attrs(as ...*pb.AttributeProto) []*pb.AttributeProto { return as }

func (c oldCase) model(known bool) *pb.ModelProto {
	n := &pb.NodeProto{Name: "n", OpType: c.op, Domain: c.domain, Attribute: c.attrs}
	g := &pb.GraphProto{Node: []*pb.NodeProto{n}}
	for i, t := range c.in {
		name := fmt.Sprintf("x%d", i)
		n.Input = append(n.Input, name)
		t.Name = name
		if known {
			g.Initializer = append(g.Initializer, t)
		} else {
			g.Input = append(g.Input, &pb.ValueInfoProto{Name: name, Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{
				TensorType: &pb.TypeProto_Tensor{ElemType: t.DataType}}}})
		}
	}
	for i := range strings.Split(c.want, ";") {
		name := fmt.Sprintf("y%d", i)
		n.Output = append(n.Output, name)
		g.Output = append(g.Output, &pb.ValueInfoProto{Name: name})
	}
	return &pb.ModelProto{IrVersion: 4, OpsetImport: []*pb.OperatorSetIdProto{{Domain: c.domain, Version: c.opset}}, Graph: g}
}

// TestOldVersions runs nodes of older versions, with inputs of known values, from which everything can be inferred, and
// with inputs of unknown rank.
func TestOldVersions(t *testing.T) {
	engine := exec.NewEngine(exec.Config{Backends: []*exec.Backend{ref.Backend}, Threads: 1})
	for _, c := range oldCases {
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s-%d/%t", c.op, c.opset, known), func(t *testing.T) {
				m, err := OpenBytes(encode(t, c.model(known)), Options{Eval: ref.Eval})
				if err != nil && (strings.Contains(err.Error(), "Resize") || c.op == "Upsample") && op.Lookup("", "Resize") == nil {
					t.Skip("Resize is not there yet")
				}
				if err != nil {
					t.Fatal(err)
				}
				p, err := engine.Compile(m.Graph)
				if err != nil {
					t.Fatal(err)
				}
				in, out := []tensor.Value{}, make([]tensor.Value, len(m.Graph.Out))
				for i := range m.Graph.In {
					s := newScanner(Limits{})
					x, _ := s.tensor(encode(t, c.in[i]), "input")
					if s.err != nil {
						t.Fatal(s.err)
					}
					in = append(in, x)
				}
				if err := p.Run(context.Background(), 0, in, out); err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, v := range out {
					x := v.(*tensor.Tensor)
					got = append(got, x.Describe()+" "+elements(x))
				}
				if g := strings.Join(got, "; "); g != c.want {
					t.Errorf("got %s, want %s", g, c.want)
				}
			})
		}
	}
}

func elements(t *tensor.Tensor) string {
	if t.DType() == tensor.String {
		return fmt.Sprint(tensor.Data[string](t))
	}
	if t.DType() == tensor.Bool {
		return fmt.Sprint(tensor.Data[bool](t))
	}
	xs := t.Float64s()
	for i := range xs {
		xs[i] = float64(float32(xs[i]))
	}
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = fmt.Sprintf("%.7g", x)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

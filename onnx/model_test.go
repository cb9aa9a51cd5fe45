package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Helpers that make messages for tests. A model starts as the graph of newGraph and is changed from there.

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// value returns a tensor value with the given dimensions: int is a size, string a symbol, nil nothing.
func value(name string, dt pb.TensorProto_DataType, dims ...any) *pb.ValueInfoProto {
	shape := &pb.TensorShapeProto{}
	for _, d := range dims {
		dim := &pb.TensorShapeProto_Dimension{}
		switch d := d.(type) {
		case int:
			dim.Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}
		case string:
			dim.Value = &pb.TensorShapeProto_Dimension_DimParam{DimParam: d}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	tt := &pb.TypeProto_Tensor{ElemType: int32(dt), Shape: shape}
	return &pb.ValueInfoProto{Name: name, Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{TensorType: tt}}}
}

func floatValue(name string, dims ...any) *pb.ValueInfoProto {
	return value(name, pb.TensorProto_FLOAT, dims...)
}

func floats(name string, xs []float32, dims ...int64) *pb.TensorProto {
	return &pb.TensorProto{Name: name, DataType: 1, FloatData: xs, Dims: dims}
}

// node returns a node: op, inputs and outputs as "x, y -> z".
func node(op, sig string, attrs ...*pb.AttributeProto) *pb.NodeProto {
	in, out, _ := strings.Cut(sig, "->")
	list := func(s string) (names []string) {
		if s = strings.TrimSpace(s); s == "" {
			return nil
		}
		for _, f := range strings.Split(s, ",") {
			names = append(names, strings.TrimSpace(f))
		}
		return names
	}
	domain, name := "", op
	if i := strings.LastIndex(op, "."); i >= 0 {
		domain, name = op[:i], op[i+1:]
	}
	return &pb.NodeProto{OpType: name, Domain: domain, Input: list(in), Output: list(out), Attribute: attrs}
}

func intAttr(name string, i int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_INT, I: i}
}

func graphAttr(name string, g *pb.GraphProto) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_GRAPH, G: g}
}

func refAttr(name, ref string, kind pb.AttributeProto_AttributeType) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, RefAttrName: ref, Type: kind}
}

func model(g *pb.GraphProto, functions ...*pb.FunctionProto) *pb.ModelProto {
	return &pb.ModelProto{
		IrVersion:   10,
		OpsetImport: []*pb.OperatorSetIdProto{{Version: 22}, {Domain: "f", Version: 1}},
		Graph:       g,
		Functions:   functions,
	}
}

func openProto(t testing.TB, m *pb.ModelProto) *Model {
	t.Helper()
	r, err := OpenBytes(encode(t, m), Options{Eval: ref.Eval})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dump writes a graph as lines: inputs, nodes, outputs.
func dump(g *graph.Graph) string {
	var b bytes.Buffer
	dumpTo(&b, g, "")
	return b.String()
}

func dumpTo(b *bytes.Buffer, g *graph.Graph, indent string) {
	name := func(v *graph.Value) string {
		switch {
		case v == nil:
			return "_"
		case v.IsConst():
			return fmt.Sprintf("%s=%v", v.Name, v.Fact)
		}
		return v.Name
	}
	list := func(vs []*graph.Value) string {
		var parts []string
		for _, v := range vs {
			parts = append(parts, name(v))
		}
		return strings.Join(parts, ", ")
	}
	for _, v := range g.In {
		fmt.Fprintf(b, "%sin %s %v\n", indent, v.Name, v.Fact)
	}
	for _, n := range g.Nodes {
		fmt.Fprintf(b, "%s%s = %s(%s)\n", indent, list(n.Out), graph.OpName(n.Op), list(n.In))
		for _, body := range graph.Bodies(n.Op) {
			dumpTo(b, body, indent+"\t")
		}
	}
	for i, v := range g.Out {
		fmt.Fprintf(b, "%sout %s %s %v\n", indent, g.OutNames[i], name(v), v.Fact)
	}
}

func want(t *testing.T, m *Model, text string) {
	t.Helper()
	text = strings.TrimPrefix(text, "\n")
	if got := dump(m.Graph); got != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
}

func TestModel(t *testing.T) {
	p := model(&pb.GraphProto{
		Name:  "g",
		Input: []*pb.ValueInfoProto{floatValue("x", "N", 3)},
		Node: []*pb.NodeProto{
			node("Add", "h, c -> y"), // not in order
			node("Mul", "x, w -> h"),
			node("Constant", "-> c", &pb.AttributeProto{Name: "value_float", Type: pb.AttributeProto_FLOAT, F: 2}),
		},
		Initializer: []*pb.TensorProto{floats("w", []float32{1, 2, 3}, 3)},
		Output:      []*pb.ValueInfoProto{floatValue("y", "N", 4)},
	})
	p.ProducerName, p.ProducerVersion, p.Domain, p.ModelVersion, p.DocString = "a", "b", "c", 5, "d"
	p.MetadataProps = []*pb.StringStringEntryProto{{Key: "k", Value: "v"}}
	m := openProto(t, p)
	want(t, m, `
in x float32[N,3]
h = Mul(x, w=float32[3])
y = Add(h, c=float32[])
out y y float32[N,3]
`)
	if m.Producer != "a" || m.ProducerVersion != "b" || m.Domain != "c" || m.Version != 5 || m.Doc != "d" || m.Metadata["k"] != "v" ||
		m.IRVersion != 10 || m.Opsets[""] != 22 || m.Graph.Name != "g" {
		t.Errorf("%+v", m)
	}
	if len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], `"y" is declared [N,4], but is [N,3]`) {
		t.Errorf("warnings: %q", m.Warnings)
	}
}

func TestDefaults(t *testing.T) {
	p := model(&pb.GraphProto{
		Input:       []*pb.ValueInfoProto{floatValue("x", 2), floatValue("w", 2)},
		Node:        []*pb.NodeProto{node("Mul", "x, w -> y")},
		Initializer: []*pb.TensorProto{floats("w", []float32{1, 2}, 2)},
		Output:      []*pb.ValueInfoProto{floatValue("y", 2)},
	})
	m := openProto(t, p)
	w := m.Graph.Input("w")
	if d := m.Graph.Defaults[w]; d == nil || w.Fact.Const != d || tensor.Data[float32](d)[1] != 2 {
		t.Errorf("default of w: %v", d)
	}
	g, err := m.GraphFor("w")
	if err != nil {
		t.Fatal(err)
	}
	if w := g.Input("w"); w.Fact.Const != nil || g.Defaults[w] != nil || w.Fact.String() != "float32[2]" {
		t.Errorf("w is %v, though it is to be given", w.Fact)
	}
	m.Close()
	if _, err := m.GraphFor("w"); err == nil {
		t.Error("a closed model gave a graph")
	}
}

func TestFunctions(t *testing.T) {
	inner := &pb.FunctionProto{
		Domain: "f", Name: "Inner", Input: []string{"a"}, Output: []string{"b"}, Attribute: []string{"axis"},
		AttributeProto: []*pb.AttributeProto{intAttr("to", 1)},
		OpsetImport:    []*pb.OperatorSetIdProto{{Version: 13}},
		Node: []*pb.NodeProto{
			node("Softmax", "a -> t", refAttr("axis", "axis", pb.AttributeProto_INT)),
			node("Cast", "t -> b", refAttr("to", "to", pb.AttributeProto_INT)),
		},
	}
	outer := &pb.FunctionProto{
		Domain: "f", Name: "Outer", Overload: "o", Input: []string{"p", "q"}, Output: []string{"r"},
		OpsetImport: []*pb.OperatorSetIdProto{{Version: 13}, {Domain: "f", Version: 1}},
		Node: []*pb.NodeProto{
			node("f.Inner", "p -> s"),
			node("Clip", "s, q -> r"),
		},
	}
	call := node("f.Outer", "x -> y")
	call.Overload = "o"
	p := model(&pb.GraphProto{
		Input:  []*pb.ValueInfoProto{floatValue("x", 2, 3)},
		Node:   []*pb.NodeProto{call, node("f.Inner", "y -> z", intAttr("axis", 0), intAttr("to", 11))},
		Output: []*pb.ValueInfoProto{value("z", 11, 2, 3)},
	}, inner, outer)
	m := openProto(t, p)
	want(t, m, `
in x float32[2,3]
y/s/t = Softmax(x)
y/s = Cast(y/s/t)
y = Clip(y/s)
z/t = Softmax(y)
z = Cast(z/t)
out z z float64[2,3]
`)
	var axes []int64
	for _, n := range m.Graph.Nodes {
		if graph.OpName(n.Op) == "Softmax" {
			a, ok := graph.Encode(n.Op)["axis"].(int64)
			if !ok {
				a = -1
			}
			axes = append(axes, a)
		}
	}
	if fmt.Sprint(axes) != "[-1 0]" {
		t.Errorf("axes %v, want [-1 0]", axes)
	}
	outer.Node[0] = node("f.Outer", "p -> s")
	outer.Node[0].Overload = "o"
	if _, err := OpenBytes(encode(t, p), Options{}); err == nil || !strings.Contains(err.Error(), "calls itself") {
		t.Errorf("recursion: %v", err)
	}
}

func TestUnsupported(t *testing.T) {
	p := model(&pb.GraphProto{
		Input: []*pb.ValueInfoProto{floatValue("x", 2)},
		Node: []*pb.NodeProto{
			node("Frobnicate", "x -> a"),
			node("com.example.Frobnicate", "a -> b"),
			node("Frobnicate", "b -> c"),
			node("Mul", "c, c -> d", intAttr("speed", 3)),
			node("Mul", "x, d -> y"),
		},
		Output: []*pb.ValueInfoProto{floatValue("y", 2)},
	})
	_, err := OpenBytes(encode(t, p), Options{})
	var bad *UnsupportedError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v", err)
	}
	const line = `onnx: not supported: 2 × Frobnicate (unknown operator) first at node "a", Mul (unknown attribute "speed") at node "d", com.example.Frobnicate (unknown operator) at node "b"`
	if err.Error() != line {
		t.Errorf("got  %v\nwant %v", err, line)
	}
	if d := bad.Details(); strings.Count(d, "\n") != 4 {
		t.Errorf("details:\n%s", d)
	}
	p.OpsetImport[0].Version = 99
	_, err = OpenBytes(encode(t, p), Options{})
	if err == nil || !strings.Contains(err.Error(), `opset 99 of domain "ai.onnx", newest known is 28`) {
		t.Errorf("got %v", err)
	}
}

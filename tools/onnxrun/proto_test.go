package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/gneiss-ml/gneiss/onnx/pb"
)

// Helpers that make models, right and wrong ones.

// node returns a node: the operator, and its inputs and outputs as "x, y -> z".
func node(op, sig string, attrs ...*pb.AttributeProto) *pb.NodeProto {
	in, out, _ := strings.Cut(sig, "->")
	list := func(s string) (names []string) {
		if s = strings.TrimSpace(s); s == "" {
			return nil
		}
		for f := range strings.SplitSeq(s, ",") {
			names = append(names, strings.TrimSpace(f))
		}
		return names
	}
	domain, name := "", op
	if i := strings.LastIndex(op, "."); i >= 0 {
		domain, name = op[:i], op[i+1:]
	}
	return &pb.NodeProto{OpType: name, Name: "the_" + name, Domain: domain, Input: list(in), Output: list(out), Attribute: attrs}
}

func intAttr(name string, i int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_INT, I: i}
}

func intsAttr(name string, i ...int64) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_INTS, Ints: i}
}

func graphAttr(name string, g *pb.GraphProto) *pb.AttributeProto {
	return &pb.AttributeProto{Name: name, Type: pb.AttributeProto_GRAPH, G: g}
}

// value returns a tensor value; a size is an int or int64, or a string when it is a symbol.
func value(name string, dt pb.TensorProto_DataType, dims ...any) *pb.ValueInfoProto {
	shape := &pb.TensorShapeProto{}
	for _, d := range dims {
		dim := &pb.TensorShapeProto_Dimension{}
		switch d := d.(type) {
		case int:
			dim.Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}
		case int64:
			dim.Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: d}
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

func ints(name string, xs ...int64) *pb.TensorProto {
	return &pb.TensorProto{Name: name, DataType: int32(pb.TensorProto_INT64), Int64Data: xs, Dims: []int64{int64(len(xs))}}
}

func scalar(name string, x int64) *pb.TensorProto {
	return &pb.TensorProto{Name: name, DataType: int32(pb.TensorProto_INT64), Int64Data: []int64{x}}
}

func boolean(name string, x int32) *pb.TensorProto {
	return &pb.TensorProto{Name: name, DataType: int32(pb.TensorProto_BOOL), Int32Data: []int32{x}}
}

// graphOf returns a graph from x, float[2,3], to y. Parts are nodes, initializers, functions of the model, and what
// changes the graph.
func graphOf(parts ...any) *pb.GraphProto {
	g := &pb.GraphProto{Name: "bad", Input: []*pb.ValueInfoProto{floatValue("x", 2, 3)}, Output: []*pb.ValueInfoProto{{Name: "y"}}}
	for _, p := range parts {
		switch p := p.(type) {
		case *pb.NodeProto:
			g.Node = append(g.Node, p)
		case *pb.TensorProto:
			g.Initializer = append(g.Initializer, p)
		case *pb.ValueInfoProto:
			g.Input = append(g.Input, p)
		case func(*pb.GraphProto):
			p(g)
		}
	}
	return g
}

// modelOf returns a model of the graph that graphOf makes of its parts.
func modelOf(parts ...any) *pb.ModelProto {
	m := &pb.ModelProto{IrVersion: 8, Graph: graphOf(parts...), OpsetImport: []*pb.OperatorSetIdProto{{Version: 18}, {Domain: "f", Version: 1}}}
	for _, p := range parts {
		switch p := p.(type) {
		case *pb.FunctionProto:
			p.Domain, p.OpsetImport = "f", m.OpsetImport
			m.Functions = append(m.Functions, p)
		case func(*pb.ModelProto):
			p(m)
		}
	}
	return m
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// onnxrun runs a command line.
func onnxrun(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs)
	return status, out.String(), errs.String()
}

package gneiss_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestDefaultFromFile runs a model in which the shape that x is given is an input with a default.
func TestDefaultFromFile(t *testing.T) {
	value := func(name string, dt pb.TensorProto_DataType, dims ...int64) *pb.ValueInfoProto {
		shape := &pb.TensorShapeProto{}
		for _, d := range dims {
			shape.Dim = append(shape.Dim, &pb.TensorShapeProto_Dimension{Value: &pb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
		}
		tt := &pb.TypeProto_Tensor{ElemType: int32(dt), Shape: shape}
		return &pb.ValueInfoProto{Name: name, Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{TensorType: tt}}}
	}
	b, err := proto.Marshal(&pb.ModelProto{
		IrVersion:   3,
		OpsetImport: []*pb.OperatorSetIdProto{{Version: 5}},
		Graph: &pb.GraphProto{
			Input:       []*pb.ValueInfoProto{value("x", pb.TensorProto_FLOAT, 4), value("shape", pb.TensorProto_INT64, 2)},
			Initializer: []*pb.TensorProto{{Name: "shape", DataType: 7, Dims: []int64{2}, Int64Data: []int64{2, 2}}},
			Node:        []*pb.NodeProto{{OpType: "Reshape", Input: []string{"x", "shape"}, Output: []string{"y"}}},
			Output:      []*pb.ValueInfoProto{{Name: "y"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := gneiss.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewSession(gneiss.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := gneiss.Values{"x": tensor.FromSlice([]float32{1, 2, 3, 4})}
	for _, shape := range [][]int64{nil, {4, 1}, {1, 4}, nil} {
		want := "[2 2]"
		delete(in, "shape")
		if shape != nil {
			in["shape"], want = tensor.FromSlice(shape), fmt.Sprint(shape)
		}
		out, err := s.Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(out["y"].(*tensor.Tensor).Shape()); got != want {
			t.Errorf("shape %v: got %s", shape, got)
		}
	}
}

package onnx

import (
	"testing"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
)

// seedModels are small models that between them have every message that reading looks at.
func seedModels() []*pb.ModelProto {
	branch := func(op, out string) *pb.GraphProto {
		return &pb.GraphProto{Node: []*pb.NodeProto{node(op, "x -> "+out)}, Output: []*pb.ValueInfoProto{floatValue(out, 2)}}
	}
	plain := model(&pb.GraphProto{
		Name:        "g",
		Input:       []*pb.ValueInfoProto{floatValue("x", "N", 2, nil), floatValue("w", 2)},
		Initializer: []*pb.TensorProto{floats("w", []float32{1, 2}, 2), {Name: "i", DataType: 7, Dims: []int64{1}, RawData: make([]byte, 8)}},
		SparseInitializer: []*pb.SparseTensorProto{{
			Values: floats("s", []float32{1}, 1), Dims: []int64{2, 2},
			Indices: &pb.TensorProto{DataType: 7, Dims: []int64{1}, Int64Data: []int64{3}},
		}},
		Node:      []*pb.NodeProto{node("Mul", "x, w -> h"), node("Softmax", "h -> y", intAttr("axis", 1))},
		ValueInfo: []*pb.ValueInfoProto{floatValue("h", 1, 2)},
		Output:    []*pb.ValueInfoProto{floatValue("y", "N", 2)},
	})
	plain.MetadataProps = []*pb.StringStringEntryProto{{Key: "k", Value: "v"}}
	control := model(&pb.GraphProto{
		Input: []*pb.ValueInfoProto{floatValue("x", 2), value("c", pb.TensorProto_BOOL), value("n", pb.TensorProto_INT64)},
		Node: []*pb.NodeProto{
			node("If", "c -> a", graphAttr("then_branch", branch("Relu", "t")), graphAttr("else_branch", branch("Neg", "e"))),
			node("Loop", "n, c, a -> l", graphAttr("body", &pb.GraphProto{
				Input:  []*pb.ValueInfoProto{value("i", pb.TensorProto_INT64), value("k", pb.TensorProto_BOOL), floatValue("v", 2)},
				Node:   []*pb.NodeProto{node("Add", "v, x -> u"), node("Identity", "k -> j")},
				Output: []*pb.ValueInfoProto{value("j", pb.TensorProto_BOOL), floatValue("u", 2)},
			})),
			node("Scan", "l -> y", intAttr("num_scan_inputs", 1), graphAttr("body", &pb.GraphProto{
				Input:  []*pb.ValueInfoProto{floatValue("v")},
				Node:   []*pb.NodeProto{node("Exp", "v -> u")},
				Output: []*pb.ValueInfoProto{floatValue("u")},
			})),
		},
		Output: []*pb.ValueInfoProto{floatValue("y", 2)},
	})
	function := model(&pb.GraphProto{
		Input:  []*pb.ValueInfoProto{floatValue("x", 2)},
		Node:   []*pb.NodeProto{node("f.F", "x -> y", intAttr("axis", 0))},
		Output: []*pb.ValueInfoProto{floatValue("y", 2)},
	}, &pb.FunctionProto{
		Domain: "f", Name: "F", Input: []string{"a"}, Output: []string{"b"}, Attribute: []string{"axis"},
		OpsetImport: []*pb.OperatorSetIdProto{{Version: 9}},
		Node:        []*pb.NodeProto{node("Softmax", "a -> b", refAttr("axis", "axis", pb.AttributeProto_INT))},
	})
	return []*pb.ModelProto{plain, control, function}
}

// foundModels are what random changes found: each made reading panic or give a broken graph.
func foundModels() []*pb.ModelProto {
	x := floatValue("x", 2, 2)
	return []*pb.ModelProto{
		// An operator without outputs.
		model(&pb.GraphProto{Input: []*pb.ValueInfoProto{x}, Node: []*pb.NodeProto{node("Neg", "x ->")}, Output: []*pb.ValueInfoProto{x}}),
		// More outputs than the operator has with these attributes.
		model(&pb.GraphProto{
			Input:  []*pb.ValueInfoProto{x, floatValue("v", 2)},
			Node:   []*pb.NodeProto{node("BatchNormalization", "x, v, v, v, v -> y, m, s")},
			Output: []*pb.ValueInfoProto{floatValue("y"), floatValue("m")},
		}),
	}
}

// FuzzRead reads arbitrary bytes as a model. Whatever they are, reading ends with a graph or an error, in bounded memory.
func FuzzRead(f *testing.F) {
	for _, m := range append(seedModels(), foundModels()...) {
		f.Add(encode(f, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := OpenBytes(b, Options{Eval: ref.Eval, Limits: Limits{Nodes: 1000, Bytes: 16 << 20, Depth: 20}})
		if err == nil {
			if err := graph.Verify(m.Graph); err != nil {
				t.Error(err)
			}
			m.Close()
		}
	})
}

// FuzzReadValue reads arbitrary bytes as a value of each kind.
func FuzzReadValue(f *testing.F) {
	f.Add(encode(f, floats("x", []float32{1, 2}, 2)))
	f.Add(encode(f, &pb.SequenceProto{ElemType: 1, TensorValues: []*pb.TensorProto{floats("x", []float32{1, 2}, 2)}}))
	f.Add(encode(f, &pb.MapProto{KeyType: 7, Keys: []int64{1}, Values: &pb.SequenceProto{TensorValues: []*pb.TensorProto{floats("x", nil, 0)}}}))
	elem := tensor.TypeOf(tensor.Float32)
	types := []tensor.Type{elem, tensor.SequenceOf(elem), tensor.OptionalOf(tensor.SequenceOf(elem)), tensor.MapOf(tensor.Int64, elem)}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, ty := range types {
			s := newScanner(Limits{Bytes: 16 << 20, Depth: 20})
			if v := s.anyValue(b, ty); s.err == nil && v.Type().Kind != ty.Kind {
				t.Errorf("%v, want %v", v.Type(), ty)
			}
		}
	})
}

package onnx

import (
	"math"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A valueType is what a TypeProto says. known is false when it says nothing.
type valueType struct {
	graph.Fact
	known bool
}

// valueType reads a TypeProto. A dimension that is a name is the symbol of that name; one that is missing is a size
// of its own. Sparse tensors are dense here.
func (s *scanner) valueType(b []byte) (t valueType) {
	if b == nil {
		return t
	}
	s.each("TypeProto", b, func(x wireField) {
		switch x.num {
		case 1, 8:
			t.Fact, t.known = s.tensorType(x.bytes())
		case 4:
			t.Fact, t.known = graph.Fact{Type: tensor.SequenceOf(s.elemType(x.bytes(), "Sequence"))}, true
		case 5:
			t.Fact, t.known = graph.Fact{Type: s.mapType(x.bytes())}, true
		case 7:
			s.fail("opaque types are not supported")
		case 9:
			t.Fact, t.known = graph.Fact{Type: tensor.OptionalOf(s.elemType(x.bytes(), "Optional"))}, true
		}
	})
	return t
}

// tensorType reads a TypeProto.Tensor; false when it has no element type.
func (s *scanner) tensorType(b []byte) (graph.Fact, bool) {
	f := graph.Fact{}
	var n int64
	s.each("TypeProto.Tensor", b, func(x wireField) {
		switch x.num {
		case 1:
			n = x.int()
		case 2:
			f.Dims = s.dims(x.bytes())
		}
	})
	f.DType = dtypeOf(n)
	if f.DType == tensor.Undefined && n != 0 {
		s.fail("element type %d is not supported", n)
	}
	return f, n != 0
}

// dims reads a TensorShapeProto. The result is not nil.
func (s *scanner) dims(b []byte) []graph.Dim {
	dims := []graph.Dim{}
	s.each("TensorShapeProto", b, func(x wireField) {
		if x.num == 1 {
			dims = append(dims, s.dim(x.bytes()))
		}
	})
	return dims
}

// dim reads a TensorShapeProto.Dimension. Exporters write -1 and names that start with a question mark for a size that
// is not known.
func (s *scanner) dim(b []byte) graph.Dim {
	d := graph.FreshDim()
	s.each("TensorShapeProto.Dimension", b, func(x wireField) {
		switch x.num {
		case 1:
			n := x.int()
			switch {
			case n == -1:
			case n < 0 || n > math.MaxInt:
				s.fail("dimension %d", n)
			default:
				d = graph.N(int(n))
			}
		case 2:
			if name := x.text(); name != "" && !strings.HasPrefix(name, "?") {
				d = graph.Sym(name)
			}
		}
	})
	return d
}

// elemType reads the TypeProto in field 1 of a TypeProto.Sequence or TypeProto.Optional.
func (s *scanner) elemType(b []byte, what string) tensor.Type {
	var t valueType
	s.each("TypeProto."+what, b, func(x wireField) {
		if x.num == 1 {
			t = s.valueType(x.bytes())
		}
	})
	return t.Type
}

// mapType reads a TypeProto.Map.
func (s *scanner) mapType(b []byte) tensor.Type {
	var key int64
	var t valueType
	s.each("TypeProto.Map", b, func(x wireField) {
		switch x.num {
		case 1:
			key = x.int()
		case 2:
			t = s.valueType(x.bytes())
		}
	})
	dt := dtypeOf(key)
	if !dt.IsInt() && dt != tensor.String {
		s.fail("map key type %d, want an integer type or string", key)
	}
	return tensor.MapOf(dt, t.Type)
}

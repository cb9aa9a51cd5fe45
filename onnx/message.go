package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gneiss-ml/gneiss/tensor"
)

// The messages of the schema, as far as reading needs them. Tensors stay bytes of the file until they are wanted.
type (
	modelProto struct {
		irVersion, version    int64
		producer, producerVer string
		domain, doc           string
		opsets                []opsetID
		graph                 *graphProto
		functions             []*functionProto
		meta                  map[string]string
	}
	opsetID struct {
		domain  string
		version int64
	}
	graphProto struct {
		name          string
		nodes         []*nodeProto
		initializers  [][]byte // TensorProto
		sparse        [][]byte // SparseTensorProto
		constants     []string // the names of both
		in, out, info []valueProto
		meta          map[string]string
	}
	valueProto struct {
		name string
		typ  []byte // TypeProto; nil when absent
	}
	nodeProto struct {
		name, op, domain, overload string
		in, out                    []string
		attrs                      []*attrProto
	}
	attrProto struct {
		name, ref string
		typ       int64
		f         float32
		i         int64
		s         string
		t         []byte // TensorProto
		g         *graphProto
		sparse    []byte // SparseTensorProto
		tp        []byte // TypeProto
		floats    []byte
		ints      []int64
		strings   []string
		tensors   [][]byte
		graphs    []*graphProto
		sparses   int
		types     int
		has       attrKind // which of the fields is there, for files that do not say the type
	}
	functionProto struct {
		name, domain, overload string
		in, out                []string
		attrs                  []string
		defaults               []*attrProto
		nodes                  []*nodeProto
		opsets                 []opsetID
	}
)

// attrKind is AttributeProto.AttributeType.
type attrKind int64

const (
	attrFloat   attrKind = 1
	attrInt     attrKind = 2
	attrString  attrKind = 3
	attrTensor  attrKind = 4
	attrGraph   attrKind = 5
	attrFloats  attrKind = 6
	attrInts    attrKind = 7
	attrStrings attrKind = 8
	attrTensors attrKind = 9
	attrGraphs  attrKind = 10
	attrSparse  attrKind = 11
	attrSparses attrKind = 12
	attrType    attrKind = 13
	attrTypes   attrKind = 14
)

func (s *scanner) model(b []byte) *modelProto {
	m := &modelProto{}
	s.each("ModelProto", b, func(x wireField) {
		switch x.num {
		case 1:
			m.irVersion = x.int()
		case 2:
			m.producer = x.text()
		case 3:
			m.producerVer = x.text()
		case 4:
			m.domain = x.text()
		case 5:
			m.version = x.int()
		case 6:
			m.doc = x.text()
		case 7:
			m.graph = s.graph(x.bytes())
		case 8:
			m.opsets = append(m.opsets, s.opset(x.bytes()))
		case 14:
			s.entry(x.bytes(), &m.meta)
		case 25:
			m.functions = append(m.functions, s.function(x.bytes()))
		}
	})
	return m
}

func (s *scanner) opset(b []byte) (id opsetID) {
	s.each("OperatorSetIdProto", b, func(x wireField) {
		switch x.num {
		case 1:
			id.domain = x.text()
		case 2:
			id.version = x.int()
		}
	})
	return id
}

// entry reads a StringStringEntryProto into a map.
func (s *scanner) entry(b []byte, m *map[string]string) {
	var k, v string
	s.each("StringStringEntryProto", b, func(x wireField) {
		switch x.num {
		case 1:
			k = x.text()
		case 2:
			v = x.text()
		}
	})
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[k] = v
}

func (s *scanner) graph(b []byte) *graphProto {
	g := &graphProto{}
	s.each("GraphProto", b, func(x wireField) {
		switch x.num {
		case 1:
			g.nodes = append(g.nodes, s.node(x.bytes()))
		case 2:
			g.name = x.text()
		case 5:
			g.initializers = append(g.initializers, x.bytes())
			g.constants = append(g.constants, s.tensorName(x.bytes()))
		case 11:
			g.in = append(g.in, s.value(x.bytes()))
		case 12:
			g.out = append(g.out, s.value(x.bytes()))
		case 13:
			g.info = append(g.info, s.value(x.bytes()))
		case 15:
			g.sparse = append(g.sparse, x.bytes())
			g.constants = append(g.constants, s.sparseName(x.bytes()))
		case 16:
			s.entry(x.bytes(), &g.meta)
		}
	})
	return g
}

// tensorName returns the name in a TensorProto.
func (s *scanner) tensorName(b []byte) (name string) {
	s.each("TensorProto", b, func(x wireField) {
		if x.num == 8 {
			name = x.text()
		}
	})
	return name
}

// sparseName returns the name in a SparseTensorProto, which is that of its values.
func (s *scanner) sparseName(b []byte) (name string) {
	s.each("SparseTensorProto", b, func(x wireField) {
		if x.num == 1 {
			name = s.tensorName(x.bytes())
		}
	})
	return name
}

func (s *scanner) value(b []byte) (v valueProto) {
	s.each("ValueInfoProto", b, func(x wireField) {
		switch x.num {
		case 1:
			v.name = x.text()
		case 2:
			v.typ = x.bytes()
		}
	})
	return v
}

func (s *scanner) node(b []byte) *nodeProto {
	n := &nodeProto{}
	s.nodes++
	s.each("NodeProto", b, func(x wireField) {
		switch x.num {
		case 1:
			n.in = append(n.in, x.text())
		case 2:
			n.out = append(n.out, x.text())
		case 3:
			n.name = x.text()
		case 4:
			n.op = x.text()
		case 5:
			n.attrs = append(n.attrs, s.attr(x.bytes()))
		case 7:
			n.domain = domainName(x.text())
		case 8:
			n.overload = x.text()
		}
	})
	return n
}

func (s *scanner) attr(b []byte) *attrProto {
	a := &attrProto{}
	s.each("AttributeProto", b, func(x wireField) {
		kind := attrKind(0)
		switch x.num {
		case 1:
			a.name = x.text()
		case 20:
			a.typ = x.int()
		case 21:
			a.ref = x.text()
		case 2:
			a.f, kind = x.float(), attrFloat
		case 3:
			a.i, kind = x.int(), attrInt
		case 4:
			a.s, kind = x.text(), attrString
		case 5:
			a.t, kind = x.bytes(), attrTensor
		case 6:
			a.g, kind = s.graph(x.bytes()), attrGraph
		case 7:
			x.addFixed(&a.floats, 4)
			kind = attrFloats
		case 8:
			x.addInts(&a.ints)
			kind = attrInts
		case 9:
			a.strings = append(a.strings, x.text())
			kind = attrStrings
		case 10:
			a.tensors = append(a.tensors, x.bytes())
			kind = attrTensors
		case 11:
			a.graphs = append(a.graphs, s.graph(x.bytes()))
			kind = attrGraphs
		case 14:
			a.tp, kind = x.bytes(), attrType
		case 15:
			a.types++
			kind = attrTypes
		case 22:
			a.sparse, kind = x.bytes(), attrSparse
		case 23:
			a.sparses++
			kind = attrSparses
		}
		if kind != 0 {
			a.has = kind
		}
	})
	return a
}

// kind returns the type of an attribute: what the file says, else what it holds.
func (a *attrProto) kind() attrKind {
	if a.typ != 0 {
		return attrKind(a.typ)
	}
	return a.has
}

// floatList returns the list of floats.
func (a *attrProto) floatList() []float32 {
	out := make([]float32, len(a.floats)/4)
	for i := range out {
		v, _ := protowire.ConsumeFixed32(a.floats[4*i:])
		out[i] = math.Float32frombits(v)
	}
	return out
}

func (s *scanner) function(b []byte) *functionProto {
	f := &functionProto{}
	s.each("FunctionProto", b, func(x wireField) {
		switch x.num {
		case 1:
			f.name = x.text()
		case 4:
			f.in = append(f.in, x.text())
		case 5:
			f.out = append(f.out, x.text())
		case 6:
			f.attrs = append(f.attrs, x.text())
		case 7:
			f.nodes = append(f.nodes, s.node(x.bytes()))
		case 9:
			f.opsets = append(f.opsets, s.opset(x.bytes()))
		case 10:
			f.domain = domainName(x.text())
		case 11:
			f.defaults = append(f.defaults, s.attr(x.bytes()))
		case 13:
			f.overload = x.text()
		}
	})
	return f
}

// domainName returns the canonical name of a domain: "ai.onnx" is "".
func domainName(s string) string {
	if s == "ai.onnx" {
		return ""
	}
	return s
}

// dtypeOf returns the element type of a number in TensorProto.DataType; Undefined for those not known.
func dtypeOf(n int64) tensor.DType {
	if n < 0 || n > math.MaxUint8 || !tensor.DType(n).Valid() {
		return tensor.Undefined
	}
	return tensor.DType(n)
}

package onnx

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// node encodes a NodeProto.
func (w *writer) node(n *graph.Node) (*pbuf, error) {
	in := n.In[:len(n.In)-graph.Captures(n.Op)]
	for len(in) > 0 && in[len(in)-1] == nil {
		in = in[:len(in)-1]
	}
	domain, op := graph.OpDomain(n.Op), graph.OpName(n.Op)
	s := schemaAt(domain, op, w.opsets[domain])
	p := &pbuf{}
	for i := 0; i < len(in) || s != nil && i < len(s.in) && leavesEmpty(s, i); i++ {
		switch {
		case i < len(in) && in[i] != nil:
			p.text(1, w.names[in[i]])
		case s != nil && leavesEmpty(s, i):
			p.text(1, w.empty)
			w.needEmpty = true
		default:
			p.text(1, "")
		}
	}
	for i, name := range w.outputNames(n, s) {
		if name == "" && i < len(n.Out) && n.Out[i] != nil {
			return nil, fmt.Errorf("%v: output %d has no name", n, i)
		}
		p.text(2, name)
	}
	p.text(3, w.nodes[n])
	p.text(4, op)
	attrs := graph.Encode(n.Op)
	for _, name := range sortedKeys(attrs) {
		m, err := w.attribute(name, attrs[name])
		if err != nil {
			return nil, fmt.Errorf("%v: attribute %q: %w", n, name, err)
		}
		p.msg(5, m)
	}
	p.textIf(7, domain)
	return p, nil
}

// outputNames returns the names of the outputs of a node. Those that nobody takes have none, unless they must.
func (w *writer) outputNames(n *graph.Node, s *schema) []string {
	var names []string
	for i, v := range n.Out {
		switch {
		case v != nil:
			names = append(names, w.names[v])
		case s != nil && !s.out[min(i, len(s.out)-1)].optional:
			names = append(names, fmt.Sprintf("%s_unused%d", w.nodes[n], i))
		default:
			names = append(names, "")
		}
	}
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	return names
}

// outputNode encodes the node that gives output i of a graph its name, where v has another one; nil where none is needed.
// A constant is an output through Constant.
func (w *writer) outputNode(g *graph.Graph, i int, v *graph.Value) *pbuf {
	name := w.outs[g][i]
	if w.names[v] == name {
		return nil
	}
	p := &pbuf{}
	if v.IsConst() && !slices.Contains(g.In, v) {
		p.text(2, name)
		p.text(4, "Constant")
		a := &pbuf{}
		a.text(1, "value")
		a.msg(5, w.tensor("", v.Fact.Const))
		a.int(20, int64(attrTensor))
		p.msg(5, a)
		return p
	}
	p.text(1, w.names[v])
	p.text(2, name)
	p.text(4, "Identity")
	return p
}

// attribute encodes an AttributeProto.
func (w *writer) attribute(name string, value any) (*pbuf, error) {
	p := &pbuf{}
	p.text(1, name)
	kind := attrKind(0)
	switch x := value.(type) {
	case float32:
		kind = attrFloat
		p.float(2, x)
	case int64:
		kind = attrInt
		p.int(3, x)
	case string:
		kind = attrString
		p.text(4, x)
	case *tensor.Tensor:
		kind = attrTensor
		p.msg(5, w.tensor("", x))
	case *graph.Graph:
		kind = attrGraph
		m, err := w.graph(x, false)
		if err != nil {
			return nil, err
		}
		p.msg(6, m)
	case []float32:
		kind = attrFloats
		p.floats(7, x)
	case []int64:
		kind = attrInts
		p.ints(8, x)
	case []string:
		kind = attrStrings
		for _, s := range x {
			p.text(9, s)
		}
	case []*tensor.Tensor:
		kind = attrTensors
		for _, t := range x {
			p.msg(10, w.tensor("", t))
		}
	case tensor.Type:
		kind = attrType
		p.msg(14, typeProto(graph.Fact{Type: x}))
	default:
		return nil, fmt.Errorf("%T has no form in a file", value)
	}
	p.int(20, int64(kind))
	return p, nil
}

// valueInfo encodes a ValueInfoProto.
func valueInfo(name string, f graph.Fact) *pbuf {
	p := &pbuf{}
	p.text(1, name)
	p.msg(2, typeProto(f))
	return p
}

// typeProto encodes a TypeProto. Dimensions that are neither a number nor one name are left open.
func typeProto(f graph.Fact) *pbuf {
	p, t := &pbuf{}, &pbuf{}
	switch f.Kind {
	case tensor.KindSequence:
		t.msg(1, typeProto(graph.Fact{Type: *f.Elem}))
		p.msg(4, t)
	case tensor.KindOptional:
		t.msg(1, typeProto(graph.Fact{Type: *f.Elem}))
		p.msg(9, t)
	case tensor.KindMap:
		t.int(1, int64(f.DType))
		t.msg(2, typeProto(graph.Fact{Type: *f.Elem}))
		p.msg(5, t)
	default:
		t.int(1, int64(f.DType))
		if f.Dims != nil {
			shape := &pbuf{}
			for _, d := range f.Dims {
				dim := &pbuf{}
				if n, ok := d.Int(); ok {
					dim.int(1, int64(n))
				} else if name, ok := d.IsSymbol(); ok && isDimName(name) {
					dim.text(2, name)
				}
				shape.msg(1, dim)
			}
			t.msg(2, shape)
		}
		p.msg(1, t)
	}
	return p
}

// isDimName reports whether a symbol has a name that was given to it, not one of ours for a formula or an unknown size.
func isDimName(name string) bool {
	return name != "" && name[0] != '?' && name[len(name)-1] != ')'
}

// initializer appends a TensorProto to a graph. In the main graph the elements are aligned in the file.
func (w *writer) initializer(p *pbuf, main bool, name string, t *tensor.Tensor) {
	const field = 5
	if w.external > 0 && len(t.Bytes()) >= w.external {
		p.msg(field, w.externalTensor(name, t))
		return
	}
	m := w.tensor(name, t)
	if !main || t.DType() == tensor.String || len(t.Bytes()) == 0 {
		p.msg(field, m)
		return
	}
	// The number of the element type takes as many bytes as make the elements start at a multiple of 8.
	for pad := 2; pad < 10; pad++ {
		start := w.base + p.size + 1 + protowire.SizeVarint(uint64(m.size)) + m.size - len(t.Bytes())
		if start%8 == 0 {
			break
		}
		m = paddedTensor(name, t, pad)
	}
	p.msg(field, m)
}

// tensor encodes a TensorProto.
func (w *writer) tensor(name string, t *tensor.Tensor) *pbuf { return paddedTensor(name, t, 1) }

// paddedTensor encodes a TensorProto whose elements come last; the number of their type takes n bytes.
func paddedTensor(name string, t *tensor.Tensor, n int) *pbuf {
	p := tensorHead(name, t, n)
	if t.DType() == tensor.String {
		for _, s := range tensor.Data[string](t) {
			p.text(6, s)
		}
	} else {
		p.bytes(9, t.Bytes())
	}
	return p
}

func tensorHead(name string, t *tensor.Tensor, n int) *pbuf {
	p := &pbuf{}
	if t.Rank() > 0 {
		dims := make([]int64, t.Rank())
		for i, d := range t.Shape() {
			dims[i] = int64(d)
		}
		p.ints(1, dims)
	}
	p.textIf(8, name)
	p.tag(2, protowire.VarintType)
	p.add(longVarint(uint64(t.DType()), n))
	return p
}

// externalAlign is where tensors start in the file of external data, so that it can be mapped.
const externalAlign = 4096

// externalTensor encodes a TensorProto whose elements are in the file of external data.
//
// https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
func (w *writer) externalTensor(name string, t *tensor.Tensor) *pbuf {
	if over := w.weights.size % externalAlign; over != 0 {
		w.weights.add(make([]byte, externalAlign-over))
	}
	p := tensorHead(name, t, 1)
	for _, e := range [][2]string{
		{"location", w.dataFile}, {"offset", strconv.Itoa(w.weights.size)}, {"length", strconv.Itoa(len(t.Bytes()))},
	} {
		m := &pbuf{}
		m.text(1, e[0])
		m.text(2, e[1])
		p.msg(13, m)
	}
	p.int(14, 1)
	w.weights.add(t.Bytes())
	return p
}

package onnx

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// sameGraph returns where two graphs differ in more than the names of inner values: in inputs, outputs, nodes, how they are
// connected, constants, types and shapes.
func sameGraph(a, b *graph.Graph) error {
	m := match{values: map[*graph.Value]*graph.Value{}, syms: map[string]string{}}
	return m.graphs(a, b, true)
}

type match struct {
	values map[*graph.Value]*graph.Value
	syms   map[string]string // of sizes without a name
}

func (m *match) graphs(a, b *graph.Graph, names bool) error {
	if len(a.In) != len(b.In) || len(a.Out) != len(b.Out) || len(a.Nodes) != len(b.Nodes) {
		return fmt.Errorf("graph %q: %d inputs, %d outputs and %d nodes; %d, %d and %d", a.Name, len(a.In), len(a.Out), len(a.Nodes), len(b.In), len(b.Out), len(b.Nodes))
	}
	if names && !slices.Equal(a.OutNames, b.OutNames) {
		return fmt.Errorf("outputs %q and %q", a.OutNames, b.OutNames)
	}
	for i, v := range a.In {
		if names && v.Name != b.In[i].Name {
			return fmt.Errorf("inputs %q and %q", v.Name, b.In[i].Name)
		}
		m.values[v] = b.In[i]
		if err := m.value(v, b.In[i]); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		if err := sameConst(a.Defaults[v], b.Defaults[b.In[i]]); err != nil {
			return fmt.Errorf("default of input %d: %w", i, err)
		}
	}
	for i, n := range a.Nodes {
		if err := m.nodes(n, b.Nodes[i]); err != nil {
			return fmt.Errorf("%v and %v: %w", n, b.Nodes[i], err)
		}
	}
	for i, v := range a.Out {
		if err := m.value(v, b.Out[i]); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

func (m *match) nodes(a, b *graph.Node) error {
	ba, bb := graph.Bodies(a.Op), graph.Bodies(b.Op)
	switch {
	case graph.QualifiedName(a.Op) != graph.QualifiedName(b.Op) || len(a.In) != len(b.In) || len(ba) != len(bb):
		return fmt.Errorf("operators, inputs or bodies differ: %d and %d inputs", len(a.In), len(b.In))
	case len(ba) == 0 && !graph.SameOp(a.Op, b.Op) && !reflect.DeepEqual(graph.Encode(a.Op), graph.Encode(b.Op)):
		return fmt.Errorf("attributes %v and %v", graph.Encode(a.Op), graph.Encode(b.Op))
	}
	for i, v := range a.In {
		if err := m.value(v, b.In[i]); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
	}
	for i := range ba {
		if err := m.graphs(ba[i], bb[i], false); err != nil {
			return fmt.Errorf("body %d: %w", i, err)
		}
	}
	for i, v := range a.Out {
		if i >= len(b.Out) && v == nil {
			continue
		}
		if v != nil && (i >= len(b.Out) || b.Out[i] == nil) {
			return fmt.Errorf("output %d is there once", i)
		}
		if v == nil {
			continue // one that must have a name in the file may come back as wanted by nobody
		}
		m.values[v] = b.Out[i]
		if err := m.value(v, b.Out[i]); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

func (m *match) value(a, b *graph.Value) error {
	if a == nil || b == nil {
		if a != b {
			return fmt.Errorf("only one is there")
		}
		return nil
	}
	if a.IsConst() && m.values[a] == nil {
		return sameConst(a.Fact.Const, b.Fact.Const)
	}
	if m.values[a] != b {
		return fmt.Errorf("%q and %q are not the same value", a.Name, b.Name)
	}
	f, g := a.Fact, b.Fact
	if !f.Type.Equal(g.Type) || len(f.Dims) != len(g.Dims) || (f.Dims == nil) != (g.Dims == nil) {
		return fmt.Errorf("%v and %v", f, g)
	}
	for i := range f.Dims {
		if x, y := f.Dims[i].String(), g.Dims[i].String(); x != y && !(strings.Contains(x, "?") && strings.Contains(y, "?")) {
			return fmt.Errorf("%v and %v", f, g)
		}
	}
	return nil
}

func sameConst(a, b *tensor.Tensor) error {
	if a == nil || b == nil {
		if a != b {
			return fmt.Errorf("only one is constant")
		}
		return nil
	}
	same := a.DType() == b.DType() && slices.Equal(a.Shape(), b.Shape())
	if same && a.DType() == tensor.String {
		same = slices.Equal(tensor.Data[string](a), tensor.Data[string](b))
	} else if same {
		same = bytes.Equal(a.Bytes(), b.Bytes())
	}
	if !same {
		return fmt.Errorf("constants %s and %s differ", a.Describe(), b.Describe())
	}
	return nil
}

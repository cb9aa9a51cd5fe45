package gneiss

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Values are inputs or outputs by name: *tensor.Tensor, *tensor.Sequence, *tensor.Optional or *tensor.Map.
type Values map[string]tensor.Value

// A Model is a graph that sessions run. It is safe for any number of goroutines.
type Model struct {
	graph  *graph.Graph
	file   *onnx.Model // where the graph came from; nil when it was built
	inputs []Info

	mu     sync.RWMutex // read by what uses the weights, written by Close
	close  func() error
	closed bool
}

// ErrClosed is the error of what needs the weights of a model that is closed.
var ErrClosed = errors.New("the model is closed")

// enter keeps the model open until leave; it fails when it is closed.
func (m *Model) enter() error {
	m.mu.RLock()
	if m.closed {
		m.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func (m *Model) leave() { m.mu.RUnlock() }

// Info describes an input or output of a model.
type Info struct {
	Name string
	// Fact is the type and, for a tensor, the dimensions: integers, or names of sizes that are chosen at each run; nil when
	// the rank is open too.
	graph.Fact
	// Optional is set for an input that has a default value.
	Optional bool
}

// FromGraph returns the model that is the graph g, which must not be changed any more.
func FromGraph(g *graph.Graph) *Model {
	m := &Model{graph: g}
	for _, v := range g.In {
		_, optional := g.Defaults[v]
		m.inputs = append(m.inputs, Info{v.Name, graph.Fact{Type: v.Fact.Type, Dims: v.Fact.Dims}, optional})
	}
	return m
}

// Close gives back the memory of the model: the mapping of its file. It waits for runs to end; later ones, and what else
// needs the weights, fail with ErrClosed. The Graph must not be used any more.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	if m.close == nil {
		return nil
	}
	return m.close()
}

// Graph returns the graph as it was read, before any optimization. It must not be changed.
func (m *Model) Graph() *graph.Graph { return m.graph }

// passing returns a copy of the graph for runs that pass the inputs for which pass is set. Nothing in it follows from the
// defaults of those.
func (m *Model) passing(pass []bool) (*graph.Graph, error) {
	var names []string
	for i, v := range m.graph.In {
		if pass[i] && v.IsConst() {
			names = append(names, v.Name)
		}
	}
	if len(names) > 0 && m.file != nil {
		return m.file.GraphFor(names...)
	}
	g := m.graph.Clone()
	if len(names) > 0 {
		for i, v := range g.In {
			if pass[i] {
				v.Fact.Const = nil
			}
		}
		for _, n := range g.Nodes {
			if _, err := n.Infer(nil); err != nil {
				return nil, err
			}
		}
	}
	return g, nil
}

// Inputs describes the inputs, in the order of the model.
func (m *Model) Inputs() []Info { return slices.Clone(m.inputs) }

// Outputs describes the outputs, in the order of the model.
func (m *Model) Outputs() []Info {
	var out []Info
	for i, v := range m.graph.Out {
		out = append(out, Info{Name: m.graph.OutNames[i], Fact: graph.Fact{Type: v.Fact.Type, Dims: v.Fact.Dims}})
	}
	return out
}

func names(in []Info) string {
	s := ""
	for i, n := range in {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%q", n.Name)
	}
	return s
}

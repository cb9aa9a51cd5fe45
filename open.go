package gneiss

import (
	"fmt"
	"io"
	"io/fs"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/onnx"
)

// Open reads the ONNX model in a file. The file is mapped into memory where the platform can: until Close it must not be
// made shorter. External data is looked for in the folder of the file and nowhere else. A model with parts that are not
// supported is an *onnx.UnsupportedError that lists them all.
func Open(name string) (*Model, error) { return model(onnx.Open(name, readOptions())) }

// OpenFS reads the model in a file of fsys, such as an embed.FS, and external data from the folder of that file.
func OpenFS(fsys fs.FS, name string) (*Model, error) {
	return model(onnx.OpenFS(fsys, name, readOptions()))
}

// OpenReader reads a model of size bytes.
func OpenReader(r io.ReaderAt, size int64) (*Model, error) {
	return model(onnx.OpenReader(r, size, readOptions()))
}

// OpenBytes reads a model from memory, which must not change while the model is used.
func OpenBytes(b []byte) (*Model, error) { return model(onnx.OpenBytes(b, readOptions())) }

// FromONNX returns the model that package onnx read, with options of its own such as limits for files that are not
// trusted. The model takes over m and closes it.
func FromONNX(m *onnx.Model) *Model {
	g := FromGraph(m.Graph)
	g.file, g.close = m, m.Close
	return g
}

func readOptions() onnx.Options { return onnx.Options{Eval: ref.Eval} }

func model(m *onnx.Model, err error) (*Model, error) {
	if err != nil {
		return nil, err
	}
	return FromONNX(m), nil
}

// A Description says what a model consists of.
type Description struct {
	IRVersion   int64
	Opsets      map[string]int64 // by domain; ai.onnx is ""
	Producer    string
	Metadata    map[string]string
	Warnings    []string       // contradictions in the file that do no harm
	Nodes       int            // of the graph and all bodies, with functions inlined
	Operators   map[string]int // how many nodes each operator has
	Parameters  int64          // elements of all constants of floating-point type
	WeightBytes int64          // bytes of all constants
	// Flops is how many floating-point operations one run takes, a formula over the sizes that the model leaves open; bodies
	// of loops count once.
	Flops graph.Dim
}

// Describe counts what the model consists of.
func (m *Model) Describe() Description {
	d := Description{Operators: map[string]int{}}
	if f := m.file; f != nil {
		d.IRVersion, d.Opsets, d.Metadata, d.Warnings = f.IRVersion, f.Opsets, f.Metadata, f.Warnings
		d.Producer = f.Producer
		if f.ProducerVersion != "" {
			d.Producer = fmt.Sprintf("%s %s", f.Producer, f.ProducerVersion)
		}
	}
	d.count(m.graph)
	return d
}

func (d *Description) count(g *graph.Graph) {
	for _, c := range g.Consts() {
		t := c.Const()
		d.WeightBytes += int64(len(t.Bytes()))
		if t.DType().IsFloat() {
			d.Parameters += int64(t.Len())
		}
	}
	for _, n := range g.Nodes {
		d.Nodes++
		d.Operators[graph.QualifiedName(n.Op)]++
		d.Flops = d.Flops.Add(op.Flops(n))
		for _, body := range graph.Bodies(n.Op) {
			d.count(body)
		}
	}
}

// Print writes the graph in ONNX's textual syntax; the elements of large constants are left out.
//
// https://onnx.ai/onnx/repo-docs/Syntax.html
func (m *Model) Print(w io.Writer) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	return graph.Print(w, m.graph)
}

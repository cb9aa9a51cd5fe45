package onnx

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// WriteOptions say how a model is written. The zero value writes one file of the lowest opset that expresses the model.
type WriteOptions struct {
	// Opset is the version of ai.onnx to write. 0 is the lowest that has a form for every node, not below 7.
	Opset int64
	// External is the size in bytes from which a weight goes to a second file, beside the model and named after it with
	// ".data" at the end. 0 is none, unless the model would take more than 2 GB, which no file of this format can.
	External int
}

// Write writes a model as an ONNX file. Only what runs is written: functions have become nodes, and names of values may
// change where two were equal. The graph is not changed.
//
// https://github.com/onnx/onnx/blob/main/docs/IR.md
func Write(w io.Writer, m *Model, opt WriteOptions) error {
	if opt.External > 0 {
		return errors.New("onnx: external data needs a file beside the model: use Save")
	}
	p, _, err := encodeModel(m, opt, "")
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	_, err = p.WriteTo(w)
	return err
}

// Save writes a model to a file, which appears under its name only when it is complete.
func Save(name string, m *Model, opt WriteOptions) error {
	data := filepath.Base(name) + ".data"
	p, weights, err := encodeModel(m, opt, data)
	if err == nil && len(weights.parts) > 0 {
		err = replaceFile(filepath.Join(filepath.Dir(name), data), weights)
	}
	if err == nil {
		err = replaceFile(name, p)
	}
	if err != nil {
		return fmt.Errorf("onnx: %s: %w", name, err)
	}
	return nil
}

// replaceFile writes a file under another name and renames it.
func replaceFile(name string, content io.WriterTo) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if _, err = content.WriteTo(w); err != nil {
		return err
	}
	for _, step := range []func() error{w.Flush, func() error { return f.Chmod(0o644) }, f.Sync, f.Close} {
		if err = step(); err != nil {
			return err
		}
	}
	return os.Rename(f.Name(), name)
}

// maxMessage is the most bytes a protobuf message may have.
const maxMessage = math.MaxInt32

// externalFrom is the size from which weights go to a second file when one is too small for all.
const externalFrom = 1024

// encodeModel returns the bytes of the model and of its external data, in the file called data.
func encodeModel(m *Model, opt WriteOptions, data string) (model, weights *pbuf, err error) {
	g, err := plain(m.Graph)
	if err != nil {
		return nil, nil, err
	}
	opsets, err := chooseOpsets(g, opt.Opset)
	if err != nil {
		return nil, nil, err
	}
	w := &writer{opsets: opsets, external: opt.External, dataFile: data, declared: m.declared}
	model, err = w.model(m, g)
	if err == nil && model.size > maxMessage && opt.External == 0 && data != "" {
		w = &writer{opsets: opsets, external: externalFrom, dataFile: data, declared: m.declared}
		model, err = w.model(m, g)
	}
	if err != nil {
		return nil, nil, err
	}
	if model.size > maxMessage {
		return nil, nil, fmt.Errorf("%d bytes, but a file of this format holds at most %d: write weights as external data", model.size, maxMessage)
	}
	return model, &w.weights, nil
}

// A writer encodes one model.
type writer struct {
	opsets    map[string]int64
	names     map[*graph.Value]string
	outs      map[*graph.Graph][]string // the names of the outputs of each graph
	nodes     map[*graph.Node]string
	captures  map[*graph.Graph]int      // how many inputs of a body are values of the graphs around it
	shared    map[*tensor.Tensor]string // the constants of more than one graph, which the main graph holds for all
	empty     string                    // the name of an empty constant, which is written if some node needs it
	needEmpty bool
	hoisted   []*graph.Value // one value for each of them
	external  int            // weights of at least so many bytes go to weights; 0: none
	dataFile  string         // its name
	weights   pbuf
	declared  map[*graph.Graph]map[string][]graph.Dim // the dimensions of outputs of unknown rank
	base      int                                     // where the message of the main graph starts in the file
}

// model encodes a ModelProto. The main graph comes last, with a length of fixed size, so that the place of each weight in
// the file is known while it is encoded.
func (w *writer) model(m *Model, g *graph.Graph) (*pbuf, error) {
	if err := w.assignNames(g); err != nil {
		return nil, err
	}
	p := &pbuf{}
	p.int(1, irVersion(w.opsets))
	producer := m.Producer
	if producer == "" {
		producer = "gneiss"
	}
	p.text(2, producer)
	p.textIf(3, m.ProducerVersion)
	p.textIf(4, m.Domain)
	if m.Version != 0 {
		p.int(5, m.Version)
	}
	p.textIf(6, m.Doc)
	for _, d := range sortedKeys(w.opsets) {
		id := &pbuf{}
		id.textIf(1, d)
		id.int(2, w.opsets[d])
		p.msg(8, id)
	}
	p.props(14, m.Metadata)
	const lengthBytes = 5
	p.tag(7, 2)
	w.base = p.size + lengthBytes
	body, err := w.graph(g, true)
	if err != nil {
		return nil, err
	}
	p.add(longVarint(uint64(body.size), lengthBytes))
	p.join(body)
	return p, nil
}

// graph encodes a GraphProto.
func (w *writer) graph(g *graph.Graph, main bool) (*pbuf, error) {
	p := &pbuf{}
	for _, n := range g.Nodes {
		m, err := w.node(n)
		if err != nil {
			return nil, err
		}
		p.msg(1, m)
	}
	for i, v := range g.Out {
		if m := w.outputNode(g, i, v); m != nil {
			p.msg(1, m)
		}
	}
	if main && w.needEmpty {
		w.initializer(p, true, w.empty, tensor.New(tensor.Float32, 0))
	}
	name := g.Name
	if name == "" {
		name = "graph"
	}
	p.text(2, name)
	if main {
		for _, v := range w.hoisted {
			w.initializer(p, true, w.shared[v.Fact.Const], v.Fact.Const)
		}
		for _, v := range g.In {
			if t := g.Defaults[v]; t != nil {
				w.initializer(p, true, w.names[v], t)
			}
		}
	}
	for _, v := range initializers(g) {
		if _, ok := w.shared[v.Fact.Const]; !ok {
			w.initializer(p, main, w.names[v], v.Fact.Const)
		}
	}
	for _, v := range g.In[:len(g.In)-w.captures[g]] {
		p.msg(11, valueInfo(w.names[v], v.Fact))
	}
	for i, v := range g.Out {
		f := v.Fact
		if f.Dims == nil {
			f.Dims = w.declared[g][g.OutNames[i]]
		}
		p.msg(12, valueInfo(w.outs[g][i], f))
	}
	p.props(16, g.Meta)
	return p, nil
}

// initializers returns the constants that the nodes of g take.
func initializers(g *graph.Graph) []*graph.Value {
	var vs []*graph.Value
	seen := map[*graph.Value]bool{}
	for _, n := range g.Nodes {
		for _, v := range n.In {
			if v.IsConst() && !seen[v] && !slices.Contains(g.In, v) {
				seen[v] = true
				vs = append(vs, v)
			}
		}
	}
	return vs
}

package onnx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
)

// Options say how a model is read. The zero value is good for models that one trusts.
type Options struct {
	// Eval computes small values while shapes are inferred, such as a shape that a chain of nodes computes from
	// constants. nil: those values stay unknown.
	Eval graph.Evaluator
	// Limits bound what an untrusted file may ask for.
	Limits Limits
	// NoMmap reads files into memory instead of mapping them. A mapped file that shrinks while it is used crashes the
	// process.
	NoMmap bool
	// Data holds the files that tensors with external data name. Open and OpenFS set it to the folder of the model.
	Data fs.FS
}

// Limits bound what reading may cost. A zero means the default.
type Limits struct {
	Nodes int   // how many nodes a graph has after inlining; default 1 million
	Bytes int64 // how much memory is used, beside the file itself; default 8 GiB
	Depth int   // how deep messages and function calls nest; default 100
}

func (l Limits) withDefaults() Limits {
	if l.Nodes == 0 {
		l.Nodes = 1 << 20
	}
	if l.Bytes == 0 {
		l.Bytes = 8 << 30
	}
	if l.Depth == 0 {
		l.Depth = 100
	}
	return l
}

func newScanner(l Limits) *scanner {
	l = l.withDefaults()
	return &scanner{depth: l.Depth, bytes: l.Bytes}
}

// A Model is what an ONNX file holds: a graph and what is said about it. Constants of the graph are views of the
// file, so the graph must not be used after Close.
type Model struct {
	Graph *graph.Graph

	IRVersion       int64
	Opsets          map[string]int64 // version of each operator set imported; ai.onnx is ""
	Producer        string
	ProducerVersion string
	Domain          string
	Version         int64
	Doc             string
	Metadata        map[string]string
	Functions       []Function // the model-local functions, which Graph has inlined
	// Warnings say where the file contradicts itself in ways that do no harm, such as declared shapes that are not
	// those that inference finds.
	Warnings []string

	declared map[*graph.Graph]map[string][]graph.Dim // of outputs of unknown rank

	raw   []byte // the file
	opt   Options
	ext   *external
	close []func() error
}

// GraphFor returns the graph for a caller who passes the named inputs although they have a default: they have none in
// it, and nothing follows from the values that the file gives them.
func (m *Model) GraphFor(inputs ...string) (*graph.Graph, error) {
	if m.raw == nil {
		return nil, errors.New("onnx: the model is closed")
	}
	r := &Model{}
	im := newImporter(r, m.opt, m.ext)
	im.plain = inputs
	if err := im.model(m.raw); err != nil {
		return nil, fmt.Errorf("onnx: with inputs %s: %w", strings.Join(inputs, ", "), err)
	}
	return r.Graph, nil
}

// Close unmaps the files of the model. Its graph must not be used any more.
func (m *Model) Close() error {
	var first error
	for _, f := range m.close {
		if err := f(); err != nil && first == nil {
			first = err
		}
	}
	m.close, m.raw = nil, nil
	return first
}

// Open reads the model in a file. The file is mapped into memory where the platform can. External data is looked for
// in the folder of the file, and nowhere else, not even through links.
func Open(name string, opt Options) (*Model, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	defer f.Close()
	if opt.Data == nil {
		root, err := os.OpenRoot(filepath.Dir(name))
		if err != nil {
			return nil, fmt.Errorf("onnx: %w", err)
		}
		defer root.Close()
		opt.Data = root.FS()
	}
	return open(f, name, opt)
}

// OpenFS reads the model in a file of fsys, and external data from the folder of that file.
func OpenFS(fsys fs.FS, name string, opt Options) (*Model, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	defer f.Close()
	if opt.Data == nil {
		if opt.Data, err = fs.Sub(fsys, path.Dir(name)); err != nil {
			return nil, fmt.Errorf("onnx: %w", err)
		}
	}
	return open(f, name, opt)
}

// OpenReader reads a model of the given size.
func OpenReader(r io.ReaderAt, size int64, opt Options) (*Model, error) {
	b, err := readFull(io.NewSectionReader(r, 0, size), size, opt.Limits.withDefaults().Bytes)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return OpenBytes(b, opt)
}

// OpenBytes reads a model from memory, which must not change while the model is used.
func OpenBytes(b []byte, opt Options) (*Model, error) {
	m, err := read(b, opt)
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return m, nil
}

// open reads the model in an open file; name is for errors.
func open(f fs.File, name string, opt Options) (*Model, error) {
	b, unmap, err := contents(f, opt)
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", name, err)
	}
	m, err := read(b, opt)
	m.close = append(m.close, unmap)
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("onnx: %s: %w", name, err)
	}
	return m, nil
}

// contents returns the bytes of a file, mapped where possible, and how to give them back.
func contents(f fs.File, opt Options) ([]byte, func() error, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if st.IsDir() {
		return nil, nil, fmt.Errorf("is a folder, want a file")
	}
	if osf, ok := f.(*os.File); ok && !opt.NoMmap && st.Mode().IsRegular() && st.Size() > 0 {
		if b, unmap, err := mmap(osf, st.Size()); err == nil {
			return b, unmap, nil
		}
	}
	limit := opt.Limits.withDefaults().Bytes
	done := func() error { return nil }
	if !st.Mode().IsRegular() { // a pipe, which does not know its size
		b, err := io.ReadAll(io.LimitReader(f, limit))
		if int64(len(b)) == limit {
			err = errors.New("it is longer than Limits.Bytes allows")
		}
		return b, done, err
	}
	b, err := readFull(f, st.Size(), limit)
	return b, done, err
}

// readFull reads size bytes, of which there must be as many.
func readFull(r io.Reader, size, limit int64) ([]byte, error) {
	if size < 0 || size > limit || int64(int(size)) != size {
		return nil, fmt.Errorf("%d bytes are more than Limits.Bytes allows", size)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("reading %d bytes: %w", size, err)
	}
	return b, nil
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// A sample is a model with inputs and the outputs that belong to them.
type sample struct {
	model string
	fixed string // the model with the weights taken off the inputs; "" where there are none
	dir   string // of inputs.tsv
	want  []tensor.Value
	tol   compare.Tolerance
}

// prepare reads the model of an entry, with the first data set beside it.
func (c *config) prepare(e entry) (*sample, error) {
	folder, ok := c.folders[e.folder]
	switch {
	case !ok:
		return nil, fmt.Errorf("the list has a folder %q, which no flag names", e.folder)
	case folder == "":
		return nil, fmt.Errorf("missing: -%s is not given", e.folder)
	}
	path := filepath.Join(folder, e.name)
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &sample{model: filepath.Join(abs, "model.onnx"), dir: filepath.Join(c.tmp, e.folder, e.name)}
	data, err := os.ReadFile(s.model)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("missing: no %s/model.onnx", e.name)
	}
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return nil, err
	}
	defer debug.FreeOSMemory()
	var m pb.ModelProto
	if err := proto.Unmarshal(data, &m); err != nil {
		return nil, err
	}
	if s.tol, err = compare.Load(filepath.Join(path, "tolerance.json"), compare.ONNX); err != nil {
		return nil, err
	}
	set := filepath.Join(path, "test_data_set_0")
	inputs, weights := splitInputs(m.Graph)
	if err := s.writeInputs(set, inputs); err != nil {
		return nil, err
	}
	for i := range m.Graph.Output {
		v, err := onnx.ReadValueFile(filepath.Join(set, fmt.Sprintf("output_%d.pb", i)), tensor.Type{Kind: tensor.KindTensor})
		if errors.Is(err, fs.ErrNotExist) && i > 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		s.want = append(s.want, v)
	}
	if weights > 0 {
		return s, s.writeFixed(&m, inputs)
	}
	return s, nil
}

// splitInputs returns the inputs of a graph that have no value in the file, and how many have one.
func splitInputs(g *pb.GraphProto) ([]*pb.ValueInfoProto, int) {
	has := map[string]bool{}
	for _, t := range g.Initializer {
		has[t.GetName()] = true
	}
	for _, t := range g.SparseInitializer {
		has[t.GetValues().GetName()] = true
	}
	in := slices.DeleteFunc(slices.Clone(g.Input), func(v *pb.ValueInfoProto) bool { return has[v.GetName()] })
	return in, len(g.Input) - len(in)
}

// writeInputs writes the inputs of a data set as arrays.
func (s *sample) writeInputs(set string, inputs []*pb.ValueInfoProto) error {
	var list bytes.Buffer
	for i, in := range inputs {
		path := filepath.Join(set, fmt.Sprintf("input_%d.pb", i))
		v, err := onnx.ReadValueFile(path, tensor.Type{Kind: tensor.KindTensor})
		if err != nil {
			return err
		}
		t, ok := v.(*tensor.Tensor)
		if !ok {
			return fmt.Errorf("%s: input %q is no tensor", path, in.GetName())
		}
		file := strconv.Itoa(i) + ".npy"
		if err := tensor.SaveNPY(filepath.Join(s.dir, file), t); err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s\t%s\n", file, in.GetName())
	}
	return os.WriteFile(filepath.Join(s.dir, "inputs.tsv"), list.Bytes(), 0o666)
}

// writeFixed writes the model with the given inputs only: what else was listed becomes constant.
func (s *sample) writeFixed(m *pb.ModelProto, inputs []*pb.ValueInfoProto) error {
	m.Graph.Input = inputs
	if m.GetIrVersion() < 4 {
		m.IrVersion = 4
	}
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	s.fixed = filepath.Join(s.dir, "fixed.onnx")
	return os.WriteFile(s.fixed, b, 0o666)
}

// check compares the outputs that a side saved in a folder.
func (s *sample) check(dir string) error {
	for i, want := range s.want {
		got, err := tensor.LoadNPY(filepath.Join(dir, strconv.Itoa(i)+".npy"))
		if err != nil {
			return err
		}
		if r := compare.Values(got, want, s.tol); !r.OK() {
			return fmt.Errorf("output %d: %s", i, r.Diff)
		}
	}
	return nil
}

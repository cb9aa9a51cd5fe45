// Testmodels makes the models in testdata/models: small ones of our own, each with inputs and outputs.
//
//	go run ./tools/testmodels testdata/models
//
// They are built with graph.Builder, from seeded random numbers or from samples that are drawn here, so that making them again
// changes nothing. Each has a folder with model.onnx, the first inputs and outputs as input_N.npy and output_N.npy, and all
// of them as test_data_set_M, the form of ONNX's own tests.
package main

//go:generate go run . ../../testdata/models

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A sample is a model with the inputs that it is to be tried on.
type sample struct {
	g     *graph.Graph
	about string
	sets  [][]tensor.Value
	files map[string][]byte // more files for its folder
}

// samples are how the models are made, by name.
var samples = []struct {
	name string
	make func() (*sample, error)
}{
	{"decoder", decoder},
	{"detector", detector},
	{"digits", digits},
	{"encoder", encoder},
	{"flowers", flowers},
	{"tree", tree},
	{"writer", writer},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: testmodels FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "testmodels:", err)
		os.Exit(1)
	}
}

// write makes all models in a folder.
func write(dir string) error {
	for _, s := range samples {
		m, err := s.make()
		if err == nil {
			err = m.write(filepath.Join(dir, s.name))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// write writes the model, runs what it wrote, and writes inputs and outputs.
func (s *sample) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, "model.onnx")
	if err := onnx.Save(path, &onnx.Model{Graph: s.g, Doc: s.about}, onnx.WriteOptions{}); err != nil {
		return err
	}
	for name, data := range s.files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	m, err := gneiss.Open(path)
	if err != nil {
		return err
	}
	defer m.Close()
	session, err := m.NewSession(gneiss.Options{Reference: true})
	if err != nil {
		return err
	}
	for i, in := range s.sets {
		out, err := run(session, s.g, in)
		if err != nil {
			return err
		}
		if err := save(dir, i, s.g, in, out); err != nil {
			return err
		}
	}
	return nil
}

// run returns the outputs of a graph in their order.
func run(s *gneiss.Session, g *graph.Graph, in []tensor.Value) ([]tensor.Value, error) {
	if len(in) != len(g.In) {
		return nil, errors.New("the inputs are not as many as those of the graph")
	}
	values := gneiss.Values{}
	for i, v := range g.In {
		values[v.Name] = in[i]
	}
	res, err := s.Run(context.Background(), values)
	if err != nil {
		return nil, err
	}
	var out []tensor.Value
	for _, name := range g.OutNames {
		out = append(out, res[name])
	}
	return out, nil
}

// save writes set i of inputs and outputs.
func save(dir string, i int, g *graph.Graph, in, out []tensor.Value) error {
	set := filepath.Join(dir, fmt.Sprintf("test_data_set_%d", i))
	if err := os.MkdirAll(set, 0o755); err != nil {
		return err
	}
	one := func(kind string, k int, name string, v tensor.Value) error {
		if err := onnx.SaveValue(filepath.Join(set, fmt.Sprintf("%s_%d.pb", kind, k)), name, v); err != nil {
			return err
		}
		t, ok := v.(*tensor.Tensor)
		if i > 0 || !ok {
			return nil
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s_%d.npy", kind, k)))
		if err != nil {
			return err
		}
		return errors.Join(tensor.WriteNPY(f, t), f.Close())
	}
	for k, v := range in {
		if err := one("input", k, g.In[k].Name, v); err != nil {
			return err
		}
	}
	for k, v := range out {
		if err := one("output", k, g.OutNames[k], v); err != nil {
			return err
		}
	}
	return nil
}

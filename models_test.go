package gneiss_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

var update = flag.Bool("update", false, "write the models of testdata and what they compute again")

// models are the models of testdata/models: each folder has the model as text, as ONNX, and a test case.
var models = []struct {
	name   string
	inputs func(dir string) ([]*tensor.Tensor, error) // makes the inputs of the test case, and what they come from
}{
	{"stripes", stripes},
}

// TestModels checks that each model is what its text says and computes what is recorded.
func TestModels(t *testing.T) {
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			dir := filepath.Join("testdata", "models", m.name)
			text, err := os.ReadFile(filepath.Join(dir, "model.txt"))
			if err != nil {
				t.Fatal(err)
			}
			g, err := graph.Parse(string(text), op.Make, ref.Eval)
			if err != nil {
				t.Fatal(err)
			}
			var buf bytes.Buffer
			if err := onnx.Write(&buf, &onnx.Model{Graph: g, Producer: "gneiss"}, onnx.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "model.onnx")
			if *update {
				writeFile(t, path, buf.Bytes())
				in, err := m.inputs(dir)
				if err != nil {
					t.Fatal(err)
				}
				for i, x := range in {
					writeTensor(t, casePath(dir, "input", i), g.In[i].Name, x)
				}
			} else if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, buf.Bytes()) {
				t.Errorf("%s is not what model.txt says (%v): run go test -run TestModels -update", path, err)
			}
			runCase(t, dir)
		})
	}
}

// runCase runs the model of a folder on the inputs there, and compares or writes the outputs.
func runCase(t *testing.T, dir string) {
	m, err := gneiss.Open(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewSession(gneiss.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := gneiss.Values{}
	for i, info := range m.Inputs() {
		if in[info.Name], err = onnx.ReadValueFile(casePath(dir, "input", i), info.Type); err != nil {
			t.Fatal(err)
		}
	}
	out, err := s.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, info := range m.Outputs() {
		path := casePath(dir, "output", i)
		if *update {
			writeTensor(t, path, info.Name, out[info.Name].(*tensor.Tensor))
			continue
		}
		want, err := onnx.ReadValueFile(path, info.Type)
		if err != nil {
			t.Fatal(err)
		}
		if r := compare.Values(out[info.Name], want, compare.Tolerance{RTol: 1e-5, ATol: 1e-6}); !r.OK() {
			t.Errorf("output %q: %s", info.Name, r.Diff)
		}
	}
}

func casePath(dir, what string, i int) string {
	return filepath.Join(dir, "test_data_set_0", fmt.Sprintf("%s_%d.pb", what, i))
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func writeTensor(t *testing.T, path, name string, x *tensor.Tensor) {
	t.Helper()
	var buf bytes.Buffer
	if err := onnx.WriteTensor(&buf, name, x); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, buf.Bytes())
}

// stripes draws a picture of stripes that rise to the right.
func stripes(dir string) ([]*tensor.Tensor, error) {
	const size = 48
	img := image.NewGray(image.Rect(0, 0, size, size))
	x := tensor.New(tensor.Float32, 1, 1, size, size)
	for i := range size {
		for j := range size {
			v := uint8(40)
			if (i+j)/6%2 == 0 {
				v = 230
			}
			img.SetGray(j, i, color.Gray{Y: v})
			tensor.Data[float32](x)[i*size+j] = float32(v) / 255
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return nil, err
	}
	return []*tensor.Tensor{x}, os.WriteFile(filepath.Join(dir, "stripes.png"), buf.Bytes(), 0o666)
}

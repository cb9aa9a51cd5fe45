package gneiss_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"path/filepath"
	"testing"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func TestSave(t *testing.T) {
	m, err := gneiss.Open("testdata/models/digits/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	name := filepath.Join(t.TempDir(), "digits.onnx")
	if err := m.Save(name); err != nil {
		t.Fatal(err)
	}
	again, err := gneiss.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if a, b := m.Graph().String(), again.Graph().String(); a != b {
		t.Errorf("got\n%s\nwant\n%s", b, a)
	}
}

// A network that is written down in Go, saved, and read again.
func ExampleModel_Write() {
	b := graph.NewBuilder(&graph.Graph{Name: "line"}, nil)
	x := b.Input("x", graph.TensorFact(tensor.Float32, []graph.Dim{graph.Sym("n")}))
	slope := b.Named("slope", tensor.Scalar(float32(3)))
	b.Output("y", b.Op(&op.Binary{Fn: op.Mul}, x, slope))
	if err := b.Err(); err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := gneiss.FromGraph(b.G).Write(&file); err != nil {
		log.Fatal(err)
	}
	m, err := gneiss.OpenBytes(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	s, err := m.NewSession(gneiss.Options{})
	if err != nil {
		log.Fatal(err)
	}
	out, err := s.Run(context.Background(), gneiss.Values{"x": tensor.FromSlice([]float32{1, 2})})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tensor.Data[float32](out["y"]))
	// Output: [3 6]
}

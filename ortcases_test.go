package gneiss_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// TestRecordedCases runs what tools/ortcases recorded of ONNX Runtime: operators that ONNX's own tests do not cover.
func TestRecordedCases(t *testing.T) {
	root := filepath.Join("testdata", "ortcases")
	dirs, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		t.Run(d.Name(), func(t *testing.T) { runRecorded(t, filepath.Join(root, d.Name())) })
	}
}

func runRecorded(t *testing.T, dir string) {
	m, err := gneiss.Open(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewSession(gneiss.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := func(what string, i int) string {
		return filepath.Join(dir, "test_data_set_0", fmt.Sprintf("%s_%d.pb", what, i))
	}
	in := gneiss.Values{}
	for i, info := range m.Inputs() {
		if in[info.Name], err = onnx.ReadValueFile(file("input", i), info.Type); err != nil {
			t.Fatal(err)
		}
	}
	out, err := s.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	tol, err := compare.Load(filepath.Join(dir, "tolerance.json"), compare.ONNX)
	if err != nil {
		t.Fatal(err)
	}
	for i, info := range m.Outputs() {
		want, err := onnx.ReadValueFile(file("output", i), info.Type)
		if err != nil {
			t.Fatal(err)
		}
		if r := compare.Values(out[info.Name], want, tol); !r.OK() {
			t.Errorf("output %q: %s", info.Name, r.Diff)
		}
	}
}

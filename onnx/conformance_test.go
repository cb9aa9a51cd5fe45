package onnx

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// dataDir returns the folder with ONNX's tests and models, or skips the test.
func dataDir(t testing.TB) string {
	dir := os.Getenv("GNEISS_DATA")
	if dir == "" {
		t.Skip("GNEISS_DATA is not set: it names the folder with ONNX's conformance tests and the models")
	}
	return dir
}

// TestOpenAll opens every model there is. Gradient is the only operator that is missing.
func TestOpenAll(t *testing.T) {
	causes := map[string][]string{}
	opened, total := 0, 0
	names := regexp.MustCompile(`"[^"]*"|\d+`)
	err := filepath.WalkDir(dataDir(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".onnx" {
			return err
		}
		total++
		m, err := Open(path, Options{Eval: ref.Eval})
		var bad *UnsupportedError
		switch {
		case err == nil:
			opened++
			if err := graph.Verify(m.Graph); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			readValues(t, m, filepath.Dir(path))
			m.Close()
		case errors.As(err, &bad):
			seen := map[string]bool{}
			for _, it := range bad.Items {
				if c := it.Operator + ": " + it.Reason; !seen[c] {
					seen[c] = true
					causes[c] = append(causes[c], path)
				}
			}
		default:
			text := strings.ReplaceAll(err.Error(), path, "")
			c := "error: " + names.ReplaceAllString(text, "…")
			causes[c] = append(causes[c], path+": "+text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for c := range causes {
		keys = append(keys, c)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(len(causes[b])-len(causes[a]), strings.Compare(a, b))
	})
	for _, c := range keys {
		report := t.Errorf
		if strings.HasPrefix(c, "ai.onnx.preview.training.Gradient: ") {
			report = t.Logf
		}
		report("%4d × %s, such as %s", len(causes[c]), c, causes[c][0])
	}
	t.Logf("%d of %d models opened", opened, total)
}

// readValues reads the test data beside a model.
func readValues(t *testing.T, m *Model, dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "test_data_set_*", "*.pb"))
	for _, f := range files {
		base := filepath.Base(f)
		var i int
		var ty tensor.Type
		if n, ok := strings.CutPrefix(strings.TrimSuffix(base, ".pb"), "input_"); ok {
			i = atoi(n)
			if i >= len(m.Graph.In) {
				t.Errorf("%s: the model has %d inputs", f, len(m.Graph.In))
				continue
			}
			ty = m.Graph.In[i].Fact.Type
		} else {
			i = atoi(strings.TrimPrefix(strings.TrimSuffix(base, ".pb"), "output_"))
			if i >= len(m.Graph.Out) {
				t.Errorf("%s: the model has %d outputs", f, len(m.Graph.Out))
				continue
			}
			ty = m.Graph.Out[i].Fact.Type
		}
		v, err := ReadValueFile(f, ty)
		if err != nil {
			t.Error(err)
		} else if !v.Type().Equal(ty) {
			t.Errorf("%s: %v, want %v", f, v.Type(), ty)
		}
	}
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

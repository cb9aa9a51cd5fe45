package graph_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/onnx"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestText reads each graph of testdata/*.txt and prints it; the result is compared with the second part of the file.
func TestText(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) == 0 {
		t.Fatal("no testdata")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			src, want, _ := strings.Cut(string(data), "--- printed\n")
			got := ""
			g, err := graph.Parse(src, op.Make, nil)
			switch {
			case err != nil:
				got = "error: " + err.Error() + "\n"
			default:
				got = g.String()
				if err := graph.Verify(g); err != nil {
					t.Error(err)
				}
				c := g.Clone()
				if err := graph.Verify(c); err != nil {
					t.Errorf("clone: %v", err)
				}
				if c.String() != got {
					t.Errorf("clone: %v", c)
				}
				if strings.Contains(got, "# the same value") {
					break // is read as an Identity
				}
				again, err := graph.Parse(got, op.Make, nil)
				if err != nil {
					t.Fatalf("what is printed cannot be read: %v\n%s", err, got)
				}
				if s := again.String(); s != got {
					t.Errorf("read again: %s", s)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(src+"--- printed\n"+got), 0o666); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestTextForONNX prints every model of $GNEISS_DATA and has ONNX's parser read it, by the Python of $GNEISS_PYTHON.
func TestTextForONNX(t *testing.T) {
	dir, python := os.Getenv("GNEISS_DATA"), os.Getenv("GNEISS_PYTHON")
	if dir == "" || python == "" {
		t.Skip("GNEISS_DATA, the folder with ONNX's tests and models, or GNEISS_PYTHON, a Python with the package onnx, is not set")
	}
	out, n := t.TempDir(), 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".onnx" {
			return err
		}
		m, err := onnx.Open(path, onnx.Options{})
		if err != nil {
			return nil
		}
		defer m.Close()
		n++
		name := fmt.Sprintf("%04d_%s.txt", n, filepath.Base(filepath.Dir(path)))
		return os.WriteFile(filepath.Join(out, name), []byte(m.Graph.String()), 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(python, "../tools/checks/text.py", out).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	t.Logf("%d models: %s", n, text)
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		data, _ := os.ReadFile(file)
		src, printed, _ := strings.Cut(string(data), "--- printed\n")
		f.Add(src)
		f.Add(printed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := graph.Parse(s, op.Make, nil)
		if err != nil {
			return
		}
		if err := graph.Verify(g); err != nil {
			t.Fatal(err)
		}
	})
}

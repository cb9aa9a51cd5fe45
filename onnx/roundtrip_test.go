package onnx

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/ref"
)

// TestRoundTrip writes every model that can be read, reads it again, and compares the graphs.
func TestRoundTrip(t *testing.T) {
	opt := Options{Eval: ref.Eval}
	total, same := 0, 0
	why := map[string]int{}
	err := filepath.WalkDir(dataDir(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".onnx" {
			return err
		}
		m, err := Open(path, opt)
		if err != nil {
			return nil // TestOpenAll tells
		}
		defer m.Close()
		total++
		var buf bytes.Buffer
		if err := Write(&buf, m, WriteOptions{}); err != nil {
			t.Errorf("%s: %v", path, err)
			why[lastWords(err)]++
			return nil
		}
		r, err := OpenBytes(buf.Bytes(), opt)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			why[lastWords(err)]++
			return nil
		}
		if err := sameGraph(m.Graph, r.Graph); err != nil {
			t.Errorf("%s: %v", path, err)
			why[lastWords(err)]++
			return nil
		}
		same++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for k := range why {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return why[b] - why[a] })
	for _, k := range keys {
		t.Logf("%4d × %s", why[k], k)
	}
	t.Logf("%d of %d models are the same after writing and reading", same, total)
}

// lastWords returns the last part of an error, without numbers.
func lastWords(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}

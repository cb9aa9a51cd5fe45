// Rewrite reads models and writes them again: for each MODEL.onnx below the folders FROM a file of the same path below TO.
//
//	go run ./tools/checks/rewrite TO FROM...
//
// It prints a line per model, with the error of those that could not be read or written.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gneiss-ml/gneiss/onnx"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: rewrite TO FROM...")
		os.Exit(2)
	}
	for _, from := range os.Args[2:] {
		err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".onnx" {
				return err
			}
			to := filepath.Join(os.Args[1], path)
			if err := rewrite(path, to); err != nil {
				fmt.Printf("%s\t%s\t%v\n", path, to, err)
			} else {
				fmt.Printf("%s\t%s\t\n", path, to)
			}
			return nil
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func rewrite(from, to string) error {
	m, err := onnx.Open(from, onnx.Options{})
	if err != nil {
		return err
	}
	defer m.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return onnx.Save(to, m, onnx.WriteOptions{})
}

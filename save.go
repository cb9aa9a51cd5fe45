package gneiss

import (
	"io"

	"github.com/gneiss-ml/gneiss/onnx"
)

// Save writes the model to a file of the lowest operator set that expresses it. The file appears under its name when it
// is complete. Weights go to a second file, NAME.data, where one file cannot hold them.
func (m *Model) Save(name string) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	return onnx.Save(name, m.form(), onnx.WriteOptions{})
}

// Write writes the model as Save does. More than 2 GB is an error.
func (m *Model) Write(w io.Writer) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	return onnx.Write(w, m.form(), onnx.WriteOptions{})
}

func (m *Model) form() *onnx.Model {
	if m.file != nil {
		return m.file
	}
	return &onnx.Model{Graph: m.graph}
}

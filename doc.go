// Package gneiss runs ONNX models: a Model is opened once, a Session compiles it for a number of threads and a limit of
// memory, and any number of goroutines Run it.
//
//	m, err := gneiss.Open("model.onnx")
//	s, err := m.NewSession(gneiss.Options{})
//	out, err := s.Run(ctx, gneiss.Values{"x": tensor.FromSlice(data, 1, 3, 224, 224)})
//	y := tensor.Data[float32](out["y"])
//
// The names of inputs and outputs are those of the model. Shapes may differ from run to run where the model leaves them
// open.
package gneiss

// Package onnx reads and writes ONNX models. It is the only package that knows protobuf and opset versions: a node of any
// version becomes the newest form while it is read, so the graph that Read returns has one form of each operator.
package onnx

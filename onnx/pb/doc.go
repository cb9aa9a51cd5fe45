// Package pb is ONNX's schema as Go types, generated from onnx.proto and data.proto. Models are written and tests are
// made with it; reading scans the file instead (see package onnx), so that weights are not copied.
//
// To generate it, protoc and protoc-gen-go have to be in the path:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go
//
// protoc is in Debian's package protobuf-compiler; in PyPI's grpcio-tools it is python -m grpc_tools.protoc.
package pb

//go:generate protoc -I gneiss/onnx=. --go_out=. --go_opt=module=github.com/gneiss-ml/gneiss/onnx/pb gneiss/onnx/onnx.proto gneiss/onnx/data.proto

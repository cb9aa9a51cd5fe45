// Package onnx reads and writes ONNX models. It is the only package that knows protobuf, opset versions, external data
// and model-local functions, and it knows no kernels. A node of any version becomes the newest form while it is read, so
// the graph of a Model has one form of each operator, with functions inlined, constants taken out of Constant nodes, and
// the bodies of If, Loop and Scan closed.
//
//	m, err := onnx.Open("model.onnx", onnx.Options{})
//	if err != nil { … }
//	defer m.Close()
//	for _, n := range m.Graph.Nodes { fmt.Println(n) }
//
// Files are scanned field by field and never unmarshalled as a whole, so weights stay views of the mapped file. A
// Model therefore has to stay open for as long as its graph is used.
//
// What is read goes through these files in order: open and external (bytes), wire and message (protobuf), tensor, value
// and vtype (constants and types), read, order, node, attr, function and body (nodes), with upgrade for nodes of older
// opsets. What is written goes through write, write_opset (which versions express the graph), write_names, write_node and
// write_wire. The signatures of all versions of all operators (schema) serve the writer and tests; reading does without.
package onnx

// Package graph is the intermediate representation: values, nodes, typed operators with decoded attributes, forward
// shape and type inference, and the editing of graphs. It knows no operator (see graph/op), no file format (see onnx)
// and no kernel (see exec).
//
// A Graph holds Nodes in topological order. A Node applies an Op, a Go struct whose tagged fields are the ONNX
// attributes, to Values. A Value carries a Fact: its type, its dimensions (integers or small symbolic sums, or
// unknown) and, for constants and small tensors, what it is known to hold. Facts come from Op.Infer alone, which is
// used with symbolic dimensions when a model is read and with integers when a plan is made.
//
// Graphs are edited through a Builder, which infers each node that it adds, and Replace. A body of If, Loop or Scan
// is a Graph in a field of the operator; it is closed: what it takes from around it is an explicit input of the node.
package graph

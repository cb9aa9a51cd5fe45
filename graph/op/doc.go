// Package op holds the operators: one Go type, or one value of a family, per ONNX operator, with its attributes, its
// inference and, for composites, its expansion. The files are families; every family has a literal table, and Table is
// all of them. It knows no kernel and no file.
//
// An operator is one of three forms:
//
//   - a member of a family (Unary, Binary, Compare, Reduce, Pool, …): one row of the family's table;
//   - a core operator: a type with Infer;
//   - a composite: a type with Expand (and Infer, often graph.InferByExpansion), replaced by its expansion in every stage
//     that has no row for it.
//
// There is one version of each operator, the newest. Package onnx upgrades older nodes while it reads them.
package op

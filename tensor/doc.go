// Package tensor holds values: dense tensors of every ONNX element type, and the sequences, optionals and maps
// built of them. It knows nothing of graphs or files of models.
//
// A Tensor is a DType, a shape and a run of packed little-endian bytes in row-major order; Data gives a typed view of
// those bytes without a copy. Element types of less than a byte are packed, low bits first, as ONNX stores them.
//
//	x := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
//	y := tensor.Data[float32](x) // the same memory
package tensor

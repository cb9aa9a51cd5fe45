// Package cpu is the fast backend for the processor: kernels for float32 on the vector primitives of package simd. What it does
// not support runs on the reference backend, which is also what it is compared with.
//
// Products of matrices all go through one driver (gemm.go): the right operand is packed into panels as wide as a register tile,
// constants once for all sessions' plans of a program, others in a phase of their own; the left operand is read in place. A
// convolution is such a product of its weight with panels that are cut out of the image.
package cpu

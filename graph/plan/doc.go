// Package plan places buffers in one block of memory: intervals of time and sizes in, offsets out. It is arithmetic and
// knows no tensors.
package plan

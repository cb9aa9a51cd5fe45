// Package ref is the reference backend: the meaning of every core operator in obvious loops, for every element type the
// operator allows. It uses no assembly, no unsafe code and no threads of its own, and it is what every other backend is
// compared with.
//
// The files are the families of package op. Every file has a literal table of kernels; Backend is all of them.
package ref

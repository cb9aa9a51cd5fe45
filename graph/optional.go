package graph

// Optional methods of an Op that tell the executor how memory can be shared.
type (
	// Viewer is an Op whose output 0 has the bytes of input ViewOf() in another shape, or of the same: Reshape, Identity.
	// Its kernel copies; where the executor can, it lets both be one buffer and runs nothing.
	Viewer interface{ ViewOf() int }
	// Overwriter is an Op whose output 0 may lie in the memory of one of the listed inputs, when that has the same type
	// and shape and nobody reads it later: each element of the output depends on no other element of that input, and
	// other inputs are not smaller than they are read. Elementwise operators are of this kind.
	Overwriter interface{ Overwrites() []int }
)

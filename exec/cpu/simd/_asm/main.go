// Command _asm generates the assembly of package simd.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("amd64")
	ConstraintExpr("!purego")
	for rows := 1; rows <= 6; rows++ {
		gemm(avx2, rows)
	}
	for rows := 1; rows <= 14; rows++ {
		gemm(avx512, rows)
	}
	Generate()
}

// Command _asm generates the assembly of package simd.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
)

var part = flag.String("part", "gemm", "what to generate: gemm or vec")

func main() {
	flag.Parse()
	ConstraintExpr("amd64")
	ConstraintExpr("!purego")
	switch *part {
	case "gemm":
		for rows := 1; rows <= 6; rows++ {
			gemm(avx2, rows)
		}
		for rows := 1; rows <= 14; rows++ {
			gemm(avx512, rows)
		}
	case "vec":
		for _, f := range vectors() {
			f.generate(avx2)
			f.generate(avx512)
		}
		for _, n := range []int{4, 8, 16} {
			transpose(n)
		}
	}
	Generate()
}

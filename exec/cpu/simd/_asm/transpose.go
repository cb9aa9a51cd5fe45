package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// transpose generates a function that transposes tiles of n × n floats which follow each other along the rows of src, n
// being 4, 8 or 16. Four columns are done at once: the quads of rows i, i+4, ... make one vector, so that a 4 × 4 transpose
// within the quads of four vectors gives whole columns.
func transpose(n int) {
	s := isa{name: "", bytes: 4 * n, vec: map[int]func() VecVirtual{4: XMM, 8: YMM, 16: ZMM}[n]}
	TEXT(fmt.Sprintf("transpose%d", n), NOSPLIT, "func(dst, src *float32, ldd, lds, tiles int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("transpose%d transposes tiles of %d × %d floats, with bytes from one row to the next.", n, n, n))
	dst, src := Load(Param("dst"), GP64()).(GPVirtual), Load(Param("src"), GP64()).(GPVirtual)
	ldd, lds := Load(Param("ldd"), GP64()).(GPVirtual), Load(Param("lds"), GP64()).(GPVirtual)
	tiles := Load(Param("tiles"), GP64())
	lds3 := GP64()
	LEAQ(Mem{Base: lds, Index: lds, Scale: 2}, lds3)
	rows := []GPVirtual{src} // of rows 0, 4, 8, 12
	for i := 4; i < n; i += 4 {
		p := GP64()
		LEAQ(Mem{Base: rows[len(rows)-1], Index: lds, Scale: 4}, p)
		rows = append(rows, p)
	}
	Label("tile")
	for q := range n / 4 {
		var r, t, c [4]VecVirtual
		for i := range r {
			r[i], t[i], c[i] = s.vec(), s.vec(), s.vec()
			for j, base := range rows {
				m := Mem{Base: base, Disp: 16 * q}
				switch i {
				case 1:
					m.Index, m.Scale = lds, 1
				case 2:
					m.Index, m.Scale = lds, 2
				case 3:
					m.Index, m.Scale = lds3, 1
				}
				switch {
				case j == 0:
					VMOVUPS(m, r[i].AsX())
				case n == 8:
					VINSERTF128(Imm(uint64(j)), m, r[i], r[i])
				default:
					VINSERTF32X4(Imm(uint64(j)), m, r[i], r[i])
				}
			}
		}
		VUNPCKLPS(r[1], r[0], t[0]) // 00 10 01 11
		VUNPCKHPS(r[1], r[0], t[1]) // 02 12 03 13
		VUNPCKLPS(r[3], r[2], t[2]) // 20 30 21 31
		VUNPCKHPS(r[3], r[2], t[3])
		VSHUFPS(Imm(0x44), t[2], t[0], c[0]) // 00 10 20 30
		VSHUFPS(Imm(0xee), t[2], t[0], c[1])
		VSHUFPS(Imm(0x44), t[3], t[1], c[2])
		VSHUFPS(Imm(0xee), t[3], t[1], c[3])
		for _, v := range c {
			VMOVUPS(v, Mem{Base: dst})
			ADDQ(ldd, dst)
		}
	}
	for _, p := range rows {
		ADDQ(Imm(uint64(4*n)), p)
	}
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

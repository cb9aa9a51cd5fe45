package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of GemmArgs.
const (
	argA     = 0
	argLDA   = 8
	argB     = 16
	argC     = 24
	argLDC   = 32
	argK     = 40
	argOff   = 48
	argSegs  = 56
	argBias  = 64
	argTiles = 72
	argAStep = 80
	argN     = 88
	argAcc   = 96
	argClamp = 104
	argLo    = 112
	argHi    = 116
)

const gemmUnroll = 4

// gemm generates the tile function of the given number of rows: rows × 2 vectors of accumulators stay in registers, each
// step loads a row of B (2 vectors) and broadcasts one element of each row of A.
func gemm(s isa, rows int) {
	TEXT(fmt.Sprintf("gemm%d%s", rows, s.name), NOSPLIT, "func(args *byte)")
	Pragma("noescape")
	Doc(fmt.Sprintf("gemm%d%s is Gemm for tiles of %d rows and %d columns.", rows, s.name, rows, 2*s.lanes()))
	g := Load(Param("args"), GP64())
	field := func(off int) Mem { return Mem{Base: g, Disp: off} }

	a0, c, lda, lda3 := GP64(), GP64(), GP64(), GP64()
	tiles := GP64()
	MOVQ(field(argA), a0)
	MOVQ(field(argC), c)
	MOVQ(field(argLDA), lda)
	MOVQ(field(argTiles), tiles)
	LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)

	acc := make([][2]VecVirtual, rows)
	for i := range acc {
		acc[i] = [2]VecVirtual{s.vec(), s.vec()}
	}
	bv := [2]VecVirtual{s.vec(), s.vec()}
	var masks []Register // columns below N
	if s.bytes == 64 {
		masks = columnMasks512(field(argN))
	}
	load := func(m Mem, j int, v VecVirtual) {
		m.Disp += j * s.bytes
		if s.bytes == 64 {
			VMOVUPS_Z(m, masks[j], v)
		} else {
			VMOVUPS(m, v)
		}
	}

	Label("tile")
	// init: C, bias or zero
	gemmInit(s, field, c, acc, bv, load)

	b, k, off, segs := GP64(), GP64(), GP64(), GP64()
	MOVQ(field(argB), b)
	MOVQ(field(argOff), off)
	MOVQ(field(argSegs), segs)
	bases := make([]GPVirtual, (rows+3)/4)
	for i := range bases {
		bases[i] = GP64()
	}
	addr := func(i, disp int) Mem {
		m := Mem{Base: bases[i/4], Disp: disp}
		switch i % 4 {
		case 1:
			m.Index, m.Scale = lda, 1
		case 2:
			m.Index, m.Scale = lda, 2
		case 3:
			m.Index, m.Scale = lda3, 1
		}
		return m
	}
	t := []VecVirtual{s.vec()}
	if 2*rows+4 <= map[int]int{32: 16, 64: 32}[s.bytes] {
		t = append(t, s.vec())
	}
	step := func(u int) {
		for j := range bv {
			VMOVUPS(Mem{Base: b, Disp: (2*u + j) * s.bytes}, bv[j])
		}
		for i := range acc {
			x := t[i%len(t)]
			VBROADCASTSS(addr(i, 4*u), x)
			for j := range bv {
				VFMADD231PS(x, bv[j], acc[i][j])
			}
		}
	}
	advance := func(u int) {
		ADDQ(U32(uint32(2*s.bytes*u)), b)
		for _, p := range bases {
			ADDQ(Imm(uint64(4*u)), p)
		}
	}

	Label("segment")
	MOVQ(Mem{Base: off}, bases[0])
	ADDQ(Imm(8), off)
	ADDQ(a0, bases[0])
	for i := 1; i < len(bases); i++ {
		LEAQ(Mem{Base: bases[i-1], Index: lda, Scale: 4}, bases[i])
	}
	MOVQ(field(argK), k)
	SUBQ(Imm(gemmUnroll), k)
	JL(LabelRef("rest"))
	Label("loop")
	for u := range gemmUnroll {
		step(u)
	}
	advance(gemmUnroll)
	SUBQ(Imm(gemmUnroll), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(gemmUnroll), k)
	JZ(LabelRef("next"))
	Label("single")
	step(0)
	advance(1)
	DECQ(k)
	JNZ(LabelRef("single"))
	Label("next")
	DECQ(segs)
	JNZ(LabelRef("segment"))

	gemmStore(s, field, c, acc, bv, masks)

	ADDQ(field(argAStep), a0)
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// columnMasks512 returns the masks of the columns of each vector that are below n, at most 32.
func columnMasks512(n Mem) []Register {
	count, bits := GP64(), GP64()
	MOVQ(n, count)
	MOVQ(I32(-1), bits)
	BZHIQ(count, bits, bits)
	masks := []Register{K(), K()}
	KMOVW(bits.As32(), masks[0])
	SHRQ(Imm(16), bits)
	KMOVW(bits.As32(), masks[1])
	return masks
}

// gemmInit sets the accumulators to C, to the bias or to zero.
func gemmInit(s isa, field func(int) Mem, c GPVirtual, acc [][2]VecVirtual, bv [2]VecVirtual, load func(Mem, int, VecVirtual)) {
	p, ld := GP64(), GP64()
	CMPQ(field(argAcc), Imm(1))
	JE(LabelRef("old"))
	MOVQ(field(argBias), p)
	TESTQ(p, p)
	JNZ(LabelRef("bias"))
	for i := range acc {
		for j := range acc[i] {
			s.zero(acc[i][j])
		}
	}
	// fetch the lines of C while the products are computed
	MOVQ(c, p)
	MOVQ(field(argLDC), ld)
	for range acc {
		PREFETCHT0(Mem{Base: p})
		PREFETCHT0(Mem{Base: p, Disp: 2*s.bytes - 4})
		ADDQ(ld, p)
	}
	JMP(LabelRef("ready"))
	Label("bias")
	if s.bytes == 32 { // without masks a bias of N floats may be read only where there are N
		CMPQ(field(argN), U8(uint8(2*s.lanes())))
		JNE(LabelRef("partbias"))
	}
	for j := range bv {
		load(Mem{Base: p}, j, bv[j])
	}
	Label("spread")
	for i := range acc {
		for j := range acc[i] {
			VMOVAPS(bv[j], acc[i][j])
		}
	}
	JMP(LabelRef("ready"))
	if s.bytes == 32 {
		Label("partbias")
		m := maskTable(field(argN))
		for j := range bv {
			VMOVUPS(m.Offset(j), bv[j])
			VMASKMOVPS(Mem{Base: p, Disp: j * s.bytes}, bv[j], bv[j])
		}
		JMP(LabelRef("spread"))
	}
	Label("old")
	MOVQ(c, p)
	MOVQ(field(argLDC), ld)
	if s.bytes == 32 {
		CMPQ(field(argN), U8(uint8(2*s.lanes())))
		JNE(LabelRef("partold"))
	}
	for i := range acc {
		for j := range acc[i] {
			load(Mem{Base: p}, j, acc[i][j])
		}
		ADDQ(ld, p)
	}
	if s.bytes == 32 {
		JMP(LabelRef("ready"))
		Label("partold")
		m := maskTable(field(argN))
		for j := range bv {
			VMOVUPS(m.Offset(j), bv[j])
		}
		for i := range acc {
			for j := range acc[i] {
				VMASKMOVPS(Mem{Base: p, Disp: j * s.bytes}, bv[j], acc[i][j])
			}
			ADDQ(ld, p)
		}
	}
	Label("ready")
}

// gemmStore clamps the accumulators and writes them to C, which advances to the next tile.
func gemmStore(s isa, field func(int) Mem, c GPVirtual, acc [][2]VecVirtual, bv [2]VecVirtual, masks []Register) {
	CMPQ(field(argClamp), Imm(1))
	JNE(LabelRef("store"))
	VBROADCASTSS(field(argLo), bv[0])
	VBROADCASTSS(field(argHi), bv[1])
	for i := range acc {
		for j := range acc[i] {
			VMAXPS(acc[i][j], bv[0], acc[i][j]) // a NaN in the second source, the accumulator, is kept
			VMINPS(acc[i][j], bv[1], acc[i][j])
		}
	}
	Label("store")
	ld := GP64()
	MOVQ(field(argLDC), ld)
	if s.bytes == 64 {
		for i := range acc {
			for j := range acc[i] {
				VMOVUPS(acc[i][j], masks[j], Mem{Base: c, Disp: j * s.bytes})
			}
			ADDQ(ld, c)
		}
		return
	}
	CMPQ(field(argN), U8(uint8(2*s.lanes())))
	JNE(LabelRef("part"))
	for i := range acc {
		for j := range acc[i] {
			VMOVUPS(acc[i][j], Mem{Base: c, Disp: j * s.bytes})
		}
		ADDQ(ld, c)
	}
	JMP(LabelRef("stored"))
	Label("part")
	m := maskTable(field(argN))
	for j := range bv {
		VMOVUPS(m.Offset(j), bv[j])
	}
	for i := range acc {
		for j := range acc[i] {
			VMASKMOVPS(acc[i][j], bv[j], Mem{Base: c, Disp: j * s.bytes})
		}
		ADDQ(ld, c)
	}
	Label("stored")
}

// columns is a table of 16 ones and 16 zeros; masks for n of 16 columns start at element 16−n.
var columns Mem

// masked is where the two mask vectors of a row of 16 columns are.
type masked struct{ base Mem }

func (m masked) Offset(vector int) Mem { m.base.Disp += 32 * vector; return m.base }

// maskTable returns the masks of the columns below n, at most 16.
func maskTable(n Mem) masked {
	p, q := GP64(), GP64()
	LEAQ(columnTable().Offset(64), p)
	MOVQ(n, q)
	SHLQ(Imm(2), q)
	SUBQ(q, p)
	return masked{Mem{Base: p}}
}

func columnTable() Mem {
	if columns.Symbol.Name == "" {
		columns = GLOBL("columns", RODATA|NOPTR)
		for i := range 32 {
			v := uint32(0)
			if i < 16 {
				v = 0xffffffff
			}
			DATA(4*i, U32(v))
		}
	}
	return columns
}

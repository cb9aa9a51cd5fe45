package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A kern is one instance of the body of a vector function: its instruction set and how many vectors it works on at once. Its
// methods are the operations of expressions; each emits one instruction per vector.
type kern struct {
	isa
	u    int      // vectors of this instance
	mask Register // set in a tail: the lanes that exist, a K register or a vector
}

// A val is the value of an expression: u vectors, one vector for all of them, or a constant in memory.
type val struct {
	v    []VecVirtual
	c    Mem
	mem  bool
	dead bool // the registers may be overwritten
}

// last says that this is the last use of a, so that its registers may take the result.
func (a val) last() val { a.dead = true; return a }

func (a val) at(i int) VecVirtual { return a.v[i%len(a.v)] }

// A cond is the result of a comparison: K registers or vectors of all ones and all zeros.
type cond []Register

var constants = map[uint32]Mem{}

// bits returns a constant with the given bits in each lane.
func (k *kern) bits(b uint32) val {
	m, ok := constants[b]
	if !ok {
		m = GLOBL(fmt.Sprintf("c%08x", b), RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(b))
		}
		constants[b] = m
	}
	return val{c: m, mem: true}
}

func (k *kern) con(x float64) val { return k.bits(math.Float32bits(float32(x))) }

// fresh returns registers for u vectors.
func (k *kern) fresh() val {
	v := make([]VecVirtual, k.u)
	for i := range v {
		v[i] = k.vec()
	}
	return val{v: v}
}

// reg returns a in registers.
func (k *kern) reg(a val) val {
	if !a.mem {
		return a
	}
	r := k.vec()
	VBROADCASTSS(a.c, r)
	return val{v: []VecVirtual{r}}
}

// into returns registers that hold a and may be changed.
func (k *kern) into(a val) val {
	if a.dead && len(a.v) == k.u {
		a.dead = false
		return a
	}
	out := k.fresh()
	for i, r := range out.v {
		switch {
		case a.mem:
			VBROADCASTSS(a.c, r)
		default:
			VMOVAPS(a.at(i), r)
		}
	}
	return out
}

type emit func(ops ...Op)

// three emits dst = a op b for each vector; with is the form for a constant b.
func (k *kern) three(op, with emit, a, b val, dst val) val {
	a = k.reg(a)
	for i := range k.u {
		switch {
		case b.mem && k.bytes == 64:
			with(b.c, a.at(i), dst.v[i])
		case b.mem:
			op(b.c, a.at(i), dst.v[i])
		default:
			op(b.at(i), a.at(i), dst.v[i])
		}
	}
	return dst
}

// dest returns where the result of an operation on a and b may go.
func (k *kern) dest(a, b val) val {
	for _, x := range []val{a, b} {
		if x.dead && len(x.v) == k.u {
			return val{v: x.v}
		}
	}
	return k.fresh()
}

func (k *kern) swap(op, with emit, a, b val) val {
	if a.mem {
		a, b = b, a
	}
	return k.three(op, with, a, b, k.dest(a, b))
}

func (k *kern) add(a, b val) val { return k.swap(VADDPS, VADDPS_BCST, a, b) }
func (k *kern) mul(a, b val) val { return k.swap(VMULPS, VMULPS_BCST, a, b) }
func (k *kern) and(a, b val) val { return k.swap(VANDPS, VANDPS_BCST, a, b) }
func (k *kern) or(a, b val) val  { return k.swap(VORPS, VORPS_BCST, a, b) }
func (k *kern) xor(a, b val) val { return k.swap(VXORPS, VXORPS_BCST, a, b) }
func (k *kern) sub(a, b val) val { return k.three(VSUBPS, VSUBPS_BCST, a, b, k.dest(a, b)) }
func (k *kern) div(a, b val) val { return k.three(VDIVPS, VDIVPS_BCST, a, b, k.dest(a, b)) }

// max and min return b where one of the two is NaN, or both are zero.
func (k *kern) max(a, b val) val { return k.three(VMAXPS, VMAXPS_BCST, a, b, k.dest(a, b)) }
func (k *kern) min(a, b val) val { return k.three(VMINPS, VMINPS_BCST, a, b, k.dest(a, b)) }

func (k *kern) addi(a, b val) val { return k.swap(VPADDD, VPADDD_BCST, a, b) }
func (k *kern) subi(a, b val) val { return k.three(VPSUBD, VPSUBD_BCST, a, b, k.dest(a, b)) }

func (k *kern) each(a val, f func(src, dst VecVirtual)) val {
	a = k.reg(a)
	dst := k.dest(a, a)
	for i := range k.u {
		f(a.at(i), dst.v[i])
	}
	return dst
}

func (k *kern) shl(a val, n int) val {
	return k.each(a, func(s, d VecVirtual) { VPSLLD(Imm(uint64(n)), s, d) })
}

func (k *kern) sar(a val, n int) val {
	return k.each(a, func(s, d VecVirtual) { VPSRAD(Imm(uint64(n)), s, d) })
}

func (k *kern) shr(a val, n int) val {
	return k.each(a, func(s, d VecVirtual) { VPSRLD(Imm(uint64(n)), s, d) })
}

func (k *kern) sqrt(a val) val    { return k.each(a, func(s, d VecVirtual) { VSQRTPS(s, d) }) }
func (k *kern) toFloat(a val) val { return k.each(a, func(s, d VecVirtual) { VCVTDQ2PS(s, d) }) }

// toInt rounds to the nearest integer, to even between two.
func (k *kern) toInt(a val) val { return k.each(a, func(s, d VecVirtual) { VCVTPS2DQ(s, d) }) }

// Ways to round.
const (
	nearest = 8
	down    = 9
	up      = 10
)

func (k *kern) round(a val, way uint64) val {
	return k.each(a, func(s, d VecVirtual) {
		if k.bytes == 64 {
			VRNDSCALEPS(Imm(way), s, d)
		} else {
			VROUNDPS(Imm(way), s, d)
		}
	})
}

// scalef returns a·2^n for an integer n, AVX-512 only.
func (k *kern) scalef(a, n val) val { return k.three(VSCALEFPS, VSCALEFPS_BCST, a, n, k.dest(a, n)) }

// fused emits one of the fused forms of a·b and c.
func (k *kern) fused(f213, w213, f231, w231 emit, a, b, c val) val {
	if a.mem {
		a, b = b, a
	}
	if c.mem {
		if b.mem {
			a, b = b, a
		} else if b.dead && !a.dead {
			a, b = b, a
		}
		dst := k.into(a)
		return k.three(f213, w213, b, c, dst)
	}
	if !b.mem && !c.dead {
		if b.dead && !a.dead {
			a, b = b, a
		}
		if a.dead && len(a.v) == k.u {
			return k.three(f213, w213, b, c, k.into(a))
		}
	}
	dst := k.into(c)
	return k.three(f231, w231, a, b, dst)
}

// fma returns a·b + c, fnma c − a·b, fms a·b − c, all rounded once.
func (k *kern) fma(a, b, c val) val {
	return k.fused(VFMADD213PS, VFMADD213PS_BCST, VFMADD231PS, VFMADD231PS_BCST, a, b, c)
}

func (k *kern) fnma(a, b, c val) val {
	return k.fused(VFNMADD213PS, VFNMADD213PS_BCST, VFNMADD231PS, VFNMADD231PS_BCST, a, b, c)
}

func (k *kern) fms(a, b, c val) val {
	return k.fused(VFMSUB213PS, VFMSUB213PS_BCST, VFMSUB231PS, VFMSUB231PS_BCST, a, b, c)
}

// poly returns c[0] + c[1]·x + ..., by Horner's scheme.
func (k *kern) poly(x val, c ...float64) val {
	x.dead = false
	n := len(c) - 1
	p := k.con(c[n])
	for i := n - 1; i >= 0; i-- {
		p = k.fma(p.last(), x, k.con(c[i]))
	}
	return p
}

// Predicates of cmp: less than, equal, either is NaN, not (less than), not (less or equal).
const (
	lt    = 17
	nlt   = 21
	eq    = 0
	unord = 3
	nle   = 22
)

func (k *kern) cmp(pred uint64, a, b val) cond {
	a = k.reg(a)
	out := make(cond, k.u)
	for i := range out {
		if k.bytes == 64 {
			m := K()
			if b.mem {
				VCMPPS_BCST(Imm(pred), b.c, a.at(i), m)
			} else {
				VCMPPS(Imm(pred), b.at(i), a.at(i), m)
			}
			out[i] = m
			continue
		}
		m := k.vec()
		if b.mem {
			VCMPPS(Imm(pred), b.c, a.at(i), m)
		} else {
			VCMPPS(Imm(pred), b.at(i), a.at(i), m)
		}
		out[i] = m
	}
	return out
}

// odd returns the lanes of a whose integer is odd.
func (k *kern) odd(a val) cond {
	out := make(cond, k.u)
	if k.bytes == 64 {
		one := k.bits(1)
		for i := range out {
			m := K()
			VPTESTMD_BCST(one.c, a.at(i), m)
			out[i] = m
		}
		return out
	}
	for i, r := range k.shl(a, 31).v { // blends look at the sign
		out[i] = r
	}
	return out
}

// sel returns a where c holds, else b.
func (k *kern) sel(c cond, a, b val) val {
	b = k.reg(b)
	dst := k.dest(b, a)
	for i := range k.u {
		switch {
		case k.bytes == 64 && a.mem:
			VBLENDMPS_BCST(a.c, b.at(i), c[i], dst.v[i])
		case k.bytes == 64:
			VBLENDMPS(a.at(i), b.at(i), c[i], dst.v[i])
		case a.mem:
			VBLENDVPS(c[i], a.c, b.at(i), dst.v[i])
		default:
			VBLENDVPS(c[i], a.at(i), b.at(i), dst.v[i])
		}
	}
	return dst
}

// keep sets the lanes of a beyond the tail to zero.
func (k *kern) keep(a val) val {
	if k.mask == nil {
		return a
	}
	dst := k.fresh()
	for i := range k.u {
		if k.bytes == 64 {
			VMOVAPS_Z(a.at(i), k.mask, dst.v[i])
		} else {
			VANDPS(k.mask, a.at(i), dst.v[i])
		}
	}
	return dst
}

// fill sets the lanes of a beyond the tail to b.
func (k *kern) fill(a, b val) val {
	if k.mask == nil {
		return a
	}
	return k.sel(cond{k.mask}, a, b)
}

// bail jumps to the label "bail" if c holds in any lane.
func (k *kern) bail(c cond) {
	if k.bytes == 64 {
		for _, m := range c[1:] {
			KORW(c[0], m, c[0])
		}
		KORTESTW(c[0], c[0])
	} else {
		for _, m := range c[1:] {
			VORPS(m, c[0], c[0])
		}
		bits := GP32()
		VMOVMSKPS(c[0], bits)
		TESTL(bits, bits)
	}
	JNZ(LabelRef("bail"))
}

// maxi returns the larger of integers.
func (k *kern) maxi(a, b val) val { return k.swap(VPMAXSD, VPMAXSD_BCST, a, b) }

// markNaN adds the NaN of x to acc, which is zero elsewhere.
func (k *kern) markNaN(x, acc val) val {
	for i, c := range k.cmp(unord, x, x) {
		if k.bytes == 64 {
			VMOVAPS(x.at(i), c, acc.v[i])
		} else {
			VORPS(c, acc.v[i], acc.v[i])
		}
	}
	return acc
}

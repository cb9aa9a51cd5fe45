package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Elements that are not float32. A store of narrow integers takes those that fit, 16 bits of bfloat16.
var (
	float16 = elem{
		size:  2,
		load:  func(_ isa, m Mem, v VecVirtual) { VCVTPH2PS(m, v) },
		loadz: func(m Mem, k Register, v VecVirtual) { VCVTPH2PS_Z(m, k, v) },
		store: func(_ isa, v VecVirtual, m Mem) { VCVTPS2PH(Imm(0), v, m) },
		stork: func(v VecVirtual, k Register, m Mem) { VCVTPS2PH(Imm(0), v, k, m) },
	}
	uint16s = elem{
		size:  2,
		load:  func(_ isa, m Mem, v VecVirtual) { VPMOVZXWD(m, v) },
		loadz: func(m Mem, k Register, v VecVirtual) { VPMOVZXWD_Z(m, k, v) },
		store: func(s isa, v VecVirtual, m Mem) {
			if s.bytes == 64 {
				VPMOVDW(v, m)
				return
			}
			hi := XMM()
			VEXTRACTI128(Imm(1), v, hi)
			VPACKUSDW(hi, v.AsX(), hi)
			VMOVDQU(hi, m)
		},
		stork: func(v VecVirtual, k Register, m Mem) { VPMOVDW(v, k, m) },
	}
	uint8s = elem{
		size:  1,
		load:  func(_ isa, m Mem, v VecVirtual) { VPMOVZXBD(m, v) },
		loadz: func(m Mem, k Register, v VecVirtual) { VPMOVZXBD_Z(m, k, v) },
		store: func(s isa, v VecVirtual, m Mem) {
			if s.bytes == 64 {
				VPMOVUSDB(v, m)
				return
			}
			narrow(VPACKUSWB, v, m)
		},
		stork: func(v VecVirtual, k Register, m Mem) { VPMOVUSDB(v, k, m) },
	}
	int8s = elem{
		size:  1,
		load:  func(_ isa, m Mem, v VecVirtual) { VPMOVSXBD(m, v) },
		loadz: func(m Mem, k Register, v VecVirtual) { VPMOVSXBD_Z(m, k, v) },
		store: func(s isa, v VecVirtual, m Mem) {
			if s.bytes == 64 {
				VPMOVSDB(v, m)
				return
			}
			narrow(VPACKSSWB, v, m)
		},
		stork: func(v VecVirtual, k Register, m Mem) { VPMOVSDB(v, k, m) },
	}
)

// narrow stores 8 integers as bytes.
func narrow(pack emit, v VecVirtual, m Mem) {
	hi := XMM()
	VEXTRACTI128(Imm(1), v, hi)
	VPACKSSDW(hi, v.AsX(), hi)
	pack(hi, hi, hi)
	VMOVQ(hi, m)
}

func conversions() []shape {
	same := func(k *kern, in, _, _ []val) val { return in[0] }
	convert := func(name, sig string, from, to elem, body func(k *kern, in, _, _ []val) val) shape {
		return shape{name: name, sig: sig, doc: "the function of that name.", in: []string{"x"}, out: "y", from: from, to: to, u: [2]int{4, 4}, body: body}
	}
	dequantize := func(name, typ string, from elem) shape {
		s := convert(name, "func(y []float32, x []"+typ+", scale float32, zero int32)", from, word, nil)
		s.params, s.ints = []string{"scale"}, []string{"zero"}
		s.body = func(k *kern, in, p, _ []val) val {
			return k.mul(k.toFloat(k.subi(in[0].last(), p[1]).last()).last(), p[0])
		}
		return s
	}
	quantize := func(name, typ string, to elem, unsigned bool) shape {
		s := convert(name, "func(y []"+typ+", x []float32, scale float32, zero int32)", word, to, nil)
		s.params, s.ints = []string{"scale"}, []string{"zero"}
		s.u = [2]int{2, 4}
		s.body = func(k *kern, in, p, _ []val) val {
			v := k.min(k.con(1<<24), k.div(in[0].last(), p[0]).last())
			v = k.max(v.last(), k.con(-1<<24)) // and for NaN
			i := k.addi(k.toInt(v.last()).last(), p[1])
			if unsigned && k.bytes == 64 {
				i = k.maxi(i.last(), k.bits(0))
			}
			return i
		}
		return s
	}
	return []shape{
		convert("fromF16", "func(y []float32, x []uint16)", float16, word, same),
		convert("toF16", "func(y []uint16, x []float32)", word, float16, same),
		convert("fromBF16", "func(y []float32, x []uint16)", uint16s, word, func(k *kern, in, _, _ []val) val {
			return k.shl(in[0].last(), 16)
		}),
		convert("toBF16", "func(y []uint16, x []float32)", word, uint16s, func(k *kern, in, _, _ []val) val {
			x := in[0]
			odd := k.and(k.shr(x, 16).last(), k.bits(1))
			r := k.addi(k.addi(x, k.bits(0x7fff)).last(), odd.last())
			r = k.sel(k.cmp(unord, x, x), k.or(x, k.bits(0x00400000)), r.last())
			return k.shr(r.last(), 16)
		}),
		dequantize("fromInt32", "int32", word),
		dequantize("fromInt8", "int8", int8s),
		dequantize("fromUint8", "uint8", uint8s),
		quantize("toInt8", "int8", int8s, false),
		quantize("toUint8", "uint8", uint8s, true),
	}
}

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// An elem is how the elements of a slice are loaded to and stored from lanes of 32 bits.
type elem struct {
	size  int
	load  func(s isa, m Mem, v VecVirtual)
	loadz func(m Mem, k Register, v VecVirtual) // AVX-512: lanes outside k are zero
	store func(s isa, v VecVirtual, m Mem)
	stork func(v VecVirtual, k Register, m Mem) // AVX-512: only lanes of k
}

var word = elem{
	size:  4,
	load:  func(_ isa, m Mem, v VecVirtual) { VMOVUPS(m, v) },
	loadz: func(m Mem, k Register, v VecVirtual) { VMOVUPS_Z(m, k, v) },
	store: func(_ isa, v VecVirtual, m Mem) { VMOVUPS(v, m) },
	stork: func(v VecVirtual, k Register, m Mem) { VMOVUPS(v, k, m) },
}

// A shape is a vector function: slices in, a slice or a number out, and one expression for each step.
type shape struct {
	name   string
	sig    string // Go signature
	doc    string
	in     []string // slices that are read
	out    string   // slice that is written, "" if none
	from   elem     // of in; word if zero
	to     elem     // of out; word if zero
	params []string // float32 arguments
	ints   []string // int32 arguments, which come after params, their bits in the lanes
	u      [2]int   // vectors per step: AVX2, AVX512
	init   []uint32 // bits that the accumulators start from
	fold   func(k *kern, i int, a, b val) val
	finish func(k *kern, acc []val) val // combines accumulators of one vector each, the lanes being folded already
	bails  bool                         // the body calls bail; the function returns how many elements were done
	body   func(k *kern, in, p, acc []val) val
}

func (f shape) generate(s isa) {
	if f.from.size == 0 {
		f.from = word
	}
	if f.to.size == 0 {
		f.to = word
	}
	u := f.u[0]
	if s.bytes == 64 {
		u = f.u[1]
	}
	TEXT(f.name+s.name, NOSPLIT, f.sig)
	Pragma("noescape")
	Doc(f.name + s.name + " is " + f.doc)

	var base []GPVirtual
	n := GP64()
	slices := f.in
	if f.out != "" {
		slices = append([]string{f.out}, f.in...)
	}
	for i, name := range slices {
		base = append(base, Load(Param(name).Base(), GP64()).(GPVirtual))
		if i == 0 {
			Load(Param(name).Len(), n)
			continue
		}
		l := Load(Param(name).Len(), GP64())
		CMPQ(l, n)
		CMOVQLT(l, n)
	}
	var p []val
	for _, name := range append(append([]string{}, f.params...), f.ints...) {
		r := s.vec()
		b, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(b.Addr, r)
		p = append(p, val{v: []VecVirtual{r}})
	}
	main := &kern{isa: s, u: u}
	var acc []val
	for _, bits := range f.init {
		a := main.fresh()
		for _, r := range a.v {
			if bits == 0 {
				s.zero(r)
			} else {
				VBROADCASTSS(main.bits(bits).c, r)
			}
		}
		acc = append(acc, a)
	}

	i, lim := GP64(), GP64()
	XORQ(i, i)
	if u > 1 {
		MOVQ(n, lim)
		SUBQ(Imm(uint64(u*s.lanes())), lim)
		JL(LabelRef("rest"))
		Label("loop")
		f.step(main, base, i, p, acc)
		ADDQ(Imm(uint64(u*s.lanes())), i)
		CMPQ(i, lim)
		JLE(LabelRef("loop"))
		Label("rest")
	}
	one := &kern{isa: s, u: 1}
	first := make([]val, len(acc))
	for j, a := range acc {
		first[j] = val{v: a.v[:1]}
	}
	MOVQ(n, lim)
	SUBQ(Imm(uint64(s.lanes())), lim)
	CMPQ(i, lim)
	JG(LabelRef("tail"))
	Label("single")
	f.step(one, base, i, p, first)
	ADDQ(Imm(uint64(s.lanes())), i)
	CMPQ(i, lim)
	JLE(LabelRef("single"))
	Label("tail")
	SUBQ(i, n)
	JZ(LabelRef("done"))
	one.mask = s.tailMask(n)
	f.tail(one, base, i, n, p, first)
	if f.bails {
		ADDQ(n, i)
	}
	Label("done")
	f.result(s, acc, i)
	VZEROUPPER()
	RET()
}

// step is one turn of a loop, at element i.
func (f shape) step(k *kern, base []GPVirtual, i GPVirtual, p, acc []val) {
	var in []val
	src := base[len(base)-len(f.in):]
	for j := range f.in {
		x := k.fresh()
		for v, r := range x.v {
			f.from.load(k.isa, Mem{Base: src[j], Index: i, Scale: uint8(f.from.size), Disp: v * k.lanes() * f.from.size}, r)
		}
		in = append(in, x)
	}
	y := f.body(k, in, p, acc)
	if f.out != "" {
		y = k.reg(y)
		for v := range k.u {
			f.to.store(k.isa, y.at(v), Mem{Base: base[0], Index: i, Scale: uint8(f.to.size), Disp: v * k.lanes() * f.to.size})
		}
	}
}

// tail is the last step, n elements from i.
func (f shape) tail(k *kern, base []GPVirtual, i, n GPVirtual, p, acc []val) {
	var in []val
	src := base[len(base)-len(f.in):]
	for j := range f.in {
		x := k.vec()
		m := Mem{Base: src[j], Index: i, Scale: uint8(f.from.size)}
		switch {
		case k.bytes == 64:
			f.from.loadz(m, k.mask, x)
		case f.from.size == 4:
			VMASKMOVPS(m, k.mask, x)
		default:
			local := AllocLocal(8 * f.from.size)
			t := s64(m)
			copyElems(fmt.Sprintf("in%d", j), f.from.size, n, Mem{Base: t}, local)
			f.from.load(k.isa, local, x)
		}
		in = append(in, val{v: []VecVirtual{x}})
	}
	y := f.body(k, in, p, acc)
	if f.out == "" {
		return
	}
	y = k.reg(y)
	m := Mem{Base: base[0], Index: i, Scale: uint8(f.to.size)}
	switch {
	case k.bytes == 64:
		f.to.stork(y.at(0), k.mask, m)
	case f.to.size == 4:
		VMASKMOVPS(y.at(0), k.mask, m)
	default:
		local := AllocLocal(8 * f.to.size)
		f.to.store(k.isa, y.at(0), local)
		t := s64(m)
		copyElems("out", f.to.size, n, local, Mem{Base: t})
	}
}

func s64(m Mem) GPVirtual {
	t := GP64()
	LEAQ(m, t)
	return t
}

// copyElems copies n elements of 1 or 2 bytes.
func copyElems(label string, size int, n GPVirtual, from, to Mem) {
	j := GP64()
	from.Index, from.Scale = j, uint8(size)
	to.Index, to.Scale = j, uint8(size)
	t := GP32()
	XORQ(j, j)
	Label(label)
	if size == 1 {
		MOVBLZX(from, t)
		MOVB(t.As8(), to)
	} else {
		MOVWLZX(from, t)
		MOVW(t.As16(), to)
	}
	INCQ(j)
	CMPQ(j, n)
	JL(LabelRef(label))
}

// tailMask returns the mask of the first n lanes.
func (s isa) tailMask(n GPVirtual) Register {
	if s.bytes == 64 {
		bits := GP64()
		MOVQ(I32(-1), bits)
		BZHIQ(n, bits, bits)
		m := K()
		KMOVW(bits.As32(), m)
		return m
	}
	p, q := GP64(), GP64()
	LEAQ(columnTable().Offset(64), p)
	MOVQ(n, q)
	SHLQ(Imm(2), q)
	SUBQ(q, p)
	m := s.vec()
	VMOVUPS(Mem{Base: p}, m)
	return m
}

// result folds the accumulators, pairs of vectors first, then halves of lanes, and returns the number.
func (f shape) result(s isa, acc []val, i GPVirtual) {
	if f.bails {
		Label("bail")
		Store(i, ReturnIndex(0))
		return
	}
	if len(acc) == 0 {
		return
	}
	x := &kern{isa: isa{"", 16, XMM}, u: 1}
	var lanes []val
	for j, a := range acc {
		one := &kern{isa: s, u: 1}
		v := a.v
		for len(v) > 1 {
			for h := range len(v) / 2 {
				v[h] = f.fold(one, j, val{v: v[2*h : 2*h+1]}, val{v: v[2*h+1 : 2*h+2]}).v[0]
			}
			v = v[:len(v)/2]
		}
		r := v[0]
		if s.bytes == 64 {
			hi := YMM()
			VEXTRACTF64X4(Imm(1), r, hi)
			y := &kern{isa: avx2, u: 1}
			lo := YMM()
			VMOVAPS(r.AsY(), lo)
			r = f.fold(y, j, val{v: []VecVirtual{lo}}, val{v: []VecVirtual{hi}}).v[0]
		}
		hi, lo := XMM(), XMM()
		VEXTRACTF128(Imm(1), r, hi)
		VMOVAPS(r.AsX(), lo)
		a := f.fold(x, j, val{v: []VecVirtual{lo}}, val{v: []VecVirtual{hi}})
		for _, order := range []uint64{0x0e, 0x01} {
			h := XMM()
			VPERMILPS(Imm(order), a.v[0], h)
			a = f.fold(x, j, a, val{v: []VecVirtual{h}})
		}
		lanes = append(lanes, a)
	}
	y := lanes[0]
	if f.finish != nil {
		y = f.finish(x, lanes)
	}
	Store(y.v[0].AsX(), ReturnIndex(0))
}

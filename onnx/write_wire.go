package onnx

import (
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// A pbuf is a protobuf message that is being written: a list of pieces, so that weights and bodies are not copied.
type pbuf struct {
	parts [][]byte // finished pieces, some of which belong to tensors
	tail  []byte   // the piece that grows
	size  int      // of all
}

// viewBytes is how long a field must be to be kept as a piece of its own.
const viewBytes = 4096

func (p *pbuf) tag(num protowire.Number, t protowire.Type) { p.add(protowire.AppendTag(nil, num, t)) }

// add appends bytes as they are.
func (p *pbuf) add(b []byte) {
	p.size += len(b)
	if len(b) >= viewBytes {
		p.cut()
		p.parts = append(p.parts, b)
		return
	}
	p.tail = append(p.tail, b...)
}

// cut finishes the piece that grows.
func (p *pbuf) cut() {
	if len(p.tail) > 0 {
		p.parts = append(p.parts, p.tail)
		p.tail = nil
	}
}

func (p *pbuf) int(num protowire.Number, v int64) {
	p.tag(num, protowire.VarintType)
	p.add(protowire.AppendVarint(nil, uint64(v)))
}

func (p *pbuf) float(num protowire.Number, v float32) {
	p.tag(num, protowire.Fixed32Type)
	p.add(protowire.AppendFixed32(nil, math.Float32bits(v)))
}

func (p *pbuf) bytes(num protowire.Number, b []byte) {
	p.tag(num, protowire.BytesType)
	p.add(protowire.AppendVarint(nil, uint64(len(b))))
	p.add(b)
}

func (p *pbuf) text(num protowire.Number, s string) { p.bytes(num, []byte(s)) }

// textIf is text, left out when it is empty.
func (p *pbuf) textIf(num protowire.Number, s string) {
	if s != "" {
		p.text(num, s)
	}
}

// msg appends m as a field. m must not be used afterwards.
func (p *pbuf) msg(num protowire.Number, m *pbuf) {
	p.tag(num, protowire.BytesType)
	p.add(protowire.AppendVarint(nil, uint64(m.size)))
	p.join(m)
}

func (p *pbuf) join(m *pbuf) {
	if len(m.parts) > 0 {
		p.cut()
		p.parts = append(p.parts, m.parts...)
		p.size += m.size - len(m.tail)
	}
	p.add(m.tail)
}

// ints appends a packed list.
func (p *pbuf) ints(num protowire.Number, xs []int64) {
	var b []byte
	for _, x := range xs {
		b = protowire.AppendVarint(b, uint64(x))
	}
	p.bytes(num, b)
}

// floats appends a packed list.
func (p *pbuf) floats(num protowire.Number, xs []float32) {
	var b []byte
	for _, x := range xs {
		b = protowire.AppendFixed32(b, math.Float32bits(x))
	}
	p.bytes(num, b)
}

// props appends a list of StringStringEntryProto, sorted.
func (p *pbuf) props(num protowire.Number, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		e := &pbuf{}
		e.text(1, k)
		e.text(2, m[k])
		p.msg(num, e)
	}
}

// WriteTo implements io.WriterTo.
func (p *pbuf) WriteTo(w io.Writer) (int64, error) {
	p.cut()
	var n int64
	for _, b := range p.parts {
		k, err := w.Write(b)
		if n += int64(k); err != nil {
			return n, err
		}
	}
	return n, nil
}

// longVarint returns x as a varint of exactly n bytes, which may be more than it needs. Readers accept that.
func longVarint(x uint64, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(x&0x7f) | 0x80
		x >>= 7
	}
	b[n-1] &= 0x7f
	return b
}

package onnx

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// scanner reads protobuf messages without copying. It keeps the first error, and after one it yields no more fields.
// It charges what the messages will take in memory to a budget, so that small files cannot ask for large memory.
type scanner struct {
	err   error
	nodes int       // how many NodeProtos were read
	depth int       // how deep messages may still nest
	bytes int64     // how much memory may still be used
	ext   *external // where external data is; nil: nowhere
}

// messageCost is about what a decoded message takes in memory.
const messageCost = 200

// fail keeps an error unless there is one already.
func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// charge takes n bytes off the budget and reports whether they were left.
func (s *scanner) charge(n int64) bool {
	if s.err != nil {
		return false
	}
	if n > s.bytes {
		s.fail("reading takes more memory than Limits.Bytes allows")
		return false
	}
	s.bytes -= n
	return true
}

// A wireField is one field of a message as it stands in the file.
type wireField struct {
	s    *scanner
	in   string // the message, for errors
	num  protowire.Number
	typ  protowire.Type
	bits uint64 // varint, fixed32, fixed64
	data []byte // length-delimited
}

// each calls f for each field of a message; name is the message's, for errors.
func (s *scanner) each(name string, b []byte, f func(x wireField)) {
	if s.depth <= 0 {
		s.fail("%s is nested too deeply, see Limits.Depth", name)
	}
	if !s.charge(messageCost) {
		return
	}
	s.depth--
	defer func() { s.depth++ }()
	for len(b) > 0 && s.err == nil {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			s.fail("%s: %v", name, wireError(n))
			return
		}
		b = b[n:]
		x := wireField{s: s, in: name, num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			x.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			x.bits = uint64(v)
		case protowire.Fixed64Type:
			x.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			x.data, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			s.fail("%s: field %d: %v", name, num, wireError(n))
			return
		}
		b = b[n:]
		f(x)
	}
}

// wireError names what protowire reports by a negative length.
func wireError(n int) error {
	if err := protowire.ParseError(n); err.Error() == "unexpected EOF" {
		return fmt.Errorf("truncated")
	}
	return fmt.Errorf("not a protobuf message")
}

// is reports whether the field has the given wire type, else notes an error.
func (x wireField) is(t protowire.Type) bool {
	if x.typ != t {
		x.s.fail("%s: field %d: wire type %d, want %d", x.in, x.num, x.typ, t)
		return false
	}
	return true
}

// bytes returns the field as a view of the file.
func (x wireField) bytes() []byte {
	x.is(protowire.BytesType)
	return x.data
}

// text returns the field as a copied string.
func (x wireField) text() string {
	if !x.is(protowire.BytesType) || !x.s.charge(int64(len(x.data))) {
		return ""
	}
	return string(x.data)
}

// int returns the field as an integer.
func (x wireField) int() int64 {
	x.is(protowire.VarintType)
	return int64(x.bits)
}

// float returns the field as a float.
func (x wireField) float() float32 {
	x.is(protowire.Fixed32Type)
	return math.Float32frombits(uint32(x.bits))
}

// addInts appends a repeated integer field, packed or not.
func (x wireField) addInts(dst *[]int64) {
	if x.typ != protowire.BytesType {
		if x.is(protowire.VarintType) && x.s.charge(8) {
			*dst = append(*dst, int64(x.bits))
		}
		return
	}
	n := 0
	for _, c := range x.data {
		if c < 0x80 {
			n++
		}
	}
	if !x.s.charge(int64(n) * 8) {
		return
	}
	*dst = grow(*dst, n)
	for b := x.data; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			x.s.fail("%s: field %d: %v", x.in, x.num, wireError(n))
			return
		}
		*dst = append(*dst, int64(v))
		b = b[n:]
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s)-len(s) < n {
		t := make([]T, len(s), len(s)+n)
		copy(t, s)
		return t
	}
	return s
}

// addFixed appends a repeated field of fixed size, packed or not, as the bytes it stands in the file as. A lone packed
// run is a view.
func (x wireField) addFixed(dst *[]byte, size int) {
	switch {
	case x.typ == protowire.BytesType:
		if len(x.data)%size != 0 {
			x.s.fail("%s: field %d: %d bytes, want a multiple of %d", x.in, x.num, len(x.data), size)
		} else if len(*dst) == 0 {
			*dst = x.data[:len(x.data):len(x.data)]
		} else if x.s.charge(int64(len(x.data))) {
			*dst = append(*dst, x.data...)
		}
	case x.typ == protowire.Fixed32Type && size == 4:
		if x.s.charge(4) {
			*dst = protowire.AppendFixed32(*dst, uint32(x.bits))
		}
	case x.typ == protowire.Fixed64Type && size == 8:
		if x.s.charge(8) {
			*dst = protowire.AppendFixed64(*dst, x.bits)
		}
	default:
		x.is(protowire.BytesType)
	}
}

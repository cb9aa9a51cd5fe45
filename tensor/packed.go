package tensor

import "fmt"

// IsPacked reports whether elements of d are smaller than a byte.
func (d DType) IsPacked() bool { b := d.info().bits; return b > 0 && b < 8 }

// codeAt returns the bits of element i of a packed type. Elements lie low bits first; those of 6 bits cross bytes.
func codeAt(data []byte, bits, i int) byte {
	at := i * bits
	b, s := at/8, at%8
	x := int(data[b]) >> s
	if s+bits > 8 {
		x |= int(data[b+1]) << (8 - s)
	}
	return byte(x & (1<<bits - 1))
}

// orCode sets the bits of element i, which must be zero.
func orCode(data []byte, bits, i int, code byte) {
	at := i * bits
	b, s := at/8, at%8
	x := int(code&(1<<bits-1)) << s
	data[b] |= byte(x)
	if s+bits > 8 {
		data[b+1] |= byte(x >> 8)
	}
}

// Codes returns the bits of each element of a packed type, one element in the low bits of each byte.
func (t *Tensor) Codes() []byte {
	if !t.dtype.IsPacked() {
		panic(fmt.Sprintf("tensor: %v elements are not packed", t.dtype))
	}
	bits := t.dtype.Bits()
	out := make([]byte, t.Len())
	for i := range out {
		out[i] = codeAt(t.data, bits, i)
	}
	return out
}

// SetCodes sets the elements of a packed type from the low bits of each byte. It is the inverse of Codes.
func (t *Tensor) SetCodes(codes []byte) {
	if !t.dtype.IsPacked() || len(codes) != t.Len() {
		panic(fmt.Sprintf("tensor: %d codes for %s", len(codes), t.Describe()))
	}
	clear(t.data)
	bits := t.dtype.Bits()
	for i, c := range codes {
		orCode(t.data, bits, i, c)
	}
}

// signExtend returns the integer that a code of a packed integer type is.
func signExtend(code byte, dt DType) int64 {
	x, bits := int64(code), dt.Bits()
	if dt.IsSigned() && x >= 1<<(bits-1) {
		x -= 1 << bits
	}
	return x
}

package onnx

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/tensor"
)

// tensorProto is a TensorProto whose data is still in the form of the file.
type tensorProto struct {
	name     string
	dims     []int64
	dtype    int64
	raw      []byte
	hasRaw   bool
	floats   []byte  // float_data
	doubles  []byte  // double_data
	ints     []int64 // int32_data, int64_data or uint64_data, as the type says
	strings  []string
	external map[string]string // external_data
	location int64             // 1: the data is in another file
}

// Where a TensorProto keeps the elements of the types that have no field of their own.
const (
	fieldInt32  = 5
	fieldInt64  = 7
	fieldUint64 = 11
)

// tensorMessage reads a TensorProto and leaves its elements as they are.
func (s *scanner) tensorMessage(b []byte) *tensorProto {
	t := &tensorProto{}
	ints := map[int][]int64{}
	s.each("TensorProto", b, func(x wireField) {
		switch x.num {
		case 1:
			x.addInts(&t.dims)
		case 2:
			t.dtype = x.int()
		case 3:
			s.fail("TensorProto: segments are not supported")
		case 4:
			x.addFixed(&t.floats, 4)
		case fieldInt32, fieldInt64, fieldUint64:
			list := ints[int(x.num)]
			x.addInts(&list)
			ints[int(x.num)] = list
		case 6:
			t.strings = append(t.strings, x.text())
		case 8:
			t.name = x.text()
		case 9:
			t.raw, t.hasRaw = x.bytes(), true
		case 10:
			x.addFixed(&t.doubles, 8)
		case 13:
			s.entry(x.bytes(), &t.external)
		case 14:
			t.location = x.int()
		}
	})
	switch dtypeOf(t.dtype) {
	case tensor.Int64:
		t.ints = ints[fieldInt64]
	case tensor.Uint32, tensor.Uint64:
		t.ints = ints[fieldUint64]
	default:
		t.ints = ints[fieldInt32]
	}
	return t
}

// tensor reads a TensorProto. what says in errors what the tensor is for, such as an initializer.
func (s *scanner) tensor(b []byte, what string) (*tensor.Tensor, string) {
	p := s.tensorMessage(b)
	if s.err != nil {
		s.err = fmt.Errorf("%s: %w", what, s.err)
		return nil, ""
	}
	t := s.elements(p)
	if s.err != nil {
		s.err = fmt.Errorf("%s %q: %w", what, p.name, s.err)
		return nil, ""
	}
	return t, p.name
}

// elements returns the tensor of a message.
func (s *scanner) elements(p *tensorProto) *tensor.Tensor {
	dt := dtypeOf(p.dtype)
	if dt == tensor.Undefined {
		s.fail("element type %d is not supported", p.dtype)
		return nil
	}
	shape := s.shape(p.dims)
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		s.fail("%w", err)
	}
	if s.err != nil {
		return nil
	}
	var t *tensor.Tensor
	switch {
	case p.location == 1:
		t, err = s.externalTensor(p, dt, shape)
	case dt == tensor.String:
		if len(p.strings) != n {
			s.fail("%d strings for shape %s", len(p.strings), tensor.FormatShape(shape))
			return nil
		}
		t = tensor.FromSlice(append([]string{}, p.strings...), shape...)
	case p.hasRaw:
		t, err = s.fromBytes(dt, p.raw, shape)
	case dt == tensor.Float32, dt == tensor.Complex64:
		t, err = s.fromBytes(dt, p.floats, shape)
	case dt == tensor.Float64, dt == tensor.Complex128:
		t, err = s.fromBytes(dt, p.doubles, shape)
	default:
		t, err = s.fromInts(dt, p.ints, n, shape)
	}
	if err != nil {
		s.fail("%w", err)
	}
	return t
}

// shape checks dimensions and returns them.
func (s *scanner) shape(dims []int64) []int {
	shape := make([]int, len(dims))
	for i, d := range dims {
		if d < 0 || int64(int(d)) != d {
			s.fail("dimension %d is %d", i, d)
			return nil
		}
		shape[i] = int(d)
	}
	return shape
}

// fromBytes returns a view of packed elements. Bool bytes other than 0 and 1 are made 1, on a copy.
func (s *scanner) fromBytes(dt tensor.DType, b []byte, shape []int) (*tensor.Tensor, error) {
	if dt == tensor.Bool && slices.ContainsFunc(b, func(x byte) bool { return x > 1 }) {
		if !s.charge(int64(len(b))) {
			return nil, s.err
		}
		b = slices.Clone(b)
		for i, x := range b {
			if x > 1 {
				b[i] = 1
			}
		}
	}
	return tensor.FromBytes(dt, b, shape)
}

// fromInts returns a tensor from a list with an integer per element: its bits for floats. Elements of 2 and 4 bits
// stand packed, a byte per integer; those of 6 bits do not.
func (s *scanner) fromInts(dt tensor.DType, xs []int64, n int, shape []int) (*tensor.Tensor, error) {
	size, want := dt.Size(), n
	if dt.Bits() < 6 {
		want = dt.Bytes(n)
	}
	if len(xs) != want {
		return nil, fmt.Errorf("%d values for %v%s, want %d", len(xs), dt, tensor.FormatShape(shape), want)
	}
	if !s.charge(int64(want) * int64(size)) {
		return nil, s.err
	}
	b := tensor.Aligned(want * size)
	lo, hi := int64(-1)<<(8*size-1), int64(1)<<(8*size)-1
	for i, x := range xs {
		if dt == tensor.Bool && x != 0 {
			x = 1
		}
		if size < 4 && (x < lo || x > hi) {
			return nil, fmt.Errorf("value %d of element %d does not fit %v", x, i, dt)
		}
		switch size {
		case 1:
			b[i] = byte(x)
		case 2:
			binary.LittleEndian.PutUint16(b[2*i:], uint16(x))
		case 4:
			binary.LittleEndian.PutUint32(b[4*i:], uint32(x))
		case 8:
			binary.LittleEndian.PutUint64(b[8*i:], uint64(x))
		}
	}
	if dt.Bits() == 6 {
		t := tensor.New(dt, shape...)
		t.SetCodes(b)
		return t, nil
	}
	return tensor.FromBytes(dt, b, shape)
}

// sparse reads a SparseTensorProto and returns the dense tensor that it stands for.
func (s *scanner) sparse(b []byte, what string) (*tensor.Tensor, string) {
	var vals, idx *tensor.Tensor
	var name string
	var dims []int64
	s.each("SparseTensorProto", b, func(x wireField) {
		switch x.num {
		case 1:
			vals, name = s.tensor(x.bytes(), "values")
		case 2:
			idx, _ = s.tensor(x.bytes(), "indices")
		case 3:
			x.addInts(&dims)
		}
	})
	if s.err == nil && vals == nil {
		s.fail("no values")
	}
	t := s.densify(vals, idx, dims)
	if s.err != nil {
		s.err = fmt.Errorf("%s %q: %w", what, name, s.err)
	}
	return t, name
}

// densify puts values at their indices: a vector of positions, or a matrix with a row of coordinates per value.
func (s *scanner) densify(vals, idx *tensor.Tensor, dims []int64) *tensor.Tensor {
	if s.err != nil {
		return nil
	}
	shape := s.shape(dims)
	n, err := tensor.CheckShape(vals.DType(), shape)
	if err != nil {
		s.fail("%w", err)
	}
	nnz := vals.Len()
	if vals.Rank() != 1 {
		s.fail("values %s, want a vector", vals.Describe())
	}
	if s.err != nil || !s.charge(16*int64(n)) {
		return nil
	}
	out, err := tensor.Make(vals.DType(), shape)
	if err != nil {
		s.fail("%w", err)
		return nil
	}
	if idx == nil && nnz > 0 {
		s.fail("no indices")
		return nil
	}
	if nnz == 0 {
		return out
	}
	linear := idx.Rank() == 1 && idx.Len() == nnz
	if idx.DType() != tensor.Int64 || !(linear || idx.Rank() == 2 && idx.Shape()[0] == nnz && idx.Shape()[1] == len(shape)) {
		s.fail("indices %s for %d values of rank %d", idx.Describe(), nnz, len(shape))
		return nil
	}
	src, size := spread(vals)
	dst, _ := spread(out)
	strides := tensor.Strides(shape)
	for i := range nnz {
		at := 0
		if linear {
			p := tensor.Data[int64](idx)[i]
			if p < 0 || p >= int64(n) {
				s.fail("index %d outside %d elements", p, n)
				return nil
			}
			at = int(p)
		} else {
			for d, c := range tensor.Data[int64](idx)[i*len(shape) : (i+1)*len(shape)] {
				if c < 0 || c >= int64(shape[d]) {
					s.fail("index %d outside dimension %d, which is %d", c, d, shape[d])
					return nil
				}
				at += int(c) * strides[d]
			}
		}
		if vals.DType() == tensor.String {
			tensor.Data[string](out)[at] = tensor.Data[string](vals)[i]
		} else {
			copy(dst[at*size:(at+1)*size], src[i*size:])
		}
	}
	if out.DType().IsPacked() {
		out.SetCodes(dst)
	}
	return out
}

// spread returns the elements of a tensor with a step from one to the next: bytes per element, which for packed types
// are the codes of the elements.
func spread(t *tensor.Tensor) (b []byte, size int) {
	if t.DType().IsPacked() {
		return t.Codes(), 1
	}
	return t.Bytes(), t.DType().Size()
}

package tensor

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"unsafe"
)

// A Tensor is a dense array of one element type in row-major order. The shape of a tensor never changes; who may
// write its elements is up to its owner. Many goroutines may read one tensor.
type Tensor struct {
	dtype DType
	shape []int
	data  []byte   // packed elements; nil for String
	text  []string // the elements of a String tensor
}

// New returns a zeroed tensor. It panics when the shape is negative or does not fit memory: use Make for shapes
// that come from outside.
func New(dt DType, shape ...int) *Tensor {
	t, err := Make(dt, shape)
	if err != nil {
		panic(err)
	}
	return t
}

// Make returns a zeroed tensor, or an error when dt is not an element type, or a dimension is negative, or the size
// overflows. The memory is aligned to 64 bytes.
func Make(dt DType, shape []int) (*Tensor, error) {
	n, err := CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	t := &Tensor{dtype: dt, shape: slices.Clone(shape)}
	if dt == String {
		t.text = make([]string, n)
	} else {
		t.data = Aligned(dt.Bytes(n))
	}
	return t, nil
}

// Aligned returns n zero bytes that start at a multiple of 64.
func Aligned(n int) []byte {
	if n == 0 {
		return []byte{}
	}
	b := make([]byte, n+63)
	off := int(-uintptr(unsafe.Pointer(&b[0])) & 63)
	return b[off : off+n : off+n]
}

// CheckShape returns the number of elements of a shape, or an error when dt is not an element type, a dimension is
// negative, or the byte size overflows.
func CheckShape(dt DType, shape []int) (int, error) {
	if !dt.Valid() {
		return 0, fmt.Errorf("tensor: %v is not an element type", dt)
	}
	n, zero := 1, false
	for i, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("tensor: dimension %d of shape %s is negative", i, FormatShape(shape))
		}
		if d == 0 {
			zero = true
			continue
		}
		if n > math.MaxInt/d {
			return 0, fmt.Errorf("tensor: shape %s overflows", FormatShape(shape))
		}
		n *= d
	}
	if zero {
		return 0, nil
	}
	if n > math.MaxInt/16 {
		return 0, fmt.Errorf("tensor: %v%s overflows", dt, FormatShape(shape))
	}
	return n, nil
}

// FromSlice returns a tensor that is a view of data: no copy is made. Without a shape it is a vector. It panics when
// the shape does not have len(data) elements.
func FromSlice[T Element](data []T, shape ...int) *Tensor {
	dt := DTypeOf[T]()
	if shape == nil {
		shape = []int{len(data)}
	}
	n, err := CheckShape(dt, shape)
	if err != nil {
		panic(err)
	}
	if n != len(data) {
		panic(fmt.Sprintf("tensor: %d elements for shape %v", len(data), shape))
	}
	t := &Tensor{dtype: dt, shape: slices.Clone(shape)}
	if dt == String {
		t.text = any(data).([]string)
	} else {
		t.data = bytesOf(data)
	}
	return t
}

// Scalar returns a tensor of rank 0.
func Scalar[T Element](x T) *Tensor { return FromSlice([]T{x}, []int{}...) }

// FromBytes returns a tensor of a type other than String that is a view of data, which holds its packed
// little-endian elements. It is an error when the size does not fit the shape. Data that is not aligned to its
// elements is copied on machines that cannot read such elements; on the others it stays a view, since weights in model
// files often lie so.
func FromBytes(dt DType, data []byte, shape []int) (*Tensor, error) {
	n, err := CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	if dt == String {
		return nil, fmt.Errorf("tensor: strings have no bytes")
	}
	if want := dt.Bytes(n); len(data) != want {
		return nil, fmt.Errorf("tensor: %d bytes for %v%v, want %d", len(data), dt, shape, want)
	}
	if a := min(dt.Size(), 8); !unalignedReads && len(data) > 0 && uintptr(unsafe.Pointer(&data[0]))%uintptr(a) != 0 {
		c := Aligned(len(data))
		copy(c, data)
		data = c
	}
	return &Tensor{dtype: dt, shape: slices.Clone(shape), data: data}, nil
}

// unalignedReads says whether elements may lie at any address, as the Go compiler itself takes it for these machines.
// The race detector's pointer checks allow it for elements without pointers.
const unalignedReads = runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" || runtime.GOARCH == "386" ||
	runtime.GOARCH == "ppc64le" || runtime.GOARCH == "wasm"

// DType returns the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns the dimensions, which the caller must not change.
func (t *Tensor) Shape() []int { return t.shape }

// Rank returns the number of dimensions.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len returns the number of elements.
func (t *Tensor) Len() int { return Count(t.shape) }

// Bytes returns the packed elements; nil for String.
func (t *Tensor) Bytes() []byte { return t.data }

// Data returns the elements of a tensor as a slice that shares its memory. It panics when v is no tensor or T is not the
// type of the elements; the packed types (Int4 and so on) are given as their bytes.
func Data[T Element](v Value) []T {
	t, ok := v.(*Tensor)
	if !ok {
		panic(fmt.Sprintf("tensor: data of %T, want a tensor", v))
	}
	if dt := DTypeOf[T](); dt != t.dtype && !(dt == Uint8 && t.dtype.info().bits < 8 && t.dtype != String) {
		panic(fmt.Sprintf("tensor: %v tensor viewed as %v", t.dtype, dt))
	}
	if t.dtype == String {
		return any(t.text).([]T)
	}
	return View[T](t.data)
}

// View returns bytes as elements of T, a type that is not string. The bytes must be aligned to T.
func View[T Element](b []byte) []T {
	var z T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))
}

func bytesOf[T Element](s []T) []byte {
	var z T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(z)))
}

// Reshape returns a tensor of another shape over the same elements, or an error when the counts differ.
func (t *Tensor) Reshape(shape ...int) (*Tensor, error) {
	n, err := CheckShape(t.dtype, shape)
	if err != nil {
		return nil, err
	}
	if n != t.Len() {
		return nil, fmt.Errorf("tensor: shape %v has %d elements, %v has %d", shape, n, t.shape, t.Len())
	}
	return &Tensor{t.dtype, slices.Clone(shape), t.data, t.text}, nil
}

// Clone returns a copy with memory of its own.
func (t *Tensor) Clone() *Tensor {
	c := New(t.dtype, t.shape...)
	copy(c.data, t.data)
	copy(c.text, t.text)
	return c
}

// CopyFrom copies the elements of src, which has the same type and number of elements.
func (t *Tensor) CopyFrom(src *Tensor) {
	if t.dtype != src.dtype || t.Len() != src.Len() {
		panic(fmt.Sprintf("tensor: copy of %v to %v", src.Describe(), t.Describe()))
	}
	copy(t.data, src.data)
	copy(t.text, src.text)
}

// Describe returns the type and shape, such as float32[2,3].
func (t *Tensor) Describe() string {
	return fmt.Sprintf("%v%s", t.dtype, FormatShape(t.shape))
}

// Row returns the i-th slice along the first dimension: a tensor of one rank less, a view where elements are whole bytes.
func (t *Tensor) Row(i int) (*Tensor, error) {
	if len(t.shape) == 0 || i < 0 || i >= t.shape[0] {
		return nil, fmt.Errorf("tensor: row %d of %s", i, t.Describe())
	}
	shape := slices.Clone(t.shape[1:])
	n := Count(shape)
	switch {
	case t.dtype == String:
		return &Tensor{dtype: String, shape: shape, text: t.text[i*n : (i+1)*n]}, nil
	case t.dtype.Bits() >= 8:
		w := t.dtype.Size()
		return &Tensor{dtype: t.dtype, shape: shape, data: t.data[i*n*w : (i+1)*n*w]}, nil
	}
	return nil, fmt.Errorf("tensor: rows of packed %v", t.dtype)
}

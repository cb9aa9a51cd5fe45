package tensor

import "fmt"

// SetView makes t a tensor of type dt, other than String, over data, which must hold exactly its elements. The shape is
// kept, not copied. It is for executors, which keep tensors of their own and point them at new memory for each run;
// whoever else holds t sees the change.
func (t *Tensor) SetView(dt DType, shape []int, data []byte) {
	t.dtype, t.shape, t.data, t.text = dt, shape, data, nil
}

// SetAs makes t a tensor of the given shape over the elements of src, which has as many. The shape is kept, not copied.
// Like SetView, it is for executors.
func (t *Tensor) SetAs(src *Tensor, shape []int) {
	t.dtype, t.shape, t.data, t.text = src.dtype, shape, src.data, src.text
}

// Prefix returns a tensor of the given shape over the first elements of t, or an error when t has fewer. It is not for
// String nor types of less than a byte.
func (t *Tensor) Prefix(shape []int) (*Tensor, error) {
	n, err := CheckShape(t.dtype, shape)
	if err != nil {
		return nil, err
	}
	if n > t.Len() || t.dtype.Bits() < 8 {
		return nil, fmt.Errorf("tensor: %s is no part of %s", FormatShape(shape), t.Describe())
	}
	return FromBytes(t.dtype, t.data[:t.dtype.Bytes(n)], shape)
}

package tensor

import "fmt"

// Int64s returns the elements of an integer or Bool tensor as int64; uint64 wraps. It panics for other types.
func (t *Tensor) Int64s() []int64 {
	switch t.dtype {
	case Int64:
		return Data[int64](t)
	case Int32:
		return widen(Data[int32](t))
	case Int16:
		return widen(Data[int16](t))
	case Int8:
		return widen(Data[int8](t))
	case Uint64:
		return widen(Data[uint64](t))
	case Uint32:
		return widen(Data[uint32](t))
	case Uint16:
		return widen(Data[uint16](t))
	case Uint8:
		return widen(Data[uint8](t))
	case Bool:
		return widen(t.data)
	case Int4, Uint4, Int2, Uint2:
		out := make([]int64, t.Len())
		for i := range out {
			out[i] = signExtend(codeAt(t.data, t.dtype.Bits(), i), t.dtype)
		}
		return out
	}
	panic(fmt.Sprintf("tensor: %v tensor as integers", t.dtype))
}

func widen[T int8 | int16 | int32 | uint8 | uint16 | uint32 | uint64](x []T) []int64 {
	out := make([]int64, len(x))
	for i, v := range x {
		out[i] = int64(v)
	}
	return out
}

// FromInt64s returns a tensor of an integer type or Bool with the given elements, or an error when there are not as
// many as the shape has or one does not fit the type.
func FromInt64s(dt DType, xs []int64, shape []int) (*Tensor, error) {
	t, err := Make(dt, shape)
	if err != nil {
		return nil, err
	}
	if t.Len() != len(xs) {
		return nil, fmt.Errorf("tensor: %d elements for shape %v", len(xs), shape)
	}
	switch dt {
	case Int64:
		copy(Data[int64](t), xs)
	case Int32:
		err = narrow(Data[int32](t), xs)
	case Int16:
		err = narrow(Data[int16](t), xs)
	case Int8:
		err = narrow(Data[int8](t), xs)
	case Uint64:
		err = narrow(Data[uint64](t), xs)
	case Uint32:
		err = narrow(Data[uint32](t), xs)
	case Uint16:
		err = narrow(Data[uint16](t), xs)
	case Uint8:
		err = narrow(Data[uint8](t), xs)
	case Bool:
		for i, x := range xs {
			Data[bool](t)[i] = x != 0
		}
	case Int4, Uint4, Int2, Uint2:
		bits := dt.Bits()
		for i, x := range xs {
			orCode(t.data, bits, i, byte(x))
			if signExtend(codeAt(t.data, bits, i), dt) != x {
				return nil, fmt.Errorf("tensor: %d does not fit %v", x, dt)
			}
		}
	default:
		err = fmt.Errorf("tensor: %v is not an integer type", dt)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

func narrow[T int8 | int16 | int32 | uint8 | uint16 | uint32 | uint64](dst []T, xs []int64) error {
	for i, x := range xs {
		dst[i] = T(x)
		if int64(dst[i]) != x {
			return fmt.Errorf("tensor: %d does not fit %v", x, DTypeOf[T]())
		}
	}
	return nil
}

package tensor

import "fmt"

// MaxRun is the most elements that a Reader or Writer takes in one call.
const MaxRun = 256

// Reader returns a function that fills dst with the elements from at on of a tensor of type dt, a real number or Bool. An
// int64 or uint64 is rounded.
func Reader(dt DType) func(dst []float64, t *Tensor, at int) {
	switch dt {
	case Int8:
		return load[float64, int8]
	case Int16:
		return load[float64, int16]
	case Int32:
		return load[float64, int32]
	case Int64:
		return load[float64, int64]
	case Uint8, Bool:
		return load[float64, uint8]
	case Uint16:
		return load[float64, uint16]
	case Uint32:
		return load[float64, uint32]
	case Uint64:
		return load[float64, uint64]
	}
	switch {
	case dt.IsInt():
		return func(dst []float64, t *Tensor, at int) {
			for i := range dst {
				dst[i] = float64(signExtend(codeAt(t.data, dt.Bits(), at+i), dt))
			}
		}
	case dt.IsFloat():
		return loadFloat(dt)
	}
	panic(fmt.Sprintf("tensor: %v elements are not real numbers", dt))
}

// Writer returns a function that stores src, at most MaxRun numbers, as the elements from at on of a tensor of type dt, rounded
// as Cast does. Elements of a packed type must be zero before.
func Writer(dt DType, o CastOptions) func(t *Tensor, at int, src []float64) {
	if !dt.IsInt() && !dt.IsFloat() && dt != Bool {
		panic(fmt.Sprintf("tensor: %v elements are not real numbers", dt))
	}
	return storeFloat(dt, o)
}

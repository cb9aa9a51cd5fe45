package exec

import (
	"encoding/binary"

	"github.com/gneiss-ml/gneiss/tensor"
)

// keyOf appends what a plan needs to know of a value: type and dimensions. Different ones give different keys, none a
// prefix of another.
func keyOf(key []byte, v tensor.Value) []byte {
	t, ok := v.(*tensor.Tensor)
	if !ok {
		return typeKey(append(key, 0xff), v.Type())
	}
	key = append(key, byte(t.DType()), byte(t.Rank()))
	for _, d := range t.Shape() {
		key = binary.AppendUvarint(key, uint64(d))
	}
	return key
}

func typeKey(key []byte, t tensor.Type) []byte {
	key = append(key, byte(t.Kind), byte(t.DType))
	if t.Elem != nil {
		key = typeKey(key, *t.Elem)
	}
	return key
}

// valueKey appends the elements of a tensor; nothing for what is no tensor.
func valueKey(key []byte, v tensor.Value) []byte {
	t, ok := v.(*tensor.Tensor)
	if !ok {
		return key
	}
	if t.DType() != tensor.String {
		return append(key, t.Bytes()...)
	}
	for _, s := range tensor.Data[string](t) {
		key = binary.AppendUvarint(key, uint64(len(s)))
		key = append(key, s...)
	}
	return key
}

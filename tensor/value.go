package tensor

import "fmt"

// A Kind is the outermost form of a value.
type Kind uint8

// The kinds of values.
const (
	KindTensor Kind = iota
	KindSequence
	KindOptional
	KindMap
	KindSparse // only in declared types; sparse values are dense here
)

var kindNames = [...]string{"tensor", "sequence", "optional", "map", "sparse_tensor"}

// String returns the name that ONNX gives the kind.
func (k Kind) String() string { return kindNames[k] }

// A Type is the type of a value without its dimensions.
type Type struct {
	Kind  Kind
	DType DType // of a tensor's elements; of a map's keys
	Elem  *Type // what a sequence or optional holds; a map's values
}

// TypeOf returns the type of tensors of dt.
func TypeOf(dt DType) Type { return Type{DType: dt} }

// SequenceOf returns the type of sequences of elem.
func SequenceOf(elem Type) Type { return Type{Kind: KindSequence, Elem: &elem} }

// OptionalOf returns the type of optionals of elem.
func OptionalOf(elem Type) Type { return Type{Kind: KindOptional, Elem: &elem} }

// MapOf returns the type of maps from key to elem.
func MapOf(key DType, elem Type) Type { return Type{Kind: KindMap, DType: key, Elem: &elem} }

// Equal reports whether two types are the same.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind || t.DType != u.DType || (t.Elem == nil) != (u.Elem == nil) {
		return false
	}
	return t.Elem == nil || t.Elem.Equal(*u.Elem)
}

// String returns the type as ONNX writes it: tensor(float32), seq(tensor(int64)), map(string,tensor(float32)).
func (t Type) String() string {
	elem := "?"
	if t.Elem != nil {
		elem = t.Elem.String()
	}
	switch t.Kind {
	case KindSequence:
		return "seq(" + elem + ")"
	case KindOptional:
		return "optional(" + elem + ")"
	case KindMap:
		return fmt.Sprintf("map(%v,%s)", t.DType, elem)
	case KindSparse:
		return fmt.Sprintf("sparse_tensor(%v)", t.DType)
	}
	return fmt.Sprintf("tensor(%v)", t.DType)
}

// A Value is what flows along the edges of a graph: *Tensor, *Sequence, *Optional or *Map.
type Value interface {
	// Type returns the type of the value.
	Type() Type
}

// A Sequence is a list of values of one type. It is not changed once made.
type Sequence struct {
	Elem  Type
	Items []Value
}

// An Optional holds a value of type Elem, or nothing: Value is nil.
type Optional struct {
	Elem  Type
	Value Value
}

// A Map is a set of keys with a value each: Keys is a vector of integers or strings, Values a tensor with as many
// rows, or a Sequence with as many items.
type Map struct {
	Keys   *Tensor
	Values Value
}

// Type implements Value.
func (t *Tensor) Type() Type { return Type{DType: t.dtype} }

// Type implements Value.
func (s *Sequence) Type() Type { return SequenceOf(s.Elem) }

// Type implements Value.
func (o *Optional) Type() Type { return OptionalOf(o.Elem) }

// Type implements Value.
func (m *Map) Type() Type {
	elem := m.Values.Type()
	if s, ok := m.Values.(*Sequence); ok {
		elem = s.Elem
	}
	return MapOf(m.Keys.DType(), elem)
}

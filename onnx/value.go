package onnx

import (
	"fmt"
	"os"

	"github.com/gneiss-ml/gneiss/tensor"
)

// ReadValue reads a value from the form of ONNX's test data: a TensorProto, SequenceProto, OptionalProto or MapProto, as
// t says, since the bytes do not. Of t only the kinds matter where the file says the element types itself.
func ReadValue(b []byte, t tensor.Type) (tensor.Value, error) {
	s := newScanner(Limits{})
	v := s.anyValue(b, t)
	if s.err != nil {
		return nil, fmt.Errorf("onnx: %w", s.err)
	}
	return v, nil
}

// ReadValueFile reads a file as ReadValue does.
func ReadValueFile(path string, t tensor.Type) (tensor.Value, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	v, err := ReadValue(b, t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

func elemOf(t tensor.Type) tensor.Type {
	if t.Elem == nil {
		return tensor.Type{}
	}
	return *t.Elem
}

func (s *scanner) anyValue(b []byte, t tensor.Type) tensor.Value {
	switch t.Kind {
	case tensor.KindSequence:
		return s.sequence(b, elemOf(t))
	case tensor.KindOptional:
		return s.optional(b, elemOf(t))
	case tensor.KindMap:
		return s.mapValue(b, t)
	}
	v, _ := s.tensor(b, "tensor")
	if v == nil {
		return nil
	}
	return v
}

// sequence reads a SequenceProto.
func (s *scanner) sequence(b []byte, elem tensor.Type) *tensor.Sequence {
	q := &tensor.Sequence{Elem: elem}
	s.each("SequenceProto", b, func(x wireField) {
		var v tensor.Value
		switch x.num {
		case 3:
			v = s.anyValue(x.bytes(), tensor.Type{})
		case 4:
			t, _ := s.sparse(x.bytes(), "sparse tensor")
			v = t
		case 5:
			v = s.sequence(x.bytes(), elemOf(elem))
		case 6:
			v = s.mapValue(x.bytes(), elem)
		case 7:
			v = s.optional(x.bytes(), elemOf(elem))
		default:
			return
		}
		if s.err == nil {
			q.Items = append(q.Items, v)
		}
	})
	if len(q.Items) > 0 && s.err == nil {
		q.Elem = q.Items[0].Type()
		for i, v := range q.Items {
			if !v.Type().Equal(q.Elem) {
				s.fail("sequence: item %d is %v, item 0 is %v", i, v.Type(), q.Elem)
			}
		}
	}
	return q
}

// optional reads an OptionalProto.
func (s *scanner) optional(b []byte, elem tensor.Type) *tensor.Optional {
	o := &tensor.Optional{Elem: elem}
	s.each("OptionalProto", b, func(x wireField) {
		switch x.num {
		case 3:
			o.Value = s.anyValue(x.bytes(), tensor.Type{})
		case 4:
			t, _ := s.sparse(x.bytes(), "sparse tensor")
			o.Value = t
		case 5:
			o.Value = s.sequence(x.bytes(), elemOf(elem))
		case 6:
			o.Value = s.mapValue(x.bytes(), elem)
		case 7:
			o.Value = s.optional(x.bytes(), elemOf(elem))
		}
	})
	if s.err != nil {
		return nil
	}
	if o.Value != nil {
		o.Elem = o.Value.Type()
	}
	return o
}

// mapValue reads a MapProto.
func (s *scanner) mapValue(b []byte, t tensor.Type) *tensor.Map {
	m := &tensor.Map{}
	var keyType int64
	var ints []int64
	var texts []string
	values := &tensor.Sequence{Elem: elemOf(t)}
	s.each("MapProto", b, func(x wireField) {
		switch x.num {
		case 2:
			keyType = x.int()
		case 3:
			x.addInts(&ints)
		case 4:
			texts = append(texts, x.text())
		case 5:
			values = s.sequence(x.bytes(), elemOf(t))
		}
	})
	if s.err != nil {
		return nil
	}
	m.Values = values
	n := len(ints)
	switch dt := dtypeOf(keyType); {
	case dt == tensor.String:
		n = len(texts)
		m.Keys = tensor.FromSlice(append([]string{}, texts...), n)
	case dt.IsInt():
		var err error
		if m.Keys, err = tensor.FromInt64s(dt, ints, []int{n}); err != nil {
			s.fail("map keys: %w", err)
		}
	default:
		s.fail("map key type %d, want an integer type or string", keyType)
	}
	if n != len(values.Items) {
		s.fail("map: %d keys and %d values", n, len(values.Items))
	}
	return m
}

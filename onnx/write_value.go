package onnx

import (
	"bytes"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gneiss-ml/gneiss/tensor"
)

// WriteValue writes a value in the form of ONNX's test data, which ReadValue reads: a TensorProto, SequenceProto,
// OptionalProto or MapProto. name may be empty.
func WriteValue(w io.Writer, name string, v tensor.Value) error {
	p, err := valueMessage(name, v)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	_, err = p.WriteTo(w)
	return err
}

// SaveValue writes a value to a file, as WriteValue does.
func SaveValue(path, name string, v tensor.Value) error {
	var b bytes.Buffer
	if err := WriteValue(&b, name, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return replaceFile(path, &b)
}

// kindNumbers are how SequenceProto and OptionalProto number the kinds of what they hold.
var kindNumbers = map[tensor.Kind]int64{tensor.KindTensor: 1, tensor.KindSequence: 3, tensor.KindMap: 4, tensor.KindOptional: 5}

// itemFields are the fields that hold what a sequence or an optional holds.
var itemFields = map[tensor.Kind]protowire.Number{tensor.KindTensor: 3, tensor.KindSequence: 5, tensor.KindMap: 6, tensor.KindOptional: 7}

func valueMessage(name string, v tensor.Value) (*pbuf, error) {
	switch v := v.(type) {
	case *tensor.Tensor:
		return (&writer{}).tensor(name, v), nil
	case *tensor.Sequence:
		return sequenceMessage(name, v.Elem, v.Items)
	case *tensor.Optional:
		p := &pbuf{}
		p.textIf(1, name)
		p.int(2, kindNumbers[v.Elem.Kind])
		if v.Value != nil {
			m, err := valueMessage("", v.Value)
			if err != nil {
				return nil, err
			}
			p.msg(itemFields[v.Elem.Kind], m)
		}
		return p, nil
	case *tensor.Map:
		return mapMessage(name, v)
	}
	return nil, fmt.Errorf("%T has no form in a file", v)
}

func sequenceMessage(name string, elem tensor.Type, items []tensor.Value) (*pbuf, error) {
	p := &pbuf{}
	p.textIf(1, name)
	p.int(2, kindNumbers[elem.Kind])
	for _, item := range items {
		m, err := valueMessage("", item)
		if err != nil {
			return nil, err
		}
		p.msg(itemFields[elem.Kind], m)
	}
	return p, nil
}

func mapMessage(name string, v *tensor.Map) (*pbuf, error) {
	p := &pbuf{}
	p.textIf(1, name)
	p.int(2, int64(v.Keys.DType()))
	if v.Keys.DType() == tensor.String {
		for _, s := range tensor.Data[string](v.Keys) {
			p.text(4, s)
		}
	} else {
		p.ints(3, v.Keys.Int64s())
	}
	var elem tensor.Type
	var items []tensor.Value
	switch values := v.Values.(type) {
	case *tensor.Sequence:
		elem, items = values.Elem, values.Items
	case *tensor.Tensor:
		elem = values.Type()
		for i := range v.Keys.Len() {
			row, err := values.Row(i)
			if err != nil {
				return nil, err
			}
			items = append(items, row)
		}
	}
	values, err := sequenceMessage("", elem, items)
	if err != nil {
		return nil, err
	}
	p.msg(5, values)
	return p, nil
}

package graph

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gneiss-ml/gneiss/tensor"
)

// Attrs are the attributes of a node as a file states them. The values are int64, float32, string, []int64,
// []float32, []string, *tensor.Tensor, []*tensor.Tensor, *Graph, []*Graph or tensor.Type.
type Attrs map[string]any

// Opt is an attribute whose absence means something else than any value.
type Opt[T any] struct {
	Set bool
	V   T
}

// Some returns an Opt that is present.
func Some[T any](v T) Opt[T] { return Opt[T]{true, v} }

// Or returns the value, or def when it is absent.
func (o Opt[T]) Or(def T) T {
	if o.Set {
		return o.V
	}
	return def
}

// Coded is an Op that keeps its attributes in another form than tagged fields: the members of a family whose attributes
// differ in name.
type Coded interface {
	Op
	// DecodeAttrs sets the operator from the attributes of a node, with their defaults for those absent.
	DecodeAttrs(attrs Attrs) error
	// EncodeAttrs returns the attributes that differ from their defaults.
	EncodeAttrs() Attrs
}

// field is a tagged field of an operator type: `onnx:"name"`, `onnx:"name,default"` or `onnx:"name,required"`. A tag
// `onnx:"-name"` is a field of ours that no file has; Decode sets it from the attribute of that very name, "-name", which only
// code can give.
type field struct {
	name     string
	index    []int
	def      reflect.Value // zero Value when there is no default
	required bool
	opt      bool
	graph    bool
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf returns the tagged fields of a struct type, those of embedded structs among them.
func fieldsOf(t reflect.Type) []field {
	if c, ok := fieldCache.Load(t); ok {
		return c.([]field)
	}
	var fs []field
	for _, sf := range reflect.VisibleFields(t) {
		tag, ok := sf.Tag.Lookup("onnx")
		if !ok {
			continue
		}
		name, def, hasDef := strings.Cut(tag, ",")
		f := field{name: name, index: sf.Index, graph: sf.Type == reflect.TypeFor[*Graph]()}
		ft := sf.Type
		if ft.Kind() == reflect.Struct && strings.HasPrefix(ft.Name(), "Opt[") {
			f.opt = true
		}
		switch {
		case def == "required":
			f.required = true
		case hasDef:
			f.def = parseDefault(ft, def)
		}
		fs = append(fs, f)
	}
	fieldCache.Store(t, fs)
	return fs
}

// parseDefault parses the default in a tag; lists are separated by blanks.
func parseDefault(t reflect.Type, s string) reflect.Value {
	v := reflect.New(t).Elem()
	fail := func(err error) {
		if err != nil {
			panic(fmt.Sprintf("graph: tag default %q for %v: %v", s, t, err))
		}
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(s == "1")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, 64)
		fail(err)
		v.SetInt(n)
	case reflect.Uint8:
		n, err := strconv.ParseUint(s, 10, 8)
		fail(err)
		v.SetUint(n)
	case reflect.Float32:
		f, err := strconv.ParseFloat(s, 32)
		fail(err)
		v.SetFloat(f)
	case reflect.Slice:
		for _, part := range strings.Fields(s) {
			v.Set(reflect.Append(v, parseDefault(t.Elem(), part)))
		}
	default:
		fail(fmt.Errorf("no defaults of this type"))
	}
	return v
}

// An UnknownAttributeError says which attributes no field of an operator claims.
type UnknownAttributeError struct{ Names []string }

// Error implements error.
func (e *UnknownAttributeError) Error() string {
	return "unknown attribute " + strings.Join(e.Names, ", ")
}

// Decode fills the tagged fields of op from attrs, with the default of the tag for those absent. An attribute of the
// wrong type, one that no field claims, and a required one that is missing are errors. An attribute that is present
// only to say what is the default is fine.
func Decode(op Op, attrs Attrs) error {
	if c, ok := op.(Coded); ok {
		return c.DecodeAttrs(attrs)
	}
	return DecodeFields(op, attrs)
}

// DecodeFields is Decode of the tagged fields of the struct that op points to, which need not be an Op.
func DecodeFields(op any, attrs Attrs) error {
	v := reflect.ValueOf(op).Elem()
	seen := 0
	var fs []field
	if v.Kind() == reflect.Struct {
		fs = fieldsOf(v.Type())
	}
	for _, f := range fs {
		if strings.HasPrefix(f.name, "-") {
			fv := v.FieldByIndex(f.index)
			if f.def.IsValid() {
				fv.Set(f.def)
			}
			if a, ok := attrs[f.name]; ok {
				seen++
				if err := setField(fv, a); err != nil {
					return fmt.Errorf("attribute %q: %w", f.name, err)
				}
			}
			continue
		}
		a, ok := attrs[f.name]
		fv := v.FieldByIndex(f.index)
		switch {
		case ok:
			seen++
			if f.opt {
				fv.Field(0).SetBool(true)
				fv = fv.Field(1)
			}
			if err := setField(fv, a); err != nil {
				return fmt.Errorf("attribute %q: %w", f.name, err)
			}
		case f.required:
			return fmt.Errorf("attribute %q is missing", f.name)
		case f.def.IsValid():
			fv.Set(f.def)
		}
	}
	if seen != len(attrs) {
		var unknown []string
		for name := range maps.Keys(attrs) {
			if !slices.ContainsFunc(fs, func(f field) bool { return f.name == name }) {
				unknown = append(unknown, strconv.Quote(name))
			}
		}
		slices.Sort(unknown)
		return &UnknownAttributeError{unknown}
	}
	return nil
}

// setField stores an attribute in a field of exactly matching kind.
func setField(v reflect.Value, a any) error {
	bad := func() error { return fmt.Errorf("%s, want %s", kindOf(a), v.Type()) }
	switch a := a.(type) {
	case int64:
		switch v.Kind() {
		case reflect.Int, reflect.Int64, reflect.Int32:
			if v.OverflowInt(a) {
				return fmt.Errorf("%d does not fit %s", a, v.Type())
			}
			v.SetInt(a)
		case reflect.Uint8:
			if a < 0 || a > 255 {
				return fmt.Errorf("%d is not a known value", a)
			}
			v.SetUint(uint64(a))
		case reflect.Bool:
			v.SetBool(a != 0)
		default:
			return bad()
		}
	case float32:
		if v.Kind() != reflect.Float32 {
			return bad()
		}
		v.SetFloat(float64(a))
	case string:
		if v.Kind() != reflect.String {
			return bad()
		}
		v.SetString(a)
	case []int64:
		if v.Kind() != reflect.Slice || (v.Type().Elem().Kind() != reflect.Int && v.Type().Elem().Kind() != reflect.Int64) {
			if len(a) == 0 && v.Kind() == reflect.Slice { // an empty list may come without its type
				v.Set(reflect.MakeSlice(v.Type(), 0, 0))
				return nil
			}
			return bad()
		}
		out := reflect.MakeSlice(v.Type(), len(a), len(a))
		for i, x := range a {
			if out.Index(i).OverflowInt(x) {
				return fmt.Errorf("%d does not fit %s", x, v.Type().Elem())
			}
			out.Index(i).SetInt(x)
		}
		v.Set(out)
	default:
		if a == nil || reflect.TypeOf(a) != v.Type() {
			return bad()
		}
		v.Set(reflect.ValueOf(a))
	}
	return nil
}

func kindOf(a any) string {
	switch a.(type) {
	case int64:
		return "an integer"
	case float32:
		return "a float"
	case string:
		return "a string"
	case []int64:
		return "a list of integers"
	case []float32:
		return "a list of floats"
	case []string:
		return "a list of strings"
	case *tensor.Tensor:
		return "a tensor"
	case *Graph:
		return "a graph"
	}
	return fmt.Sprintf("%T", a)
}

// Encode is the inverse of Decode: attributes that equal their default, and absent ones, are left out.
func Encode(op Op) Attrs {
	if c, ok := op.(Coded); ok {
		return c.EncodeAttrs()
	}
	return EncodeFields(op)
}

// EncodeFields is Encode of the tagged fields of the struct that op points to, which need not be an Op.
func EncodeFields(op any) Attrs { return encodeFields(op, false) }

// encodeFields encodes the fields that files have, or those that they do not have.
func encodeFields(op any, internal bool) Attrs {
	attrs := Attrs{}
	v := reflect.ValueOf(op).Elem()
	if v.Kind() != reflect.Struct {
		return attrs
	}
	for _, f := range fieldsOf(v.Type()) {
		if strings.HasPrefix(f.name, "-") != internal {
			continue
		}
		fv := v.FieldByIndex(f.index)
		switch {
		case f.opt:
			if fv.Field(0).Bool() {
				attrs[f.name] = attrOf(fv.Field(1))
			}
		case f.def.IsValid():
			if !reflect.DeepEqual(fv.Interface(), f.def.Interface()) {
				attrs[f.name] = attrOf(fv)
			}
		case f.required:
			attrs[f.name] = attrOf(fv)
		case !fv.IsZero():
			attrs[f.name] = attrOf(fv)
		}
	}
	return attrs
}

func attrOf(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Int, reflect.Int64, reflect.Int32:
		return v.Int()
	case reflect.Uint8:
		return int64(v.Uint())
	case reflect.Bool:
		if v.Bool() {
			return int64(1)
		}
		return int64(0)
	case reflect.Float32:
		return float32(v.Float())
	case reflect.String:
		return v.String()
	case reflect.Slice:
		switch v.Type().Elem().Kind() {
		case reflect.Int, reflect.Int64:
			out := make([]int64, v.Len())
			for i := range out {
				out[i] = v.Index(i).Int()
			}
			return out
		case reflect.Float32:
			return slices.Clone(v.Interface().([]float32))
		}
	}
	return v.Interface()
}

// SameOp reports whether two operators are equal: of one type, with equal attributes and without bodies. A NaN
// attribute equals itself.
func SameOp(a, b Op) bool {
	if a == b {
		return true
	}
	if reflect.TypeOf(a) != reflect.TypeOf(b) || len(Bodies(a)) > 0 || len(Bodies(b)) > 0 {
		return false
	}
	return sameValue(reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
}

func sameValue(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !sameValue(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Slice:
		if a.Len() != b.Len() || a.IsNil() != b.IsNil() {
			return false
		}
		for i := range a.Len() {
			if !sameValue(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Interface:
		return a.Pointer() == b.Pointer()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return a.Int() == b.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return a.Uint() == b.Uint()
	case reflect.Bool:
		return a.Bool() == b.Bool()
	case reflect.String:
		return a.String() == b.String()
	}
	return false
}

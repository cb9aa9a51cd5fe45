package tensor

import (
	"fmt"
	"reflect"

	"github.com/x448/float16"
)

// A DType is an element type. Its numbers are those of ONNX's TensorProto.DataType.
//
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
type DType uint8

// The element types.
const (
	Undefined      DType = 0
	Float32        DType = 1
	Uint8          DType = 2
	Int8           DType = 3
	Uint16         DType = 4
	Int16          DType = 5
	Int32          DType = 6
	Int64          DType = 7
	String         DType = 8
	Bool           DType = 9
	Float16        DType = 10
	Float64        DType = 11
	Uint32         DType = 12
	Uint64         DType = 13
	Complex64      DType = 14
	Complex128     DType = 15
	BFloat16       DType = 16
	Float8E4M3FN   DType = 17
	Float8E4M3FNUZ DType = 18
	Float8E5M2     DType = 19
	Float8E5M2FNUZ DType = 20
	Uint4          DType = 21
	Int4           DType = 22
	Float4E2M1     DType = 23
	Float8E8M0     DType = 24
	Uint2          DType = 25
	Int2           DType = 26
	Float6E2M3     DType = 27
	Float6E3M2     DType = 28

	numDTypes = 29
)

// The Go types of elements that Go has no type for. Each holds the bits of one element.
type (
	F16       = float16.Float16
	BF16      uint16
	F8E4M3    uint8
	F8E4M3UZ  uint8
	F8E5M2    uint8
	F8E5M2UZ  uint8
	F8E8M0    uint8
	packed    = byte // Uint4, Int4, Float4E2M1, Uint2, Int2 and the float6 types have no element of their own
	dtypeInfo struct {
		name string
		onnx string // name in TensorProto.DataType
		bits int
		kind kind
		goTy reflect.Type
	}
)

// kind groups element types by what arithmetic makes of them.
type kind uint8

const (
	kindOther kind = iota
	kindFloat
	kindInt
	kindUint
	kindComplex
)

var dtypes = [numDTypes]dtypeInfo{
	Undefined:      {"undefined", "UNDEFINED", 0, kindOther, nil},
	Float32:        {"float32", "FLOAT", 32, kindFloat, reflect.TypeFor[float32]()},
	Uint8:          {"uint8", "UINT8", 8, kindUint, reflect.TypeFor[uint8]()},
	Int8:           {"int8", "INT8", 8, kindInt, reflect.TypeFor[int8]()},
	Uint16:         {"uint16", "UINT16", 16, kindUint, reflect.TypeFor[uint16]()},
	Int16:          {"int16", "INT16", 16, kindInt, reflect.TypeFor[int16]()},
	Int32:          {"int32", "INT32", 32, kindInt, reflect.TypeFor[int32]()},
	Int64:          {"int64", "INT64", 64, kindInt, reflect.TypeFor[int64]()},
	String:         {"string", "STRING", 0, kindOther, reflect.TypeFor[string]()},
	Bool:           {"bool", "BOOL", 8, kindOther, reflect.TypeFor[bool]()},
	Float16:        {"float16", "FLOAT16", 16, kindFloat, reflect.TypeFor[F16]()},
	Float64:        {"float64", "DOUBLE", 64, kindFloat, reflect.TypeFor[float64]()},
	Uint32:         {"uint32", "UINT32", 32, kindUint, reflect.TypeFor[uint32]()},
	Uint64:         {"uint64", "UINT64", 64, kindUint, reflect.TypeFor[uint64]()},
	Complex64:      {"complex64", "COMPLEX64", 64, kindComplex, reflect.TypeFor[complex64]()},
	Complex128:     {"complex128", "COMPLEX128", 128, kindComplex, reflect.TypeFor[complex128]()},
	BFloat16:       {"bfloat16", "BFLOAT16", 16, kindFloat, reflect.TypeFor[BF16]()},
	Float8E4M3FN:   {"float8e4m3fn", "FLOAT8E4M3FN", 8, kindFloat, reflect.TypeFor[F8E4M3]()},
	Float8E4M3FNUZ: {"float8e4m3fnuz", "FLOAT8E4M3FNUZ", 8, kindFloat, reflect.TypeFor[F8E4M3UZ]()},
	Float8E5M2:     {"float8e5m2", "FLOAT8E5M2", 8, kindFloat, reflect.TypeFor[F8E5M2]()},
	Float8E5M2FNUZ: {"float8e5m2fnuz", "FLOAT8E5M2FNUZ", 8, kindFloat, reflect.TypeFor[F8E5M2UZ]()},
	Uint4:          {"uint4", "UINT4", 4, kindUint, reflect.TypeFor[packed]()},
	Int4:           {"int4", "INT4", 4, kindInt, reflect.TypeFor[packed]()},
	Float4E2M1:     {"float4e2m1", "FLOAT4E2M1", 4, kindFloat, reflect.TypeFor[packed]()},
	Float8E8M0:     {"float8e8m0", "FLOAT8E8M0", 8, kindFloat, reflect.TypeFor[F8E8M0]()},
	Uint2:          {"uint2", "UINT2", 2, kindUint, reflect.TypeFor[packed]()},
	Int2:           {"int2", "INT2", 2, kindInt, reflect.TypeFor[packed]()},
	Float6E2M3:     {"float6e2m3", "FLOAT6E2M3", 6, kindFloat, reflect.TypeFor[packed]()},
	Float6E3M2:     {"float6e3m2", "FLOAT6E3M2", 6, kindFloat, reflect.TypeFor[packed]()},
}

// Valid reports whether d is a known element type other than Undefined.
func (d DType) Valid() bool { return d > Undefined && d < numDTypes }

func (d DType) info() *dtypeInfo {
	if d < numDTypes {
		return &dtypes[d]
	}
	return &dtypeInfo{name: fmt.Sprintf("dtype(%d)", uint8(d)), onnx: fmt.Sprintf("DATATYPE_%d", uint8(d))}
}

// String returns the usual name, such as float32.
func (d DType) String() string { return d.info().name }

// ONNX returns the name that ONNX's schema gives the type, such as FLOAT.
func (d DType) ONNX() string { return d.info().onnx }

// Bits returns the size of one element in bits; 0 for String and Undefined.
func (d DType) Bits() int { return d.info().bits }

// Size returns the bytes of one element, at least 1; 0 for String and Undefined. Elements of less than a byte are
// packed, so use Bytes for the size of many.
func (d DType) Size() int { return (d.info().bits + 7) / 8 }

// Bytes returns how many bytes n packed elements take.
func (d DType) Bytes(n int) int {
	if b := d.info().bits; b >= 8 {
		return n * (b / 8)
	} else {
		return (n*b + 7) / 8
	}
}

// IsFloat reports whether d is a real floating-point type of any width.
func (d DType) IsFloat() bool { return d.info().kind == kindFloat }

// IsInt reports whether d is a signed or unsigned integer type of any width; Bool is not.
func (d DType) IsInt() bool { k := d.info().kind; return k == kindInt || k == kindUint }

// IsSigned reports whether d is a signed integer type.
func (d DType) IsSigned() bool { return d.info().kind == kindInt }

// IsComplex reports whether d is a complex type.
func (d DType) IsComplex() bool { return d.info().kind == kindComplex }

// IsNumber reports whether d is a float, integer or complex type.
func (d DType) IsNumber() bool { return d.info().kind != kindOther }

// ParseDType returns the type with the given name, ours (float32) or ONNX's (FLOAT).
func ParseDType(name string) (DType, error) {
	for d := range DType(numDTypes) {
		if d.Valid() && (dtypes[d].name == name || dtypes[d].onnx == name) {
			return d, nil
		}
	}
	return Undefined, fmt.Errorf("tensor: unknown element type %q", name)
}

// An Element is a Go type that a tensor's elements can be viewed as.
type Element interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool | string |
		F16 | BF16 | F8E4M3 | F8E4M3UZ | F8E5M2 | F8E5M2UZ | F8E8M0 | complex64 | complex128
}

// DTypeOf returns the element type that T holds: Uint8 for bytes, never a packed type.
func DTypeOf[T Element]() DType {
	var z T
	switch any(z).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case bool:
		return Bool
	case string:
		return String
	case F16:
		return Float16
	case BF16:
		return BFloat16
	case F8E4M3:
		return Float8E4M3FN
	case F8E4M3UZ:
		return Float8E4M3FNUZ
	case F8E5M2:
		return Float8E5M2
	case F8E5M2UZ:
		return Float8E5M2FNUZ
	case F8E8M0:
		return Float8E8M0
	case complex64:
		return Complex64
	default:
		return Complex128
	}
}

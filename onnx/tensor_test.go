package onnx

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestTensorForms reads three elements of each type from the list that holds them, packed and not, and from raw data.
func TestTensorForms(t *testing.T) {
	f32 := func(xs ...float32) (b []byte) {
		for _, x := range xs {
			b = protowire.AppendFixed32(b, math.Float32bits(x))
		}
		return b
	}
	f64 := func(xs ...float64) (b []byte) {
		for _, x := range xs {
			b = protowire.AppendFixed64(b, math.Float64bits(x))
		}
		return b
	}
	for _, c := range []struct {
		dt    tensor.DType
		field protowire.Number
		list  []int64 // elements of the list, as bits
		raw   []byte
	}{
		{tensor.Float32, 4, []int64{0x3f800000, 0x40000000, 0x7fc00000}, f32(1, 2, float32(math.NaN()))},
		{tensor.Complex64, 4, []int64{0x3f800000, 0x40000000, 0, 0, 0x3f800000, 0}, f32(1, 2, 0, 0, 1, 0)},
		{tensor.Float64, 10, []int64{0x3ff0000000000000, 0, 0x4000000000000000}, f64(1, 0, 2)},
		{tensor.Complex128, 10, []int64{0x3ff0000000000000, 0, 0, 0, 0, 0x4000000000000000}, f64(1, 0, 0, 0, 0, 2)},
		{tensor.Int64, 7, []int64{1, -2, math.MaxInt64}, []byte{1, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 127}},
		{tensor.Uint64, 11, []int64{1, 2, -1}, []byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}},
		{tensor.Uint32, 11, []int64{1, 2, math.MaxUint32}, []byte{1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255}},
		{tensor.Int32, 5, []int64{1, -2, math.MinInt32}, []byte{1, 0, 0, 0, 254, 255, 255, 255, 0, 0, 0, 128}},
		{tensor.Int16, 5, []int64{1, -2, 300}, []byte{1, 0, 254, 255, 44, 1}},
		{tensor.Uint16, 5, []int64{1, 65535, 300}, []byte{1, 0, 255, 255, 44, 1}},
		{tensor.Int8, 5, []int64{1, -2, 127}, []byte{1, 254, 127}},
		{tensor.Uint8, 5, []int64{1, 255, 127}, []byte{1, 255, 127}},
		{tensor.Bool, 5, []int64{1, 0, 1}, []byte{1, 0, 1}},
		{tensor.Float16, 5, []int64{0x3c00, 0xbc00, 0}, []byte{0, 0x3c, 0, 0xbc, 0, 0}},
		{tensor.BFloat16, 5, []int64{0x3f80, 0xbf80, 0}, []byte{0x80, 0x3f, 0x80, 0xbf, 0, 0}},
		{tensor.Float8E4M3FN, 5, []int64{1, 255, 127}, []byte{1, 255, 127}},
		{tensor.Float8E4M3FNUZ, 5, []int64{1, 255, 127}, []byte{1, 255, 127}},
		{tensor.Float8E5M2, 5, []int64{1, 255, 127}, []byte{1, 255, 127}},
		{tensor.Float8E5M2FNUZ, 5, []int64{1, 255, 127}, []byte{1, 255, 127}},
		{tensor.Float8E8M0, 5, []int64{1, 255, 127}, []byte{1, 255, 127}},
		{tensor.Uint4, 5, []int64{0x21, 0x3}, []byte{0x21, 3}},
		{tensor.Int4, 5, []int64{0xf1, 0x8}, []byte{0xf1, 8}},
		{tensor.Float4E2M1, 5, []int64{0xf1, 0x8}, []byte{0xf1, 8}},
		{tensor.Uint2, 5, []int64{0x39}, []byte{0x39}},
		{tensor.Int2, 5, []int64{0x39}, []byte{0x39}},
		{tensor.Float6E2M3, 5, []int64{1, 2, 63}, []byte{0x81, 0xf0, 0x03}},
		{tensor.Float6E3M2, 5, []int64{1, 2, 63}, []byte{0x81, 0xf0, 0x03}},
	} {
		head := encode(t, &pb.TensorProto{Name: "t", DataType: int32(c.dt), Dims: []int64{3}})
		size := map[protowire.Number]int{4: 4, 10: 8}[c.field]
		packed, single := []byte(nil), bytes.Clone(head)
		for _, x := range c.list {
			var b []byte
			typ := protowire.VarintType
			switch size {
			case 4:
				b, typ = protowire.AppendFixed32(nil, uint32(x)), protowire.Fixed32Type
			case 8:
				b, typ = protowire.AppendFixed64(nil, uint64(x)), protowire.Fixed64Type
			default:
				b = protowire.AppendVarint(nil, uint64(x))
			}
			packed = append(packed, b...)
			single = append(protowire.AppendTag(single, c.field, typ), b...)
		}
		forms := map[string][]byte{
			"packed":   protowire.AppendBytes(protowire.AppendTag(bytes.Clone(head), c.field, protowire.BytesType), packed),
			"unpacked": single,
			"raw":      protowire.AppendBytes(protowire.AppendTag(bytes.Clone(head), 9, protowire.BytesType), c.raw),
		}
		forms["shifted"] = append([]byte{0x62, 1, 'd'}, forms["raw"]...) // a doc string before it
		for form, b := range forms {
			v, err := ReadValue(b, tensor.Type{})
			if err != nil {
				t.Errorf("%v %s: %v", c.dt, form, err)
				continue
			}
			if got := v.(*tensor.Tensor); got.DType() != c.dt || !bytes.Equal(got.Bytes(), c.raw) {
				t.Errorf("%v %s: got %v % x, want % x", c.dt, form, got.Describe(), got.Bytes(), c.raw)
			}
		}
		for form, b := range forms { // one element less than the shape says
			b = append(bytes.Clone(b), encode(t, &pb.TensorProto{Dims: []int64{3}})...)
			if _, err := ReadValue(b, tensor.Type{}); err == nil || !strings.Contains(err.Error(), "want") {
				t.Errorf("%v %s for shape [3,3]: %v", c.dt, form, err)
			}
		}
	}
}

func TestTensorOddities(t *testing.T) {
	for _, c := range []struct {
		p    *pb.TensorProto
		want string // the elements, or the error
	}{
		{&pb.TensorProto{DataType: 8, Dims: []int64{2}, StringData: [][]byte{[]byte("a"), []byte("é")}}, "[a é]"},
		{&pb.TensorProto{DataType: 8, Dims: []int64{0}}, "[]"},
		{&pb.TensorProto{DataType: 8, Dims: []int64{2}, RawData: []byte("ab")}, `tensor "": 0 strings for shape [2]`},
		{&pb.TensorProto{DataType: 9, Dims: []int64{3}, RawData: []byte{0, 2, 255}}, "[false true true]"},
		{&pb.TensorProto{DataType: 9, Dims: []int64{2}, Int32Data: []int32{0, -1}}, "[false true]"},
		{&pb.TensorProto{DataType: 7, Dims: []int64{0, 5}}, "[]"},
		{&pb.TensorProto{DataType: 7, Int64Data: []int64{-5}}, "[-5]"},
		{&pb.TensorProto{DataType: 3, Dims: []int64{1}, Int32Data: []int32{200}}, "[-56]"}, // bits of a byte
		{&pb.TensorProto{DataType: 3, Dims: []int64{1}, Int32Data: []int32{256}}, "value 256 of element 0 does not fit int8"},
		{&pb.TensorProto{DataType: 1, Dims: []int64{2}}, "0 bytes for float32[2], want 8"},
		{&pb.TensorProto{DataType: 1, Dims: []int64{2}, RawData: make([]byte, 7)}, "7 bytes for float32[2], want 8"},
		{&pb.TensorProto{DataType: 0}, "element type 0 is not supported"},
		{&pb.TensorProto{DataType: 1, Segment: &pb.TensorProto_Segment{}}, "segments are not supported"},
	} {
		v, err := ReadValue(encode(t, c.p), tensor.Type{})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			switch x := v.(*tensor.Tensor); x.DType() {
			case tensor.String:
				got = fmt.Sprint(tensor.Data[string](x))
			case tensor.Bool:
				got = fmt.Sprint(tensor.Data[bool](x))
			default:
				got = fmt.Sprint(x.Int64s())
			}
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%v: got %s, want %s", c.p, got, c.want)
		}
	}
}

// TestUnaligned reads elements that start at each offset.
func TestUnaligned(t *testing.T) {
	for pad := range 9 {
		b := encode(t, &pb.TensorProto{Name: strings.Repeat("n", 1+pad), DataType: 11, Dims: []int64{3}})
		for _, x := range []float64{1, -2, 3} {
			b = protowire.AppendFixed64(protowire.AppendTag(b, 10, protowire.Fixed64Type), math.Float64bits(x))
		}
		raw := encode(t, &pb.TensorProto{Name: strings.Repeat("n", 1+pad), DataType: 11, Dims: []int64{3}, RawData: make([]byte, 24)})
		for i, x := range []float64{1, -2, 3} {
			at := bytes.LastIndex(raw, make([]byte, 24-8*i))
			copy(raw[at:], protowire.AppendFixed64(nil, math.Float64bits(x)))
		}
		for _, b := range [][]byte{b, raw} {
			v, err := ReadValue(b, tensor.Type{})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(tensor.Data[float64](v.(*tensor.Tensor))); got != "[1 -2 3]" {
				t.Errorf("padding %d: %s", pad, got)
			}
		}
	}
}

func TestSparse(t *testing.T) {
	ints := func(xs []int64, dims ...int64) *pb.TensorProto {
		return &pb.TensorProto{DataType: 7, Int64Data: xs, Dims: dims}
	}
	for _, c := range []struct {
		values, indices *pb.TensorProto
		dims            []int64
		want            string
	}{
		{floats("s", []float32{1, 2}, 2), ints([]int64{1, 5}, 2), []int64{2, 3}, "[0 1 0 0 0 2]"},
		{floats("s", []float32{1, 2}, 2), ints([]int64{0, 1, 1, 2}, 2, 2), []int64{2, 3}, "[0 1 0 0 0 2]"},
		{floats("s", nil, 0), nil, []int64{2}, "[0 0]"},
		{floats("s", []float32{1}, 1), ints([]int64{6}, 1), []int64{2, 3}, `"s": index 6 outside 6 elements`},
		{floats("s", []float32{1}, 1), ints([]int64{0, 3}, 1, 2), []int64{2, 3}, "index 3 outside dimension 1, which is 3"},
		{floats("s", []float32{1}, 1), ints([]int64{0, -1}, 1, 2), []int64{2, 3}, "index -1 outside dimension 1"},
		{floats("s", []float32{1, 2}, 2), ints([]int64{6}, 1), []int64{2, 3}, "indices int64[1] for 2 values of rank 2"},
		{floats("s", []float32{1, 2}, 1, 2), ints([]int64{6}, 1), []int64{2, 3}, "values float32[1,2], want a vector"},
		{floats("s", []float32{1}, 1), nil, []int64{2}, "no indices"},
		{nil, nil, []int64{2}, "no values"},
		{floats("s", []float32{1}, 1), ints([]int64{0}, 1), []int64{-2}, "dimension 0 is -2"},
		{floats("s", []float32{1}, 1), ints([]int64{0}, 1), []int64{1 << 50, 1 << 50}, "overflows"},
	} {
		m := model(&pb.GraphProto{
			SparseInitializer: []*pb.SparseTensorProto{{Values: c.values, Indices: c.indices, Dims: c.dims}},
			Output:            []*pb.ValueInfoProto{{Name: "s"}},
		})
		r, err := OpenBytes(encode(t, m), Options{})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprint(tensor.Data[float32](r.Graph.Out[0].Const()))
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%v at %v: got %s, want %s", c.values, c.indices, got, c.want)
		}
	}
	s := &scanner{bytes: 1 << 20, depth: 10}
	idx, _ := tensor.FromInt64s(tensor.Int64, []int64{3, 1}, []int{2})
	vals, _ := tensor.FromInt64s(tensor.Int4, []int64{-3, 5}, []int{2})
	if x := s.densify(vals, idx, []int64{5}); s.err != nil || fmt.Sprint(x.Int64s()) != "[0 5 0 -3 0]" {
		t.Errorf("sparse int4: %v", s.err)
	}
}

func TestConstants(t *testing.T) {
	attr := func(name string, kind pb.AttributeProto_AttributeType, a *pb.AttributeProto) *pb.AttributeProto {
		a.Name, a.Type = name, kind
		return a
	}
	sparse := &pb.SparseTensorProto{Values: floats("", []float32{7}, 1), Indices: &pb.TensorProto{DataType: 7, Dims: []int64{1}, Int64Data: []int64{1}}, Dims: []int64{2}}
	for _, c := range []struct {
		attr *pb.AttributeProto
		want string
	}{
		{attr("value", pb.AttributeProto_TENSOR, &pb.AttributeProto{T: floats("", []float32{1, 2}, 2)}), "float32[2]"},
		{attr("value", 0, &pb.AttributeProto{T: floats("", []float32{1, 2}, 2)}), "float32[2]"}, // without its type
		{attr("sparse_value", pb.AttributeProto_SPARSE_TENSOR, &pb.AttributeProto{SparseTensor: sparse}), "float32[2]"},
		{attr("value_int", pb.AttributeProto_INT, &pb.AttributeProto{I: 3}), "int64[]"},
		{attr("value_ints", pb.AttributeProto_INTS, &pb.AttributeProto{Ints: []int64{3, 4, 5}}), "int64[3]"},
		{attr("value_ints", pb.AttributeProto_INTS, &pb.AttributeProto{}), "int64[0]"},
		{attr("value_float", pb.AttributeProto_FLOAT, &pb.AttributeProto{F: 3}), "float32[]"},
		{attr("value_floats", pb.AttributeProto_FLOATS, &pb.AttributeProto{Floats: []float32{3}}), "float32[1]"},
		{attr("value_string", pb.AttributeProto_STRING, &pb.AttributeProto{S: []byte("a")}), "string[]"},
		{attr("value_strings", pb.AttributeProto_STRINGS, &pb.AttributeProto{Strings: [][]byte{[]byte("a")}}), "string[1]"},
		{attr("value_int", pb.AttributeProto_FLOAT, &pb.AttributeProto{F: 3}), `Constant (unknown attribute "value_int")`},
		{attr("speed", pb.AttributeProto_FLOAT, &pb.AttributeProto{F: 3}), `Constant (unknown attribute "speed")`},
	} {
		m := model(&pb.GraphProto{Node: []*pb.NodeProto{node("Constant", "-> c", c.attr)}, Output: []*pb.ValueInfoProto{{Name: "c"}}})
		r, err := OpenBytes(encode(t, m), Options{})
		got := ""
		if err != nil {
			got = err.Error()
		} else if v := r.Graph.Out[0]; len(r.Graph.Nodes) == 0 && v.IsConst() {
			got = v.Const().Describe()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%v: got %s, want %s", c.attr, got, c.want)
		}
	}
}

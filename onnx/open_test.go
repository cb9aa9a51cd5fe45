package onnx

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
)

// bigModel writes a model of 100 MB of weights, a chain of 25 products of matrices, and returns its path. The names
// have different lengths, so that weights start at all offsets from a multiple of 4.
func bigModel(t testing.TB) string {
	const n = 1000
	x := "x"
	g := &pb.GraphProto{Input: []*pb.ValueInfoProto{floatValue("x", "N", n)}}
	raw := make([]byte, 4*n*n)
	for i := range 25 {
		w, y := fmt.Sprintf("w%d%s", i, strings.Repeat("_", i%4)), fmt.Sprintf("y%d", i)
		g.Node = append(g.Node, node("MatMul", x+", "+w+" -> "+y), node("Relu", y+" -> "+y+"r"))
		g.Initializer = append(g.Initializer, &pb.TensorProto{Name: w, DataType: 1, Dims: []int64{n, n}, RawData: raw})
		x = y + "r"
	}
	g.Output = []*pb.ValueInfoProto{floatValue(x, "N", n)}
	name := filepath.Join(t.TempDir(), "big.onnx")
	if err := os.WriteFile(name, encode(t, model(g)), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// BenchmarkOpen100MB shows what opening a model of 100 MB costs: the time, and the bytes of heap.
func BenchmarkOpen100MB(b *testing.B) {
	name := bigModel(b)
	b.ReportAllocs()
	for b.Loop() {
		m, err := Open(name, Options{Eval: ref.Eval})
		if err != nil {
			b.Fatal(err)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestOpenCopiesNoWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a file of 100 MB")
	}
	name := bigModel(t)
	if m, err := Open(name, Options{}); err != nil { // fills what is computed once per process
		t.Fatal(err)
	} else {
		m.Close()
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m, err := Open(name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 20<<20 {
		t.Errorf("opening took %d bytes of heap", used)
	}
}

// TestOpenWays reads one model with external data in each way there is.
func TestOpenWays(t *testing.T) {
	data := make([]byte, 32)
	for i := range data {
		data[i] = byte(i)
	}
	m := model(&pb.GraphProto{
		Input:       []*pb.ValueInfoProto{floatValue("x", 2)},
		Node:        []*pb.NodeProto{node("Mul", "x, w -> y")},
		Output:      []*pb.ValueInfoProto{floatValue("y", 2)},
		Initializer: []*pb.TensorProto{externalFloats("w", "location", "data/w.bin", "offset", "8", "length", "8")},
	})
	b := encode(t, m)
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "data"), 0o700)
	os.WriteFile(filepath.Join(dir, "m.onnx"), b, 0o600)
	os.WriteFile(filepath.Join(dir, "data", "w.bin"), data, 0o600)
	check := func(way string, m *Model, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", way, err)
			return
		}
		if w := m.Graph.Nodes[0].In[1].Const(); !bytes.Equal(w.Bytes(), data[8:16]) {
			t.Errorf("%s: w is %v", way, w.Bytes())
		}
		if err := m.Close(); err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
	r, err := Open(filepath.Join(dir, "m.onnx"), Options{})
	check("Open", r, err)
	r, err = Open(filepath.Join(dir, "m.onnx"), Options{NoMmap: true})
	check("Open without mmap", r, err)
	r, err = OpenFS(os.DirFS(dir), "m.onnx", Options{})
	check("OpenFS", r, err)
	r, err = OpenFS(fstest.MapFS{"a/m.onnx": {Data: b}, "a/data/w.bin": {Data: data}}, "a/m.onnx", Options{})
	check("OpenFS of a map", r, err)
	r, err = OpenReader(bytes.NewReader(b), int64(len(b)), Options{Data: os.DirFS(dir)})
	check("OpenReader", r, err)
	_, err = OpenBytes(b, Options{})
	if err == nil || !strings.Contains(err.Error(), "the model was not opened from a folder") {
		t.Errorf("OpenBytes: %v", err)
	}
}

func externalFloats(name string, props ...string) *pb.TensorProto {
	p := &pb.TensorProto{Name: name, DataType: 1, Dims: []int64{2}, DataLocation: pb.TensorProto_EXTERNAL}
	for i := 0; i < len(props); i += 2 {
		p.ExternalData = append(p.ExternalData, &pb.StringStringEntryProto{Key: props[i], Value: props[i+1]})
	}
	return p
}

func TestExternalErrors(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "models")
	os.MkdirAll(filepath.Join(inner, "folder"), 0o700)
	os.WriteFile(filepath.Join(dir, "outside.bin"), make([]byte, 16), 0o600)
	os.WriteFile(filepath.Join(inner, "w.bin"), make([]byte, 16), 0o600)
	if err := os.Symlink(filepath.Join(dir, "outside.bin"), filepath.Join(inner, "link.bin")); err != nil {
		t.Skip("no symbolic links here")
	}
	for _, c := range []struct{ location, offset, length, want string }{
		{"w.bin", "8", "8", ""},
		{"./w.bin", "8", "", ""},
		{"w.bin", "9", "", "bytes 9 to 17 of a file of 16"},
		{"w.bin", "-1", "", `offset "-1", want a number of bytes`},
		{"w.bin", "9223372036854775807", "", "want a number of bytes"},
		{"w.bin", "4611686018427387000", "", "of a file of 16"},
		{"w.bin", "0", "4", "length 4 for float32[2], want 8"},
		{"w.bin", "x", "", `offset "x"`},
		{"", "", "", "no location"},
		{"missing.bin", "", "", "no such file in the folder of the model"},
		{"../outside.bin", "", "", "want a path inside the folder of the model"},
		{"a/../../outside.bin", "", "", "want a path inside"},
		{`..\outside.bin`, "", "", "want a path inside"},
		{filepath.Join(dir, "outside.bin"), "", "", "want a path inside"},
		{"link.bin", "", "", "path escapes from parent"},
		{".", "", "", "want a path inside"},
		{"folder", "", "", "not a regular file"},
		{"w.bin/x", "", "", "not a directory"},
	} {
		m := model(&pb.GraphProto{Initializer: []*pb.TensorProto{externalFloats("w", "location", c.location, "offset", c.offset, "length", c.length)}})
		name := filepath.Join(inner, "m.onnx")
		os.WriteFile(name, encode(t, m), 0o600)
		_, err := Open(name, Options{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("location %q, offset %q, length %q: %v, want %q", c.location, c.offset, c.length, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has several lines: %v", err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	good := encode(t, model(&pb.GraphProto{
		Name:   "g",
		Input:  []*pb.ValueInfoProto{floatValue("x", 2)},
		Node:   []*pb.NodeProto{node("Relu", "x -> y")},
		Output: []*pb.ValueInfoProto{floatValue("y", 2)},
	}))
	huge := protowire.AppendTag(nil, 7, protowire.BytesType)
	huge = protowire.AppendVarint(huge, 4<<30)
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"text", []byte("hello, this is no model"), "not an ONNX model"},
		{"png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "not an ONNX model"},
		{"zeros", make([]byte, 100), "not an ONNX model"},
		{"huge", append(huge, good...), "truncated"},
		{"no graph", protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 8), "it has no graph"},
	} {
		name := filepath.Join(dir, c.name)
		os.WriteFile(name, c.data, 0o600)
		_, err := Open(name, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	for n := range good {
		if _, err := OpenBytes(good[:n:n], Options{}); err == nil && n < 20 {
			t.Errorf("the first %d of %d bytes are a model", n, len(good))
		}
	}
	if _, err := Open(filepath.Join(dir, "missing"), Options{}); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("folder: %v", err)
	}
	if _, err := OpenReader(bytes.NewReader(good), 1<<40, Options{}); err == nil || !strings.Contains(err.Error(), "more than Limits.Bytes allows") {
		t.Errorf("reader that is too long: %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		if _, ok := err.(*fs.PathError); ok {
			return err
		}
		err = u.Unwrap()
	}
}

// TestGraphErrors breaks a good model in one way after the other.
func TestGraphErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(m *pb.ModelProto)
		want string
	}{
		{"cycle", func(m *pb.ModelProto) { m.Graph.Node[0].Input[1] = "y" }, `node "h" (Mul) takes what depends on its own output`},
		{"self", func(m *pb.ModelProto) { m.Graph.Node[0].Input[1] = "h" }, `takes what depends on its own output`},
		{"double output", func(m *pb.ModelProto) { m.Graph.Node[1].Output[0] = "h" }, `"h" is an output of node "h" (Mul) and of node "h" (Relu)`},
		{"output is input", func(m *pb.ModelProto) { m.Graph.Node[1].Output[0] = "x" }, `output 0: "x" is an input or a constant`},
		{"output is constant", func(m *pb.ModelProto) { m.Graph.Node[1].Output[0] = "w" }, `output 0: "w" is an input or a constant`},
		{"double initializer", func(m *pb.ModelProto) { m.Graph.Initializer = append(m.Graph.Initializer, m.Graph.Initializer[0]) }, `initializer "w" is there twice`},
		{"unnamed initializer", func(m *pb.ModelProto) { m.Graph.Initializer[0].Name = "" }, `initializer without a name`},
		{"double input", func(m *pb.ModelProto) { m.Graph.Input = append(m.Graph.Input, m.Graph.Input[0]) }, `input "x" is there twice`},
		{"double graph output", func(m *pb.ModelProto) { m.Graph.Output = append(m.Graph.Output, m.Graph.Output[0]) }, `output "y" is there twice`},
		{"undefined input", func(m *pb.ModelProto) { m.Graph.Node[0].Input[1] = "v" }, `node "h" (Mul): input 1: "v" is not defined`},
		{"undefined output", func(m *pb.ModelProto) { m.Graph.Output[0].Name = "v" }, `output "v" is not computed by any node`},
		{"no type", func(m *pb.ModelProto) { m.Graph.Input[0].Type = nil }, `input "x": no type`},
		{"bad type", func(m *pb.ModelProto) { m.Graph.Input[0].Type.GetTensorType().ElemType = 99 }, `input "x": element type 99 is not supported`},
		{"bad dim", func(m *pb.ModelProto) { m.Graph.Input[0] = floatValue("x", -2) }, `input "x": dimension -2`},
		{"negative dim", func(m *pb.ModelProto) { m.Graph.Initializer[0].Dims[0] = -1 }, `initializer "w": dimension 0 is -1`},
		{"overflow", func(m *pb.ModelProto) { m.Graph.Initializer[0].Dims = []int64{1 << 40, 1 << 40} }, `overflows`},
		{"too few", func(m *pb.ModelProto) { m.Graph.Initializer[0].Dims = []int64{1 << 30} }, `want 4294967296`},
		{"missing input", func(m *pb.ModelProto) { m.Graph.Node[0].Input = m.Graph.Node[0].Input[:1] }, `node "h" (Mul): inputs: "B" (number 1) is missing`},
		{"many inputs", func(m *pb.ModelProto) { m.Graph.Node[1].Input = []string{"h", "h"} }, `node "y" (Relu): 2 inputs, want at most 1 (X)`},
		{"many outputs", func(m *pb.ModelProto) { m.Graph.Node[1].Output = []string{"y", "z"} }, `node "y" (Relu): 2 outputs, want at most 1 (Y)`},
		{"shapes", func(m *pb.ModelProto) { m.Graph.Input[0] = floatValue("x", 5) }, `node "h" (Mul): shapes [5] and [2] do not broadcast`},
		{"opset", func(m *pb.ModelProto) { m.OpsetImport[0].Version = 0 }, `opset import: domain "": version 0`},
		{"opset twice", func(m *pb.ModelProto) {
			m.OpsetImport = append(m.OpsetImport, &pb.OperatorSetIdProto{Domain: "ai.onnx", Version: 9})
		}, `has versions 22 and 9`},
		{"new IR", func(m *pb.ModelProto) { m.IrVersion = 1000 }, `IR version 1000, newest known is 14`},
		{"bad attribute", func(m *pb.ModelProto) {
			m.Graph.Node[1] = node("Softmax", "h -> y", &pb.AttributeProto{Name: "axis", Type: pb.AttributeProto_FLOAT})
		}, `node "y" (Softmax): attribute "axis": a float, want int`},
		{"attribute twice", func(m *pb.ModelProto) {
			m.Graph.Node[1] = node("Softmax", "h -> y", intAttr("axis", 0), intAttr("axis", 0))
		}, `attribute "axis" is there twice`},
		{"reference", func(m *pb.ModelProto) {
			m.Graph.Node[1] = node("Softmax", "h -> y", refAttr("axis", "a", pb.AttributeProto_INT))
		}, `refers to attribute "a" of a function, but there is none`},
	} {
		m := model(&pb.GraphProto{
			Input:       []*pb.ValueInfoProto{floatValue("x", 2)},
			Initializer: []*pb.TensorProto{floats("w", []float32{1, 2}, 2)},
			Node:        []*pb.NodeProto{node("Mul", "x, w -> h"), node("Relu", "h -> y")},
			Output:      []*pb.ValueInfoProto{floatValue("y", 2)},
		})
		c.edit(m)
		_, err := OpenBytes(encode(t, m), Options{Eval: ref.Eval})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	g := &pb.GraphProto{Input: []*pb.ValueInfoProto{floatValue("x", 2)}, Output: []*pb.ValueInfoProto{floatValue("x", 2)}}
	for i := range 100 {
		g.Node = append(g.Node, node("Relu", fmt.Sprintf("x -> y%d", i)))
	}
	sparse := &pb.SparseTensorProto{Values: floats("s", nil, 0), Dims: []int64{1 << 20, 1 << 20}}
	for _, c := range []struct {
		g      *pb.GraphProto
		limits Limits
		want   string
	}{
		{g, Limits{Nodes: 99}, "more than 99 nodes"},
		{g, Limits{Bytes: 1000}, "more memory than Limits.Bytes allows"},
		{g, Limits{Depth: 2}, "nested too deeply"},
		{&pb.GraphProto{SparseInitializer: []*pb.SparseTensorProto{sparse}}, Limits{}, "more memory than Limits.Bytes allows"},
	} {
		_, err := OpenBytes(encode(t, model(c.g)), Options{Limits: c.limits})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.limits, err, c.want)
		}
	}
	// Functions that each call the next twice: 2⁴⁰ nodes.
	var fs []*pb.FunctionProto
	for i := range 40 {
		name := fmt.Sprintf("f.F%d", i+1)
		if i == 39 {
			name = "Neg"
		}
		fs = append(fs, &pb.FunctionProto{
			Domain: "f", Name: fmt.Sprintf("F%d", i), Input: []string{"a"}, Output: []string{"c"},
			OpsetImport: []*pb.OperatorSetIdProto{{Version: 13}},
			Node:        []*pb.NodeProto{node(name, "a -> b"), node(name, "b -> c")},
		})
	}
	g = &pb.GraphProto{
		Input: []*pb.ValueInfoProto{floatValue("x", 2)}, Output: []*pb.ValueInfoProto{floatValue("y", 2)},
		Node: []*pb.NodeProto{node("f.F0", "x -> y")},
	}
	_, err := OpenBytes(encode(t, model(g, fs...)), Options{Limits: Limits{Nodes: 10000}})
	if err == nil || !strings.Contains(err.Error(), "more than 10000 nodes") {
		t.Errorf("functions: %v", err)
	}
}

func TestValues(t *testing.T) {
	x := floats("x", []float32{1, 2}, 2)
	y := floats("y", []float32{3}, 1)
	seq := &pb.SequenceProto{ElemType: 1, TensorValues: []*pb.TensorProto{x, y}}
	seqType := tensor.SequenceOf(tensor.TypeOf(tensor.Float32))
	v, err := ReadValue(encode(t, seq), seqType)
	if s, ok := v.(*tensor.Sequence); err != nil || !ok || len(s.Items) != 2 || !s.Type().Equal(seqType) {
		t.Errorf("sequence: %v, %v", v, err)
	}
	v, err = ReadValue(nil, seqType)
	if s, ok := v.(*tensor.Sequence); err != nil || !ok || len(s.Items) != 0 || !s.Type().Equal(seqType) {
		t.Errorf("empty sequence: %v, %v", v, err)
	}
	opt := &pb.OptionalProto{ElemType: 3, SequenceValue: seq}
	v, err = ReadValue(encode(t, opt), tensor.OptionalOf(seqType))
	if o, ok := v.(*tensor.Optional); err != nil || !ok || o.Value == nil || !o.Type().Equal(tensor.OptionalOf(seqType)) {
		t.Errorf("optional: %v, %v", v, err)
	}
	v, err = ReadValue(encode(t, &pb.OptionalProto{ElemType: 1}), tensor.OptionalOf(tensor.TypeOf(tensor.Int8)))
	if o, ok := v.(*tensor.Optional); err != nil || !ok || o.Value != nil || o.Elem.DType != tensor.Int8 {
		t.Errorf("empty optional: %v, %v", v, err)
	}
	m := &pb.MapProto{KeyType: 8, StringKeys: [][]byte{[]byte("a"), []byte("b")}, Values: seq}
	v, err = ReadValue(encode(t, m), tensor.MapOf(tensor.String, tensor.TypeOf(tensor.Float32)))
	if m, ok := v.(*tensor.Map); err != nil || !ok || tensor.Data[string](m.Keys)[1] != "b" {
		t.Errorf("map: %v, %v", v, err)
	}
	for _, c := range []struct {
		b    []byte
		t    tensor.Type
		want string
	}{
		{encode(t, &pb.SequenceProto{TensorValues: []*pb.TensorProto{x, {DataType: 6}}}), seqType, "onnx: tensor"},
		{encode(t, &pb.MapProto{KeyType: 7, Keys: []int64{1}}), tensor.MapOf(tensor.Int64, tensor.TypeOf(tensor.Float32)), "1 keys and 0 values"},
		{encode(t, &pb.MapProto{KeyType: 1}), tensor.MapOf(tensor.Int64, tensor.TypeOf(tensor.Float32)), "map key type 1"},
		{nil, tensor.TypeOf(tensor.Float32), "element type 0"},
	} {
		if _, err := ReadValue(c.b, c.t); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.t, err, c.want)
		}
	}
}

package onnx

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"google.golang.org/protobuf/proto"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/onnx/pb"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// sample returns a model with a weight, an unknown size and constants as outputs.
func sample(t *testing.T) *Model {
	t.Helper()
	g := &graph.Graph{Name: "sample", Meta: map[string]string{"who": "test"}}
	b := graph.NewBuilder(g, nil)
	x := b.Input("x", graph.TensorFact(tensor.Float32, []graph.Dim{graph.Sym("batch"), graph.N(3)}))
	w := tensor.New(tensor.Float32, 700, 3)
	for i := range tensor.Data[float32](w) {
		tensor.Data[float32](w)[i] = float32(i)
	}
	row, err := w.Row(7)
	if err != nil {
		t.Fatal(err)
	}
	y := b.Op(&op.Binary{Fn: op.Add}, x, b.Named("weight", row))
	b.Output("y", b.Op(op.NewUnary(op.Relu), y))
	b.Output("same", x)
	b.Output("table", b.Named("table", w))
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	return &Model{Graph: g, Metadata: map[string]string{"b": "2", "a": "1"}, Doc: "about", Domain: "test", Version: 3}
}

func writeRead(t *testing.T, m *Model, opt WriteOptions) *Model {
	t.Helper()
	var buf bytes.Buffer
	if err := Write(&buf, m, opt); err != nil {
		t.Fatal(err)
	}
	r, err := OpenBytes(buf.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWriteRead(t *testing.T) {
	m := sample(t)
	r := writeRead(t, m, WriteOptions{})
	if r.Opsets[""] != 7 || r.IRVersion != 4 || r.Producer != "gneiss" || r.Version != 3 || r.Doc != "about" || r.Metadata["b"] != "2" || r.Graph.Meta["who"] != "test" {
		t.Errorf("got %+v", r)
	}
	if got := graph.FormatDims(r.Graph.In[0].Fact.Dims); got != "[batch,3]" {
		t.Errorf("input is %s", got)
	}
	if !slices.Equal(r.Graph.OutNames, []string{"y", "same", "table"}) {
		t.Errorf("outputs %q", r.Graph.OutNames)
	}
	// The output that is an input goes through an Identity; from then on nothing changes.
	again := writeRead(t, r, WriteOptions{})
	if err := sameGraph(r.Graph, again.Graph); err != nil {
		t.Error(err)
	}
}

func TestWriteOpset(t *testing.T) {
	if r := writeRead(t, sample(t), WriteOptions{Opset: 21}); r.Opsets[""] != 21 || r.IRVersion != 10 {
		t.Errorf("opset %d, IR version %d", r.Opsets[""], r.IRVersion)
	}
	g := &graph.Graph{}
	b := graph.NewBuilder(g, nil)
	x := b.Input("x", graph.TensorFact(tensor.Int8, []graph.Dim{graph.N(3)}))
	b.Output("y", b.Op(op.NewUnary(op.Relu), x))
	if r := writeRead(t, &Model{Graph: g}, WriteOptions{}); r.Opsets[""] != 14 {
		t.Errorf("Relu of int8: opset %d, want 14", r.Opsets[""])
	}
	err := Write(&bytes.Buffer{}, &Model{Graph: g}, WriteOptions{Opset: 13})
	if err == nil || !strings.Contains(err.Error(), `node "Relu_1" (Relu): opset 13 of domain "" cannot express it: input 0 cannot be tensor(int8)`) {
		t.Errorf("opset 13: %v", err)
	}
}

// TestWriteAligned checks that weights can be used in the file, without a copy.
func TestWriteAligned(t *testing.T) {
	for n := 1; n < 40; n++ {
		g := &graph.Graph{Name: strings.Repeat("g", n)}
		b := graph.NewBuilder(g, nil)
		x := b.Input("x", graph.TensorFact(tensor.Float64, []graph.Dim{}))
		b.Output("y", b.Op(&op.Binary{Fn: op.Add}, x, b.Named("w", tensor.New(tensor.Float64, 100*n))))
		var buf bytes.Buffer
		if err := Write(&buf, &Model{Graph: g}, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		file := tensor.Aligned(buf.Len())
		copy(file, buf.Bytes())
		m, err := OpenBytes(file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := m.Graph.Nodes[0].In[1].Fact.Const.Bytes()
		if off := uintptr(unsafe.Pointer(&w[0])) - uintptr(unsafe.Pointer(&file[0])); off >= uintptr(len(file)) {
			t.Errorf("%d: the weight is a copy", n)
		}
	}
}

func TestSaveExternal(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "m.onnx")
	m := sample(t)
	b := graph.NewBuilder(m.Graph, nil)
	b.Output("z", b.Op(&op.Binary{Fn: op.Add}, m.Graph.In[0], b.Named("big", tensor.New(tensor.Float32, 2000, 3))))
	if err := Save(name, m, WriteOptions{External: 1000}); err != nil {
		t.Fatal(err)
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 2 || files[0].Name() != "m.onnx" || files[1].Name() != "m.onnx.data" {
		t.Fatalf("files %v", files)
	}
	r, err := Open(name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.Graph.Output("z").Def.In[1].Fact.Const.Describe(); got != "float32[2000,3]" {
		t.Errorf("big is %s", got)
	}
	if err := Save(name, r, WriteOptions{}); err != nil { // over the file that is mapped
		t.Fatal(err)
	}
	if err := Write(&bytes.Buffer{}, m, WriteOptions{External: 1}); err == nil {
		t.Error("Write with external data: no error")
	}
}

func TestWriteValue(t *testing.T) {
	x := tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	seq := &tensor.Sequence{Elem: x.Type(), Items: []tensor.Value{x, tensor.Scalar(float32(7))}}
	for _, v := range []tensor.Value{
		x,
		tensor.FromSlice([]string{"a", "", "ü"}, 3),
		tensor.New(tensor.Int4, 3),
		seq,
		&tensor.Sequence{Elem: seq.Type(), Items: []tensor.Value{seq}},
		&tensor.Optional{Elem: x.Type(), Value: x},
		&tensor.Optional{Elem: seq.Type()},
		&tensor.Map{Keys: tensor.FromSlice([]int64{4, -2}), Values: &tensor.Sequence{Elem: x.Type(), Items: []tensor.Value{tensor.Scalar(float32(1)), tensor.Scalar(float32(2))}}},
	} {
		var b bytes.Buffer
		if err := WriteValue(&b, "v", v); err != nil {
			t.Fatal(err)
		}
		got, err := ReadValue(b.Bytes(), v.Type())
		if err != nil {
			t.Fatal(err)
		}
		if r := compare.Values(got, v, compare.Tolerance{}); !r.OK() {
			t.Errorf("%v: %v", v.Type(), r)
		}
	}
}

// TestWriteBodies checks that a weight of both branches of an If is written once, that what a branch captures is taken by
// its name again, and that no name is used twice.
func TestWriteBodies(t *testing.T) {
	branch := func(fn, name string) *pb.GraphProto {
		return &pb.GraphProto{
			Name:        name,
			Node:        []*pb.NodeProto{node("Mul", "h, w -> t"), node(fn, "t, own -> y")},
			Initializer: []*pb.TensorProto{floats("own", []float32{5, 6}, 2)},
			Output:      []*pb.ValueInfoProto{floatValue("y", 2)},
		}
	}
	p := model(&pb.GraphProto{
		Input:       []*pb.ValueInfoProto{floatValue("x", 2), value("c", pb.TensorProto_BOOL)},
		Initializer: []*pb.TensorProto{floats("w", []float32{1, 2}, 2)},
		Node: []*pb.NodeProto{
			node("Neg", "x -> h"),
			node("If", "c -> y_out", graphAttr("then_branch", branch("Add", "a")), graphAttr("else_branch", branch("Sub", "b"))),
			node("Neg", "y_out -> t"), // the name of a value of the bodies too
		},
		Output: []*pb.ValueInfoProto{floatValue("t", 2)},
	})
	m := openProto(t, p)
	var buf bytes.Buffer
	if err := Write(&buf, m, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	w := &pb.ModelProto{}
	if err := proto.Unmarshal(buf.Bytes(), w); err != nil {
		t.Fatal(err)
	}
	if in := w.Graph.Initializer; len(in) != 1 || in[0].Name != "w" {
		t.Errorf("constants of the main graph: %v", in)
	}
	for _, a := range w.Graph.Node[1].Attribute {
		n := a.G.Node[0]
		if len(a.G.Input) != 0 || len(a.G.Initializer) != 1 || n.Input[0] != "h" || n.Input[1] != "w" || n.Output[0] == "t" {
			t.Errorf("%s: %v", a.Name, a.G)
		}
	}
	r, err := OpenBytes(buf.Bytes(), Options{Eval: ref.Eval})
	if err != nil {
		t.Fatal(err)
	}
	if err := sameGraph(m.Graph, r.Graph); err != nil {
		t.Error(err)
	}
}

// internal is an operator that files do not have.
type internal struct{}

func (*internal) Infer(c *graph.Infer) { c.Like(0, 0) }
func (*internal) OpDomain() string     { return op.Internal }

// doubled is one that is defined by others.
type doubled struct{ internal }

func (d *doubled) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	return []*graph.Value{b.Op(&op.Binary{Fn: op.Add}, n.In[0], n.In[0])}
}

func TestWriteInternal(t *testing.T) {
	build := func(o graph.Op, in, out string) *Model {
		b := graph.NewBuilder(&graph.Graph{}, nil)
		b.Output(out, b.Op(o, b.Input(in, graph.TensorFact(tensor.Float32, []graph.Dim{graph.N(2)}))))
		return &Model{Graph: b.G}
	}
	m := build(&doubled{}, "x", "y")
	if got := dump(writeRead(t, m, WriteOptions{}).Graph); got != "in x float32[2]\ny = Add(x, x)\nout y y float32[2]\n" {
		t.Errorf("got\n%s", got)
	}
	if graph.OpDomain(m.Graph.Nodes[0].Op) != op.Internal {
		t.Error("writing changed the graph")
	}
	for want, m := range map[string]*Model{
		"has no form in ONNX":                   build(&internal{}, "x", "y"),
		`input 0: the name "" is not its own`:   build(op.NewUnary(op.Relu), "", "y"),
		`output 0: the name "x" is not its own`: build(op.NewUnary(op.Relu), "x", "x"),
	} {
		if err := Write(&bytes.Buffer{}, m, WriteOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

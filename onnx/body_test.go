package onnx

import (
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/onnx/pb"
)

func subgraph(outputs string, nodes ...*pb.NodeProto) *pb.GraphProto {
	g := &pb.GraphProto{Node: nodes}
	for _, name := range strings.Fields(outputs) {
		g.Output = append(g.Output, &pb.ValueInfoProto{Name: name})
	}
	return g
}

func branches(then, els *pb.GraphProto) []*pb.AttributeProto {
	return []*pb.AttributeProto{graphAttr("then_branch", then), graphAttr("else_branch", els)}
}

// TestCaptures checks that constants stay constants in bodies, that what is computed becomes a trailing input of the node
// and of all its bodies, and that bodies of bodies take from their surroundings through them.
func TestCaptures(t *testing.T) {
	inner := node("If", "d -> i", branches(
		subgraph("p", node("Add", "h, w -> p")),
		subgraph("q", node("Mul", "k, x -> q")))...)
	p := model(&pb.GraphProto{
		Input:       []*pb.ValueInfoProto{floatValue("x", 2), value("c", pb.TensorProto_BOOL), value("d", pb.TensorProto_BOOL)},
		Initializer: []*pb.TensorProto{floats("w", []float32{1, 2}, 2)},
		Node: []*pb.NodeProto{
			node("Neg", "x -> h"),
			node("If", "c -> y", branches(
				subgraph("i", node("Exp", "h -> k"), inner),
				subgraph("e", node("Sub", "x, w -> e")))...),
		},
		Output: []*pb.ValueInfoProto{floatValue("y", 2)},
	})
	want(t, openProto(t, p), `
in x float32[2]
in c bool[]
in d bool[]
h = Neg(x)
y = If(c, h, d, x)
	in h float32[2]
	in d bool[]
	in x float32[2]
	k = Exp(h)
	i = If(d, h, k, x)
		in h float32[2]
		in k float32[2]
		in x float32[2]
		p = Add(h, w=float32[2])
		out p p float32[2]
		in h float32[2]
		in k float32[2]
		in x float32[2]
		q = Mul(k, x)
		out q q float32[2]
	out i i float32[2]
	in h float32[2]
	in d bool[]
	in x float32[2]
	e = Sub(x, w=float32[2])
	out e e float32[2]
out y y float32[2]
`)
	p.Graph.Input = append(p.Graph.Input, floatValue("w", 2)) // now a caller may pass it
	if text := dump(openProto(t, p).Graph); !strings.Contains(text, "y = If(c, h, d, w=float32[2], x)") {
		t.Errorf("an input with a default is not captured:\n%s", text)
	}
}

func TestKnownIf(t *testing.T) {
	// The branch that is not taken does not fit: axis 5 of a matrix.
	p := model(&pb.GraphProto{
		Input: []*pb.ValueInfoProto{floatValue("x", 2, 3)},
		Node: []*pb.NodeProto{
			node("Shape", "x -> s"),
			node("Size", "s -> r"),
			node("Constant", "-> two", &pb.AttributeProto{Name: "value_int", Type: pb.AttributeProto_INT, I: 2}),
			node("Equal", "r, two -> c"),
			node("If", "c -> y, z", branches(
				subgraph("a b", node("Neg", "x -> a"), node("Frobnicate", "w -> unused"), node("Exp", "a -> b")),
				subgraph("a b", node("Softmax", "x -> a", intAttr("axis", 5)), node("Frobnicate", "a -> b")))...),
			node("Abs", "z -> o"),
		},
		Initializer: []*pb.TensorProto{floats("w", []float32{1, 2}, 2)},
		Output:      []*pb.ValueInfoProto{floatValue("y", 2, 3), floatValue("o", 2, 3)},
	})
	then := p.Graph.Node[4].Attribute[0].G
	then.Node = append(then.Node[:1:1], then.Node[2])
	text := dump(openProto(t, p).Graph)
	if !strings.HasSuffix(text, `y = Neg(x)
z = Exp(y)
o = Abs(z)
out y y float32[2,3]
out o o float32[2,3]
`) {
		t.Errorf("got\n%s", text)
	}
}

// TestLooseBranch has an If whose condition is an input, and a branch that does not fit the shapes.
func TestLooseBranch(t *testing.T) {
	p := model(&pb.GraphProto{
		Input: []*pb.ValueInfoProto{floatValue("x", 2, 3), value("c", pb.TensorProto_BOOL)},
		Node: []*pb.NodeProto{
			node("If", "c -> y", branches(
				subgraph("a", node("Squeeze", "x, k -> a")),
				subgraph("b", node("Neg", "x -> b")))...),
		},
		Initializer: []*pb.TensorProto{{Name: "k", DataType: 7, Dims: []int64{1}, Int64Data: []int64{0}}},
		Output:      []*pb.ValueInfoProto{{Name: "y"}},
	})
	want(t, openProto(t, p), `
in x float32[2,3]
in c bool[]
y = If(c, x)
	in x float32[?]
	a = Squeeze(x, k=int64[1])
	out a a float32[?]
	in x float32[2,3]
	b = Neg(x)
	out b b float32[2,3]
out y y float32[2,3]
`)
	p.Graph.Node[0].Attribute[0].G.Node[0].OpType = "Frobnicate"
	_, err := OpenBytes(encode(t, p), Options{})
	if err == nil || err.Error() != `onnx: not supported: Frobnicate (unknown operator) at node "a"` {
		t.Errorf("got %v", err)
	}
}

// TestLoopWidens has a carried value that grows by the rows of x in each trip, and one that stays as it is.
func TestLoopWidens(t *testing.T) {
	body := subgraph("k2 a2 b2 s", node("Identity", "k -> k2"), node("Concat", "a, x -> a2", intAttr("axis", 0)),
		node("Neg", "b -> b2"), node("Softmax", "a -> s"))
	body.Input = []*pb.ValueInfoProto{{Name: "i"}, {Name: "k"}, floatValue("a", 1, 1, 1), floatValue("b")} // the shapes are wrong
	p := model(&pb.GraphProto{
		Input: []*pb.ValueInfoProto{floatValue("x", "N", 3), value("n", pb.TensorProto_INT64)},
		Node:  []*pb.NodeProto{node("Loop", "n, , x, x -> y, z, t", graphAttr("body", body))},
		Output: []*pb.ValueInfoProto{
			{Name: "y"}, {Name: "z"}, {Name: "t"},
		},
	})
	m := openProto(t, p)
	loop := m.Graph.Nodes[0]
	b := graph.Bodies(loop.Op)[0]
	if got := len(b.In); got != 5 || len(loop.In) != 5 || loop.In[1] != nil {
		t.Fatalf("%d inputs of the body, node has %v", got, loop.In)
	}
	if d := b.In[2].Fact.Dims; len(d) != 2 || !d[1].Is(3) || !strings.HasPrefix(d[0].String(), "?") {
		t.Errorf("a is %v, want float32[?n,3]", b.In[2].Fact)
	}
	if f := b.In[3].Fact.String(); f != "float32[N,3]" {
		t.Errorf("b is %v, want float32[N,3]", f)
	}
	if err := graph.Verify(m.Graph); err != nil {
		t.Error(err)
	}
}

// TestBodyErrors checks that errors say where they are.
func TestBodyErrors(t *testing.T) {
	body := subgraph("k a2", node("Neg", "missing -> a2"))
	body.Input = []*pb.ValueInfoProto{{Name: "i"}, {Name: "k"}, {Name: "a"}}
	p := model(&pb.GraphProto{
		Input:  []*pb.ValueInfoProto{floatValue("x", 2)},
		Node:   []*pb.NodeProto{node("Loop", ", , x -> y", graphAttr("body", body))},
		Output: []*pb.ValueInfoProto{floatValue("y", 2)},
	})
	for _, c := range []struct {
		edit func()
		want string
	}{
		{func() {}, `node "y" (Loop): body: node "a2" (Neg): input 0: "missing" is not defined`},
		{func() { body.Node[0].Input[0] = "a2" }, `node "y" (Loop): body: node "a2" (Neg) takes what depends on its own output`},
		{func() { body.Node[0].Input[0] = "y" }, `node "y" (Loop) takes what depends on its own output`},
		{func() { body.Node[0].Input[0] = "a"; body.Input = body.Input[:2] }, `"a" is not defined`},
		{func() { body.Input = append(body.Input, body.Input[0]) }, `node "y" (Loop): body: input "i" is there twice`},
		{func() { p.Graph.Node[0].Attribute = nil }, `node "y" (Loop): attribute "body" is missing`},
		{func() {
			p.Graph.Node[0].Attribute = []*pb.AttributeProto{{Name: "body", Type: pb.AttributeProto_GRAPH}}
		}, `node "y" (Loop): attribute "body": no graph`},
	} {
		c.edit()
		_, err := OpenBytes(encode(t, p), Options{Eval: ref.Eval})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// TestFunctionInBody calls a function from a body, and hands a body to a function.
func TestFunctionInBody(t *testing.T) {
	f := &pb.FunctionProto{
		Domain: "f", Name: "Choose", Input: []string{"c", "a"}, Output: []string{"r"}, Attribute: []string{"body"},
		OpsetImport: []*pb.OperatorSetIdProto{{Version: 13}},
		Node: []*pb.NodeProto{node("If", "c -> r", refAttr("then_branch", "body", pb.AttributeProto_GRAPH),
			graphAttr("else_branch", subgraph("n", node("Neg", "a -> n"))))},
	}
	p := model(&pb.GraphProto{
		Input:  []*pb.ValueInfoProto{floatValue("x", 2), value("c", pb.TensorProto_BOOL)},
		Node:   []*pb.NodeProto{node("Abs", "x -> v"), node("f.Choose", "c, x -> y", graphAttr("body", subgraph("e", node("Exp", "v -> e"))))},
		Output: []*pb.ValueInfoProto{floatValue("y", 2)},
	}, f)
	want(t, openProto(t, p), `
in x float32[2]
in c bool[]
v = Abs(x)
y = If(c, v, x)
	in v float32[2]
	in x float32[2]
	y/e = Exp(v)
	out e y/e float32[2]
	in v float32[2]
	in x float32[2]
	y/n = Neg(x)
	out n y/n float32[2]
out y y float32[2]
`)
}

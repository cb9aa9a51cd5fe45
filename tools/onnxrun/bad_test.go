package main

import (
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gneiss-ml/gneiss/onnx/pb"
)

// relu is a graph that is right.
var relu = []any{node("Relu", "x -> y")}

func with(parts ...any) *pb.ModelProto { return modelOf(parts...) }

// huge returns a model in which an operator makes a tensor far larger than its inputs. sizes are an input where they
// are an initializer with given set.
func huge(op, sig string, attr []*pb.AttributeProto, consts ...any) *pb.ModelProto {
	return modelOf(append([]any{node(op, sig, attr...)}, consts...)...)
}

// endless returns a Loop that does not end, which carries a number.
func endless() *pb.NodeProto {
	body := &pb.GraphProto{
		Name:   "body",
		Input:  []*pb.ValueInfoProto{value("i", pb.TensorProto_INT64), value("c", pb.TensorProto_BOOL), floatValue("v")},
		Output: []*pb.ValueInfoProto{value("c2", pb.TensorProto_BOOL), floatValue("v2")},
		Node:   []*pb.NodeProto{node("Identity", "c -> c2"), node("Add", "v, v -> v2")},
	}
	return node("Loop", ", go, start -> y", graphAttr("body", body))
}

// nested returns Ifs inside each other.
func nested(depth int) *pb.NodeProto {
	n := node("Relu", "x -> y0")
	for i := range depth {
		then := &pb.GraphProto{Name: "then", Node: []*pb.NodeProto{n}, Output: []*pb.ValueInfoProto{{Name: n.Output[0]}}}
		els := &pb.GraphProto{Name: "else", Node: []*pb.NodeProto{node("Neg", "x -> z")}, Output: []*pb.ValueInfoProto{{Name: "z"}}}
		n = node("If", fmt.Sprintf("flag -> y%d", i+1), graphAttr("then_branch", then), graphAttr("else_branch", els))
	}
	n.Output[0] = "y"
	return n
}

func external(props ...string) *pb.TensorProto {
	w := &pb.TensorProto{Name: "w", DataType: 1, Dims: []int64{3}, DataLocation: pb.TensorProto_EXTERNAL}
	for i := 0; i < len(props); i += 2 {
		w.ExternalData = append(w.ExternalData, &pb.StringStringEntryProto{Key: props[i], Value: props[i+1]})
	}
	return w
}

func function(name string, nodes ...*pb.NodeProto) *pb.FunctionProto {
	return &pb.FunctionProto{Name: name, Input: []string{"a"}, Output: []string{"b"}, Node: nodes}
}

func opset(version int64) func(*pb.ModelProto) {
	return func(m *pb.ModelProto) { m.OpsetImport[0].Version = version }
}

func output(name string) func(*pb.GraphProto) {
	return func(g *pb.GraphProto) { g.Output[0].Name = name }
}

// weight returns an initializer of the given dims, without elements.
func weight(dims ...int64) *pb.TensorProto {
	return &pb.TensorProto{Name: "w", DataType: 1, Dims: dims}
}

// badModels are models that are wrong, or that ask for too much, and what must be said of them.
var badModels = []struct {
	name  string
	model *pb.ModelProto
	args  []string // after the model; x=random when nil
	want  string   // parts of the message, with … between them
}{
	{"unknown operator", with(node("Frobnicate", "x -> y")), nil, `Frobnicate`},
	{"unknown operators", with(node("Frob", "x -> z"), node("Nicate", "z -> y")), nil, `Frob…Nicate`},
	{"unknown domain", with(node("com.acme.Relu", "x -> y")), nil, `com.acme`},
	{"future opset", with(relu[0], opset(1000)), nil, `opset 1000`},
	{"opset 0", with(relu[0], opset(0)), nil, `opset`},
	{"negative opset", with(relu[0], opset(-5)), nil, `opset`},
	{"no opset", with(relu[0], func(m *pb.ModelProto) { m.OpsetImport = nil }), nil, `opset`},
	{"no graph", with(relu[0], func(m *pb.ModelProto) { m.Graph = nil }), nil, `no graph`},
	{"unknown attribute", with(node("Relu", "x -> y", intAttr("slope", 3))), nil, `slope…the_Relu`},
	{"attribute of another type", with(node("Softmax", "x -> y", intsAttr("axis", 1, 2))), nil, `the_Softmax…axis`},
	{"attribute given twice", with(node("Softmax", "x -> y", intAttr("axis", 0), intAttr("axis", 1))), nil, `axis`},
	{"axis out of range", with(node("Softmax", "x -> y", intAttr("axis", 7))), nil, `the_Softmax…axis`},
	{"missing attribute", with(node("Cast", "x -> y")), nil, `the_Cast…to`},
	{"too many inputs", with(node("Relu", "x, x, x -> y")), nil, `the_Relu…3`},
	{"missing input", with(node("Add", "x -> y")), nil, `the_Add`},
	{"too many outputs", with(node("Relu", "x -> y, z")), nil, `the_Relu…2`},
	{"cycle", with(node("Add", "x, b -> a"), node("Relu", "a -> b"), node("Relu", "b -> y")), nil, `cycle`},
	{"self cycle", with(node("Add", "x, y -> y")), nil, `cycle`},
	{"value defined twice", with(node("Relu", "x -> y"), node("Neg", "x -> y")), nil, `"y"`},
	{"input defined again", with(node("Relu", "x -> x"), node("Relu", "x -> y")), nil, `"x"`},
	{"inputs of one name", with(relu[0], floatValue("x", 2)), nil, `"x"`},
	{"undefined input", with(node("Add", "x, nowhere -> y")), nil, `the_Add…nowhere`},
	{"undefined output", with(relu[0], output("nowhere")), nil, `nowhere`},
	{"empty output name", with(relu[0], output("")), nil, `output`},
	{"negative dim of a weight", with(node("Add", "x, w -> y"), weight(-3)), nil, `"w"…-3`},
	{"overflowing dims of a weight", with(node("Add", "x, w -> y"), weight(1<<40, 1<<40)), nil, `"w"`},
	{"dims that overflow to 0", with(node("Add", "x, w -> y"), weight(1<<32, 1<<32)), nil, `"w"`},
	{"dims without data", with(node("Add", "x, w -> y"), weight(1000, 1000)), nil, `"w"`},
	{"negative dim of an input", with(relu[0], func(g *pb.GraphProto) { g.Input[0] = floatValue("x", -2, 3) }), nil, `"x"…-2`},
	{"overflowing dims of an input", with(relu[0], func(g *pb.GraphProto) { g.Input[0] = floatValue("x", int64(1<<40), int64(1<<40)) }), nil, `"x"`},
	{"large dims of an input", with(relu[0], func(g *pb.GraphProto) { g.Input[0] = floatValue("x", 1<<20, 1<<20) }), nil, `"x"`},
	{"unknown element type", with(relu[0], func(g *pb.GraphProto) { g.Input[0] = value("x", 99, 2) }), nil, `"x"…99`},
	{"a type the operator has not", with(relu[0], func(g *pb.GraphProto) { g.Input[0] = value("x", pb.TensorProto_BOOL, 2) }), nil, `the_Relu…bool`},
	{"shapes that do not broadcast", with(node("Add", "x, w -> y"), ints("w", 1, 2)), nil, `the_Add`},
	{"a product that does not fit", with(node("MatMul", "x, x -> y")), nil, `the_MatMul…3…2`},
	{"a Reshape that does not fit", with(node("Reshape", "x, w -> y"), ints("w", 4, 2)), nil, `the_Reshape`},
	{"a Reshape to overflowing sizes", with(node("Reshape", "x, w -> y"), ints("w", 1<<40, 1<<40)), nil, `the_Reshape`},

	{"missing external file", with(node("Add", "x, w -> y"), external("location", "nowhere.bin")), nil, `"w"…nowhere.bin`},
	{"external file above", with(node("Add", "x, w -> y"), external("location", "../secret")), nil, `"w"…../secret`},
	{"external file by an absolute path", with(node("Add", "x, w -> y"), external("location", "/etc/passwd")), nil, `"w"…/etc/passwd`},
	{"external file by a hidden way up", with(node("Add", "x, w -> y"), external("location", "a/../../secret")), nil, `"w"…secret`},
	{"external data too long", with(node("Add", "x, w -> y"), external("location", "data.bin", "length", "1000000")), nil, `"w"…data.bin`},
	{"external data at a bad offset", with(node("Add", "x, w -> y"), external("location", "data.bin", "offset", "9000000000000000000")), nil, `"w"…offset`},
	{"external data at a negative offset", with(node("Add", "x, w -> y"), external("location", "data.bin", "offset", "-4")), nil, `"w"…-4`},
	{"external data of another length", with(node("Add", "x, w -> y"), external("location", "data.bin", "length", "4")), nil, `"w"`},
	{"external data nowhere", with(node("Add", "x, w -> y"), external()), nil, `"w"…location`},

	{"a function that calls itself", with(node("f.F", "x -> y"), function("F", node("f.F", "a -> b"))), nil, `F`},
	{"functions that call each other", with(node("f.F", "x -> y"), function("F", node("f.G", "a -> b")), function("G", node("f.F", "a -> b"))), nil, `F`},
	{"functions that grow", with(growing()...), nil, `nodes`},
	{"deep nesting", with(nested(200), boolean("flag", 1)), nil, `nested too deeply`},

	{"huge ConstantOfShape", huge("ConstantOfShape", "n -> y", nil, ints("n", 1<<20, 1<<16)), nil, `the_ConstantOfShape…memory`},
	{"overflowing ConstantOfShape", huge("ConstantOfShape", "n -> y", nil, ints("n", 1<<40, 1<<40)), nil, `the_ConstantOfShape`},
	{"negative ConstantOfShape", huge("ConstantOfShape", "n -> y", nil, ints("n", 4, -1)), nil, `the_ConstantOfShape…-1`},
	{"huge Expand", huge("Expand", "x, n -> y", nil, ints("n", 1<<36, 2, 3)), nil, `the_Expand…memory`},
	{"huge Tile", huge("Tile", "x, n -> y", nil, ints("n", 1<<30, 1<<4)), nil, `the_Tile…memory`},
	{"overflowing Tile", huge("Tile", "x, n -> y", nil, ints("n", math.MaxInt64, math.MaxInt64)), nil, `the_Tile`},
	{"huge Range", huge("Range", "a, b, c -> y", nil, scalar("a", 0), scalar("b", 1<<40), scalar("c", 1)), nil, `the_Range…memory`},
	{"overflowing Range", huge("Range", "a, b, c -> y", nil, scalar("a", math.MinInt64), scalar("b", math.MaxInt64), scalar("c", 1)), nil, `the_Range`},
	{"Range that does not move", huge("Range", "a, b, c -> y", nil, scalar("a", 0), scalar("b", 8), scalar("c", 0)), nil, `the_Range`},
	{"huge Pad", huge("Pad", "x, n -> y", nil, ints("n", 1<<20, 1<<18, 0, 0)), nil, `the_Pad…memory`},
	{"overflowing Pad", huge("Pad", "x, n -> y", nil, ints("n", math.MaxInt64, 0, math.MaxInt64, 0)), nil, `the_Pad`},
	{"huge OneHot", huge("OneHot", "i, n, v -> y", nil, ints("i", 1, 2), scalar("n", 1<<40), ints("v", 0, 1)), nil, `the_OneHot…depth`},
	{"huge Resize", huge("Resize", "x, , , n -> y", nil, ints("n", 1<<20, 1<<18)), nil, `the_Resize…memory`},
	{"huge CenterCropPad", huge("CenterCropPad", "x, n -> y", nil, ints("n", 1<<20, 1<<18)), nil, `memory`},
	{"huge EyeLike", huge("EyeLike", "z -> y", nil, node("ConstantOfShape", "n -> z"), ints("n", 1<<20, 1<<16)), nil, `memory`},
	{"huge RandomNormal", huge("RandomNormal", "-> y", []*pb.AttributeProto{intsAttr("shape", 1<<20, 1<<20)}), nil, `the_RandomNormal…memory`},
	{"huge window", huge("HannWindow", "n -> y", nil, scalar("n", 1<<40)), nil, `memory`},
	{"huge batch of an outer sum", with(node("Reshape", "z, c -> a"), node("Add", "a, z -> y"), ints("c", -1, 1),
		node("ConstantOfShape", "n -> z"), ints("n", 1<<20)), nil, `the_Add…memory`},
	{"huge convolution pads", with(node("Unsqueeze", "x, axes -> b"), node("Unsqueeze", "b, axes -> c"), ints("axes", 0), weight2(),
		node("Conv", "c, w -> y", intsAttr("pads", 1<<20, 1<<18, 1<<20, 1<<18))), nil, `the_Conv…memory`},

	{"endless Loop", with(endless(), boolean("go", 1), &pb.TensorProto{Name: "start", DataType: 1, FloatData: []float32{1}}),
		[]string{"x=random", "--timeout", "200ms"}, `--timeout 200ms…the_Loop`},
	{"a Loop of many trips", with(trips(), scalar("m", math.MaxInt64), &pb.TensorProto{Name: "start", DataType: 1, FloatData: []float32{1}}),
		[]string{"x=random", "--timeout", "200ms"}, `--timeout 200ms…the_Loop`},
	{"a Loop that collects without end", with(collecting(), scalar("m", math.MaxInt64)),
		[]string{"x=random", "--max-memory", "64MiB", "--timeout", "20s"}, `the_Loop…overflows`},
	{"a sequence that grows without end", with(growingSequence(), scalar("m", math.MaxInt64), ints("times", 1<<16, 1), node("SequenceEmpty", "-> s")),
		[]string{"x=random", "--max-memory", "64MiB", "--timeout", "20s"}, `the_Loop…memory`},
}

func weight2() *pb.TensorProto {
	return &pb.TensorProto{Name: "w", DataType: 1, Dims: []int64{1, 1, 1, 1}, FloatData: []float32{1}}
}

// trips is a Loop without a condition.
func trips() *pb.NodeProto {
	n := endless()
	n.Input = []string{"m", "", "start"}
	return n
}

// collecting is a Loop with a scan output.
func collecting() *pb.NodeProto {
	return node("Loop", "m, -> y", graphAttr("body", &pb.GraphProto{
		Name:   "body",
		Input:  []*pb.ValueInfoProto{value("i", pb.TensorProto_INT64), value("c", pb.TensorProto_BOOL)},
		Output: []*pb.ValueInfoProto{value("c2", pb.TensorProto_BOOL), {Name: "v"}},
		Node:   []*pb.NodeProto{node("Identity", "c -> c2"), node("Concat", "x, x, x, x, x, x, x, x -> v", intAttr("axis", 0))},
	}))
}

// growingSequence is a Loop that carries a sequence.
func growingSequence() *pb.NodeProto {
	tensorType := floatValue("", "N", 3).Type
	seq := func(name string) *pb.ValueInfoProto {
		return &pb.ValueInfoProto{Name: name, Type: &pb.TypeProto{Value: &pb.TypeProto_SequenceType{SequenceType: &pb.TypeProto_Sequence{ElemType: tensorType}}}}
	}
	return node("Loop", "m, , s -> y", graphAttr("body", &pb.GraphProto{
		Name:   "body",
		Input:  []*pb.ValueInfoProto{value("i", pb.TensorProto_INT64), value("c", pb.TensorProto_BOOL), seq("q")},
		Output: []*pb.ValueInfoProto{value("c2", pb.TensorProto_BOOL), seq("q2")},
		Node:   []*pb.NodeProto{node("Identity", "c -> c2"), node("Tile", "x, times -> v"), node("SequenceInsert", "q, v -> q2")},
	}))
}

// growing are functions of which each calls the next one ten times.
func growing() []any {
	parts := []any{node("f.F0", "x -> y")}
	for i := range 12 {
		var nodes []*pb.NodeProto
		from := "a"
		for k := range 10 {
			to := fmt.Sprint("t", k)
			if k == 9 {
				to = "b"
			}
			nodes = append(nodes, node(fmt.Sprint("f.F", i+1), from+" -> "+to))
			from = to
		}
		parts = append(parts, function(fmt.Sprint("F", i), nodes...))
	}
	return append(parts, function("F12", node("Relu", "a -> b")))
}

// checkBad runs a command line that must fail quickly, with status and one line that has the parts of want.
func checkBad(t *testing.T, status int, want string, args ...string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	got, stdout, stderr := onnxrun(args...)
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 2048 {
		t.Errorf("took %d MiB", used)
	}
	if testing.Verbose() {
		t.Log(strings.TrimSpace(stderr))
	}
	if got != status {
		t.Errorf("status %d, want %d: %s%s", got, status, stdout, stderr)
	}
	line := strings.TrimSuffix(stderr, "\n")
	if !strings.HasPrefix(line, "onnxrun: ") || strings.ContainsAny(line, "\n\r") || len(line) > 1000 {
		t.Errorf("not one line: %q", stderr)
	}
	for _, bad := range []string{"panic", "runtime error", "goroutine", "%!"} {
		if strings.Contains(line, bad) {
			t.Errorf("%q in %s", bad, line)
		}
	}
	rest := line
	for part := range strings.SplitSeq(want, "…") {
		i := strings.Index(rest, part)
		if i < 0 {
			t.Errorf("got %s\nwant %s", line, want)
			break
		}
		rest = rest[i+len(part):]
	}
}

func TestBadModels(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), make([]byte, 12))
	write(t, filepath.Join(dir, "m", "data.bin"), make([]byte, 12))
	for i, c := range badModels {
		t.Run(c.name, func(t *testing.T) {
			name := write(t, filepath.Join(dir, "m", fmt.Sprint(i, ".onnx")), encode(t, c.model))
			args := c.args
			if args == nil {
				args = []string{"x=random", "--timeout", "10s"}
			}
			checkBad(t, 1, c.want, append([]string{name}, args...)...)
		})
	}
}

// TestBadFiles runs files that are no models.
func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	good := encode(t, with(relu...))
	weights := encode(t, with(node("Add", "x, w -> y"), &pb.TensorProto{Name: "w", DataType: 1, Dims: []int64{3}, RawData: make([]byte, 12)}))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "empty"},
		{"text", []byte("# This is not a model, but a document\n"), "not an ONNX model"},
		{"zeros", make([]byte, 100), "not an ONNX model"},
		{"truncated", good[:len(good)/2], "damaged"},
		{"truncated weights", weights[:len(weights)-40], "damaged"},
		{"a graph of 4 GB", append([]byte{8, 8, 0x3A}, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 2, 3), "damaged"},
		{"a graph of 2⁶³ bytes", append([]byte{8, 8, 0x3A}, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1), "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := write(t, filepath.Join(dir, c.name+".onnx"), c.data)
			checkBad(t, 1, c.want, name, "--random")
			checkBad(t, 1, c.want, "inspect", name)
			checkBad(t, 1, c.want, "bench", name)
		})
	}
	checkBad(t, 1, "nowhere.onnx", filepath.Join(dir, "nowhere.onnx"))
	checkBad(t, 1, dir, dir)
}

// TestTruncatedEverywhere cuts a model at each byte.
func TestTruncatedEverywhere(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cut.onnx")
	b := encode(t, with(endless(), boolean("go", 1), &pb.TensorProto{Name: "start", DataType: 1, FloatData: []float32{1}}))
	for n := range b {
		write(t, name, b[:n])
		if status, _, stderr := onnxrun("inspect", name); status != 1 && n > 0 && !strings.HasPrefix(stderr, "onnxrun: ") {
			// A cut between two fields may leave a model.
			if status != 0 {
				t.Errorf("%d bytes: status %d: %s", n, status, stderr)
			}
		}
	}
}

// TestBadInputs gives wrong inputs and flags to a good model.
func TestBadInputs(t *testing.T) {
	dir := t.TempDir()
	model := write(t, filepath.Join(dir, "m.onnx"), encode(t, modelOf(node("Add", "x, b -> y"), floatValue("b", "N", 3))))
	npy := func(name, descr, shape string, bytes int) string {
		head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
		b := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
		return write(t, filepath.Join(dir, name), append(append(b, head...), make([]byte, bytes)...))
	}
	good := npy("good.npy", "<f4", "(2, 3)", 24)
	bin := write(t, filepath.Join(dir, "x.bin"), make([]byte, 24))
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{1, `"x" is missing…float32[2,3]`, nil},
		{1, `"b" is missing…float32[N,3]`, []string{good}},
		{2, `"z"…"x", "b"`, []string{"z=" + good}},
		{2, `"x" is given twice`, []string{"x=" + good, "x=" + good}},
		{2, `all 2 inputs`, []string{good, good, good}},
		{1, `"x"…nowhere.npy`, []string{"x=nowhere.npy"}},
		{2, `"x"…x.bin…want`, []string{"x=" + bin}},
		{1, `"x"…float64, want float32`, []string{"x=" + npy("f8.npy", "<f8", "(2, 3)", 48), "b=random"}},
		{1, `"x"…rank 1, want rank 2`, []string{"x=" + npy("r1.npy", "<f4", "(6,)", 24), "b=random"}},
		{1, `"x"…dimension 1 is 4, want 3`, []string{"x=" + npy("d4.npy", "<f4", "(2, 4)", 32), "b=random"}},
		{1, `"x"…short.npy`, []string{"x=" + npy("short.npy", "<f4", "(2, 3)", 20), "b=random"}},
		{1, `"x"…huge.npy`, []string{"x=" + npy("huge.npy", "<f4", "(1099511627776, 3)", 20), "b=random"}},
		{1, `"x"…over.npy`, []string{"x=" + npy("over.npy", "<f4", "(1099511627776, 1099511627776)", 20), "b=random"}},
		{1, `"x"…object`, []string{"x=" + npy("obj.npy", "|O", "(2, 3)", 20), "b=random"}},
		{1, `broadcast`, []string{"x=random", "b=random", "--dim", "N=5"}},
		{2, `--dim M…N`, []string{"--random", "--dim", "M=5"}},
		{2, `--dim N=-5`, []string{"--random", "--dim", "N=-5"}},
		{1, `"b"…memory limit`, []string{"--random", "--dim", "N=1099511627776"}},
		{2, `--device "tpu"`, []string{"--random", "--device", "tpu"}},
		{2, `--backend "fast"`, []string{"--random", "--backend", "fast"}},
		{2, `--precision "int3"`, []string{"--random", "--precision", "int3"}},
		{2, `--threads -1`, []string{"--random", "--threads", "-1"}},
		{2, `--passes "fold"`, []string{"--random", "--passes", "fold"}},
		{2, `--passes "-nothing"…fold`, []string{"--random", "--passes", "-nothing"}},
		{2, `--max-memory…"much"`, []string{"--random", "--max-memory", "much"}},
		{2, `--max-memory`, []string{"--random", "--max-memory", "-1"}},
		{1, `memory limit`, []string{"--random", "--max-memory", "8B"}},
		{2, `--timeout`, []string{"--random", "--timeout", "-1s"}},
		{2, `timeout`, []string{"--random", "--timeout", "soon"}},
		{2, `--frob`, []string{"--frob"}},
		{1, `nowhere`, []string{"--random", "-o", filepath.Join(dir, "nowhere", "y.npy")}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			checkBad(t, c.status, c.want, append([]string{model}, c.args...)...)
		})
	}
}

// TestBadUsage checks the commands' own arguments.
func TestBadUsage(t *testing.T) {
	dir := t.TempDir()
	skip := write(t, filepath.Join(dir, "skip.txt"), []byte("no_reason\n"))
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{2, "no model", nil},
		{2, "no model", []string{"bench"}},
		{2, "no model", []string{"inspect"}},
		{2, "no path", []string{"test"}},
		{2, "one model", []string{"inspect", "a", "b"}},
		{1, "no test case", []string{"test", dir}},
		{1, "nowhere", []string{"test", filepath.Join(dir, "nowhere")}},
		{1, "skip.txt:1", []string{"test", dir, "--skip", skip}},
		{2, "--rtol", []string{"test", dir, "--rtol", "-1"}},
		{2, "--jobs", []string{"test", dir, "--jobs", "0"}},
		{2, "--callers", []string{"bench", "m.onnx", "--callers", "0"}},
		{2, "--duration", []string{"bench", "m.onnx", "--duration", "0s"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) { checkBad(t, c.status, c.want, c.args...) })
	}
}

package onnx

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/onnx/pb"
)

// A mutator breaks messages in ways that bytes changed at random do not reach: names of other things, wrong numbers,
// missing and repeated parts.
type mutator struct {
	r        *rand.Rand
	messages []protoreflect.Message
	texts    []string
}

func (m *mutator) collect(x protoreflect.Message) {
	m.messages = append(m.messages, x)
	x.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() && f.Kind() == protoreflect.MessageKind:
			for i := range v.List().Len() {
				m.collect(v.List().Get(i).Message())
			}
		case f.IsList() && f.Kind() == protoreflect.StringKind:
			for i := range v.List().Len() {
				m.texts = append(m.texts, v.List().Get(i).String())
			}
		case f.Kind() == protoreflect.MessageKind:
			m.collect(v.Message())
		case f.Kind() == protoreflect.StringKind:
			m.texts = append(m.texts, v.String())
		}
		return true
	})
}

// mutate changes one field of one message.
func (m *mutator) mutate(p *pb.ModelProto) {
	m.messages, m.texts = nil, []string{"", "ai.onnx.ml", "Loop", "If", "Scan", "Concat", "SequenceMap"}
	m.collect(p.ProtoReflect())
	x := m.messages[m.r.IntN(len(m.messages))]
	fields := x.Descriptor().Fields()
	f := fields.Get(m.r.IntN(fields.Len()))
	for range 3 { // prefer those that are there
		if x.Has(f) {
			break
		}
		f = fields.Get(m.r.IntN(fields.Len()))
	}
	switch {
	case m.r.IntN(8) == 0:
		x.Clear(f)
	case f.IsList():
		m.mutateList(f, x.Mutable(f).List())
	case f.Kind() == protoreflect.MessageKind:
		if !x.Has(f) {
			x.Mutable(f)
		} else {
			x.Clear(f)
		}
	default:
		x.Set(f, m.scalar(f))
	}
}

func (m *mutator) mutateList(f protoreflect.FieldDescriptor, l protoreflect.List) {
	n := l.Len()
	switch k := m.r.IntN(4); {
	case n == 0 || k == 0:
		if f.Kind() == protoreflect.MessageKind {
			l.AppendMutable()
		} else {
			l.Append(m.scalar(f))
		}
	case k == 1:
		l.Truncate(m.r.IntN(n))
	case k == 2: // one becomes a copy of another
		i, j := m.r.IntN(n), m.r.IntN(n)
		v := l.Get(j)
		if f.Kind() == protoreflect.MessageKind {
			v = protoreflect.ValueOfMessage(proto.Clone(v.Message().Interface()).ProtoReflect())
		}
		l.Set(i, v)
	case f.Kind() != protoreflect.MessageKind:
		l.Set(m.r.IntN(n), m.scalar(f))
	default:
		i, j := m.r.IntN(n), m.r.IntN(n)
		a, b := l.Get(i), l.Get(j)
		l.Set(i, b)
		l.Set(j, a)
	}
}

// scalar returns a value that may hurt.
func (m *mutator) scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	ints := []int64{0, 1, 2, 3, 5, 7, 9, 13, 16, 21, -1, -2, 64, 1 << 31, 1<<31 - 1, 1 << 40, 1<<63 - 1, -1 << 63}
	i := ints[m.r.IntN(len(ints))]
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(m.texts[m.r.IntN(len(m.texts))])
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(make([]byte, m.r.IntN(20)))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(i))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(int32(i)))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(uint64(i))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(i))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(i))
	}
	return protoreflect.ValueOfInt64(i)
}

// TestMutated reads models after one to four changes at random. Nothing may panic, hang or give a graph that is not
// well formed, and errors are one line. With GNEISS_DATA set, ONNX's tests and the smaller models are changed too;
// GNEISS_MUTATE is for how long, such as 10m, with changes that differ each time.
func TestMutated(t *testing.T) {
	models := seedModels()
	if dir := os.Getenv("GNEISS_DATA"); dir != "" && !testing.Short() {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".onnx" {
				if b, err := os.ReadFile(path); err == nil && len(b) < 20000 {
					m := &pb.ModelProto{}
					if proto.Unmarshal(b, m) == nil {
						models = append(models, m)
					}
				}
			}
			return nil
		})
	}
	length, err := time.ParseDuration(os.Getenv("GNEISS_MUTATE"))
	seed := uint64(time.Now().UnixNano())
	if err != nil {
		length, seed = 300*time.Millisecond, 1
	}
	m := &mutator{r: rand.New(rand.NewPCG(seed, 1))}
	for start := time.Now(); time.Since(start) < length; {
		p := proto.Clone(models[m.r.IntN(len(models))]).(*pb.ModelProto)
		for range 1 + m.r.IntN(4) {
			m.mutate(p)
		}
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
		if err != nil {
			continue // a string that is no text
		}
		if text := readBad(b); text != "" {
			t.Errorf("seed %d: %s", seed, text)
			name := filepath.Join(os.TempDir(), fmt.Sprintf("gneiss-mutated-%d.onnx", seed))
			if os.WriteFile(name, b, 0o600) == nil {
				t.Logf("the model is in %s", name)
			}
			return
		}
	}
}

// readBad reads a model and says what is wrong with how that went.
func readBad(b []byte) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprintf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	start := time.Now()
	r, err := OpenBytes(b, Options{Eval: ref.Eval, Limits: Limits{Nodes: 10000, Bytes: 64 << 20}})
	if d := time.Since(start); d > 5*time.Second {
		return fmt.Sprintf("reading took %v", d)
	}
	if err != nil {
		if strings.Contains(err.Error(), "\n") {
			return fmt.Sprintf("the error has several lines: %q", err)
		}
		return ""
	}
	if err := graph.Verify(r.Graph); err != nil {
		return err.Error()
	}
	return ""
}

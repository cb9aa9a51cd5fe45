package onnx

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestUpgradesCover makes a node of every version of every operator with all attributes that the version has, and checks
// that the adapter for it leaves only attributes and inputs that the newest version has.
func TestUpgradesCover(t *testing.T) {
	for name, versions := range schemas() {
		last := versions[len(versions)-1]
		for _, s := range versions {
			if s.deprecated && s.since > 1 {
				continue
			}
			n := nodeOf(t, s)
			fix := adapterFor(name.domain, name.op, s.since)
			if fix != nil {
				if out, err := fix.fix(n); err != nil || out != nil || n.b.Err() != nil {
					continue
				}
			}
			if last.deprecated && name.domain == "" && n.op == last.op && op.Lookup(name.domain, name.op) == nil {
				t.Errorf("%s-%d: deprecated, and no adapter to what took its place", s.op, s.since)
				continue
			}
			now := schemaAt(n.domain, n.op, newest)
			for a := range n.attrs {
				if now.attr(a) == nil && !(last.deprecated && last.attr(a) != nil) {
					t.Errorf("%s-%d: attribute %q is not one of %s-%d, and no adapter removes it", s.op, s.since, a, now.op, now.since)
				}
			}
			if len(n.in) > len(now.in) && !now.in[len(now.in)-1].variadic {
				t.Errorf("%s-%d: %d inputs, but %s-%d has %d", s.op, s.since, len(n.in), now.op, now.since, len(now.in))
			}
			for i, p := range now.in {
				if !p.optional && !p.variadic && n.input(i) == nil {
					t.Errorf("%s-%d: input %q of %s-%d is missing", s.op, s.since, p.name, now.op, now.since)
				}
			}
		}
	}
}

// nodeOf returns a node with every input and attribute that a schema has, inputs of unknown rank.
func nodeOf(t *testing.T, s *schema) *legacy {
	n := &legacy{b: graph.NewBuilder(&graph.Graph{}, nil), node: "n", op: s.op, domain: s.domain, version: s.since, attrs: graph.Attrs{}}
	for _, p := range s.in {
		if typ := anyOf(s.typeSet(p)); !strings.HasPrefix(typ, "tensor(") {
			n.in = append(n.in, n.b.Input(p.name, graph.Fact{Type: tensor.SequenceOf(tensor.TypeOf(tensor.Float32))}))
			continue
		}
		for typ := range s.typeSet(p) {
			if dt, err := tensor.ParseDType(strings.TrimSuffix(strings.TrimPrefix(typ, "tensor("), ")")); err == nil {
				n.in = append(n.in, n.b.Input(p.name, graph.TensorFact(dt, nil)))
				break
			}
		}
	}
	for range s.out {
		n.want = append(n.want, true)
	}
	n.outputs = len(s.out)
	for _, a := range s.attrs {
		n.attrs[a.name] = sampleAttr(t, a)
	}
	if s.op == "Cast" && s.since == 1 {
		n.attrs["to"] = "FLOAT"
	}
	return n
}

func anyOf(set map[string]bool) string {
	for s := range set {
		return s
	}
	return ""
}

// sampleAttr returns the default of an attribute, or some value of its kind.
func sampleAttr(t *testing.T, a attrDef) any {
	def := []byte(a.def)
	var err error
	defer func() {
		if err != nil {
			t.Errorf("attribute %q: default %q: %v", a.name, a.def, err)
		}
	}()
	switch a.kind {
	case "int":
		x := int64(1)
		if a.def != "" {
			err = json.Unmarshal(def, &x)
		}
		return x
	case "float":
		x := float32(2)
		if a.def != "" {
			err = json.Unmarshal(def, &x)
		}
		return x
	case "string":
		x := "x"
		if enum, ok := map[string]string{"direction": "LEFT", "mode": "standard"}[a.name]; ok {
			x = enum
		}
		if a.def != "" {
			err = json.Unmarshal(def, &x)
		}
		return x
	case "ints":
		x := []int64{1, 1}
		if a.def != "" {
			err = json.Unmarshal(def, &x)
		}
		return x
	case "floats":
		return []float32{1, 1}
	case "strings":
		return []string{"a", "b"}
	case "tensor", "sparse_tensor":
		return tensor.Scalar(float32(1))
	case "graph":
		return &graph.Graph{}
	case "type_proto":
		return tensor.TypeOf(tensor.Float32)
	}
	t.Errorf("attribute %q: unknown kind %q", a.name, a.kind)
	return nil
}

// TestUpgradesAreOfOperators checks that adapters are for versions that exist.
func TestUpgradesAreOfOperators(t *testing.T) {
	for _, as := range upgrades {
		for _, a := range as {
			versions := schemas()[opName{a.domain, a.op}]
			if len(versions) == 0 {
				t.Errorf("adapter for %s %s: no such operator", a.domain, a.op)
				continue
			}
			if a.until != newest && schemaAt(a.domain, a.op, a.until) == schemaAt(a.domain, a.op, a.until+1) {
				t.Errorf("adapter for %s until %d: version %d is the same", a.op, a.until, a.until+1)
			}
		}
	}
}

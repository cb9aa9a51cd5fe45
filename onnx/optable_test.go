package onnx

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestTableAgreesWithSchemas checks the arity of inputs and outputs, and kinds, defaults and necessity of the
// attributes of every operator that the standard has.
func TestTableAgreesWithSchemas(t *testing.T) {
	names := attrNames()
	for _, e := range op.Table() {
		s := newestSchema(e.Domain, e.Name)
		if s == nil {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			sameSignature(t, "inputs", e.Inputs(), s.in)
			sameSignature(t, "outputs", e.Outputs(), s.out)
			sameAttributes(t, e, s, names)
		})
	}
}

// newestSchema returns the last version of an operator that is not deprecated.
func newestSchema(domain, name string) *schema {
	for _, s := range slices.Backward(schemas()[opName{domain, name}]) {
		if !s.deprecated {
			return s
		}
	}
	return nil
}

func attrNames() map[string]bool {
	names := map[string]bool{}
	for _, versions := range schemas() {
		for _, s := range versions {
			for _, a := range s.attrs {
				names[a.name] = true
			}
		}
	}
	return names
}

func sameSignature(t *testing.T, what string, sig op.Signature, ps []param) {
	required, variadic := 0, false
	for i, p := range ps {
		if !p.optional && !(p.variadic && p.min == 0) {
			required = i + 1
		}
		variadic = variadic || p.variadic
	}
	if len(sig.Names) != len(ps) || sig.Required != required || sig.Variadic != variadic {
		t.Errorf("%s: %v, %d required, variadic %t; want %d, %d, %t", what, sig.Names, sig.Required, sig.Variadic, len(ps), required, variadic)
	}
}

func sameAttributes(t *testing.T, e op.Entry, s *schema, names map[string]bool) {
	need := graph.Attrs{}
	for _, a := range s.attrs {
		if a.required {
			need[a.name] = sampleAttr(t, a)
		}
	}
	decode := func(a graph.Attrs) (graph.Op, error) {
		o := e.New()
		return o, graph.Decode(o, a)
	}
	plain, err := decode(need)
	if err != nil {
		t.Errorf("with the required attributes alone: %v", err)
		return
	}
	with := func(name string, value any) graph.Attrs {
		a := graph.Attrs{}
		for k, v := range need {
			a[k] = v
		}
		if a[name] = value; value == nil {
			delete(a, name)
		}
		return a
	}
	for name := range names {
		a := s.attr(name)
		if a == nil {
			_, err := decode(with(name, int64(1)))
			var unknown *graph.UnknownAttributeError
			if !errors.As(err, &unknown) && e.Domain != op.Microsoft { // what is embedded there may have more
				t.Errorf("attribute %q is not in the schema: %v, want an UnknownAttributeError", name, err)
			}
			continue
		}
		if a.required {
			if _, err := decode(with(name, nil)); err == nil {
				t.Errorf("attribute %q is required, but may be missing", name)
			}
		}
		o, err := decode(with(name, sampleAttr(t, *a)))
		switch {
		case err != nil:
			t.Errorf("attribute %q (%s): %v", name, a.kind, err)
		case a.def != "" && a.kind != "strings" && !graph.SameOp(o, plain) && len(graph.Bodies(o)) == 0:
			t.Errorf("attribute %q: the default is not %s", name, a.def)
		case a.def == "" && fmt.Sprint(graph.Encode(o)[name]) != fmt.Sprint(sampleAttr(t, *a)) && a.kind != "graph":
			t.Errorf("attribute %q: %v is encoded as %v", name, sampleAttr(t, *a), graph.Encode(o)[name])
		}
		for _, other := range []any{int64(3), float32(3), "y", []int64{3}, []float32{3}, []string{"y"}, tensor.Scalar(int8(1))} {
			if _, err := decode(with(name, other)); err == nil && kindName(other) != a.kind {
				t.Errorf("attribute %q is of kind %s, but %s is accepted", name, a.kind, kindName(other))
			}
		}
	}
}

func kindName(a any) string {
	switch a.(type) {
	case *tensor.Tensor:
		return "tensor"
	case int64:
		return "int"
	case float32:
		return "float"
	case string:
		return "string"
	case []int64:
		return "ints"
	case []float32:
		return "floats"
	}
	return "strings"
}

// TestDefaultsBelowAdapters checks that the versions in which the writer may write a node have the defaults of the newest.
func TestDefaultsBelowAdapters(t *testing.T) {
	for name, versions := range schemas() {
		now := newestSchema(name.domain, name.op)
		for _, s := range versions {
			if now == nil || s.deprecated || s.since < meaningSince(name.domain, name.op) {
				continue
			}
			for _, a := range s.attrs {
				if b := now.attr(a.name); b != nil && b.def != a.def {
					t.Errorf("%s-%d: attribute %q: default %s, but %s in version %d", s.op, s.since, a.name, a.def, b.def, now.since)
				}
			}
		}
	}
}

package onnx

import "testing"

func TestSchemaAt(t *testing.T) {
	if n := len(schemas()); n < 227 {
		t.Errorf("%d operators, want at least 227", n)
	}
	for _, c := range []struct {
		domain, op     string
		version, since int64
	}{
		{"", "Clip", 5, 1}, {"", "Clip", 6, 6}, {"", "Clip", 28, 13}, {"ai.onnx.ml", "LabelEncoder", 3, 2}, {"", "SwiGLU", 28, 28},
	} {
		if s := schemaAt(c.domain, c.op, c.version); s == nil || s.since != c.since {
			t.Errorf("schemaAt(%q, %s, %d) = %+v, want since %d", c.domain, c.op, c.version, s, c.since)
		}
	}
	if s := schemaAt("", "LayerNormalization", 16); s != nil {
		t.Errorf("LayerNormalization in opset 16: %+v", s)
	}
	s := schemaAt("", "Loop", 28)
	if p := s.in[2]; !p.variadic || !p.mixed || p.name != "v_initial" || !s.in[0].optional {
		t.Errorf("Loop: inputs %+v", s.in)
	}
	if s.in[0].typ != "I" || !s.typeSet(s.in[0])["tensor(int64)"] {
		t.Errorf("Loop: type of M: %+v", s.types)
	}
	if a := schemaAt("", "Clip", 6).attr("max"); a == nil || a.def != "3.4028235e+38" || a.kind != "float" {
		t.Errorf("Clip-6: max %+v", a)
	}
}

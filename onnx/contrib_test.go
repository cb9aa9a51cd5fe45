package onnx

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/graph/op"
)

// TestTableAgreesWithContrib is TestTableAgreesWithSchemas for the operators of ONNX Runtime.
func TestTableAgreesWithContrib(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(dataDir(t), "facts", "contrib-operators.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	names := attrNames()
	var all []*schema
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != 9 || cells[0] == "domain" {
			continue
		}
		s := &schema{domain: cells[0], op: cells[1], in: contribParams(cells[5]), out: contribParams(cells[6])}
		for _, f := range strings.FieldsFunc(cells[7], func(r rune) bool { return r == ';' }) {
			parts := strings.SplitN(strings.TrimSpace(f), ":", 3)
			a := attrDef{name: parts[0], required: len(parts) == 3}
			a.kind, a.def, _ = strings.Cut(parts[1], "=")
			if a.kind == "string" && a.def != "" {
				a.def = `"` + a.def + `"`
			}
			s.attrs = append(s.attrs, a)
			names[a.name] = true
		}
		all = append(all, s)
	}
	found := 0
	for _, s := range all {
		e := op.Lookup(s.domain, s.op)
		if e == nil {
			continue
		}
		found++
		t.Run(s.op, func(t *testing.T) {
			sameSignature(t, "inputs", e.Inputs(), s.in)
			sameSignature(t, "outputs", e.Outputs(), s.out)
			sameAttributes(t, *e, s, names)
		})
	}
	t.Logf("%d operators of ONNX Runtime are there", found)
}

func contribParams(cell string) []param {
	var ps []param
	for _, f := range strings.FieldsFunc(cell, func(r rune) bool { return r == ';' }) {
		parts := strings.Split(strings.TrimSpace(f), ":")
		p := param{name: parts[0], typ: parts[1], min: 1}
		for _, mark := range parts[2:] {
			p.optional = p.optional || mark == "optional"
			p.variadic = p.variadic || mark == "variadic"
		}
		ps = append(ps, p)
	}
	return ps
}

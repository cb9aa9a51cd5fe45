package onnx

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// schemaText is one line per version of every operator, written by tools/schema/schema.py:
//
//	types @7 tensor(bool) tensor(float32)     a set of types
//	op ai.onnx Clip                           the operator that the next lines are about
//	11	input:T min:T? max:T?	output:T	a:int=0 b:tensor!	T=@7
//
// A version line has five cells between tabs: the first opset of this version (with "-" when the operator is deprecated
// from there on), inputs, outputs, attributes and type parameters. A cell "=" is that of the version before. "?" marks an
// optional input or output, "..." a repeated one of equal types, "***" one of different types, each with the least number; "!"
// marks a required attribute and "=" gives its default as JSON.
//
//go:embed schema.txt
var schemaText string

// A schema is the signature of one version of an operator.
type schema struct {
	domain, op string
	since      int64 // the first version of the domain that has it
	deprecated bool  // the operator may not be used from here on
	in, out    []param
	attrs      []attrDef
	types      []typeParam
}

// A param is an input or output of a schema.
type param struct {
	name     string
	typ      string // a type parameter, or a type such as tensor(int64)
	optional bool
	variadic bool
	mixed    bool // variadic, of different types
	min      int  // how many of a variadic one there are at least
}

// An attrDef is an attribute of a schema.
type attrDef struct {
	name     string
	kind     string // int, float, string, tensor, graph, ints, …
	required bool
	def      string // the default as JSON; empty: none
}

// A typeParam is a type parameter with the types it may be.
type typeParam struct {
	name  string
	types map[string]bool
}

// typeSet returns the types that p may have.
func (s *schema) typeSet(p param) map[string]bool {
	for _, t := range s.types {
		if t.name == p.typ {
			return t.types
		}
	}
	return map[string]bool{p.typ: true}
}

// attr returns the attribute of the given name, or nil.
func (s *schema) attr(name string) *attrDef {
	for i := range s.attrs {
		if s.attrs[i].name == name {
			return &s.attrs[i]
		}
	}
	return nil
}

type opName struct{ domain, op string }

// schemas returns all versions of all operators, ascending.
var schemas = sync.OnceValue(func() map[opName][]*schema {
	m, err := parseSchemas(schemaText)
	if err != nil {
		panic(err) // the embedded file is broken
	}
	return m
})

// schemaAt returns the schema of an operator in a version of its domain ("" is ai.onnx), or nil when there is none yet.
func schemaAt(domain, op string, version int64) *schema {
	var found *schema
	for _, s := range schemas()[opName{domain, op}] {
		if s.since <= version {
			found = s
		}
	}
	return found
}

func parseSchemas(text string) (map[opName][]*schema, error) {
	m := map[opName][]*schema{}
	sets := map[string]map[string]bool{}
	var op opName
	for i, line := range strings.Split(text, "\n") {
		key, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || key == "#":
		case key == "types":
			name, list, _ := strings.Cut(rest, " ")
			sets[name] = map[string]bool{}
			for _, t := range strings.Fields(list) {
				sets[name][t] = true
			}
		case key == "op":
			op.domain, op.op, _ = strings.Cut(rest, " ")
			if op.domain == "ai.onnx" {
				op.domain = ""
			}
		default:
			s, err := parseSchema(op, line, m[op], sets)
			if err != nil {
				return nil, fmt.Errorf("onnx: schema.txt: line %d: %w", i+1, err)
			}
			m[op] = append(m[op], s)
		}
	}
	return m, nil
}

func parseSchema(op opName, line string, older []*schema, sets map[string]map[string]bool) (*schema, error) {
	cells := strings.Split(line, "\t")
	if len(cells) != 5 {
		return nil, fmt.Errorf("%d cells, want 5", len(cells))
	}
	last := &schema{}
	if n := len(older); n > 0 {
		last = older[n-1]
	}
	since, deprecated := strings.CutSuffix(cells[0], "-")
	version, err := strconv.ParseInt(since, 10, 64)
	if err != nil {
		return nil, err
	}
	s := &schema{domain: op.domain, op: op.op, since: version, deprecated: deprecated}
	if s.in = last.in; cells[1] != "=" {
		s.in = parseParams(cells[1])
	}
	if s.out = last.out; cells[2] != "=" {
		s.out = parseParams(cells[2])
	}
	if s.attrs = last.attrs; cells[3] != "=" {
		s.attrs = parseAttrs(cells[3])
	}
	if s.types = last.types; cells[4] != "=" {
		s.types = nil
		for _, f := range strings.Fields(cells[4]) {
			name, set, _ := strings.Cut(f, "=")
			if sets[set] == nil {
				return nil, fmt.Errorf("unknown set of types %q", set)
			}
			s.types = append(s.types, typeParam{name, sets[set]})
		}
	}
	return s, nil
}

func parseParams(cell string) []param {
	var ps []param
	for _, f := range strings.Fields(cell) {
		i := strings.LastIndexByte(f, ':')
		p := param{name: f[:i], typ: f[i+1:]}
		p.typ, p.optional = strings.CutSuffix(p.typ, "?")
		for _, mark := range []string{"...", "***"} {
			if typ, least, ok := strings.Cut(p.typ, mark); ok {
				p.typ, p.variadic, p.mixed = typ, true, mark == "***"
				p.min, _ = strconv.Atoi(least)
			}
		}
		ps = append(ps, p)
	}
	return ps
}

func parseAttrs(cell string) []attrDef {
	var as []attrDef
	for _, f := range strings.Fields(cell) {
		var a attrDef
		var kind string
		a.name, kind, _ = strings.Cut(f, ":")
		kind, a.def, _ = strings.Cut(kind, "=")
		a.kind, a.required = strings.CutSuffix(kind, "!")
		as = append(as, a)
	}
	return as
}

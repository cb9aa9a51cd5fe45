package onnx

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// An importer turns the messages of one model into a graph.
type importer struct {
	s         *scanner
	opt       Options
	m         *Model
	functions map[Function]*functionProto
	calls     []Function // the functions that are being inlined
	bad       UnsupportedError
	nodes     int      // how many there are
	work      int      // how many were made, those of bodies that were made again too
	plain     []string // inputs that get no default
}

func newImporter(m *Model, opt Options, ext *external) *importer {
	im := &importer{s: newScanner(opt.Limits), opt: opt, m: m, functions: map[Function]*functionProto{}}
	im.opt.Limits = opt.Limits.withDefaults()
	im.s.ext = ext
	m.declared = map[*graph.Graph]map[string][]graph.Dim{}
	return im
}

// read makes a model of the bytes of a file. The model is never nil and has to be closed, even after an error.
func read(b []byte, opt Options) (*Model, error) {
	m := &Model{raw: b, opt: opt, ext: &external{opt: opt, files: map[string][]byte{}}}
	err := newImporter(m, opt, m.ext).model(b)
	m.close = append(m.close, m.ext.close...)
	return m, err
}

func (im *importer) model(b []byte) error {
	if len(b) == 0 {
		return errors.New("the file is empty")
	}
	p := im.s.model(b)
	if im.s.err != nil {
		return fmt.Errorf("not an ONNX model, or a damaged one: %w", im.s.err)
	}
	if p.graph == nil {
		return errors.New("not an ONNX model: it has no graph")
	}
	if p.irVersion > newestIR {
		im.bad.add("", "", "IR version %d, newest known is %d", p.irVersion, newestIR)
	}
	opsets, err := opsetMap(p.opsets)
	if err != nil {
		return err
	}
	if len(opsets) == 0 {
		if p.irVersion >= 3 {
			return fmt.Errorf("no opset import, which IR version %d must have", p.irVersion)
		}
		opsets[""] = 1 // files older than IR version 3 do not say it
	}
	m := im.m
	m.IRVersion, m.Version, m.Opsets = p.irVersion, p.version, opsets
	m.Producer, m.ProducerVersion, m.Domain, m.Doc, m.Metadata = p.producer, p.producerVer, p.domain, p.doc, p.meta
	for _, f := range p.functions {
		k := Function{f.domain, f.name, f.overload}
		if im.functions[k] != nil {
			return fmt.Errorf("function %v is there twice", k)
		}
		im.functions[k] = f
		m.Functions = append(m.Functions, k)
	}
	g := &graph.Graph{Name: p.graph.name, Meta: p.graph.meta, Defaults: map[*graph.Value]*tensor.Tensor{}}
	sc := &scope{b: graph.NewBuilder(g, im.opt.Eval), names: map[string]*graph.Value{}, inputs: map[*graph.Value]bool{}, opsets: opsets}
	err = im.inputs(sc, p.graph)
	if err == nil {
		err = im.contents(sc, p.graph)
	}
	if len(im.bad.Items) > 0 {
		return &im.bad
	}
	if err == nil {
		m.Graph = g
	}
	return err
}

// declared keeps the dimensions that the file declares of an output whose rank inference does not find: they are written
// again.
func (im *importer) declared(g *graph.Graph, name string, typ []byte) {
	d := im.s.valueType(typ)
	if im.s.err != nil {
		im.s.err = nil // hint has warned
	}
	if d.Dims == nil {
		return
	}
	if im.m.declared[g] == nil {
		im.m.declared[g] = map[string][]graph.Dim{}
	}
	im.m.declared[g][name] = d.Dims
}

// opsetMap returns imports by domain.
func opsetMap(ids []opsetID) (map[string]int64, error) {
	m := map[string]int64{}
	for _, id := range ids {
		d := domainName(id.domain)
		if v, ok := m[d]; ok && v != id.version {
			return nil, fmt.Errorf("opset import: domain %q has versions %d and %d", d, v, id.version)
		}
		if id.version < 1 {
			return nil, fmt.Errorf("opset import: domain %q: version %d", d, id.version)
		}
		m[d] = id.version
	}
	return m, nil
}

// inputs makes the inputs of the main graph. One that is also an initializer has that as its default.
func (im *importer) inputs(sc *scope, p *graphProto) error {
	if err := im.initializers(sc, p); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, in := range p.in {
		if in.name == "" || seen[in.name] {
			return fmt.Errorf("input %q is there twice or has no name", in.name)
		}
		seen[in.name] = true
		t := im.s.valueType(in.typ)
		if im.s.err != nil {
			return fmt.Errorf("input %q: %w", in.name, im.s.err)
		}
		def := sc.names[in.name].Const()
		if def != nil && !slices.Contains(im.plain, in.name) {
			v := sc.b.Input(in.name, graph.ConstFact(def))
			sc.b.G.Defaults[v] = def
			sc.names[in.name], sc.inputs[v] = v, true
			im.hint(in, v)
			continue
		}
		if !t.known {
			return fmt.Errorf("input %q: no type", in.name)
		}
		v := sc.b.Input(in.name, t.Fact)
		sc.names[in.name], sc.inputs[v] = v, true
	}
	return nil
}

// initializers makes the constants of a graph.
func (im *importer) initializers(sc *scope, p *graphProto) error {
	add := func(t *tensor.Tensor, name string) error {
		switch {
		case im.s.err != nil:
			return im.s.err
		case name == "":
			return errors.New("initializer without a name")
		case sc.names[name] != nil:
			return fmt.Errorf("initializer %q is there twice", name)
		}
		sc.names[name] = sc.b.Named(name, t)
		return nil
	}
	for _, b := range p.initializers {
		if err := add(im.s.tensor(b, "initializer")); err != nil {
			return err
		}
	}
	for _, b := range p.sparse {
		if err := add(im.s.sparse(b, "sparse initializer")); err != nil {
			return err
		}
	}
	return nil
}

// contents makes the nodes and outputs of a graph whose inputs and constants are made.
func (im *importer) contents(sc *scope, p *graphProto) error {
	sc.count(p)
	if err := im.all(sc, p.nodes); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, out := range p.out {
		if seen[out.name] {
			return fmt.Errorf("output %q is there twice", out.name)
		}
		seen[out.name] = true
		v, ok := sc.find(out.name)
		if !ok || v == nil {
			return fmt.Errorf("output %q is not computed by any node", out.name)
		}
		if v != unknown {
			sc.b.Output(out.name, v)
			im.hint(out, v)
			if v.Fact.Dims == nil {
				im.declared(sc.b.G, out.name, out.typ)
			}
		}
	}
	for _, info := range p.info {
		if v := sc.names[info.name]; v != nil && v != unknown {
			im.hint(info, v)
		}
	}
	return sc.b.Err()
}

const maxWarnings = 100

// hint checks what the file declares of a value against what is known of it, and warns where they differ.
func (im *importer) hint(p valueProto, v *graph.Value) {
	d := im.s.valueType(p.typ)
	if im.s.err != nil {
		im.warn("%q: declared type: %v", p.name, im.s.err)
		im.s.err = nil
		return
	}
	if !d.known || len(im.m.Warnings) >= maxWarnings {
		return
	}
	f := v.Fact
	switch {
	case !d.Type.Equal(f.Type):
		im.warn("%q is declared %v, but is %v", p.name, d.Type, f.Type)
	case d.Dims == nil || f.Dims == nil:
	case len(d.Dims) != len(f.Dims):
		im.warn("%q is declared %s, but is %s", p.name, graph.FormatDims(d.Dims), graph.FormatDims(f.Dims))
	default:
		for i := range d.Dims {
			a, ok1 := d.Dims[i].Int()
			b, ok2 := f.Dims[i].Int()
			if ok1 && ok2 && a != b {
				im.warn("%q is declared %s, but is %s", p.name, graph.FormatDims(d.Dims), graph.FormatDims(f.Dims))
				return
			}
		}
	}
}

// warn notes a warning unless it is there, or there are many.
func (im *importer) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(im.m.Warnings) < maxWarnings && !slices.Contains(im.m.Warnings, text) {
		im.m.Warnings = append(im.m.Warnings, text)
	}
}

// unknown stands for values that nodes compute which are not supported.
var unknown = &graph.Value{}

// A scope is where the names of a graph, body or function live.
type scope struct {
	b      *graph.Builder // where its nodes go
	names  map[string]*graph.Value
	inputs map[*graph.Value]bool // the inputs of the graph that the nodes go to
	used   map[string]bool       // names that something takes
	opsets map[string]int64
	prefix string // of the names of nodes and values, inside functions

	// In a body: the scope around it, whose names it sees, and what it takes from there. inner is nil for a branch that is
	// put in the place of its If, since its nodes are in the same graph.
	outer    *scope
	captured *captures
	inner    map[*graph.Value]*graph.Value // by outer value
	loose    bool                          // it knows only the types of what it takes

	// In a function: the attributes of the call.
	attrs map[string]boundAttr
}

// find returns the value of a name: nil for one that the caller of a function left out. What a body takes from around
// it becomes a constant or a trailing input of it.
func (sc *scope) find(name string) (*graph.Value, bool) {
	if v, ok := sc.names[name]; ok {
		return v, true
	}
	if sc.outer == nil {
		return nil, false
	}
	v, ok := sc.outer.find(name)
	if sc.inner == nil || !ok || v == nil || v == unknown {
		return v, ok
	}
	in := sc.inner[v]
	switch {
	case in != nil:
	case sc.outer.isConst(v):
		in = sc.b.Named(v.Name, v.Fact.Const)
	default:
		in = &graph.Value{Name: v.Name, Fact: v.Fact}
		if sc.loose {
			in.Fact = graph.Fact{Type: v.Fact.Type}
		}
		sc.inputs[in] = true
		sc.captured.add(v)
	}
	sc.inner[v] = in
	return in, true
}

// isConst reports whether v is a constant that no caller can change.
func (sc *scope) isConst(v *graph.Value) bool { return v.IsConst() && !sc.inputs[v] }

// count notes which names the nodes and outputs of a graph take.
func (sc *scope) count(p *graphProto) {
	sc.used = map[string]bool{}
	for _, out := range p.out {
		sc.used[out.name] = true
	}
	for _, n := range p.nodes {
		for name := range freeNames(n) {
			sc.used[name] = true
		}
	}
}

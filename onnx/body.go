package onnx

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// captures are the computed values that the bodies of one node take from around it, in the order in which they are
// trailing inputs of the node and of each body.
type captures struct{ outer []*graph.Value }

func (c *captures) add(v *graph.Value) {
	if !slices.Contains(c.outer, v) {
		c.outer = append(c.outer, v)
	}
}

// bodies makes the bodies of a node and stores them in l.attrs. ok is false where they may be incomplete, since something
// in the model is not supported.
func (im *importer) bodies(sc *scope, n *nodeProto, l *legacy, attrs []boundAttr, known bool) (*captures, bool, error) {
	c := &captures{}
	var made []*scope
	for _, a := range attrs {
		if a.g == nil {
			return nil, false, fmt.Errorf("%s: attribute %q: no graph", n.label(), a.name)
		}
		bs, err := im.body(sc, l, a, c, known, false)
		if err != nil && l.op == "If" && l.domain == "" && !a.sc.loose {
			if loose, err2 := im.body(sc, l, a, c, known, true); err2 == nil {
				bs, err = loose, nil
			}
		}
		if err != nil {
			return nil, false, fmt.Errorf("%s: %s: %w", n.label(), a.name, err)
		}
		l.attrs[a.name] = bs.b.G
		made = append(made, bs)
	}
	for _, bs := range made {
		for _, v := range c.outer {
			in := bs.inner[v]
			if in == nil {
				in = &graph.Value{Name: v.Name, Fact: v.Fact}
			}
			bs.b.G.In = append(bs.b.G.In, in)
		}
	}
	return c, known && len(im.bad.Items) == 0, nil
}

// body makes the graph of one body. What is known of values that are carried from one round to the next is widened,
// and the body made again, until it holds for every round. loose is for the branch of an If that does not fit the shapes
// around it: it is made as if it knew none of them, since it may be one that is never taken.
func (im *importer) body(sc *scope, l *legacy, a boundAttr, c *captures, known, loose bool) (*scope, error) {
	lp := loopOf(l)
	facts := make([]graph.Fact, len(a.g.in))
	for i, in := range a.g.in {
		t := im.s.valueType(in.typ)
		if im.s.err != nil {
			return nil, fmt.Errorf("input %q: %w", in.name, im.s.err)
		}
		facts[i] = lp.input(l, i, t)
		if f := facts[i]; known && f.Kind == tensor.KindTensor && !f.DType.Valid() {
			return nil, fmt.Errorf("input %q: no type, and no input of the node that tells it", in.name)
		}
	}
	nodes, outer := im.nodes, slices.Clone(c.outer)
	again := func() { im.nodes, c.outer = nodes, slices.Clone(outer) }
	for {
		bs := &scope{
			b:        graph.NewBuilder(&graph.Graph{Name: a.g.name, Meta: a.g.meta}, im.opt.Eval),
			names:    map[string]*graph.Value{},
			inputs:   map[*graph.Value]bool{},
			opsets:   a.sc.opsets,
			prefix:   sc.prefix,
			outer:    a.sc,
			captured: c,
			inner:    map[*graph.Value]*graph.Value{},
			attrs:    a.sc.attrs,
			loose:    loose || a.sc.loose,
		}
		if err := im.initializers(bs, a.g); err != nil {
			return nil, err
		}
		for i, in := range a.g.in {
			if in.name == "" || bs.names[in.name] != nil {
				return nil, fmt.Errorf("input %q is there twice or has no name", in.name)
			}
			if !known {
				bs.names[in.name] = unknown
				continue
			}
			v := bs.b.Input(in.name, facts[i])
			bs.names[in.name], bs.inputs[v] = v, true
		}
		if err := im.contents(bs, a.g); err != nil {
			again()
			return nil, err
		}
		if !known || !lp.widen(facts, bs.b.G) {
			return bs, nil
		}
		again()
	}
}

// A loop says how the inputs and outputs of a node and of its body belong together.
type loop struct {
	op       string
	in       int // the input of the node that goes to the first carried input of the body
	from, to int // the carried inputs of the body
	out      int // the output of the body that goes to the first carried input
	scans    int // how many inputs that are taken apart come after the carried ones
	axes     []int64
	batch    bool            // inputs have a batch axis in front
	widened  map[[2]int]bool // dimensions (input, axis) that have been widened
}

// loopOf returns the form of the loop that a node is; for other nodes one that carries nothing.
func loopOf(l *legacy) *loop {
	lp := &loop{op: l.op, widened: map[[2]int]bool{}}
	if l.domain != "" {
		lp.op = ""
		return lp
	}
	switch l.op {
	case "Loop":
		lp.in, lp.from, lp.to, lp.out = 2, 2, max(len(l.in), 2), 1
	case "Scan":
		n, _ := l.attrs["num_scan_inputs"].(int64)
		lp.batch = l.version < 9
		if lp.batch {
			lp.in = 1
		}
		lp.scans = int(min(max(n, 0), int64(len(l.in))))
		lp.to = max(len(l.in)-lp.in-lp.scans, 0)
		lp.axes, _ = l.attrs["scan_input_axes"].([]int64)
	}
	return lp
}

// input returns what is known of input i of the body in every round, as far as the inputs of the node say.
func (lp *loop) input(l *legacy, i int, declared valueType) graph.Fact {
	arg := func(k int) graph.Fact {
		if k >= 0 && k < len(l.in) && l.in[k] != nil {
			return graph.Fact{Type: l.in[k].Fact.Type, Dims: l.in[k].Fact.Dims}
		}
		return declared.Fact
	}
	switch {
	case lp.op == "Loop" && i < 2:
		if declared.known {
			return declared.Fact // a scalar, but some files have a vector of one
		}
		return graph.TensorFact([]tensor.DType{tensor.Int64, tensor.Bool}[i], []graph.Dim{})
	case lp.op == "SequenceMap":
		if f := arg(i); f.Kind == tensor.KindSequence && f.Elem != nil {
			return graph.Fact{Type: *f.Elem}
		}
		return arg(i)
	case i >= lp.from && i < lp.to:
		return lp.unbatched(arg(lp.in+i-lp.from), -1)
	case i >= lp.to && i < lp.to+lp.scans:
		axis := 0
		if k := i - lp.to; k < len(lp.axes) {
			axis = int(lp.axes[k])
		}
		return lp.unbatched(arg(lp.in+i-lp.from), axis)
	}
	return declared.Fact
}

// unbatched returns f without its batch axis, if there is one, and without the scanned axis; -1: none is scanned.
func (lp *loop) unbatched(f graph.Fact, axis int) graph.Fact {
	drop := func(i int) {
		if f.Dims == nil {
			return
		}
		if i < 0 {
			i += len(f.Dims)
		}
		if i < 0 || i >= len(f.Dims) {
			f.Dims = nil // it is an error that the operator will report
			return
		}
		f.Dims = slices.Delete(slices.Clone(f.Dims), i, i+1)
	}
	if lp.batch {
		drop(0)
		if axis != -1 {
			drop(0)
		}
	} else if lp.scans > 0 && axis != -1 {
		drop(axis)
	}
	return f
}

// widen makes facts of the carried inputs true for the outputs that they get in the next round, and reports whether
// anything changed.
func (lp *loop) widen(facts []graph.Fact, g *graph.Graph) bool {
	changed := false
	for i := lp.from; i < lp.to && i < len(facts); i++ {
		k := lp.out + i - lp.from
		if k >= len(g.Out) || facts[i].Dims == nil || !g.Out[k].Fact.Type.Equal(facts[i].Type) {
			continue
		}
		in, out := facts[i].Dims, g.Out[k].Fact.Dims
		if len(in) != len(out) || out == nil {
			facts[i].Dims, changed = nil, true
			continue
		}
		dims := slices.Clone(in)
		for d := range dims {
			if at := [2]int{i, d}; !dims[d].Equal(out[d]) && !lp.widened[at] {
				dims[d], lp.widened[at], changed = graph.FreshDim(), true, true
			}
		}
		facts[i].Dims = dims
	}
	return changed
}

// branch makes the nodes of the branch of an If that a known condition takes in the place of the If. The other branch is
// not looked at: it often would not pass inference. ok is false when the condition is not known.
func (im *importer) branch(sc *scope, n *nodeProto, in []*graph.Value, attrs []boundAttr) (out []*graph.Value, ok bool, err error) {
	if n.domain != "" || n.op != "If" || len(in) != 1 || in[0] == nil {
		return nil, false, nil
	}
	cond := in[0].Const()
	if cond == nil || cond.DType() != tensor.Bool || cond.Len() != 1 {
		return nil, false, nil
	}
	name := "else_branch"
	if tensor.Data[bool](cond)[0] {
		name = "then_branch"
	}
	i := slices.IndexFunc(attrs, func(a boundAttr) bool { return a.name == name && a.kind() == attrGraph && a.g != nil })
	if i < 0 || len(attrs[i].g.in) > 0 || len(attrs[i].g.out) != len(n.out) {
		return nil, false, nil
	}
	a := attrs[i]
	bs := &scope{
		b:      sc.b,
		names:  map[string]*graph.Value{},
		inputs: sc.inputs,
		opsets: a.sc.opsets,
		prefix: sc.prefix + n.id() + "/",
		outer:  a.sc,
		attrs:  a.sc.attrs,
	}
	if err = im.initializers(bs, a.g); err == nil {
		bs.count(a.g)
		err = im.all(bs, a.g.nodes)
	}
	if err != nil {
		return nil, true, fmt.Errorf("%s: %s: %w", n.label(), name, err)
	}
	out, err = bs.results(sc, n, a.g.out)
	if err != nil {
		return nil, true, fmt.Errorf("%s: %s: %w", n.label(), name, err)
	}
	return out, true, nil
}

// results returns the values that a node's outputs have in a scope whose nodes took its place, and gives them the names
// that they have in sc.
func (sc *scope) results(outer *scope, n *nodeProto, names []valueProto) ([]*graph.Value, error) {
	out := make([]*graph.Value, len(n.out))
	for i, name := range n.out {
		if name == "" {
			continue
		}
		v, ok := sc.find(names[i].name)
		if !ok {
			return nil, fmt.Errorf("output %q is not computed", names[i].name)
		}
		if out[i] = v; v != nil && v.Def != nil && v.Name == sc.prefix+names[i].name {
			v.Name = outer.prefix + name
		}
	}
	return out, nil
}

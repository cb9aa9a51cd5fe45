package exec

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// An entry is what is known of a node for one set of facts of its inputs.
type entry struct {
	in   []*fact // nil where absent
	out  []*fact // nil where not wanted, or known only after the step ran
	step *Step   // nil when it need not run, all outputs being constants, or cannot yet
	// want lists the values (by id) that decide the shape of an output and are not known: they are computed first.
	want []int32
	// emits is set when the kernel provides some output: its shape depends on data, or it is no tensor.
	emits bool
	// open is set when some output is not known before the step ran.
	open  bool
	bound Step     // what step points to
	room  [5]*fact // for in and out
}

// memo keeps the entries of a node in two generations, like facts.
type memo struct {
	last       *entry
	young, old map[uint64]*entry
}

const memoSize = 16

func (m *memo) put(h uint64, e *entry) {
	if m.young == nil || len(m.young) >= memoSize {
		m.old, m.young = m.young, make(map[uint64]*entry)
	}
	m.young[h] = e
}

func (e *entry) matches(ids []int32, facts []*fact) bool {
	for i, id := range ids {
		if id >= 0 && e.in[i] != facts[id] {
			return false
		}
	}
	return true
}

// lookup returns what is known of node i under the given facts of all values, inferring and binding it where they are
// new. p.mu is held.
func (p *Program) lookup(i int, facts []*fact) (*entry, error) {
	nd := &p.nodes[i]
	m := &nd.memo
	if m.last != nil && m.last.matches(nd.in, facts) {
		return m.last, nil
	}
	h := uint64(0)
	for _, id := range nd.in {
		if id >= 0 {
			h = fold64(h, facts[id].id)
		}
	}
	e := m.young[h]
	if e == nil {
		if e = m.old[h]; e != nil {
			m.put(h, e)
		}
	}
	if e == nil || !e.matches(nd.in, facts) {
		var err error
		if e, err = p.infer(nd, facts); err != nil {
			return nil, err
		}
		m.put(h, e)
	}
	m.last = e
	return e, nil
}

// infer makes the entry of a node.
func (p *Program) infer(nd *node, all []*fact) (*entry, error) {
	p.inferred++
	e := &entry{}
	n := len(nd.in)
	both := e.room[:]
	if n+len(nd.out) > len(both) {
		both = make([]*fact, n+len(nd.out))
	}
	e.in, e.out = both[:n:n], both[n:n+len(nd.out)]
	in := append(p.infact[:0], make([]graph.Fact, n)...) // no Infer keeps it
	p.infact = in
	for i, id := range nd.in {
		if id >= 0 {
			e.in[i] = all[id]
			in[i] = all[id].Fact
		}
	}
	r, err := graph.InferOp(nd.Name, nd.Op, in, len(nd.out), p.env.eval)
	if err != nil {
		return nil, err
	}
	constant := !nd.impure
	for i, id := range nd.out {
		if id < 0 {
			continue
		}
		f := r.Out[i]
		constant = constant && f.Const != nil
		if !known(f) {
			e.open = true
			continue
		}
		if e.out[i], err = p.facts.intern(f); err != nil {
			return nil, fmt.Errorf("%v: output %d: %w", nd.Node, i, err)
		}
		e.emits = e.emits || f.Kind != tensor.KindTensor
	}
	// Where all shapes are known the values are asked for too, so that inference can check them.
	_, composite := nd.Op.(graph.Composite)
	if e.emits = e.emits || e.open; e.open || !composite {
		for _, i := range r.Want {
			// A value that is no tensor cannot be part of a plan.
			if i < len(nd.in) && nd.in[i] >= 0 && in[i].Kind == tensor.KindTensor && !slices.Contains(e.want, nd.in[i]) {
				e.want = append(e.want, nd.in[i])
			}
		}
	}
	if constant || len(e.want) > 0 {
		return e, nil
	}
	if e.bound, err = p.bind(nd, e, r.Out); err != nil {
		return nil, err
	}
	e.step = &e.bound
	return e, nil
}

// bind returns the step of the first backend that supports the node.
func (p *Program) bind(nd *node, e *entry, out []graph.Fact) (Step, error) {
	a := &struct {
		b    Binding
		room [5]Operand
	}{b: Binding{Name: nd.Name, Op: nd.Op, Seed: nd.seed, Strict: p.env.Strict, env: p.env, node: nd, depth: p.depth}}
	b, both := &a.b, a.room[:]
	n := len(nd.in)
	if n+len(nd.out) > len(both) {
		both = make([]Operand, n+len(nd.out))
	}
	b.In, b.Out = both[:n:n], both[n:n+len(nd.out):n+len(nd.out)]
	for i, f := range e.in {
		if f != nil {
			b.In[i] = Operand{f.Type, f.shape, f.Const}
		}
	}
	for i := range nd.out {
		if nd.out[i] >= 0 {
			b.Out[i] = Operand{Type: out[i].Type}
			if e.out[i] != nil {
				b.Out[i].Shape = e.out[i].shape
			}
		}
	}
	return p.env.bind(b)
}

// bind tries control flow, the backends and, for a composite, its expansion.
func (v *env) bind(b *Binding) (Step, error) {
	for _, k := range v.kernels {
		s, err := k.Bind(b)
		if err == ErrUnsupported {
			continue
		}
		if s.Kernel == "" {
			s.Kernel = k.Name
		}
		return s, err
	}
	if c, ok := b.Op.(graph.Composite); ok {
		return v.bindExpansion(b, c)
	}
	return Step{}, b.Errorf("%w", ErrUnsupported)
}

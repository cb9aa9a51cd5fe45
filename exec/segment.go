package exec

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A segment is the part of a plan between two points where facts become known that were not: a run of nodes whose
// shapes are known before any of them runs. A plan is a path in a tree of segments: which child follows is decided by
// what the segment computed. A segment is immutable but for its children.
type segment struct {
	parent   *segment
	key      string // in the parent's kids, or in the program's roots
	from, to int    // nodes
	facts    []*fact
	steps    []bound
	places   []place // constants and what lies in the arena
	moving   []place // what each run sets anew
	emitted  []int32 // values that steps provide
	arena    int     // bytes
	largest  int32   // the id of the largest buffer in the arena
	end      ending
	wanted   []int32 // the values that decide the next segment
	kids     map[string]*segment
	dead     bool // no longer reachable
	tick     uint64
}

// ending says what comes after a segment.
type ending uint8

const (
	endDone ending = iota // nothing
	endWant               // the next node is planned with the wanted values
	endEmit               // the next nodes are planned with the shapes of what the last step emitted
)

// bound is a step of a segment.
type bound struct {
	*Step
	index        int // of the node
	emits        bool
	each, shared int // offsets in the arena of the scratch of worker 0, and of the shared one
}

// root returns the segment that a run with the given inputs starts with.
func (p *Program) root(f *Frame, in []tensor.Value) (*segment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		key := f.key[:0]
		for i, v := range in {
			key = keyOf(key, v)
			if p.byValue[i] {
				key = valueKey(key, v)
			}
		}
		f.key = key
		if s := p.roots[string(key)]; s != nil {
			p.touch(s)
			return s, nil
		}
		facts, err := p.rootFacts(in)
		if err != nil {
			return nil, err
		}
		s, err := p.plan(nil, 0, facts)
		if err != nil {
			return nil, err
		}
		if p.widenKey(s) {
			continue
		}
		s.key = string(key)
		p.roots[s.key] = s
		p.keep(s)
		return s, nil
	}
}

// rootFacts returns the facts of all values before a run with the given inputs.
func (p *Program) rootFacts(in []tensor.Value) ([]*fact, error) {
	facts := slices.Clone(p.consts)
	for i, v := range in {
		f := graph.FactOf(v)
		if t, ok := v.(*tensor.Tensor); ok && p.byValue[i] {
			f.Const = t.Clone()
		}
		var err error
		if facts[p.in[i]], err = p.facts.intern(f); err != nil {
			return nil, fmt.Errorf("input %q: %w", p.g.In[i].Name, err)
		}
	}
	return facts, nil
}

// widenKey makes the values of inputs that s ends for part of the key of plans, and reports whether there were any. The
// plans of the narrower key are forgotten.
func (p *Program) widenKey(s *segment) bool {
	widened := false
	if s.end == endWant {
		for i, id := range p.in {
			if slices.Contains(s.wanted, id) && !p.byValue[i] {
				p.byValue[i], widened = true, true
			}
		}
	}
	if widened {
		for _, r := range p.all {
			r.dead = true
		}
		p.all = p.all[:0]
		clear(p.roots)
	}
	return widened
}

// next returns the segment after s, whose steps f has run.
func (p *Program) next(f *Frame, s *segment) (*segment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := f.key[:0]
	for _, id := range s.wanted {
		v := f.vals[id]
		if v == nil {
			return nil, fmt.Errorf("%v: output %q was not made", p.vals[id].Def, p.vals[id].Name)
		}
		if s.end == endEmit {
			key = keyOf(key, v)
		} else {
			key = valueKey(key, v)
		}
	}
	f.key = key
	if k := s.kids[string(key)]; k != nil {
		p.touch(k)
		return k, nil
	}
	facts := slices.Clone(s.facts)
	for _, id := range s.wanted {
		fc := graph.FactOf(f.vals[id])
		if s.end == endWant {
			fc.Const = f.vals[id].(*tensor.Tensor).Clone()
		}
		var err error
		if facts[id], err = p.facts.intern(fc); err != nil {
			return nil, fmt.Errorf("%v: output %q: %w", p.vals[id].Def, p.vals[id].Name, err)
		}
	}
	k, err := p.plan(s, s.to, facts)
	if err != nil {
		return nil, err
	}
	k.key = string(key)
	if s.kids == nil {
		s.kids = map[string]*segment{}
	}
	s.kids[k.key] = k
	p.keep(k)
	return k, nil
}

func (p *Program) touch(s *segment) {
	p.tick++
	s.tick = p.tick
}

// keep adds a new segment to those that are kept, and drops the leaf that was used longest ago when they are too many.
func (p *Program) keep(s *segment) {
	p.touch(s)
	if s.parent != nil && s.parent.dead {
		s.dead = true
		return
	}
	p.all = append(p.all, s)
	if len(p.all) <= p.env.Limits.Plans {
		return
	}
	oldest := -1
	for i, x := range p.all {
		if len(x.kids) == 0 && x != s && (oldest < 0 || x.tick < p.all[oldest].tick) {
			oldest = i
		}
	}
	if oldest < 0 {
		return
	}
	x := p.all[oldest]
	x.dead = true
	p.all = slices.Delete(p.all, oldest, oldest+1)
	if x.parent != nil {
		delete(x.parent.kids, x.key)
	} else {
		delete(p.roots, x.key)
	}
}

// plan makes the segment that starts at node from, with the given facts of the values before it. It keeps facts.
func (p *Program) plan(parent *segment, from int, facts []*fact) (*segment, error) {
	s := &segment{parent: parent, from: from, facts: facts}
	pl := &p.planner
	pl.entries = pl.entries[:0]
	i := from
	for ; i < len(p.nodes) && s.end == endDone; i++ {
		e, err := p.lookup(i, facts)
		if err != nil {
			return nil, err
		}
		if len(e.want) > 0 {
			s.end, s.wanted = endWant, e.want
			break
		}
		pl.entries = append(pl.entries, e)
		for j, id := range p.nodes[i].out {
			if id < 0 {
				continue
			}
			facts[id] = e.out[j]
			if e.out[j] == nil {
				s.end, s.wanted = endEmit, append(s.wanted, id)
			}
		}
	}
	s.to = i
	pl.live(p, s)
	pl.share(p, s)
	if err := pl.place(p, s); err != nil {
		return nil, err
	}
	return s, nil
}

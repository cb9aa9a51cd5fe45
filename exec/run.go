package exec

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// exec runs the program on this frame, as Program.Run says.
func (f *Frame) exec(p *Program, run uint64, in, out []tensor.Value) (err error) {
	f.run, f.outs = run, out
	for i, id := range p.in {
		f.vals[id] = in[i]
	}
	defer f.leave(p)
	s, err := p.root(f, in)
	for err == nil {
		if err = f.enter(p, s); err != nil {
			break
		}
		for k := range s.steps {
			if err = f.do(p, &s.steps[k]); err != nil {
				return err
			}
		}
		if s.end == endDone {
			return f.finish(p)
		}
		s, err = p.next(f, s)
	}
	return err
}

// leave forgets what belongs to the run.
func (f *Frame) leave(p *Program) {
	for _, id := range p.in {
		f.vals[id] = nil
	}
	for _, s := range f.path {
		for _, pc := range s.moving {
			f.vals[pc.id] = nil
			f.hdr[pc.id] = tensor.Tensor{}
		}
		for _, id := range s.emitted {
			f.vals[id] = nil
		}
	}
	clear(f.path)
	f.path = f.path[:0]
	clear(f.mem)
	clear(f.direct)
	f.shrink(p)
	if f.outer != nil {
		f.handOver(f.outer)
	}
	clear(f.made)
	f.made = f.made[:0]
	f.outs, f.step, f.node, f.err = nil, nil, nil, nil
	f.failed.Store(false)
}

// enter sets the values that segment s places.
func (f *Frame) enter(p *Program, s *segment) error {
	f.path = append(f.path, s)
	if err := f.grow(p, s.arena); err != nil {
		return fmt.Errorf("graph %q: intermediate results, the largest of %v: %w", p.g.Name, p.owner(s.largest), err)
	}
	if f.at != s {
		f.at = s
		for i := range s.places {
			pc := &s.places[i]
			fc := s.facts[pc.id]
			if pc.kind == placeConst {
				f.vals[pc.id] = fc.Const
				continue
			}
			h := &f.hdr[pc.id]
			h.SetView(fc.DType, fc.shape, f.arena[pc.off:pc.off+fc.bytes:pc.off+fc.bytes])
			f.vals[pc.id] = h
		}
	}
	for i := range s.moving {
		if err := f.move(p, s, &s.moving[i]); err != nil {
			return err
		}
	}
	return nil
}

// move sets a value whose memory is new in each run.
func (f *Frame) move(p *Program, s *segment, pc *place) error {
	h, fc := &f.hdr[pc.id], s.facts[pc.id]
	switch pc.kind {
	case placeView:
		h.SetAs(f.vals[pc.k].(*tensor.Tensor), fc.shape)
	case placeOut:
		m, err := f.outMemory(p, int(pc.k), s.facts[p.out[pc.k]])
		if err != nil {
			return err
		}
		h.SetAs(m, fc.shape)
		f.direct[pc.k] = f.direct[pc.k] || p.out[pc.k] == pc.id
	case placeAlloc:
		t, err := f.alloc(fc.DType, fc.shape)
		if err != nil {
			return fmt.Errorf("%v: %w", p.vals[pc.id].Def, err)
		}
		f.vals[pc.id] = t
		return nil
	}
	f.vals[pc.id] = h
	return nil
}

// grow makes the arena at least n bytes large.
func (f *Frame) grow(p *Program, n int) error {
	if n <= len(f.arena) {
		return nil
	}
	f.shrink(p)
	a, err := p.env.arenas.take(n, f.last)
	if err != nil {
		return err
	}
	if a.id != f.last {
		f.at = nil
	}
	f.last, f.held, f.arena = a.id, a, a.mem
	return nil
}

// shrink gives the arena back.
func (f *Frame) shrink(p *Program) {
	if f.held != nil {
		p.env.arenas.put(f.held)
		f.held, f.arena = nil, nil
	}
}

// An Event is a step that ran. It is valid during the call of the hook.
type Event struct {
	Node   *graph.Node
	Path   []string // the nodes whose bodies it is in
	Kernel string
	Why    string
	In     []tensor.Value // nil where absent
	Out    []tensor.Value // nil where not wanted
	Start  time.Time
	Time   time.Duration
}

// do runs a step.
func (f *Frame) do(p *Program, s *bound) error {
	nd := &p.nodes[s.index]
	if err := f.call.ctx.Err(); err != nil {
		return nd.fail(err)
	}
	f.step, f.node, f.in, f.out = s, nd, nd.in, nd.out
	hook := p.env.Hook
	var start time.Time
	if hook != nil {
		start = time.Now()
	}
	if err := f.run1(s.Step); err != nil {
		return nd.fail(err)
	}
	if s.emits {
		if err := f.keepEmitted(); err != nil {
			return nd.fail(err)
		}
	}
	if hook != nil {
		f.report(s, hook, start)
	}
	return nil
}

// run1 runs the phases of the current step.
func (f *Frame) run1(st *Step) error {
	for i := range st.Phases {
		ph := &st.Phases[i]
		f.phase = ph
		for f.rep = 0; f.rep == 0 || f.rep < ph.Repeat; f.rep++ {
			if ph.Tiles == 1 {
				f.Tiles(0, 0, 1)
			} else {
				f.call.team.Do(ph.Tiles, f)
			}
			if f.failed.Load() {
				return f.err
			}
		}
	}
	return nil
}

// fail adds the node to an error, unless it is there.
func (nd *node) fail(err error) error {
	if _, ok := err.(*NodeError); ok {
		return err
	}
	return &NodeError{nd.Name, graph.QualifiedName(nd.Op), err}
}

// Tiles implements par.Body: it runs tiles of the current phase.
func (f *Frame) Tiles(worker, lo, hi int) {
	defer f.recover()
	for t := lo; t < hi; t++ {
		if f.failed.Load() {
			return
		}
		if t > 0 {
			if err := f.call.ctx.Err(); err != nil {
				f.fail(err)
				return
			}
		}
		if err := f.phase.Run(f, worker, f.rep, t); err != nil {
			f.fail(err)
			return
		}
	}
}

func (f *Frame) recover() {
	if r := recover(); r != nil {
		f.fail(&PanicError{"kernel " + f.step.Kernel, r, debug.Stack()})
	}
}

// A PanicError is a panic in a kernel or in the executor: a fault of the engine, not of its caller.
type PanicError struct {
	Where string
	Value any
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("%s: panic: %v", e.Where, e.Value) }

// Guard is deferred where a panic becomes an error.
func Guard(where string, err *error) {
	if r := recover(); r != nil {
		*err = &PanicError{where, r, debug.Stack()}
	}
}

// fail keeps the first error of a step.
func (f *Frame) fail(err error) {
	f.call.mu.Lock()
	defer f.call.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
	f.failed.Store(true)
}

func (f *Frame) report(s *bound, hook func(*Event), start time.Time) {
	e := &Event{Node: f.node.Node, Path: f.call.path, Kernel: s.Kernel, Why: s.Why, Start: start, Time: time.Since(start)}
	get := func(ids []int32) []tensor.Value {
		vs := make([]tensor.Value, len(ids))
		for i, id := range ids {
			if id >= 0 {
				vs[i] = f.vals[id]
			}
		}
		return vs
	}
	e.In, e.Out = get(f.in), get(f.out)
	hook(e)
}

// frames is the list of frames of a program that no run uses.
type frames struct {
	mu   sync.Mutex
	head *Frame
}

// get returns a frame for p.
func (l *frames) get(p *Program) *Frame {
	l.mu.Lock()
	f := l.head
	if f != nil {
		l.head = f.next
	}
	l.mu.Unlock()
	if f == nil {
		f = &Frame{
			vals:   make([]tensor.Value, len(p.vals)),
			hdr:    make([]tensor.Tensor, len(p.vals)),
			mem:    make([]*tensor.Tensor, len(p.out)),
			direct: make([]bool, len(p.out)),
			spare:  make([]Buffer, len(p.out)),
		}
		for i := range p.vals {
			if c := p.vals[i].fact; c != nil {
				f.vals[i] = c.Const
			}
		}
	}
	return f
}

func (l *frames) put(f *Frame) {
	l.mu.Lock()
	f.next = l.head
	l.head = f
	l.mu.Unlock()
}

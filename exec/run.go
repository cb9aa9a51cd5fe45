package exec

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/internal/par"
	"github.com/gneiss-ml/gneiss/tensor"
)

// call is one Run of a session: what its frame and those of bodies share.
type call struct {
	ctx     context.Context
	env     *env
	team    *par.Team
	mu      sync.Mutex // guards what follows: kernels allocate in many goroutines
	charged int64
	fresh   map[*tensor.Tensor]bool // tensors that are made for this run and belong to nobody
	path    []string                // the nodes whose bodies are running
}

func (c *call) start(ctx context.Context, e *env) {
	c.ctx, c.env = ctx, e
	if c.team == nil {
		c.team = par.New(e.Threads)
	}
	c.team.Start()
}

func (c *call) stop() {
	c.team.Stop()
	c.env.budget.give(c.charged)
	c.ctx, c.charged, c.path = nil, 0, c.path[:0]
	clear(c.fresh)
}

// alloc returns a new tensor, charged to the session until the run ends.
func (c *call) alloc(dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	size := int64(dt.Bytes(n))
	if dt == tensor.String {
		size = int64(n) * int64(unsafe.Sizeof(""))
	}
	if err := c.charge(size); err != nil {
		return nil, err
	}
	t, err := tensor.Make(dt, shape)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh == nil {
		c.fresh = map[*tensor.Tensor]bool{}
	}
	c.fresh[t] = true
	return t, nil
}

// charge counts bytes that are allocated until the run ends.
func (c *call) charge(n int64) error {
	if n > maxArena {
		return fmt.Errorf("tensor of %s", formatBytes(n))
	}
	if err := c.env.budget.take(n); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.charged += n
	return nil
}

// discard is the type of Discard.
type discard struct{}

func (discard) Type() tensor.Type { return tensor.Type{} }

// Discard stands in the outputs given to Run for one that is not needed.
var Discard tensor.Value = discard{}

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
	f.outs, f.step, f.err = nil, nil, nil
	f.failed.Store(false)
}

// enter sets the values that segment s places.
func (f *Frame) enter(p *Program, s *segment) error {
	f.path = append(f.path, s)
	if err := f.grow(p, s.arena); err != nil {
		return fmt.Errorf("graph %q: intermediate results: %w", p.g.Name, err)
	}
	if f.at != s {
		f.at = s
		for i := range s.places {
			pc := &s.places[i]
			if pc.kind == placeConst {
				f.vals[pc.id] = pc.fact.Const
				continue
			}
			h := &f.hdr[pc.id]
			h.SetView(pc.fact.DType, pc.fact.shape, f.arena[pc.off:pc.off+pc.fact.bytes:pc.off+pc.fact.bytes])
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
	h := &f.hdr[pc.id]
	switch pc.kind {
	case placeView:
		h.SetAs(f.vals[pc.k].(*tensor.Tensor), pc.fact.shape)
	case placeOut:
		m, err := f.outMemory(p, int(pc.k), s.facts[p.out[pc.k]])
		if err != nil {
			return err
		}
		h.SetAs(m, pc.fact.shape)
		f.direct[pc.k] = f.direct[pc.k] || p.out[pc.k] == pc.id
	case placeAlloc:
		t, err := f.call.alloc(pc.fact.DType, pc.fact.shape)
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
	if err := p.env.budget.take(int64(n - len(f.arena))); err != nil {
		return err
	}
	f.at, f.arena = nil, nil
	f.arena = tensor.Aligned(n)
	return nil
}

// outMemory returns the memory of output k, which holds values of fact fc: what the caller gave, or new.
func (f *Frame) outMemory(p *Program, k int, fc *fact) (*tensor.Tensor, error) {
	if f.mem[k] != nil {
		return f.mem[k], nil
	}
	t, err := f.outTensor(p, k, fc.DType, fc.shape)
	if err != nil {
		return nil, err
	}
	f.mem[k] = t
	return t, nil
}

// outTensor returns a tensor to write output k to, and makes it the result.
func (f *Frame) outTensor(p *Program, k int, dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n := tensor.Count(shape)
	switch o := f.outs[k].(type) {
	case nil:
		t, err := f.call.alloc(dt, shape)
		if err != nil {
			return nil, fmt.Errorf("output %q: %w", p.g.OutNames[k], err)
		}
		f.outs[k] = t
		return t, nil
	case discard:
		return f.spare[k].set(dt, shape)
	case *Buffer:
		return o.set(dt, shape)
	case *tensor.Tensor:
		if o.DType() != dt || o.Len() < n {
			return nil, fmt.Errorf("output %q: %s given, want %v%s", p.g.OutNames[k], o.Describe(), dt, tensor.FormatShape(shape))
		}
		if sameShape(o.Shape(), shape) {
			return o, nil
		}
		v, err := o.Prefix(shape)
		f.outs[k] = v
		return v, err
	default:
		return nil, fmt.Errorf("output %q: %v given, want %v%s", p.g.OutNames[k], o.Type(), dt, tensor.FormatShape(shape))
	}
}

func sameShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A Buffer stands in the outputs given to Run for memory that grows as it needs to and is used again.
type Buffer struct {
	Value tensor.Value // what the last run stored: a tensor in the memory of the buffer, or what is no tensor
	t     tensor.Tensor
	mem   []byte
	call  *call // that pays for the memory; nil: nobody
}

// Type implements tensor.Value.
func (b *Buffer) Type() tensor.Type { return tensor.Type{} }

func (b *Buffer) set(dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	if dt == tensor.String {
		t, err := tensor.Make(dt, shape)
		b.Value = t
		return t, err
	}
	size := dt.Bytes(n)
	if size > len(b.mem) || b.mem == nil {
		room := size
		if b.call == nil {
			room += size / 2
		} else if err := b.call.charge(int64(size)); err != nil {
			return nil, err
		}
		if room > maxArena {
			return nil, fmt.Errorf("tensor of %s", formatBytes(int64(size)))
		}
		b.mem = tensor.Aligned(room)
	}
	b.t.SetView(dt, shape, b.mem[:size:size])
	b.Value = &b.t
	return &b.t, nil
}

// finish stores the outputs that the steps did not write in place.
func (f *Frame) finish(p *Program) error {
	for k, id := range p.out {
		if f.direct[k] || f.outs[k] == Discard {
			continue
		}
		v := f.vals[id]
		if v == nil {
			return fmt.Errorf("%v: output %q was not made", p.vals[id].Def, p.g.OutNames[k])
		}
		t, ok := v.(*tensor.Tensor)
		if f.nested() && f.outs[k] == nil && (!ok || !f.inArena(t)) {
			f.outs[k] = v
			continue
		}
		if !ok {
			var err error
			if v, err = f.export(v); err != nil {
				return fmt.Errorf("output %q: %w", p.g.OutNames[k], err)
			}
			if b, ok := f.outs[k].(*Buffer); ok {
				b.Value = v
			} else {
				f.outs[k] = v
			}
			continue
		}
		if f.outs[k] == nil && f.call.release(t) {
			f.outs[k] = t
			continue
		}
		m, err := f.outTensor(p, k, t.DType(), t.Shape())
		if err != nil {
			return err
		}
		m.CopyFrom(t)
	}
	return nil
}

// nested reports whether the frame runs a body: what it gives may share memory with what it got.
func (f *Frame) nested() bool { return f.call != &f.own }

// release reports whether t is new and not yet given away, and gives it away.
func (c *call) release(t *tensor.Tensor) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ok := c.fresh[t]
	delete(c.fresh, t)
	return ok
}

// export returns a value that shares no memory with anything that the run goes on using.
func (f *Frame) export(v tensor.Value) (tensor.Value, error) {
	if f.nested() {
		return v, nil
	}
	return mapTensors(v, func(t *tensor.Tensor) (*tensor.Tensor, error) {
		if f.call.release(t) {
			return t, nil
		}
		c, err := f.call.alloc(t.DType(), t.Shape())
		if err != nil {
			return nil, err
		}
		c.CopyFrom(t)
		f.call.release(c)
		return c, nil
	})
}

// mapTensors returns v with each tensor in it replaced by what f makes of it; v itself when f changes none.
func mapTensors(v tensor.Value, f func(*tensor.Tensor) (*tensor.Tensor, error)) (tensor.Value, error) {
	switch v := v.(type) {
	case *tensor.Tensor:
		return f(v)
	case *tensor.Sequence:
		var out *tensor.Sequence
		for i, x := range v.Items {
			y, err := mapTensors(x, f)
			if err != nil {
				return nil, err
			}
			if y != x && out == nil {
				out = &tensor.Sequence{Elem: v.Elem, Items: append([]tensor.Value(nil), v.Items...)}
			}
			if out != nil {
				out.Items[i] = y
			}
		}
		if out != nil {
			return out, nil
		}
	case *tensor.Optional:
		if v.Value != nil {
			y, err := mapTensors(v.Value, f)
			if err != nil || y == v.Value {
				return v, err
			}
			return &tensor.Optional{Elem: v.Elem, Value: y}, nil
		}
	case *tensor.Map:
		keys, err := f(v.Keys)
		if err != nil {
			return nil, err
		}
		vals, err := mapTensors(v.Values, f)
		if err != nil || (keys == v.Keys && vals == v.Values) {
			return v, err
		}
		return &tensor.Map{Keys: keys, Values: vals}, nil
	}
	return v, nil
}

// keepEmitted copies the tensors of an emitted value that lie in the arena, where later steps would overwrite them.
func (f *Frame) keepEmitted(s *bound) error {
	for _, id := range s.node.out {
		if id < 0 || f.vals[id] == nil || f.vals[id] == tensor.Value(&f.hdr[id]) {
			continue
		}
		v, err := mapTensors(f.vals[id], func(t *tensor.Tensor) (*tensor.Tensor, error) {
			if !f.inArena(t) && !f.inBuffer(t) {
				return t, nil
			}
			c, err := f.call.alloc(t.DType(), t.Shape())
			if err == nil {
				c.CopyFrom(t)
			}
			return c, err
		})
		if err != nil {
			return err
		}
		f.vals[id] = v
	}
	return nil
}

// inArena reports whether t, or its header, is memory of the frame that another step will overwrite.
func (f *Frame) inArena(t *tensor.Tensor) bool {
	if len(f.hdr) > 0 {
		p, lo := uintptr(unsafe.Pointer(t)), uintptr(unsafe.Pointer(&f.hdr[0]))
		if p >= lo && p < lo+uintptr(len(f.hdr))*unsafe.Sizeof(f.hdr[0]) {
			return true
		}
	}
	b := t.Bytes()
	return len(b) > 0 && len(f.arena) > 0 && within(b, f.arena)
}

// inBuffer reports whether t is memory that the next trips of a loop around the frame will overwrite.
func (f *Frame) inBuffer(t *tensor.Tensor) bool {
	b := t.Bytes()
	for _, x := range f.bufs {
		if t == &x.t || (len(b) > 0 && len(x.mem) > 0 && within(b, x.mem)) {
			return true
		}
	}
	return false
}

// within reports whether b, which is not empty, begins in the memory of block.
func within(b, block []byte) bool {
	p, lo := uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&block[0]))
	return p >= lo && p < lo+uintptr(len(block))
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
	if err := f.call.ctx.Err(); err != nil {
		return s.fail(err)
	}
	f.step, f.in, f.out = s, s.node.in, s.node.out
	hook := p.env.Hook
	var start time.Time
	if hook != nil {
		start = time.Now()
	}
	if err := f.run1(s.Step); err != nil {
		return s.fail(err)
	}
	if s.emits {
		if err := f.keepEmitted(s); err != nil {
			return s.fail(err)
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
func (s *bound) fail(err error) error {
	if _, ok := err.(*NodeError); ok {
		return err
	}
	return &NodeError{s.node.Name, graph.QualifiedName(s.node.Op), err}
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
		f.fail(&PanicError{f.step.Kernel, r, debug.Stack()})
	}
}

// A PanicError is a panic in a kernel: a fault of the engine.
type PanicError struct {
	Kernel string
	Value  any
	Stack  []byte
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("kernel %s: panic: %v", e.Kernel, e.Value) }

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
	e := &Event{Node: s.node.Node, Path: f.call.path, Kernel: s.Kernel, Why: s.Why, Start: start, Time: time.Since(start)}
	get := func(ids []int32) []tensor.Value {
		vs := make([]tensor.Value, len(ids))
		for i, id := range ids {
			if id >= 0 {
				vs[i] = f.vals[id]
			}
		}
		return vs
	}
	e.In, e.Out = get(s.node.in), get(s.node.out)
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

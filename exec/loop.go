package exec

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func bindLoop(b *Binding, o *op.Loop) (Step, error) {
	if b.Probe {
		return Step{}, nil
	}
	l := &looper{env: b.env, depth: b.depth + 1, op: o, n: o.Carried(), out: b.Out}
	l.body = b.body(0, func() *graph.Graph {
		g := o.Body.Clone()
		cond := g.In[1] // holds wherever the body runs
		cond.Fact = graph.ConstFact(op.True(cond))
		g.In = append(g.In[:1:1], g.In[2:]...)
		return g
	})
	return Once(l.run), nil
}

// looper is a bound Loop.
type looper struct {
	env   *env
	depth int
	op    *op.Loop
	body  *body
	n     int // carried values
	out   []Operand
}

// carry holds the carried values of a loop: two buffers each, of which one is read and the other is written.
type carry struct {
	now  []tensor.Value
	bufs []*Buffer // 2 for each value, then those of the caller
}

func newCarry(f *Frame, n, more int) *carry {
	c := &carry{now: make([]tensor.Value, n), bufs: make([]*Buffer, 2*n+more)}
	all := make([]Buffer, len(c.bufs))
	for i := range c.bufs {
		all[i].call = f.call
		c.bufs[i] = &all[i]
	}
	return c
}

// write puts the buffers that trip t writes in their places, and read makes what it wrote the carried values.
func (c *carry) write(t int, out []tensor.Value) {
	for i := range c.now {
		out[i] = c.bufs[2*i+t%2]
	}
}

func (c *carry) read(t int) {
	for i := range c.now {
		c.now[i] = c.bufs[2*i+t%2].Value
	}
}

// emit gives the carried values as the first outputs of the step.
func (c *carry) emit(f *Frame) {
	for i, v := range c.now {
		f.Emit(i, v)
	}
}

func (l *looper) run(f *Frame) error {
	p, err := l.body.program(l.env, l.depth)
	if err != nil {
		return err
	}
	trips := -1
	if m := f.In(0); m != nil {
		if m.Len() != 1 {
			return fmt.Errorf("the number of trips has %d elements, want 1", m.Len())
		}
		trips = int(max(m.Int64s()[0], 0))
	}
	again := true
	if c := f.In(1); c != nil {
		if again, err = truth(c); err != nil {
			return err
		}
	}
	n, scans := l.n, l.op.Scans()
	c := newCarry(f, n, 2+scans)
	for i := range c.now {
		c.now[i] = f.InValue(2 + i)
	}
	trip, cond, elems := c.bufs[2*n], c.bufs[2*n+1], c.bufs[2*n+2:]
	in, out := make([]tensor.Value, len(p.in)), make([]tensor.Value, len(p.out))
	copy(in[1+n:], f.captured(l.op.Captures))
	stacks := make([]stack, scans)
	number, err := trip.set(tensor.Int64, tripShape(l.op.Body.In[0]))
	if err != nil {
		return err
	}
	in[0] = number
	t := 0
	for ; again && (trips < 0 || t < trips); t++ {
		if err := f.Err(); err != nil {
			return err
		}
		if m := l.env.Limits.Trips; m > 0 && t >= m {
			return &TripError{m}
		}
		tensor.Data[int64](number)[0] = int64(t)
		copy(in[1:], c.now)
		out[0] = cond
		c.write(t, out[1:])
		for i := range elems {
			out[1+n+i] = elems[i]
		}
		if err := p.runBody(f, tripRun(f.run, t), in, out, c.bufs); err != nil {
			return fmt.Errorf("trip %d: %w", t, err)
		}
		c.read(t)
		for i := range stacks {
			if err := stacks[i].add(f, elems[i].Value); err != nil {
				return fmt.Errorf("trip %d: scan output %d: %w", t, i, err)
			}
		}
		next, ok := cond.Value.(*tensor.Tensor)
		if !ok {
			return fmt.Errorf("trip %d: the condition is no tensor", t)
		}
		if again, err = truth(next); err != nil {
			return fmt.Errorf("trip %d: %w", t, err)
		}
	}
	for i, v := range c.now {
		if x, ok := v.(*tensor.Optional); ok && i < len(l.out) && l.out[i].Kind != tensor.KindOptional && f.target(i) != Discard {
			if c.now[i] = x.Value; x.Value == nil {
				return fmt.Errorf("output %d: there was no trip, and the first value is none", i)
			}
		}
	}
	c.emit(f)
	for i := range stacks {
		if f.target(n+i) == Discard {
			continue
		}
		if err := stacks[i].emit(f, n+i, t, l.op.Body.Out[1+n+i].Fact); err != nil {
			return fmt.Errorf("scan output %d: %w", i, err)
		}
	}
	return nil
}

// tripShape returns the shape of the number of the trip: a scalar, unless the body declares a vector.
func tripShape(v *graph.Value) []int {
	if v.Fact.Rank() == 1 {
		return []int{1}
	}
	return []int{}
}

// stack collects tensors of one shape for a scan output.
type stack struct {
	first *tensor.Tensor // of the first, only its type and shape
	bytes []byte         // elements; one per byte for packed types
	text  []string
}

func (s *stack) add(f *Frame, v tensor.Value) error {
	t, ok := v.(*tensor.Tensor)
	if !ok {
		return fmt.Errorf("%v, want a tensor", v.Type())
	}
	if s.first == nil {
		shape := append([]int{}, t.Shape()...)
		s.first = new(tensor.Tensor)
		s.first.SetView(t.DType(), shape, nil)
	} else if s.first.DType() != t.DType() || !sameShape(s.first.Shape(), t.Shape()) {
		return fmt.Errorf("%s, want %s as before", t.Describe(), s.first.Describe())
	}
	switch dt := t.DType(); {
	case dt == tensor.String:
		s.text = append(s.text, tensor.Data[string](t)...)
	case dt.Bits() < 8:
		return s.grow(f, t.Codes())
	default:
		return s.grow(f, t.Bytes())
	}
	return nil
}

func (s *stack) grow(f *Frame, b []byte) error {
	if n := len(s.bytes) + len(b); n > cap(s.bytes) {
		n = max(2*cap(s.bytes), n)
		if err := f.call.charge(int64(n - cap(s.bytes))); err != nil {
			return err
		}
		s.bytes = append(make([]byte, 0, n), s.bytes...)
	}
	s.bytes = append(s.bytes, b...)
	return nil
}

// emit gives the n tensors as output i of the step. Where there are none, declared says as much of their shape as is
// known; the rest is 0.
func (s *stack) emit(f *Frame, i, n int, declared graph.Fact) error {
	dt, shape := declared.DType, []int{n}
	if s.first != nil {
		dt, shape = s.first.DType(), append(shape, s.first.Shape()...)
	} else {
		for _, d := range declared.Dims {
			k, _ := d.Int()
			shape = append(shape, k)
		}
	}
	t, err := f.Make(i, dt, shape...)
	if err != nil {
		return err
	}
	if !sameShape(t.Shape(), shape) && s.first != nil {
		return fmt.Errorf("%s, want %s", tensor.FormatShape(shape), t.Describe())
	}
	switch {
	case dt == tensor.String:
		copy(tensor.Data[string](t), s.text)
	case dt.Bits() < 8:
		t.SetCodes(s.bytes)
	default:
		copy(t.Bytes(), s.bytes)
	}
	return nil
}

package exec

import (
	"fmt"
	"sync"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// controlKernels lists the operators that the executor runs itself, because their bodies are programs.
func controlKernels() []Kernel {
	return []Kernel{
		On(bindIf),
		On(bindLoop),
		On(bindScan),
		On(bindSequenceMap),
	}
}

// A body is a graph inside an operator, compiled when it is first run: a branch that is never taken may be wrong.
type body struct {
	once sync.Once
	make func() *graph.Graph
	prog *Program
	err  error
}

// body returns body i of the node that is bound. The bodies of one node are compiled once for all its bindings.
func (b *Binding) body(i int, make func() *graph.Graph) *body {
	if b.node == nil {
		return &body{make: make}
	}
	for len(b.node.bodies) <= i {
		b.node.bodies = append(b.node.bodies, nil)
	}
	if b.node.bodies[i] == nil {
		b.node.bodies[i] = &body{make: make}
	}
	return b.node.bodies[i]
}

// program returns the program of the body.
func (y *body) program(e *env, depth int) (*Program, error) {
	y.once.Do(func() { y.prog, y.err = e.compile(y.make(), depth) })
	return y.prog, y.err
}

// A TripError says that a Loop was stopped because of the limit of its trips.
type TripError struct{ Limit int }

// Error implements error.
func (e *TripError) Error() string { return fmt.Sprintf("more than %d trips, the limit", e.Limit) }

// truth returns the one element of a condition.
func truth(t *tensor.Tensor) (bool, error) {
	if t.Len() != 1 {
		return false, fmt.Errorf("the condition has %d elements, want 1", t.Len())
	}
	return tensor.Data[bool](t)[0], nil
}

// captured returns the last n inputs of the step.
func (f *Frame) captured(n int) []tensor.Value {
	vs := make([]tensor.Value, n)
	for i := range vs {
		vs[i] = f.InValue(len(f.in) - n + i)
	}
	return vs
}

// target returns what output i of the step is given to a body as: its memory, nil where the body makes it, or Discard.
func (f *Frame) target(i int) tensor.Value {
	if i >= len(f.out) || f.out[i] < 0 {
		return Discard
	}
	if t := f.Out(i); t != nil {
		return t
	}
	return nil
}

func bindIf(b *Binding, o *op.If) (Step, error) {
	if b.Probe {
		return Step{}, nil
	}
	e, depth := b.env, b.depth+1
	branches := [2]*body{b.body(0, o.Else.Clone), b.body(1, o.Then.Clone)}
	return Once(func(f *Frame) error {
		cond, err := truth(f.In(0))
		if err != nil {
			return err
		}
		k := 0
		if cond {
			k = 1
		}
		p, err := branches[k].program(e, depth)
		if err != nil {
			return err
		}
		out := make([]tensor.Value, len(p.out))
		for i := range out {
			out[i] = f.target(i)
		}
		if err := p.runBody(f, f.run, f.captured(o.Captures), out, nil); err != nil {
			return err
		}
		f.emitAll(0, out)
		return nil
	}), nil
}

// emitAll emits the values that a body made as the outputs from index at.
func (f *Frame) emitAll(at int, vals []tensor.Value) {
	for i, v := range vals {
		if v != Discard && f.target(at+i) == nil {
			f.Emit(at+i, v)
		}
	}
}

func bindSequenceMap(b *Binding, o *op.SequenceMap) (Step, error) {
	if b.Probe {
		return Step{}, nil
	}
	e, depth, y := b.env, b.depth+1, b.body(0, o.Body.Clone)
	n := len(b.In) - o.Captures
	return Once(func(f *Frame) error {
		p, err := y.program(e, depth)
		if err != nil {
			return err
		}
		items := len(f.InValue(0).(*tensor.Sequence).Items)
		seqs := make([]*tensor.Sequence, len(b.Out))
		for i := range seqs {
			if b.Wants(i) {
				seqs[i] = &tensor.Sequence{Elem: *b.Out[i].Elem, Items: make([]tensor.Value, 0, items)}
			}
		}
		in, out := make([]tensor.Value, len(b.In)), make([]tensor.Value, len(p.out))
		copy(in[n:], f.captured(o.Captures))
		for k := range items {
			for i := range n {
				in[i] = f.InValue(i)
				if s, ok := in[i].(*tensor.Sequence); ok {
					if len(s.Items) != items {
						return fmt.Errorf("input %d: a sequence of %d, want %d like input 0", i, len(s.Items), items)
					}
					in[i] = s.Items[k]
				}
			}
			for i := range out {
				if out[i] = nil; !b.Wants(i) {
					out[i] = Discard
				}
			}
			if err := p.runBody(f, tripRun(f.run, k), in, out, nil); err != nil {
				return fmt.Errorf("item %d: %w", k, err)
			}
			for i, s := range seqs {
				if s != nil {
					s.Items = append(s.Items, out[i])
				}
			}
		}
		for i, s := range seqs {
			if s != nil {
				f.Emit(i, s)
			}
		}
		return nil
	}), nil
}

// tripRun returns the number of the run for a trip of a loop, so that random operators differ from trip to trip.
func tripRun(run uint64, trip int) uint64 { return mix(run ^ mix(uint64(trip)+1)) }

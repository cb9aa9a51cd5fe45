package exec

import (
	"context"
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A Frame is the memory of one run of a program. Kernels see in it the operands of the step that runs: inputs by
// position, outputs by position.
type Frame struct {
	ctx context.Context
	in  []tensor.Value // operands of the current step; nil where absent
	out []tensor.Value
	run uint64 // how many runs went before, for random operators
}

// In returns input i as a tensor; nil when it is absent.
func (f *Frame) In(i int) *tensor.Tensor {
	if i >= len(f.in) || f.in[i] == nil {
		return nil
	}
	return f.in[i].(*tensor.Tensor)
}

// InValue returns input i: a tensor, sequence, optional or map; nil when it is absent.
func (f *Frame) InValue(i int) tensor.Value {
	if i >= len(f.in) {
		return nil
	}
	return f.in[i]
}

// NumIn returns the number of inputs, absent ones among them.
func (f *Frame) NumIn() int { return len(f.in) }

// Out returns output i, to be written, when its shape was known at binding; nil when it is not wanted.
func (f *Frame) Out(i int) *tensor.Tensor {
	if i >= len(f.out) || f.out[i] == nil {
		return nil
	}
	return f.out[i].(*tensor.Tensor)
}

// Make returns output i with the given shape, to be written: the planned one, or a new one where the shape was not
// known at binding. It is for operators whose output size depends on data.
func (f *Frame) Make(i int, dt tensor.DType, shape ...int) (*tensor.Tensor, error) {
	if t := f.Out(i); t != nil {
		return t, nil
	}
	t, err := f.Alloc(dt, shape...)
	if err != nil {
		return nil, err
	}
	f.Emit(i, t)
	return t, nil
}

// Emit makes v output i of the step. It is for sequences, optionals and maps, and for tensors whose shape was not known
// at binding. v must not be changed later, and may be an input.
func (f *Frame) Emit(i int, v tensor.Value) {
	if i < len(f.out) {
		if t := f.Out(i); t != nil {
			t.CopyFrom(v.(*tensor.Tensor))
			return
		}
		f.out[i] = v
	}
}

// Alloc returns a new zeroed tensor that outlives the step. It is charged to the memory limit of the session.
func (f *Frame) Alloc(dt tensor.DType, shape ...int) (*tensor.Tensor, error) {
	return tensor.Make(dt, shape)
}

// RunIndex returns how many runs of the session went before this one; random operators count by it.
func (f *Frame) RunIndex() uint64 { return f.run }

// Err returns why the run should stop, or nil. Kernels with tiles of more than about a millisecond ask between rows.
func (f *Frame) Err() error { return f.ctx.Err() }

// Eval computes one operator on the first backend that supports it. It is what constant folding uses, and tests.
func Eval(backends ...*Backend) graph.Evaluator {
	return func(o graph.Op, in []*tensor.Tensor, outputs int) ([]*tensor.Tensor, error) {
		vals := make([]tensor.Value, len(in))
		for i, t := range in {
			if t != nil {
				vals[i] = t
			}
		}
		out, err := EvalValues(context.Background(), o, vals, outputs, backends...)
		if err != nil {
			return nil, err
		}
		ts := make([]*tensor.Tensor, len(out))
		for i, v := range out {
			ts[i], _ = v.(*tensor.Tensor)
		}
		return ts, nil
	}
}

// EvalValues computes one operator on values of any kind, expanding it where no backend has a kernel.
func EvalValues(ctx context.Context, o graph.Op, in []tensor.Value, outputs int, backends ...*Backend) ([]tensor.Value, error) {
	facts := make([]graph.Fact, len(in))
	for i, v := range in {
		switch v := v.(type) {
		case nil:
		case *tensor.Tensor:
			facts[i] = graph.ConstFact(v)
		default:
			facts[i] = graph.FactOf(v)
		}
	}
	r, err := graph.InferOp("", o, facts, outputs, nil)
	if err != nil {
		return nil, err
	}
	b := &Binding{Op: o}
	for _, f := range facts {
		shape, _ := f.Shape()
		b.In = append(b.In, Operand{f.Type, shape, f.Const})
	}
	for _, f := range r.Out {
		shape, _ := f.Shape()
		b.Out = append(b.Out, Operand{f.Type, shape, nil})
	}
	for _, k := range backends {
		step, err := k.Bind(b)
		if err == ErrUnsupported {
			continue
		}
		if err != nil {
			return nil, err
		}
		f := &Frame{ctx: ctx, in: in, out: make([]tensor.Value, outputs)}
		for i, p := range b.Out {
			if p.Shape != nil {
				if f.out[i], err = tensor.Make(p.DType, p.Shape); err != nil {
					return nil, err
				}
			}
		}
		if err := step.RunAll(f); err != nil {
			return nil, fmt.Errorf("node %q (%s): %w", b.Name, graph.QualifiedName(o), err)
		}
		return f.out, nil
	}
	if c, ok := o.(graph.Composite); ok {
		return evalExpansion(ctx, c, in, facts, outputs, backends)
	}
	return nil, b.Errorf("no kernel for these types: %v", ErrUnsupported)
}

// evalExpansion evaluates the definition of a composite, node by node.
func evalExpansion(ctx context.Context, c graph.Composite, in []tensor.Value, facts []graph.Fact, outputs int, backends []*Backend) ([]tensor.Value, error) {
	g := &graph.Graph{}
	b := graph.NewBuilder(g, Eval(backends...))
	vals := map[*graph.Value]tensor.Value{}
	n := &graph.Node{Op: c, Out: make([]*graph.Value, outputs)}
	for i := range in {
		var v *graph.Value
		if in[i] != nil {
			v = &graph.Value{Name: fmt.Sprintf("in%d", i), Fact: facts[i]}
			vals[v] = in[i]
		}
		n.In = append(n.In, v)
	}
	for i := range n.Out {
		n.Out[i] = &graph.Value{Def: n, Index: i}
	}
	outs := c.Expand(b, n)
	if b.Err() != nil {
		return nil, b.Err()
	}
	if outs == nil {
		return nil, graph.ErrNoExpansion
	}
	get := func(v *graph.Value) tensor.Value {
		if v == nil {
			return nil
		}
		if x := vals[v]; x != nil {
			return x
		}
		if v.Fact.Const != nil {
			return v.Fact.Const
		}
		return nil
	}
	for _, m := range g.Nodes {
		args := make([]tensor.Value, len(m.In))
		for i, v := range m.In {
			args[i] = get(v)
		}
		res, err := EvalValues(ctx, m.Op, args, len(m.Out), backends...)
		if err != nil {
			return nil, err
		}
		for i, v := range m.Out {
			vals[v] = res[i]
		}
	}
	res := make([]tensor.Value, outputs)
	for i, v := range outs {
		res[i] = get(v)
	}
	return res, nil
}

// RunAll runs the step on the calling goroutine.
func (s *Step) RunAll(f *Frame) error {
	for _, p := range s.Phases {
		for rep := range max(p.Repeat, 1) {
			for tile := range p.Tiles {
				if err := p.Run(f, 0, rep, tile); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

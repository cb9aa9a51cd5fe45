package exec

import (
	"context"
	"errors"
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Eval computes one operator on the first backend that supports it. It is what constant folding uses, and tests. What
// takes too long, such as a Loop of many trips, is not computed: the outputs are nil.
func Eval(backends ...*Backend) graph.Evaluator {
	return newEnv(Config{Backends: backends}).eval
}

// evalTrips is the most trips of a Loop that are run before there is a run.
const evalTrips = 1000

// evaluate is a graph.Evaluator.
func (v *env) evaluate(o graph.Op, in []*tensor.Tensor, outputs int) ([]*tensor.Tensor, error) {
	vals := make([]tensor.Value, len(in))
	for i, t := range in {
		if t != nil {
			vals[i] = t
		}
	}
	out, err := v.evalValues(context.Background(), o, vals, outputs)
	if err != nil {
		if errors.As(err, new(*TripError)) {
			return nil, nil
		}
		return nil, err
	}
	ts := make([]*tensor.Tensor, len(out))
	for i, x := range out {
		ts[i], _ = x.(*tensor.Tensor)
	}
	return ts, nil
}

// EvalValues computes one operator on values of any kind, expanding it where no backend has a kernel.
func EvalValues(ctx context.Context, o graph.Op, in []tensor.Value, outputs int, backends ...*Backend) ([]tensor.Value, error) {
	return newEnv(Config{Backends: backends}).evalValues(ctx, o, in, outputs)
}

func (v *env) evalValues(ctx context.Context, o graph.Op, in []tensor.Value, outputs int) ([]tensor.Value, error) {
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
	b := &Binding{Op: o, env: v}
	for _, f := range facts {
		shape, _ := f.Shape()
		b.In = append(b.In, Operand{f.Type, shape, f.Const})
	}
	for _, f := range r.Out {
		shape, _ := f.Shape()
		b.Out = append(b.Out, Operand{f.Type, shape, nil})
	}
	step, err := v.bind(b)
	if err != nil {
		return nil, err
	}
	return runStep(ctx, b, &step, in)
}

// runStep runs a lone step.
func runStep(ctx context.Context, b *Binding, step *Step, in []tensor.Value) ([]tensor.Value, error) {
	c := &call{}
	c.start(ctx, b.env)
	defer c.stop()
	nd := &node{Node: &graph.Node{Name: b.Name, Op: b.Op}, view: -1}
	f := &Frame{call: c, node: nd, step: &bound{Step: step, shared: scratchSize(step.Scratch)}}
	if n := f.step.shared + step.Shared; n > 0 {
		f.arena = tensor.Aligned(n)
	}
	f.operands(len(in), len(b.Out))
	copy(f.vals, in)
	for i, p := range b.Out {
		if p.Shape == nil {
			continue
		}
		t, err := f.alloc(p.DType, p.Shape)
		if err != nil {
			return nil, b.Errorf("output %d: %w", i, err)
		}
		f.vals[len(in)+i] = t
	}
	nd.in, nd.out = f.in, f.out
	if err := f.run1(step); err != nil {
		return nil, nd.fail(err)
	}
	return f.vals[len(in):], nil
}

// bindExpansion makes the step of a composite that no backend runs: the program of its expansion, for the shapes that
// are known now. It is how composites run that could not be expanded when the graph was compiled.
func (v *env) bindExpansion(b *Binding, c graph.Composite) (Step, error) {
	if b.Probe {
		return Step{}, ErrUnsupported
	}
	g := &graph.Graph{Name: b.Name}
	build := graph.NewBuilder(g, v.eval)
	n := &graph.Node{Name: b.Name, Op: c, In: make([]*graph.Value, len(b.In)), Out: make([]*graph.Value, len(b.Out))}
	var from []int // the inputs of the node that the inputs of g are
	for i, o := range b.In {
		switch {
		case !b.Has(i):
		case o.Const != nil:
			n.In[i] = build.Const(o.Const)
		default:
			f := graph.Fact{Type: o.Type}
			if o.Shape != nil {
				f.Dims = graph.Dims(o.Shape...)
			}
			n.In[i] = build.Input(fmt.Sprintf("in%d", i), f)
			from = append(from, i)
		}
	}
	for i := range b.Out {
		if b.Wants(i) {
			f := graph.Fact{Type: b.Out[i].Type}
			if b.Out[i].Shape != nil {
				f.Dims = graph.Dims(b.Out[i].Shape...)
			}
			n.Out[i] = &graph.Value{Def: n, Index: i, Fact: f}
		}
	}
	outs := c.Expand(build, n)
	if err := build.Err(); err != nil {
		return Step{}, err
	}
	if outs == nil {
		return Step{}, b.Errorf("%w", graph.ErrNoExpansion)
	}
	var to []int
	for i, o := range outs {
		if b.Wants(i) {
			build.Output(fmt.Sprintf("out%d", i), o)
			to = append(to, i)
		}
	}
	if err := build.Err(); err != nil {
		return Step{}, err
	}
	p, err := v.compile(g, b.depth+1)
	if err != nil {
		return Step{}, err
	}
	s := Once(func(f *Frame) error {
		in, out := make([]tensor.Value, len(from)), make([]tensor.Value, len(to))
		for k, i := range from {
			in[k] = f.InValue(i)
		}
		return p.runOuts(f, f.run, in, out, to)
	})
	s.Kernel = "expansion"
	return s, nil
}

// runOuts runs the body p with results in the outputs to of the current step of f. out is working memory.
func (p *Program) runOuts(f *Frame, run uint64, in, out []tensor.Value, to []int) error {
	for k, i := range to {
		out[k] = nil
		if t := f.Out(i); t != nil {
			out[k] = t
		}
	}
	if err := p.runBody(f, run, in, out, nil); err != nil {
		return err
	}
	for k, i := range to {
		if f.Out(i) == nil {
			f.Emit(i, out[k])
		}
	}
	return nil
}

// runBody runs p inside the current step of f, as Run does; the outputs may share memory with the inputs, but not with
// bufs, which the caller will write again.
func (p *Program) runBody(f *Frame, run uint64, in, out []tensor.Value, bufs []*Buffer) error {
	b := p.free.get(p)
	b.call, b.bufs = f.call, bufs
	if f.node != nil {
		f.call.path = append(f.call.path, f.node.Name)
		defer func() { f.call.path = f.call.path[:len(f.call.path)-1] }()
	}
	b.outer = f
	err := b.exec(p, run, in, out)
	b.call, b.bufs, b.outer = nil, nil, nil
	p.free.put(b)
	return err
}

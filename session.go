package gneiss

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/cpu"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/opt"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A Session runs a model. It is safe for any number of goroutines.
type Session struct {
	model   *Model
	opt     Options
	engine  *exec.Engine
	symbols []string     // the names of sizes in the declared inputs
	dims    [][]dimCheck // per input; nil where the rank is open
	outs    []string
	pairs   []pair // of State
	gate    chan struct{}
	runs    atomic.Uint64
	scratch sync.Pool // of *args

	mu       sync.Mutex
	variants map[string]*variant
	main     *variant
}

// variant is the model compiled under one set of assumptions.
type variant struct {
	once sync.Once
	prog *exec.Program
	err  error
	free bool   // sizes of one name may differ
	pass []bool // which inputs are passed; the others have their default, as constants
	in   []int  // the inputs of the program, as inputs of the model
}

// NewSession compiles the model. The error names every node that cannot run.
func (m *Model) NewSession(o Options) (*Session, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	cores := runtime.GOMAXPROCS(0)
	if o.Threads <= 0 {
		o.Threads = cores
	}
	if o.MaxRuns <= 0 {
		o.MaxRuns = cores
	}
	backends := slices.Clone(o.Backends)
	if o.Reference {
		backends = nil
	} else {
		fast, err := cpu.Default()
		if err != nil {
			return nil, err
		}
		backends = append(backends, fast)
	}
	s := &Session{
		model: m,
		opt:   o,
		engine: exec.NewEngine(exec.Config{
			Backends: append(backends, ref.Backend),
			Threads:  o.Threads,
			Seed:     o.Seed,
			Strict:   o.Strict,
			Hook:     o.Hook,
			Limits:   exec.Limits{Memory: o.MaxMemory, Trips: o.Limits.Trips, Depth: o.Limits.Depth, Plans: o.Limits.Plans},
		}),
		outs:     m.graph.OutNames,
		gate:     make(chan struct{}, o.MaxRuns),
		variants: map[string]*variant{},
	}
	s.scratch.New = func() any {
		return &args{
			given: make([]bool, len(m.inputs)), sizes: make([]int, len(s.symbols)),
			vals: make([]tensor.Value, len(m.inputs)), in: make([]tensor.Value, 0, len(m.inputs)), out: make([]tensor.Value, len(s.outs)),
		}
	}
	s.checkDims()
	var err error
	if s.pairs, err = s.matchState(o.State); err != nil {
		return nil, err
	}
	given := make([]bool, len(m.inputs))
	for i, in := range m.inputs {
		given[i] = !in.Optional
	}
	s.main = s.variant(given, false)
	if err := s.main.compile(s); err != nil {
		return nil, err
	}
	return s, nil
}

// Threads returns how many threads one run uses at most.
func (s *Session) Threads() int { return s.opt.Threads }

// MaxMemory returns the limit in bytes of the memory of all runs together: Options.MaxMemory, or what the machine has.
func (s *Session) MaxMemory() int64 { return s.engine.MaxMemory() }

// Model returns the model of the session.
func (s *Session) Model() *Model { return s.model }

// Run computes the outputs. Inputs that have a default may be left out. The outputs are new and share no memory with
// anything.
func (s *Session) Run(ctx context.Context, in Values) (Values, error) {
	out := make(Values, len(s.outs))
	if err := s.run(ctx, nil, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// RunInto computes the outputs that out names, and writes them to the memory of the tensors in out; where a value is nil
// it stores a new one. A tensor that is too small is an error that states the shape needed; one that is larger is
// replaced in out by a tensor of the right shape over the same memory. When out is empty it gets all outputs. The
// tensors in out must not share memory with each other or with inputs.
//
// RunInto allocates no memory when the shapes are those of a run before and all outputs are given, unless the model has
// shapes that depend on data.
func (s *Session) RunInto(ctx context.Context, in, out Values) error { return s.run(ctx, nil, in, out) }

// run is all kinds of Run; st may be nil.
func (s *Session) run(ctx context.Context, st *State, in, out Values) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if out == nil {
		return errors.New("no map for the outputs")
	}
	a := s.scratch.Get().(*args)
	defer s.release(a)
	if err := s.bind(a, st, in); err != nil {
		return err
	}
	if err := s.bindOut(a, st, out); err != nil {
		return err
	}
	select {
	case s.gate <- struct{}{}:
	default:
		select {
		case s.gate <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("waiting for another run to end: %w", ctx.Err())
		}
	}
	defer func() { <-s.gate }()
	if err := s.model.enter(); err != nil {
		return err
	}
	defer s.model.leave()
	v := s.choose(a)
	if err := v.compile(s); err != nil {
		return err
	}
	a.in = a.in[:0]
	for _, i := range v.in {
		a.in = append(a.in, a.vals[i])
	}
	if err := v.prog.Run(ctx, s.runs.Add(1)-1, a.in, a.out); err != nil {
		return err
	}
	s.store(a, st, out)
	return nil
}

// choose returns the variant for the inputs given.
func (s *Session) choose(a *args) *variant {
	if !a.clash && slices.Equal(a.given, s.main.pass) {
		return s.main
	}
	return s.variant(a.given, a.clash)
}

func (s *Session) variant(given []bool, free bool) *variant {
	key := fmt.Sprint(given, free)
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.variants[key]
	if v == nil {
		v = &variant{free: free, pass: slices.Clone(given)}
		s.variants[key] = v
	}
	return v
}

// compile compiles the variant, the first time.
func (v *variant) compile(s *Session) error {
	v.once.Do(func() {
		defer exec.Guard("compile", &v.err)
		var g *graph.Graph
		if g, v.err = s.model.passing(v.pass); v.err != nil {
			return
		}
		var ins []*graph.Value
		for i, x := range g.In {
			if d := g.Defaults[x]; d != nil && !v.pass[i] {
				x.Fact = graph.ConstFact(d)
				continue
			}
			v.in = append(v.in, i)
			ins = append(ins, x)
		}
		g.In, g.Defaults = ins, nil
		if v.err = s.refresh(g, v.free); v.err != nil {
			return
		}
		if v.err = opt.Run(g, opt.Config{Eval: s.engine.Eval(), Targets: s.engine.Targets(), Off: s.opt.Off, Strict: s.opt.Strict}); v.err != nil {
			return
		}
		v.prog, v.err = s.engine.Compile(g)
	})
	return v.err
}

// refresh infers the graph anew when its inputs are not what they were when it was read: constants now, or of sizes that
// have nothing to do with each other.
func (s *Session) refresh(g *graph.Graph, free bool) error {
	if free {
		for _, v := range g.In {
			dims := slices.Clone(v.Fact.Dims)
			for i, d := range dims {
				if _, ok := d.Int(); !ok {
					dims[i] = graph.FreshDim()
				}
			}
			v.Fact.Dims = dims
		}
	} else if len(g.In) == len(s.model.graph.In) {
		return nil
	}
	for _, n := range g.Nodes {
		if _, err := n.Infer(s.engine.Eval()); err != nil {
			return err
		}
	}
	return nil
}

// noInput is the error of a name that no input has.
func (s *Session) noInput(name string) error {
	return fmt.Errorf("there is no input %q: the inputs are %s", name, names(s.model.inputs))
}

// noOutput is the error of a name that no output has.
func (s *Session) noOutput(name string) error {
	return fmt.Errorf("there is no output %q: the outputs are %s", name, names(s.model.Outputs()))
}

func (s *Session) release(a *args) {
	clear(a.vals)
	clear(a.in[:cap(a.in)])
	clear(a.out)
	s.scratch.Put(a)
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

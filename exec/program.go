package exec

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"sync"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/opt"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A Config says how programs are compiled and run.
type Config struct {
	// Backends are tried in this order for each node.
	Backends []*Backend
	// Threads is how many workers one run uses at most; 0 means one.
	Threads int
	// Seed is what random operators draw from, together with the name of the node and the number of the run.
	Seed uint64
	// Strict forbids kernels that change rounding beyond the order of sums.
	Strict bool
	// Hook, when set, is called after each step.
	Hook func(*Event)
	// Limits bound what a run may use.
	Limits Limits
}

// Limits bound what the runs of a program may use. Zero fields mean no limit, except where a default is named.
type Limits struct {
	Memory int64 // bytes of intermediate results, of all runs together; three quarters of the machine's when zero
	Trips  int   // trips of one Loop
	Depth  int   // nesting of bodies; 64 when zero
	Plans  int   // plans that are kept; 64 when zero
}

// env is what the programs of one session share: the main one, its variants, and those of bodies.
type env struct {
	Config
	eval    graph.Evaluator
	kernels []*Backend // those of Config, and last the one that runs control flow
	budget  budget
	arenas  arenas
	packs   *packs // nil where constants are used once: while folding
}

func newEnv(c Config) *env {
	if c.Limits.Depth == 0 {
		c.Limits.Depth = 64
	}
	if c.Limits.Plans == 0 {
		c.Limits.Plans = 64
	}
	if c.Limits.Memory == 0 {
		c.Limits.Memory = machineMemory()
	}
	c.Threads = max(c.Threads, 1)
	e := &env{Config: c, kernels: append(c.Backends[:len(c.Backends):len(c.Backends)], NewBackend("control", controlKernels())), packs: &packs{forms: map[packKey]*packed{}}}
	v := &env{Config: Config{Backends: c.Backends, Threads: 1, Limits: c.Limits}, kernels: e.kernels}
	v.Limits.Trips = evalTrips
	v.budget.limit = c.Limits.Memory
	v.arenas.b = &v.budget
	v.eval = v.evaluate
	e.eval = v.evaluate
	e.budget.limit = c.Limits.Memory
	e.arenas.b = &e.budget
	return e
}

// A Program is a compiled graph. It makes a plan for each set of input dimensions that it meets, and keeps the latest.
// It is safe for any number of goroutines.
type Program struct {
	env   *env
	g     *graph.Graph
	depth int // how many bodies this one is inside of
	nodes []node
	vals  []value
	in    []int32 // ids of the inputs
	out   []int32 // ids of the outputs
	// consts holds the facts of constants by value, nil for the others.
	consts []*fact

	mu      sync.Mutex // guards all below, the memos of nodes, and the children of segments
	facts   facts
	byValue []bool // inputs whose values are part of a plan's key, because a shape depends on them
	roots   map[string]*segment
	all     []*segment // every segment of every plan
	tick    uint64
	layouts []*layout // the latest first
	planner planner
	infact  []graph.Fact // working memory of infer
	// inferred counts the entries that were made.
	inferred int

	free frames
}

// node is a node of a program.
type node struct {
	*graph.Node
	in, out []int32 // ids of values; -1 where absent
	// view is the input that output 0 is a view of, -1 when none; over lists the inputs that output 0 may overwrite.
	view   int
	over   []int
	impure bool
	seed   uint64
	bodies []*body
	memo   memo
}

// value is a value of a program.
type value struct {
	*graph.Value
	fact *fact // of a constant
	def  int32 // the node that computes it, -1 for inputs and constants
	// last is the last node that reads it, a large number for outputs of the graph.
	last int32
}

const never = math.MaxInt32

// An Engine is what the programs of one session share: backends, limits and the memory they count against them.
type Engine struct{ env *env }

// NewEngine returns an engine.
func NewEngine(c Config) *Engine { return &Engine{newEnv(c)} }

// Compile makes a program of a graph, which it changes: composites that no backend runs are expanded. The error lists
// everything that no backend runs.
func (e *Engine) Compile(g *graph.Graph) (p *Program, err error) {
	defer Guard("compile", &err)
	return e.env.compile(g, 0)
}

// Targets returns what runs nodes: the backends, and the executor itself for control flow.
func (e *Engine) Targets() []opt.Target { return e.env.targets() }

// Eval returns the evaluator of the engine's backends, which is bound by its limits.
func (e *Engine) Eval() graph.Evaluator { return e.env.eval }

// MaxMemory returns the limit of intermediate results in bytes: that of the configuration, or what the machine has.
func (e *Engine) MaxMemory() int64 { return e.env.budget.limit }

func (v *env) targets() []opt.Target {
	ts := make([]opt.Target, len(v.kernels))
	for i, k := range v.kernels {
		ts[i] = k
	}
	return ts
}

// compile makes a program of g, which it may change.
func (e *env) compile(g *graph.Graph, depth int) (*Program, error) {
	if depth > e.Limits.Depth {
		return nil, fmt.Errorf("graph %q: bodies are nested deeper than %d", g.Name, e.Limits.Depth)
	}
	if err := opt.Place(g, e.targets(), e.eval); err != nil {
		return nil, err
	}
	p := &Program{env: e, g: g, depth: depth}
	ids := map[*graph.Value]int32{}
	id := func(v *graph.Value) (int32, error) {
		if v == nil {
			return -1, nil
		}
		if i, ok := ids[v]; ok {
			return i, nil
		}
		if v.Def != nil {
			return 0, fmt.Errorf("graph %q: value %q is used before %v computes it", g.Name, v.Name, v.Def)
		}
		if v.Fact.Const == nil {
			return 0, fmt.Errorf("graph %q: value %q is neither an input nor computed", g.Name, v.Name)
		}
		f, err := p.facts.make(graph.ConstFact(v.Fact.Const))
		if err != nil {
			return 0, err
		}
		return p.add(ids, v, f), nil
	}
	for _, v := range g.In {
		p.in = append(p.in, p.add(ids, v, nil))
	}
	for _, n := range g.Nodes {
		nd := node{Node: n, view: -1, impure: graph.IsImpure(n.Op), seed: nodeSeed(e.Seed, n.Name)}
		for _, v := range n.In {
			i, err := id(v)
			if err != nil {
				return nil, err
			}
			nd.in = append(nd.in, i)
			if i >= 0 {
				p.vals[i].last = int32(len(p.nodes))
			}
		}
		for _, v := range n.Out {
			if v == nil {
				nd.out = append(nd.out, -1)
			} else {
				i := p.add(ids, v, nil)
				p.vals[i].def = int32(len(p.nodes))
				nd.out = append(nd.out, i)
			}
		}
		if o, ok := n.Op.(graph.Viewer); ok {
			nd.view = o.ViewOf()
		}
		if o, ok := n.Op.(graph.Overwriter); ok {
			nd.over = o.Overwrites()
		}
		p.nodes = append(p.nodes, nd)
	}
	for _, v := range g.Out {
		i, err := id(v)
		if err != nil {
			return nil, err
		}
		p.out = append(p.out, i)
		p.vals[i].last = never
	}
	p.consts = make([]*fact, len(p.vals))
	for i := range p.vals {
		p.consts[i] = p.vals[i].fact
	}
	p.facts.limit = 1024 + 8*len(p.vals)
	p.byValue = make([]bool, len(p.in))
	p.roots = map[string]*segment{}
	return p, nil
}

func (p *Program) add(ids map[*graph.Value]int32, v *graph.Value, f *fact) int32 {
	i := int32(len(p.vals))
	ids[v] = i
	p.vals = append(p.vals, value{Value: v, fact: f, def: -1, last: -1})
	return i
}

// nodeSeed distinguishes the random nodes of a model, by name so that rewrites elsewhere leave it alone.
func nodeSeed(seed uint64, name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return fold64(seed, h.Sum64())
}

// Graph returns the graph as it was compiled, which must not be changed.
func (p *Program) Graph() *graph.Graph { return p.g }

// Prepare makes the plan for inputs of these types and shapes, as far as it does not depend on what is computed. It is for
// doing so ahead of the first Run.
func (p *Program) Prepare(in []tensor.Value) error {
	f := p.free.get(p)
	_, err := p.root(f, in)
	p.free.put(f)
	return err
}

// Run computes the outputs. in has a value for each input of the graph. out has a place for each output: where it holds
// a tensor of the right type with at least as many elements as needed, the output is written to its memory, else a new
// value is stored there. Discard stands for an output that is not needed. No output shares memory with an input, a
// constant or an intermediate result; tensors given in out must not either.
func (p *Program) Run(ctx context.Context, run uint64, in, out []tensor.Value) (err error) {
	f := p.free.get(p)
	f.own.start(ctx, p.env)
	f.call = &f.own
	whole := false
	defer func() {
		f.own.stop()
		if whole { // a frame whose run panicked is in no state to be used again
			p.free.put(f)
		}
	}()
	defer Guard("run", &err)
	err = f.exec(p, run, in, out)
	whole = true
	return err
}

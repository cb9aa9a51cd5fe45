package opt

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

// Config says what Run does.
type Config struct {
	// Eval computes nodes of known inputs. nil: nothing is folded.
	Eval graph.Evaluator
	// Targets are asked which nodes they run. Without any, nothing is expanded.
	Targets []Target
	// Off are the names of passes and rules not to be applied. See Names.
	Off []string
	// Training keeps what training needs: constants are not merged, as equal weights do not stay equal.
	Training bool
	// Strict forbids what changes rounding beyond the order of sums.
	Strict bool
	// MaxFold is how many bytes folding may add to the constants in all; 0 means 512 MiB.
	MaxFold int
	// Allow, unless nil, is asked before each replacement. It is for finding the one that does harm.
	Allow func(name string, n *graph.Node) bool
	// Dump, unless nil, is called before the first pass, with the name "", and after each pass that changed something.
	Dump func(pass string, g *graph.Graph)
	// Verify checks the graph after each pass. It is for tests.
	Verify bool
}

// A pass changes one graph, without entering bodies unless it says so, and reports whether it changed anything.
type pass struct {
	name string
	run  func(p *run, g *graph.Graph) (bool, error)
	// loop numbers a group of neighbours in the array that are repeated until none of them changes anything; 0: none.
	loop int
	// whole is set when the pass enters bodies itself.
	whole bool
}

// passes are applied in this order.
var passes = []pass{
	{name: "dead", run: dead, loop: 1},
	{name: "dedupe", run: dedupe, loop: 1},
	{name: "fold", run: fold, loop: 1},
	{name: "simplify", run: simplify, loop: 1},
	{name: "bodies", run: bodies, loop: 1},
	{name: "expand", run: expand, whole: true},
	{name: "dead", run: dead, loop: 2},
	{name: "dedupe", run: dedupe, loop: 2},
	{name: "fold", run: fold, loop: 2},
	{name: "simplify", run: simplify, loop: 2},
	{name: "bodies", run: bodies, loop: 2},
	{name: "half", run: half},
	{name: "dead", run: dead, loop: 3},
	{name: "dedupe", run: dedupe, loop: 3},
	{name: "fold", run: fold, loop: 3},
	{name: "simplify", run: simplify, loop: 3},
	{name: "schedule", run: schedule},
}

// order are the reasons for the order of passes: some run of before comes ahead of every run of after.
var order = []struct{ before, after, why string }{
	{"dead", "fold", "what nobody uses need not be computed"},
	{"dedupe", "fold", "what is there twice is computed once"},
	{"fold", "bodies", "constants are moved into bodies"},
	{"bodies", "expand", "bodies are expanded with what is known around them"},
	{"dead", "simplify", "rules ask whether a value has one user"},
	{"simplify", "expand", "a composite is recognised before it is taken apart"},
	{"expand", "half", "expansions compute in half precision as well"},
	{"expand", "schedule", "expansions are nodes to be ordered"},
	{"simplify", "schedule", "rules put nodes where those were that they replace"},
}

// maxRounds bounds the repetition of a group of passes.
const maxRounds = 10

// run is the state of one Run.
type run struct {
	Config
	off    map[string]bool
	folded int // bytes that folding added
}

// Names returns what Config.Off may hold: the names of the passes, then those of the rules.
func Names() []string {
	var names []string
	for _, p := range passes {
		if !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	for _, r := range allRules() {
		if !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names
}

// Run applies the passes to g, in place, bodies among it. An error leaves g in a state that is only good for a dump.
func Run(g *graph.Graph, cfg Config) error {
	p := &run{Config: cfg, off: map[string]bool{}}
	for _, name := range cfg.Off {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("opt: there is no pass or rule %q", name)
		}
		p.off[name] = true
	}
	if p.MaxFold == 0 {
		p.MaxFold = 512 << 20
	}
	if p.Dump != nil {
		p.Dump("", g)
	}
	for i := 0; i < len(passes); {
		j := i + 1
		for passes[i].loop != 0 && j < len(passes) && passes[j].loop == passes[i].loop {
			j++
		}
		for range maxRounds {
			changed := false
			for _, q := range passes[i:j] {
				c, err := p.apply(q, g)
				if err != nil {
					return err
				}
				changed = changed || c
			}
			if !changed || passes[i].loop == 0 {
				break
			}
		}
		i = j
	}
	return nil
}

// apply runs one pass on g and, unless it does so itself, on the bodies.
func (p *run) apply(q pass, g *graph.Graph) (bool, error) {
	if p.off[q.name] {
		return false, nil
	}
	var err error
	changed := false
	if q.whole {
		changed, err = q.run(p, g)
	} else {
		changed, err = p.nested(q, g)
	}
	if err != nil {
		return false, fmt.Errorf("opt: %s: %w", q.name, err)
	}
	if p.Verify {
		if err := graph.Verify(g); err != nil {
			return false, fmt.Errorf("opt: after %s: %w", q.name, err)
		}
	}
	if changed && p.Dump != nil {
		p.Dump(q.name, g)
	}
	return changed, nil
}

func (p *run) nested(q pass, g *graph.Graph) (bool, error) {
	changed, err := q.run(p, g)
	if err != nil {
		return false, err
	}
	for _, n := range g.Nodes {
		for _, body := range graph.Bodies(n.Op) {
			c, err := p.nested(q, body)
			if err != nil {
				return false, err
			}
			changed = changed || c
		}
	}
	return changed, nil
}

// allow reports whether a replacement of n may be made.
func (p *run) allow(name string, n *graph.Node) bool { return p.Allow == nil || p.Allow(name, n) }

// expand is the pass of Place. Its error, an UnsupportedError, is the caller's to see as it is.
func expand(p *run, g *graph.Graph) (bool, error) {
	if len(p.Targets) == 0 {
		return false, nil
	}
	before := len(g.Nodes)
	err := Place(g, p.Targets, p.Eval)
	return len(g.Nodes) != before, err
}

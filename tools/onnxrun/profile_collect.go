package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// profileReport says where the time of a run goes. Times are means over the runs, in microseconds of one run.
type profileReport struct {
	Model      string          `json:"model"`
	Threads    int             `json:"threads"`
	Runs       int             `json:"runs"`
	Run        float64         `json:"run_us"`
	Outside    float64         `json:"outside_us"` // of the run, but of no node
	GflopsPerS float64         `json:"gflops_per_s"`
	Operators  []*operatorTime `json:"operators"` // the slowest first
	Nodes      []*nodeTime     `json:"nodes"`     // in the order in which they run
}

// operatorTime is the time of all nodes of one operator.
type operatorTime struct {
	Op         string  `json:"op"`
	Nodes      int     `json:"nodes"`
	Calls      float64 `json:"calls"`
	Time       float64 `json:"time_us"`
	Share      float64 `json:"share"`
	Flops      float64 `json:"flops"`
	GflopsPerS float64 `json:"gflops_per_s"`
}

// nodeTime is the time of one node. Shapes are those of its last call; the rest sums up the calls of one run.
type nodeTime struct {
	Name       string   `json:"name"`
	Op         string   `json:"op"`
	Path       []string `json:"path,omitempty"` // the nodes whose bodies it is in
	Kernel     string   `json:"kernel"`
	Why        string   `json:"why,omitempty"`
	Inputs     []string `json:"inputs"`
	Outputs    []string `json:"outputs"`
	Calls      float64  `json:"calls"`
	Time       float64  `json:"time_us"`
	Share      float64  `json:"share"`
	Flops      float64  `json:"flops"`
	GflopsPerS float64  `json:"gflops_per_s"`
	Bytes      float64  `json:"bytes"` // of inputs and outputs
	GBPerS     float64  `json:"gb_per_s"`
}

func (n *nodeTime) describe() string {
	s := n.Op + " " + strings.Join(append(slices.Clone(n.Path), n.Name), "/") + " [" + n.Kernel
	if n.Why != "" {
		s += ": " + n.Why
	}
	return s + "] " + strings.Join(n.Inputs, ", ") + " -> " + strings.Join(n.Outputs, ", ")
}

// A collector sums up the steps of runs, one run at a time.
type collector struct {
	mu     sync.Mutex
	on     bool
	runs   int
	start  time.Time
	wall   time.Duration
	nodes  map[string]*sum
	order  []*sum
	inner  map[string]time.Duration // by the path of a body: the time of its steps since the node that it belongs to ran
	events []traceEvent             // of the run
}

// sum is what is known of a node.
type sum struct {
	nodeTime
	calls int
	time  time.Duration
	key   string // the shapes that flops and bytes are of
	flops int
	bytes int
	work  int
	moved int
}

func newCollector() *collector { return &collector{} }

// reset forgets what was collected.
func (k *collector) reset() {
	k.nodes, k.order, k.inner = map[string]*sum{}, nil, map[string]time.Duration{}
	k.runs, k.wall, k.on = 0, 0, true
}

func (k *collector) begin() {
	k.events = k.events[:0]
	k.start = time.Now()
}

func (k *collector) end() {
	k.wall += time.Since(k.start)
	k.runs++
}

// maxEvents bounds the steps that a trace holds.
const maxEvents = 1 << 20

// step is the hook of the session.
func (k *collector) step(e *exec.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.on {
		return
	}
	path := strings.Join(e.Path, "\x00")
	key := path + "\x00" + e.Node.Name
	own := e.Time - k.inner["\x00"+key]
	delete(k.inner, "\x00"+key)
	if len(e.Path) > 0 {
		k.inner[parentKey(e.Path)] += e.Time
	}
	s := k.nodes[key]
	if s == nil {
		s = &sum{nodeTime: nodeTime{
			Name: e.Node.Name, Op: graph.QualifiedName(e.Node.Op), Path: slices.Clone(e.Path), Kernel: e.Kernel, Why: e.Why,
		}}
		k.nodes[key] = s
		k.order = append(k.order, s)
	}
	s.calls++
	s.time += own
	s.shapes(e)
	s.work += s.flops
	s.moved += s.bytes
	if len(k.events) < maxEvents {
		k.events = append(k.events, traceEvent{&s.nodeTime, e.Start.Sub(k.start), e.Time})
	}
}

// parentKey returns the key under which the node at the end of a path, whose body something is in, looks for the time of that.
func parentKey(path []string) string {
	n := len(path) - 1
	return "\x00" + strings.Join(path[:n], "\x00") + "\x00" + path[n]
}

// shapes takes down the shapes of a step where they are not those of the last.
func (s *sum) shapes(e *exec.Event) {
	in, out := describeAll(e.In), describeAll(e.Out)
	key := strings.Join(in, ",") + ">" + strings.Join(out, ",")
	if key == s.key {
		return
	}
	s.key, s.Inputs, s.Outputs = key, in, out
	n := &graph.Node{Name: e.Node.Name, Op: e.Node.Op}
	for _, v := range e.In {
		n.In = append(n.In, concreteValue(v))
	}
	for _, v := range e.Out {
		n.Out = append(n.Out, concreteValue(v))
	}
	s.flops, _ = op.Flops(n).Eval(nil)
	s.bytes = 0
	for _, v := range slices.Concat(e.In, e.Out) {
		if t, ok := v.(*tensor.Tensor); ok && t != nil {
			s.bytes += len(t.Bytes())
		}
	}
}

func concreteValue(v tensor.Value) *graph.Value {
	if v == nil {
		return nil
	}
	return &graph.Value{Fact: graph.FactOf(v)}
}

func describeAll(vs []tensor.Value) []string {
	list := []string{}
	for _, v := range vs {
		switch v := v.(type) {
		case nil:
			list = append(list, "-")
		case *tensor.Tensor:
			list = append(list, v.Describe())
		case *tensor.Sequence:
			list = append(list, fmt.Sprintf("%v of %d", v.Type(), len(v.Items)))
		default:
			list = append(list, v.Type().String())
		}
	}
	return list
}

// report returns the means over the runs.
func (k *collector) report() *profileReport {
	runs := float64(max(k.runs, 1))
	p := &profileReport{Runs: k.runs, Run: micros(k.wall) / runs, Nodes: []*nodeTime{}}
	ops := map[string]*operatorTime{}
	p.Outside = p.Run
	flops := 0.0
	for _, s := range k.order {
		n := &s.nodeTime
		n.Calls, n.Time, n.Flops, n.Bytes = float64(s.calls)/runs, micros(s.time)/runs, float64(s.work)/runs, float64(s.moved)/runs
		n.Share, n.GflopsPerS, n.GBPerS = over(n.Time, p.Run), over(n.Flops, n.Time*1e3), over(n.Bytes, n.Time*1e3)
		p.Nodes = append(p.Nodes, n)
		p.Outside -= n.Time
		flops += n.Flops
		o := ops[n.Op]
		if o == nil {
			o = &operatorTime{Op: n.Op}
			ops[n.Op] = o
		}
		o.Nodes++
		o.Calls += n.Calls
		o.Time += n.Time
		o.Flops += n.Flops
	}
	p.Outside = max(p.Outside, 0)
	p.GflopsPerS = over(flops, p.Run*1e3)
	p.Operators = slices.SortedFunc(maps.Values(ops), func(a, b *operatorTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Op, b.Op))
	})
	for _, o := range p.Operators {
		o.Share, o.GflopsPerS = over(o.Time, p.Run), over(o.Flops, o.Time*1e3)
	}
	return p
}

// over divides, and has 0 where there is nothing to divide by.
func over(x, y float64) float64 {
	if y <= 0 {
		return 0
	}
	return x / y
}

// slowest returns the nodes, the slowest first.
func (p *profileReport) slowest() []*nodeTime {
	return slices.SortedStableFunc(slices.Values(p.Nodes), func(a, b *nodeTime) int { return cmp.Compare(b.Time, a.Time) })
}

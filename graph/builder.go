package graph

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/tensor"
)

// A Builder adds nodes to a graph and infers them. The first error is kept: later calls return values without facts,
// so a network is written down in one go and Err asked at the end.
type Builder struct {
	G    *Graph
	Eval Evaluator // computes small values of known inputs; nil: none
	err  error
	seq  int
	at   int // where in G.Nodes the next node goes; -1: at the end
	src  *Node
	want bool // some node's shape depends on a value that is unknown
}

// NewBuilder returns a builder that appends to g.
func NewBuilder(g *Graph, eval Evaluator) *Builder { return &Builder{G: g, Eval: eval, at: -1} }

// Before makes the builder insert its nodes before node n, at index at of the list of nodes; they inherit the name of
// n in their Sources. Before(nil, -1) appends again.
func (b *Builder) Before(n *Node, at int) { b.src, b.at = n, at }

// Err returns the first error.
func (b *Builder) Err() error { return b.err }

// Fail keeps err unless there is one already.
func (b *Builder) Fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Input adds an input to the graph.
func (b *Builder) Input(name string, f Fact) *Value {
	v := &Value{Name: name, Fact: f}
	b.G.In = append(b.G.In, v)
	return v
}

// Output makes v an output of the graph under the given name.
func (b *Builder) Output(name string, v *Value) {
	if v == nil {
		b.Fail(fmt.Errorf("graph: output %q: no value", name))
		return
	}
	b.G.Out = append(b.G.Out, v)
	b.G.OutNames = append(b.G.OutNames, name)
}

// Const returns a constant value.
func (b *Builder) Const(t *tensor.Tensor) *Value { return &Value{Fact: ConstFact(t)} }

// Named returns a constant value with a name, such as a weight.
func (b *Builder) Named(name string, t *tensor.Tensor) *Value {
	return &Value{Name: name, Fact: ConstFact(t)}
}

// Ints returns a constant vector of int64.
func (b *Builder) Ints(xs ...int) *Value {
	d := make([]int64, len(xs))
	for i, x := range xs {
		d[i] = int64(x)
	}
	return b.Const(tensor.FromSlice(d, len(d)))
}

// Op adds a node with one output and returns that output.
func (b *Builder) Op(op Op, in ...*Value) *Value { return b.Add("", op, 1, in...)[0] }

// Add adds a node with the given number of outputs and returns them. in has nil for absent optional inputs. An empty
// name is made up from the operator's.
func (b *Builder) Add(name string, op Op, outputs int, in ...*Value) []*Value {
	n := &Node{Name: name, Op: op, In: in, Out: make([]*Value, outputs)}
	for len(n.In) > 0 && n.In[len(n.In)-1] == nil {
		n.In = n.In[:len(n.In)-1]
	}
	if b.src != nil {
		n.Sources = sourcesOf(b.src)
	}
	for i := range n.Out {
		n.Out[i] = &Value{Def: n, Index: i}
	}
	b.insert(n)
	return n.Out
}

func sourcesOf(n *Node) []string {
	if n.Sources != nil {
		return n.Sources
	}
	return []string{n.Name}
}

func (b *Builder) insert(n *Node) {
	if n.Name == "" {
		b.seq++
		if b.src != nil {
			n.Name = fmt.Sprintf("%s/%s_%d", b.src.Name, OpName(n.Op), b.seq)
		} else {
			n.Name = fmt.Sprintf("%s_%d", OpName(n.Op), b.seq)
		}
	}
	want, err := n.Infer(b.Eval)
	if err != nil {
		b.Fail(err)
	}
	b.want = b.want || len(want) > 0
	for _, v := range n.In {
		if v != nil {
			v.uses = append(v.uses, n)
		}
	}
	if b.at < 0 {
		b.G.Nodes = append(b.G.Nodes, n)
	} else {
		b.G.Nodes = slices.Insert(b.G.Nodes, b.at, n)
		b.at++
	}
}

// Infer sets the facts of the outputs from those of the inputs. It returns the inputs whose values decide the shape of
// an output and are not known.
func (n *Node) Infer(eval Evaluator) (want []int, err error) {
	r, err := InferOp(n.Name, n.Op, n.inFacts(), len(n.Out), eval)
	if err != nil {
		return nil, err
	}
	for i, v := range n.Out {
		if v != nil {
			v.Fact = r.Out[i]
		}
	}
	return r.Want, nil
}

// inFacts returns the facts of the inputs, the zero Fact for absent ones.
func (n *Node) inFacts() []Fact {
	in := make([]Fact, len(n.In))
	for i, v := range n.In {
		if v != nil {
			in[i] = v.Fact
		}
	}
	return in
}

// Replace makes every user of old take new instead, and the graph's outputs too. old's node stays until it is
// removed.
func (g *Graph) Replace(old, new *Value) {
	if old == new {
		return
	}
	for _, n := range old.uses {
		for i, v := range n.In {
			if v == old {
				n.In[i] = new
				new.uses = append(new.uses, n)
			}
		}
	}
	old.uses = nil
	for i, v := range g.Out {
		if v == old {
			g.Out[i] = new
		}
	}
}

// Remove takes nodes out of the graph. Their outputs must have no users left.
func (g *Graph) Remove(dead func(*Node) bool) {
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *Node) bool {
		if !dead(n) {
			return false
		}
		for _, v := range n.In {
			if v != nil {
				v.uses = slices.DeleteFunc(v.uses, func(u *Node) bool { return u == n })
			}
		}
		return true
	})
}

// RemoveDead removes the nodes whose outputs nobody takes, one after the other, and reports whether there were any.
// Bodies are not entered.
func (g *Graph) RemoveDead() bool {
	out := map[*Value]bool{}
	for _, v := range g.Out {
		out[v] = true
	}
	kept := len(g.Nodes)
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if slices.ContainsFunc(n.Out, func(v *Value) bool { return v != nil && (out[v] || len(v.uses) > 0) }) {
			kept--
			g.Nodes[kept] = n
		} else {
			n.detach()
		}
	}
	g.Nodes = slices.Delete(g.Nodes, 0, kept)
	return kept > 0
}

// SetInput makes input i of n the value v, which may be nil.
func (n *Node) SetInput(i int, v *Value) {
	if old := n.In[i]; old != nil {
		if j := slices.Index(old.uses, n); j >= 0 {
			old.uses = slices.Delete(old.uses, j, j+1)
		}
	}
	n.In[i] = v
	if v != nil {
		v.uses = append(v.uses, n)
	}
}

// InferByExpansion infers a composite from its expansion, for composites with no shorter way to say it.
func (c *Infer) InferByExpansion(o Composite) {
	if c.Failed() {
		return
	}
	g := &Graph{Name: c.name}
	b := NewBuilder(g, c.eval)
	n := &Node{Name: c.name, Op: o, In: make([]*Value, len(c.in)), Out: make([]*Value, len(c.out))}
	for i, f := range c.in {
		if c.Has(i) {
			n.In[i] = &Value{Name: fmt.Sprintf("in%d", i), Fact: f}
		}
	}
	for i := range n.Out {
		n.Out[i] = &Value{Def: n, Index: i}
	}
	b.src = n
	out := o.Expand(b, n)
	if err := b.Err(); err != nil {
		if c.err == nil {
			c.err = fmt.Errorf("node %q (%s): %w", c.name, QualifiedName(c.op), err)
		}
		return
	}
	for i, v := range out {
		if v != nil {
			c.Set(i, v.Fact)
		}
	}
	if b.want || out == nil {
		for i := range c.in {
			if c.DType(i).IsInt() {
				c.Value(i)
			}
		}
	}
}

// ErrNoExpansion is returned where a composite cannot be expanded with what is known of its inputs.
var ErrNoExpansion = errors.New("cannot be expanded: the rank or value of an input is unknown")

// DropInput takes input i from n; those after it move up, and absent ones at the end go too.
func (n *Node) DropInput(i int) {
	n.SetInput(i, nil)
	n.In = slices.Delete(n.In, i, i+1)
	for len(n.In) > 0 && n.In[len(n.In)-1] == nil {
		n.In = n.In[:len(n.In)-1]
	}
}

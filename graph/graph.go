package graph

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/gneiss-ml/gneiss/tensor"
)

// An Op is an operator with its attributes: a pointer to a struct whose fields tagged `onnx:"name,default"` are the
// ONNX attributes (see Decode). An Op is not changed once a node holds it; nodes may share one.
type Op interface {
	// Infer sets the facts of the outputs from those of the inputs, or reports what is wrong with them.
	Infer(c *Infer)
}

// A Composite is an operator that is defined by simpler ones. Where a stage has no row for it, it is replaced by its
// expansion.
type Composite interface {
	Op
	// Expand adds the definition to the graph and returns one value per output. in has nil for absent inputs; n has
	// the outputs that are wanted. It returns nil when it needs facts that are missing, such as a rank.
	Expand(b *Builder, n *Node) []*Value
}

// Optional methods of an Op.
type (
	// Named is an Op whose ONNX name is not the name of its Go type.
	Named interface{ OpName() string }
	// InDomain is an Op of another domain than ai.onnx, which is "".
	InDomain interface{ OpDomain() string }
	// Impure is an Op that gives another result each time: it is never folded or merged.
	Impure interface{ Impure() bool }
)

// OpName returns the ONNX name of an operator: what OpName says, else the name of the Go type.
func OpName(o Op) string {
	if n, ok := o.(Named); ok {
		return n.OpName()
	}
	return reflect.TypeOf(o).Elem().Name()
}

// OpDomain returns the domain of an operator, "" for ai.onnx.
func OpDomain(o Op) string {
	if n, ok := o.(InDomain); ok {
		return n.OpDomain()
	}
	return ""
}

// IsImpure reports whether the operator, or one in a body of it, is impure.
func IsImpure(o Op) bool {
	if p, ok := o.(Impure); ok && p.Impure() {
		return true
	}
	for _, g := range Bodies(o) {
		for _, n := range g.Nodes {
			if IsImpure(n.Op) {
				return true
			}
		}
	}
	return false
}

// Bodies returns the graphs among the fields of an operator, in their order.
func Bodies(o Op) []*Graph {
	v := reflect.ValueOf(o).Elem()
	if v.Kind() != reflect.Struct {
		return nil
	}
	var gs []*Graph
	for _, f := range fieldsOf(v.Type()) {
		if f.graph {
			if g := v.FieldByIndex(f.index).Interface().(*Graph); g != nil {
				gs = append(gs, g)
			}
		}
	}
	return gs
}

// Captures returns how many of the last inputs of a node with this operator, and of each of its bodies, are values that the
// bodies take from the graph around them.
func Captures(o Op) int {
	v := reflect.ValueOf(o).Elem()
	if v.Kind() != reflect.Struct {
		return 0
	}
	for _, f := range fieldsOf(v.Type()) {
		if f.name == "-captures" {
			return int(v.FieldByIndex(f.index).Int())
		}
	}
	return 0
}

// A Value is one tensor (or sequence, optional, map) of a graph: an input, a constant or an output of a node.
type Value struct {
	Name  string
	Fact  Fact
	Def   *Node // the node that computes it; nil for inputs and constants
	Index int   // which output of Def
	uses  []*Node
}

// IsConst reports whether v is a constant: it has a value and no node that computes it.
func (v *Value) IsConst() bool { return v != nil && v.Def == nil && v.Fact.Const != nil }

// Const returns the value of v when it is known, else nil. v may be nil.
func (v *Value) Const() *tensor.Tensor {
	if v == nil {
		return nil
	}
	return v.Fact.Const
}

// Users returns the nodes that take v as an input, once for each time they do. The caller must not change it.
func (v *Value) Users() []*Node { return v.uses }

// A Node applies an operator to values. In has nil for an absent optional input; Out has nil for an output that
// nobody wants.
type Node struct {
	Name string
	Op   Op
	In   []*Value
	Out  []*Value
	// Sources are the names of the model's nodes that this one came from, when a rewrite made it.
	Sources []string
}

// Input returns the i-th input, or nil when it is absent.
func (n *Node) Input(i int) *Value {
	if i < len(n.In) {
		return n.In[i]
	}
	return nil
}

// Wants reports whether somebody takes output i.
func (n *Node) Wants(i int) bool { return i < len(n.Out) && n.Out[i] != nil }

// String returns how messages call the node: node "conv1" (Conv).
func (n *Node) String() string { return fmt.Sprintf("node %q (%s)", n.Name, QualifiedName(n.Op)) }

// QualifiedName returns the name of an operator after its domain, such as com.microsoft.FusedMatMul.
func QualifiedName(o Op) string {
	if d := OpDomain(o); d != "" {
		return d + "." + OpName(o)
	}
	return OpName(o)
}

// A Graph is a list of nodes in topological order. It is built and edited by one goroutine; a finished graph may be
// read by many.
type Graph struct {
	Name  string
	In    []*Value
	Out   []*Value // a value may stand here more than once, and may be an input or a constant
	Nodes []*Node
	// OutNames are the names of the outputs, which need not be those of the values.
	OutNames []string
	// Defaults are the values of inputs that are also initializers (IR version 4 and later): used where the caller
	// passes nothing.
	Defaults map[*Value]*tensor.Tensor
	// Meta are the properties of the model or body that are kept but not understood.
	Meta map[string]string
}

// Input returns the input of the given name, or nil.
func (g *Graph) Input(name string) *Value {
	if i := slices.IndexFunc(g.In, func(v *Value) bool { return v.Name == name }); i >= 0 {
		return g.In[i]
	}
	return nil
}

// Output returns the output of the given name, or nil.
func (g *Graph) Output(name string) *Value {
	if i := slices.Index(g.OutNames, name); i >= 0 {
		return g.Out[i]
	}
	return nil
}

// Consts returns the constants that nodes and outputs take, in the order of their first use; not those of bodies.
func (g *Graph) Consts() []*Value {
	seen := map[*Value]bool{}
	var cs []*Value
	add := func(v *Value) {
		if v.IsConst() && !seen[v] && !slices.Contains(g.In, v) {
			seen[v] = true
			cs = append(cs, v)
		}
	}
	for _, n := range g.Nodes {
		for _, v := range n.In {
			add(v)
		}
	}
	for _, v := range g.Out {
		add(v)
	}
	return cs
}

package exec

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// ErrUnsupported is what a backend returns for a node that it does not run. It may depend on types, ranks, attributes
// and on which inputs are constant, never on the sizes of dimensions.
var ErrUnsupported = errors.New("not supported")

// A Backend binds nodes to kernels.
type Backend struct {
	Name    string
	kernels map[reflect.Type]bindFunc
}

type bindFunc func(b *Binding) (Step, error)

// A Kernel is a row of a backend's table: how one operator type is bound.
type Kernel struct {
	on   reflect.Type
	bind bindFunc
}

// On makes a row of a backend's table: f binds operators of type P.
func On[P graph.Op](f func(b *Binding, o P) (Step, error)) Kernel {
	return Kernel{reflect.TypeFor[P](), func(b *Binding) (Step, error) { return f(b, b.Op.(P)) }}
}

// NewBackend returns a backend of the given rows. It panics when an operator has two rows.
func NewBackend(name string, tables ...[]Kernel) *Backend {
	k := map[reflect.Type]bindFunc{}
	for _, t := range tables {
		for _, r := range t {
			if k[r.on] != nil {
				panic(fmt.Sprintf("exec: backend %s has two kernels for %v", name, r.on))
			}
			k[r.on] = r.bind
		}
	}
	return &Backend{name, k}
}

// Has reports whether the backend has a row for operators of o's type.
func (k *Backend) Has(o graph.Op) bool { return k.kernels[reflect.TypeOf(o)] != nil }

// Bind returns the step for a binding, or ErrUnsupported.
func (k *Backend) Bind(b *Binding) (Step, error) {
	f := k.kernels[reflect.TypeOf(b.Op)]
	if f == nil {
		return Step{}, ErrUnsupported
	}
	return f(b)
}

// Probe returns nil when the backend runs a node whose facts may be symbolic, else ErrUnsupported.
func (k *Backend) Probe(n *graph.Node) error {
	_, err := k.Bind(NewBinding(n, true))
	return err
}

// An Operand is an input or output of a node that is being bound.
type Operand struct {
	tensor.Type
	Shape []int          // nil when it is known only after the step ran, and for what is no tensor
	Const *tensor.Tensor // the value of a constant
}

// A Binding is what a kernel sees of its node: everything but the data.
type Binding struct {
	Name string
	Op   graph.Op
	In   []Operand // absent optional inputs have DType Undefined
	Out  []Operand // outputs that nobody wants have DType Undefined
	// Probe is set when only support is asked for: shapes may be missing and the Step is thrown away.
	Probe bool
	// Seed distinguishes the random nodes of a model and the user's choice of --seed.
	Seed uint64
	// Strict forbids what changes rounding beyond the order of sums.
	Strict bool

	env   *env  // of the program that the node is part of; nil while probing
	node  *node // nil outside programs
	depth int   // of the program
}

// NewBinding returns the binding of a node as its facts stand.
func NewBinding(n *graph.Node, probe bool) *Binding {
	b := &Binding{Name: n.Name, Op: n.Op, Probe: probe}
	for _, v := range n.In {
		b.In = append(b.In, operand(v))
	}
	for _, v := range n.Out {
		b.Out = append(b.Out, operand(v))
	}
	return b
}

func operand(v *graph.Value) Operand {
	if v == nil {
		return Operand{}
	}
	shape, _ := v.Fact.Shape()
	return Operand{v.Fact.Type, shape, v.Fact.Const}
}

// Has reports whether input i is present.
func (b *Binding) Has(i int) bool {
	return i < len(b.In) && (b.In[i].DType != tensor.Undefined || b.In[i].Kind != tensor.KindTensor)
}

// Wants reports whether output i is wanted.
func (b *Binding) Wants(i int) bool {
	return i < len(b.Out) && (b.Out[i].DType != tensor.Undefined || b.Out[i].Kind != tensor.KindTensor)
}

// DType returns the element type of input i, Undefined when it is absent.
func (b *Binding) DType(i int) tensor.DType {
	if i < len(b.In) {
		return b.In[i].DType
	}
	return tensor.Undefined
}

// Shape returns the shape of input i; nil when it is absent.
func (b *Binding) Shape(i int) []int {
	if i < len(b.In) {
		return b.In[i].Shape
	}
	return nil
}

// OutShape returns the shape of output i; nil when it is not wanted or known only after the step ran.
func (b *Binding) OutShape(i int) []int {
	if i < len(b.Out) {
		return b.Out[i].Shape
	}
	return nil
}

// Errorf returns an error that names the node.
func (b *Binding) Errorf(format string, args ...any) error {
	return &NodeError{Node: b.Name, Op: graph.QualifiedName(b.Op), Err: fmt.Errorf(format, args...)}
}

// A NodeError is an error of one node.
type NodeError struct {
	Node string // its name
	Op   string // its operator, after the domain
	Err  error
}

// Error implements error.
func (e *NodeError) Error() string { return fmt.Sprintf("node %q (%s): %v", e.Node, e.Op, e.Err) }

// Unwrap returns the cause.
func (e *NodeError) Unwrap() error { return e.Err }

// A Step is one bound node: phases that run one after the other. It is immutable, holds no address of an arena, input
// or output, and serves any number of frames at once.
type Step struct {
	Phases []Phase
	Kernel string // which kernel was chosen, for reports
	Why    string // why it was chosen, for reports
	// Scratch is how many bytes of working memory each worker gets (Frame.Scratch), the same throughout the phases of one
	// run, and Shared how many all workers get together (Frame.Shared).
	Scratch, Shared int
}

// A Phase is Repeat rounds of Tiles independent calls, with a join after each round. Tiles of one round may run at the
// same time on different workers, so they write disjoint memory. Repeat 0 means 1.
type Phase struct {
	Tiles, Repeat int
	Run           func(f *Frame, worker, rep, tile int) error
}

// Once returns a step of one tile.
func Once(run func(f *Frame) error) Step {
	return Step{Phases: []Phase{{Tiles: 1, Run: func(f *Frame, _, _, _ int) error { return run(f) }}}}
}

// Tiled returns a step of n independent tiles.
func Tiled(n int, run func(f *Frame, tile int) error) Step {
	return Step{Phases: []Phase{{Tiles: n, Run: func(f *Frame, _, _, tile int) error { return run(f, tile) }}}}
}

package op

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var controlOps = []Entry{
	core[If]("cond -> outputs..."),
	core[Loop]("M? cond? v_initial?... -> v_final_and_scan_outputs..."),
	core[Scan]("initial_state_and_scan_inputs... -> final_state_and_scan_outputs..."),
	core[SequenceMap]("input_sequence additional_inputs?... -> out_sequence..."),
}

// The operators of this file have bodies, which are closed: what a body takes from around it is one of the last Captures
// inputs of the node, and one of the last Captures inputs of the body.

// If runs Then when cond holds, else Else, and gives what that branch gives. The inputs after cond are the captures,
// which are all inputs of both branches.
//
// https://onnx.ai/onnx/operators/onnx__If.html
type If struct {
	Then     *graph.Graph `onnx:"then_branch,required"`
	Else     *graph.Graph `onnx:"else_branch,required"`
	Captures int          `onnx:"-captures"`
}

// Infer implements graph.Op. A branch that does not fit its inputs is an error only when it is the one taken, or both
// are like that: exporters write branches for cases that a given model never sees.
func (o *If) Infer(c *graph.Infer) {
	if !c.Check(o.Then != nil && o.Else != nil, "a branch is missing") {
		return
	}
	c.Check(c.DType(0) == tensor.Bool, "input 0: %v, want bool", c.In(0).Type)
	n := c.NumIn() - 1
	if !c.Check(n == o.Captures && len(o.Then.In) == n && len(o.Else.In) == n,
		"%d captures for branches of %d and %d inputs", n, len(o.Then.In), len(o.Else.In)) ||
		!c.Check(c.NumOut() <= len(o.Then.Out) && c.NumOut() <= len(o.Else.Out),
			"%d outputs for branches of %d and %d", c.NumOut(), len(o.Then.Out), len(o.Else.Out)) {
		return
	}
	in := make([]graph.Fact, n)
	for i := range in {
		in[i] = c.In(1 + i)
	}
	if cond, ok := truth(c.In(0)); ok {
		out, err := c.Body(o.Branch(cond), in)
		c.Fail(err)
		setAll(c, out)
		return
	}
	then, err1 := c.Body(o.Then, in)
	els, err2 := c.Body(o.Else, in)
	switch {
	case err1 != nil && err2 != nil:
		c.Fail(err1)
	case err1 != nil:
		setAll(c, els)
	case err2 != nil:
		setAll(c, then)
	default:
		for i := range c.NumOut() {
			f, err := mergeFacts(then[i], els[i])
			if err != nil {
				c.Fail(fmt.Errorf("output %d of the branches: %w", i, err))
				return
			}
			c.Set(i, f)
		}
	}
}

// Branch returns the branch for a condition.
func (o *If) Branch(cond bool) *graph.Graph {
	if cond {
		return o.Then
	}
	return o.Else
}

// truth returns the value of a condition, when it is known.
func truth(f graph.Fact) (value, ok bool) {
	if f.Const == nil || f.Const.DType() != tensor.Bool || f.Const.Len() != 1 {
		return false, false
	}
	return tensor.Data[bool](f.Const)[0], true
}

func setAll(c *graph.Infer, facts []graph.Fact) {
	for i, f := range facts {
		c.Set(i, f)
	}
}

// mergeFacts returns what is known of a value that is one of two.
func mergeFacts(a, b graph.Fact) (graph.Fact, error) {
	if !a.Type.Equal(b.Type) {
		return graph.Fact{}, fmt.Errorf("%v and %v, want one type", a.Type, b.Type)
	}
	f := graph.Fact{Type: a.Type}
	if a.Dims == nil || len(a.Dims) != len(b.Dims) {
		return f, nil
	}
	f.Dims = make([]graph.Dim, len(a.Dims))
	for i, d := range a.Dims {
		if f.Dims[i] = d; !d.Equal(b.Dims[i]) {
			f.Dims[i] = graph.FreshDim()
		}
	}
	return f, nil
}

// carried is what is known of the values that a loop carries from one trip to the next, in every trip.
type carried struct {
	facts []graph.Fact
	fresh [][]bool // the dimensions that have been widened
}

func newCarried(first []graph.Fact) *carried {
	s := &carried{fresh: make([][]bool, len(first))}
	for i, f := range first {
		s.facts = append(s.facts, graph.Fact{Type: f.Type, Dims: f.Dims})
		s.fresh[i] = make([]bool, len(f.Dims))
	}
	return s
}

// widen makes the facts true for what the body gives too, and reports whether they changed.
func (s *carried) widen(out []graph.Fact) (changed bool, err error) {
	for i := range s.facts {
		f, g := &s.facts[i], out[i]
		if f.Kind == tensor.KindOptional && f.Elem != nil && f.Elem.Equal(g.Type) {
			continue // the first value may be none, those of the body are never
		}
		if !f.Type.Equal(g.Type) {
			return false, fmt.Errorf("carried value %d: the first is %v, that of the body %v", i, f.Type, g.Type)
		}
		if f.Dims == nil {
			continue
		}
		if len(g.Dims) != len(f.Dims) || g.Dims == nil {
			f.Dims, changed = nil, true
			continue
		}
		dims := append([]graph.Dim{}, f.Dims...)
		for k := range dims {
			if !s.fresh[i][k] && !dims[k].Equal(g.Dims[k]) {
				dims[k], s.fresh[i][k], changed = graph.FreshDim(), true, true
			}
		}
		f.Dims = dims
	}
	return changed, nil
}

// Loop runs Body again and again, up to M times and as long as the condition holds. The inputs of the body are the number
// of the trip, the condition, the carried values and the captures; its outputs are the condition for the next trip, the
// carried values and elements of the scan outputs, which are stacked along a new axis 0. An absent M is no limit, an
// absent cond holds.
//
// https://onnx.ai/onnx/operators/onnx__Loop.html
type Loop struct {
	Body     *graph.Graph `onnx:"body,required"`
	Captures int          `onnx:"-captures"`
}

// Carried returns how many values the loop carries.
func (o *Loop) Carried() int { return len(o.Body.In) - 2 - o.Captures }

// Scans returns how many scan outputs there are.
func (o *Loop) Scans() int { return len(o.Body.Out) - 1 - o.Carried() }

// Infer implements graph.Op.
func (o *Loop) Infer(c *graph.Infer) {
	if !c.Check(o.Body != nil, "the body is missing") {
		return
	}
	n := o.Carried()
	if !c.Check(n >= 0 && o.Scans() >= 0, "the body has %d inputs and %d outputs, with %d captures", len(o.Body.In), len(o.Body.Out), o.Captures) ||
		!c.Check(c.NumIn() == 2+n+o.Captures || (c.NumIn() < 2 && n+o.Captures == 0), "%d inputs, want %d for this body", c.NumIn(), 2+n+o.Captures) ||
		!c.Check(c.NumOut() <= n+o.Scans(), "%d outputs, want at most %d for this body", c.NumOut(), n+o.Scans()) {
		return
	}
	c.Check(!c.Has(0) || c.DType(0) == tensor.Int64, "input 0: %v, want int64", c.In(0).Type)
	c.Check(!c.Has(1) || c.DType(1) == tensor.Bool, "input 1: %v, want bool", c.In(1).Type)
	first := make([]graph.Fact, n)
	for i := range first {
		first[i] = c.In(2 + i)
	}
	s := newCarried(first)
	in := make([]graph.Fact, len(o.Body.In))
	in[0] = graph.TensorFact(tensor.Int64, scalarDims(o.Body.In[0]))
	in[1] = graph.ConstFact(True(o.Body.In[1])) // the body runs only where it holds
	for i := range o.Captures {
		in[2+n+i] = c.In(2 + n + i)
	}
	out, ok := inferLoop(c, o.Body, s, in, 2, 1)
	if !ok {
		return
	}
	trips, known := o.trips(c, out[0])
	for i := range n {
		switch m, ok := trips.Int(); {
		case known && ok && m == 0:
			c.Set(i, first[i])
		case known && ok:
			c.Set(i, out[1+i])
		case s.facts[i].Type.Equal(out[1+i].Type):
			c.Set(i, s.facts[i])
		default:
			c.Set(i, graph.Fact{Type: out[1+i].Type})
		}
	}
	for i := range o.Scans() {
		f := out[1+n+i]
		if !c.Check(f.Kind == tensor.KindTensor, "scan output %d: %v, want a tensor", i, f.Type) {
			return
		}
		c.Tensor(n+i, f.DType, insertDim(f.Dims, 0, trips))
	}
}

// trips returns how many trips the loop makes, and whether that is more than a name.
func (o *Loop) trips(c *graph.Infer, next graph.Fact) (graph.Dim, bool) {
	cond, ok := true, true
	if c.Has(1) {
		cond, ok = truth(c.In(1))
	}
	if ok && !cond {
		return graph.N(0), true
	}
	again, always := truth(next)
	if ok && always && !again && !c.Has(0) {
		return graph.N(1), true
	}
	if m := c.In(0).Values(); ok && always && again && len(m) == 1 {
		return graph.MaxDim(m[0], graph.N(0)), true
	}
	return c.Fresh(), false
}

// inferLoop infers a body for every trip: in holds the facts of its inputs, those of carried values from index from,
// which are widened until they hold for the outputs from index to.
func inferLoop(c *graph.Infer, body *graph.Graph, s *carried, in []graph.Fact, from, to int) ([]graph.Fact, bool) {
	for {
		copy(in[from:], s.facts)
		out, err := c.Body(body, in)
		if err != nil {
			c.Fail(err)
			return nil, false
		}
		changed, err := s.widen(out[to:])
		if err != nil {
			c.Fail(err)
			return nil, false
		}
		if !changed {
			return out, true
		}
	}
}

// scalarDims returns the dimensions of an input of a body that has one element: a scalar, unless it is declared as a
// vector.
func scalarDims(v *graph.Value) []graph.Dim {
	if v.Fact.Rank() == 1 {
		return graph.Dims(1)
	}
	return []graph.Dim{}
}

// True returns the condition that holds, as the input of a body that v is.
func True(v *graph.Value) *tensor.Tensor {
	if v.Fact.Rank() == 1 {
		return tensor.FromSlice([]bool{true})
	}
	return tensor.Scalar(true)
}

// insertDim returns dims with d at axis, which may count from the end; nil where the rank is unknown or does not have
// the axis.
func insertDim(dims []graph.Dim, axis int, d graph.Dim) []graph.Dim {
	if axis < 0 {
		axis += len(dims) + 1
	}
	if dims == nil || axis < 0 || axis > len(dims) {
		return nil
	}
	out := append([]graph.Dim{}, dims[:axis]...)
	return append(append(out, d), dims[axis:]...)
}

// Scan runs Body for each element of its scan inputs along an axis. The inputs of the node are the carried values, the
// NumScanInputs scan inputs and the captures; those of the body are the same, with an element in the place of each scan
// input. The outputs of the body are the carried values and an element of each scan output. Axes are 0 and directions
// forward (0, not 1) where the lists are empty.
//
// https://onnx.ai/onnx/operators/onnx__Scan.html
type Scan struct {
	Body             *graph.Graph `onnx:"body,required"`
	NumScanInputs    int          `onnx:"num_scan_inputs,required"`
	InputAxes        []int        `onnx:"scan_input_axes"`
	InputDirections  []int        `onnx:"scan_input_directions"`
	OutputAxes       []int        `onnx:"scan_output_axes"`
	OutputDirections []int        `onnx:"scan_output_directions"`
	Captures         int          `onnx:"-captures"`
}

// Carried returns how many values the scan carries.
func (o *Scan) Carried() int { return len(o.Body.In) - o.NumScanInputs - o.Captures }

// Scans returns how many scan outputs there are.
func (o *Scan) Scans() int { return len(o.Body.Out) - o.Carried() }

// At returns element i of one of the lists, 0 where the list is empty.
func (o *Scan) At(list []int, i int) int {
	if i < len(list) {
		return list[i]
	}
	return 0
}

// Infer implements graph.Op.
func (o *Scan) Infer(c *graph.Infer) {
	if !c.Check(o.Body != nil, "the body is missing") {
		return
	}
	n, m := o.Carried(), o.NumScanInputs
	if !c.Check(n >= 0 && m >= 1 && o.Scans() >= 0, "the body has %d inputs and %d outputs, with %d scan inputs and %d captures",
		len(o.Body.In), len(o.Body.Out), m, o.Captures) ||
		!c.Check(c.NumIn() == n+m+o.Captures, "%d inputs, want %d for this body", c.NumIn(), n+m+o.Captures) ||
		!c.Check(c.NumOut() <= n+o.Scans(), "%d outputs, want at most %d for this body", c.NumOut(), n+o.Scans()) ||
		!o.checkLists(c, m, o.Scans()) {
		return
	}
	in := make([]graph.Fact, len(o.Body.In))
	length := c.Fresh()
	for i := range m {
		f := c.In(n + i)
		if !c.Check(f.Kind == tensor.KindTensor, "input %d: %v, want a tensor", n+i, f.Type) {
			return
		}
		in[n+i] = graph.Fact{Type: f.Type}
		if f.Dims == nil {
			continue
		}
		axis := c.Axis(o.At(o.InputAxes, i), len(f.Dims))
		if c.Failed() {
			return
		}
		length = c.Unify(length, f.Dims[axis], "length of the scan inputs")
		in[n+i].Dims = append(append([]graph.Dim{}, f.Dims[:axis]...), f.Dims[axis+1:]...)
	}
	for i := range o.Captures {
		in[n+m+i] = c.In(n + m + i)
	}
	first := make([]graph.Fact, n)
	for i := range first {
		first[i] = c.In(i)
	}
	s := newCarried(first)
	out, ok := inferLoop(c, o.Body, s, in, 0, 0)
	if !ok {
		return
	}
	for i := range n {
		if length.Is(0) {
			c.Set(i, first[i])
		} else {
			c.Set(i, s.facts[i])
		}
	}
	for i := range o.Scans() {
		f := out[n+i]
		axis := o.At(o.OutputAxes, i)
		if !c.Check(f.Kind == tensor.KindTensor, "scan output %d: %v, want a tensor", i, f.Type) ||
			!c.Check(f.Dims == nil || (axis >= -len(f.Dims)-1 && axis <= len(f.Dims)), "scan output %d: axis %d outside rank %d", i, axis, len(f.Dims)+1) {
			return
		}
		c.Tensor(n+i, f.DType, insertDim(f.Dims, axis, length))
	}
}

func (o *Scan) checkLists(c *graph.Infer, in, out int) bool {
	for _, l := range []struct {
		name string
		list []int
		n    int
	}{
		{"scan_input_axes", o.InputAxes, in},
		{"scan_input_directions", o.InputDirections, in},
		{"scan_output_axes", o.OutputAxes, out},
		{"scan_output_directions", o.OutputDirections, out},
	} {
		if !c.Check(len(l.list) == 0 || len(l.list) == l.n, "attribute %q has %d elements, want %d", l.name, len(l.list), l.n) {
			return false
		}
	}
	for _, d := range append(append([]int{}, o.InputDirections...), o.OutputDirections...) {
		if !c.Check(d == 0 || d == 1, "direction %d, want 0 or 1", d) {
			return false
		}
	}
	return true
}

// SequenceMap runs Body for each item of the input sequence, and gives a sequence for each of its outputs. Further
// inputs are sequences of the same length, which are taken item by item, or other values, which each run of the body gets
// whole; then come the captures.
//
// https://onnx.ai/onnx/operators/onnx__SequenceMap.html
type SequenceMap struct {
	Body     *graph.Graph `onnx:"body,required"`
	Captures int          `onnx:"-captures"`
}

// Infer implements graph.Op.
func (o *SequenceMap) Infer(c *graph.Infer) {
	if !c.Check(o.Body != nil, "the body is missing") ||
		!c.Check(c.In(0).Kind == tensor.KindSequence, "input 0: %v, want a sequence", c.In(0).Type) ||
		!c.Check(c.NumIn() == len(o.Body.In) && o.Captures < c.NumIn(), "%d inputs for a body of %d", c.NumIn(), len(o.Body.In)) ||
		!c.Check(c.NumOut() <= len(o.Body.Out), "%d outputs for a body of %d", c.NumOut(), len(o.Body.Out)) {
		return
	}
	in := make([]graph.Fact, c.NumIn())
	for i := range in {
		in[i] = c.In(i)
		if i < c.NumIn()-o.Captures && in[i].Kind == tensor.KindSequence && in[i].Elem != nil {
			in[i] = graph.Fact{Type: *in[i].Elem}
		}
	}
	out, err := c.Body(o.Body, in)
	if err != nil {
		c.Fail(err)
		return
	}
	for i, f := range out {
		c.Set(i, graph.Fact{Type: tensor.SequenceOf(f.Type)})
	}
}

package graph

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/gneiss-ml/gneiss/tensor"
)

// Infer is what an Op sees of its node while the facts of the outputs are computed. The first failed check is kept and
// the rest of Infer runs on, so operators read as a list of facts, without error plumbing.
type Infer struct {
	op   Op
	name string
	in   []Fact
	out  []Fact
	want []int // inputs whose values were asked for and are not known
	err  error
	eval Evaluator
	nest *nesting
	room [2]Fact // for out
}

// An Evaluator computes a node whose inputs are all constants. Package graph has no kernels, so it is handed one.
type Evaluator func(op Op, in []*tensor.Tensor, outputs int) ([]*tensor.Tensor, error)

// Inferred is what inference says of one node.
type Inferred struct {
	Out []Fact
	// Want lists the inputs whose values decide the shape of an output and are not known.
	Want []int
}

// InferOp infers the outputs of an operator from facts of its inputs, where the zero Fact is an absent input. When eval is
// not nil, small results of known inputs are computed and become Const.
func InferOp(name string, op Op, in []Fact, outputs int, eval Evaluator) (Inferred, error) {
	return inferOp(name, op, in, outputs, eval, nil)
}

func inferOp(name string, op Op, in []Fact, outputs int, eval Evaluator, nest *nesting) (Inferred, error) {
	c := &Infer{op: op, name: name, in: in, eval: eval, nest: nest}
	if outputs <= len(c.room) {
		c.out = c.room[:outputs]
	} else {
		c.out = make([]Fact, outputs)
	}
	op.Infer(c)
	if c.err != nil {
		return Inferred{}, c.err
	}
	if eval != nil {
		c.evaluate()
	}
	return Inferred{c.out, c.want}, nil
}

// evaluate computes the outputs when all inputs are known and all outputs are small. A failure is not an error here: the
// node may be one that is never reached, and fails again when it is.
func (c *Infer) evaluate() {
	total := 0
	for i := range c.in {
		if t := c.in[i].Const; t != nil {
			total += t.Len()
		} else if c.Has(i) {
			return
		}
	}
	if len(c.in) == 0 || total > 16*SmallValue {
		return
	}
	for i := range c.out {
		f := &c.out[i]
		if f.Const != nil {
			return // the operator did it itself
		}
		if n, ok := f.Len().Int(); f.Kind != tensor.KindTensor || !ok || n > SmallValue {
			return
		}
	}
	if IsImpure(c.op) {
		return
	}
	in := make([]*tensor.Tensor, len(c.in))
	for i := range in {
		in[i] = c.in[i].Const
	}
	out, err := c.eval(c.op, in, len(c.out))
	if err != nil {
		return
	}
	for i, t := range out {
		if t != nil {
			c.out[i] = Fact{Type: c.out[i].Type, Dims: Dims(t.Shape()...), Const: t}
		}
	}
}

// NumIn returns the number of inputs the node has, absent ones among them.
func (c *Infer) NumIn() int { return len(c.in) }

// NumOut returns the number of outputs the node has.
func (c *Infer) NumOut() int { return len(c.out) }

// Has reports whether input i is present.
func (c *Infer) Has(i int) bool {
	return i < len(c.in) && (c.in[i].DType != tensor.Undefined || c.in[i].Kind != tensor.KindTensor)
}

// In returns the fact of input i: the zero Fact when it is absent.
func (c *Infer) In(i int) Fact {
	if i < len(c.in) {
		return c.in[i]
	}
	return Fact{}
}

// DType returns the element type of input i.
func (c *Infer) DType(i int) tensor.DType { return c.In(i).DType }

// Dims returns the dimensions of input i; nil when its rank is unknown.
func (c *Infer) Dims(i int) []Dim { return c.In(i).Dims }

// Rank returns the rank of input i; -1 when it is unknown.
func (c *Infer) Rank(i int) int { return c.In(i).Rank() }

// Value returns the value of input i on which a shape depends; nil when it is unknown, which is noted.
func (c *Infer) Value(i int) *tensor.Tensor {
	f := c.In(i)
	if f.Const == nil && c.Has(i) && !slices.Contains(c.want, i) {
		c.want = append(c.want, i)
	}
	return f.Const
}

// Ints returns the elements of the integer input i on which a shape depends, as integers or formulas; nil when they are
// unknown, which is noted.
func (c *Infer) Ints(i int) []Dim {
	f := c.In(i)
	if f.Const == nil && c.Has(i) && !slices.Contains(c.want, i) {
		c.want = append(c.want, i)
	}
	if f.Const != nil {
		if !c.Check(f.Const.DType().IsInt(), "input %d: %v, want an integer type", i, f.DType) {
			return nil
		}
		out := []Dim{}
		for _, x := range f.Const.Int64s() {
			out = append(out, N(saturate(x)))
		}
		return out
	}
	return f.Ints
}

// saturate returns the int nearest to x: only where int has 32 bits is it another number.
func saturate(x int64) int { return int(min(max(x, math.MinInt), math.MaxInt)) }

// Check notes an error unless ok, and returns ok. The message gets the node and the operator in front.
func (c *Infer) Check(ok bool, format string, args ...any) bool {
	if !ok && c.err == nil {
		c.err = fmt.Errorf("node %q (%s): %s", c.name, QualifiedName(c.op), fmt.Sprintf(format, args...))
	}
	return ok
}

// CheckRank notes an error when the rank of input i is known and is not r; it reports whether the rank is known and r.
func (c *Infer) CheckRank(i, r int) bool {
	if k := c.Rank(i); k >= 0 {
		return c.Check(k == r, "input %d: rank %d, want %d", i, k, r)
	}
	return false
}

// CheckSame notes an error when the element types of inputs i and j, both present, differ.
func (c *Infer) CheckSame(i, j int) {
	if c.Has(i) && c.Has(j) && !c.In(i).Type.Equal(c.In(j).Type) {
		c.Check(false, "input %d is %v and input %d is %v, want one type", i, c.In(i).Type, j, c.In(j).Type)
	}
}

// Failed reports whether a check failed.
func (c *Infer) Failed() bool { return c.err != nil }

// Set sets the fact of output i. Outputs that the node does not have are ignored.
func (c *Infer) Set(i int, f Fact) {
	if i < len(c.out) {
		c.out[i] = f
	}
}

// Tensor sets output i to a tensor of the given type and dimensions; nil dims: unknown rank.
func (c *Infer) Tensor(i int, dt tensor.DType, dims []Dim) { c.Set(i, TensorFact(dt, dims)) }

// Like sets output i to a tensor with the type and dimensions of input j, not its value.
func (c *Infer) Like(i, j int) {
	f := c.In(j)
	c.Set(i, Fact{Type: f.Type, Dims: f.Dims})
}

// Known sets output i to a tensor with integer values known as formulas. Its type is dt, an integer type.
func (c *Infer) Known(i int, dt tensor.DType, dims []Dim, values []Dim) {
	f := TensorFact(dt, dims)
	if len(values) <= SmallValue {
		f.Ints = values
		if t := tensorOf(dt, dims, values); t != nil {
			f.Const, f.Ints = t, nil
		}
	}
	c.Set(i, f)
}

// tensorOf returns the tensor of integer values, nil when one is a formula.
func tensorOf(dt tensor.DType, dims, values []Dim) *tensor.Tensor {
	shape, ok := TensorFact(dt, dims).Shape()
	if !ok {
		return nil
	}
	xs := make([]int64, len(values))
	for i, v := range values {
		n, ok := v.Int()
		if !ok {
			return nil
		}
		xs[i] = int64(n)
	}
	t, err := tensor.FromInt64s(dt, xs, shape)
	if err != nil {
		return nil
	}
	return t
}

// Fresh returns a size that nothing is known about.
func (c *Infer) Fresh() Dim { return FreshDim() }

// FreshN returns n sizes that nothing is known about.
func (c *Infer) FreshN(n int) []Dim {
	d := make([]Dim, n)
	for i := range d {
		d[i] = FreshDim()
	}
	return d
}

var freshCount atomic.Int64

// FreshDim returns a size that nothing is known about: a symbol of a new name, ?1, ?2 and so on.
func FreshDim() Dim {
	var digits [24]byte
	return Sym(string(strconv.AppendInt(append(digits[:0], '?'), freshCount.Add(1), 10)))
}

// Broadcast returns what the dimensions broadcast to; nil when one is nil. Integers that do not fit are an error. A
// symbol beside an integer other than 1 must be that integer or 1, so the integer results.
func (c *Infer) Broadcast(shapes ...[]Dim) []Dim {
	rank := 0
	for _, s := range shapes {
		if s == nil {
			return nil
		}
		rank = max(rank, len(s))
	}
	out := make([]Dim, rank)
	for i := range out {
		d := N(1)
		for _, s := range shapes {
			if j := i - (rank - len(s)); j >= 0 {
				d = c.broadcastDim(d, s[j], shapes)
			}
		}
		out[i] = d
	}
	return out
}

func (c *Infer) broadcastDim(d, e Dim, shapes [][]Dim) Dim {
	a, ok1 := d.Int()
	b, ok2 := e.Int()
	switch {
	case d.Equal(e), e.Is(1):
		return d
	case d.Is(1):
		return e
	case ok1 && ok2:
		text := ""
		for i, s := range shapes {
			if i > 0 {
				text += " and "
			}
			text += FormatDims(s)
		}
		c.Check(false, "shapes %s do not broadcast: %d against %d", text, a, b)
		return d
	case ok1:
		return d
	case ok2:
		return e
	}
	return broadcastOf(d, e)
}

// Unify returns the size that two dimensions that must be equal have: the known one of the two. Different integers
// are an error, in which what says what they are.
func (c *Infer) Unify(d, e Dim, what string) Dim {
	_, ok1 := d.Int()
	_, ok2 := e.Int()
	if ok1 && ok2 && !d.Equal(e) {
		c.Check(false, "%s: %v against %v", what, d, e)
	}
	if ok2 {
		return e
	}
	return d
}

// Axis returns an axis made non-negative, or an error and 0 when it is outside rank.
func (c *Infer) Axis(axis, rank int) int {
	if !c.Check(axis >= -rank && axis < rank, "axis %d outside rank %d", axis, rank) {
		return 0
	}
	if axis < 0 {
		axis += rank
	}
	return axis
}

// Axes returns axes made non-negative, checked to be inside rank and distinct.
func (c *Infer) Axes(axes []int, rank int) []int {
	out := make([]int, 0, len(axes))
	for _, a := range axes {
		a = c.Axis(a, rank)
		if c.Failed() || !c.Check(!slices.Contains(out, a), "axis %d is repeated", a) {
			return nil
		}
		out = append(out, a)
	}
	return out
}

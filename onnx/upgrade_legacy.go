package onnx

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// fail notes an error of the node.
func (n *legacy) fail(format string, args ...any) {
	n.b.Fail(fmt.Errorf("node %q (%s): %s", n.node, n.op, fmt.Sprintf(format, args...)))
}

// calls adds a node of the newest version of an operator and returns its outputs. Adapters write what an old operator
// means with it, in the terms of the standard.
func (n *legacy) calls(name string, attrs graph.Attrs, outputs int, in ...*graph.Value) []*graph.Value {
	e := op.Lookup("", name)
	if e == nil {
		n.fail("there is no operator %s to express it by", name)
		return absent(outputs)
	}
	o := e.New()
	if err := graph.Decode(o, attrs); err != nil {
		n.fail("%v", err)
		return absent(outputs)
	}
	return n.b.Add("", o, outputs, in...)
}

func absent(outputs int) []*graph.Value {
	vs := make([]*graph.Value, outputs)
	for i := range vs {
		vs[i] = &graph.Value{}
	}
	return vs
}

// call is calls of an operator with one output.
func (n *legacy) call(name string, attrs graph.Attrs, in ...*graph.Value) *graph.Value {
	return n.calls(name, attrs, 1, in...)[0]
}

// take removes an attribute and returns its value; ok is false when the node does not have it. One of another kind than
// T is an error.
func take[T int64 | float32 | string | []int64 | []float32](n *legacy, name string) (v T, ok bool) {
	a, has := n.attrs[name]
	if !has {
		return v, false
	}
	if v, ok = a.(T); !ok {
		n.fail("attribute %q: %T, want %T", name, a, v)
	}
	delete(n.attrs, name)
	return v, ok
}

// takeInt is take of an integer with a default.
func (n *legacy) takeInt(name string, def int64) int64 {
	if v, ok := take[int64](n, name); ok {
		return v
	}
	return def
}

// takeFloat is take of a float with a default.
func (n *legacy) takeFloat(name string, def float32) float32 {
	if v, ok := take[float32](n, name); ok {
		return v
	}
	return def
}

// input returns input i, or nil when it is absent.
func (n *legacy) input(i int) *graph.Value {
	if i < len(n.in) {
		return n.in[i]
	}
	return nil
}

// setInput makes v input i; those between that the node does not have stay absent.
func (n *legacy) setInput(i int, v *graph.Value) {
	for len(n.in) <= i {
		n.in = append(n.in, nil)
	}
	n.in[i] = v
}

// rank returns the rank of input i, -1 when it is unknown.
func (n *legacy) rank(i int) int {
	if v := n.input(i); v != nil {
		return v.Fact.Rank()
	}
	return -1
}

// dims returns the dimensions of input i, nil when its rank is unknown.
func (n *legacy) dims(i int) []graph.Dim {
	if v := n.input(i); v != nil {
		return v.Fact.Dims
	}
	return nil
}

// dtype returns the element type of input i, Undefined when it is absent.
func (n *legacy) dtype(i int) tensor.DType {
	if v := n.input(i); v != nil {
		return v.Fact.DType
	}
	return tensor.Undefined
}

// ints returns a constant vector of int64. xs is not nil.
func (n *legacy) ints(xs ...int64) *graph.Value {
	return n.b.Const(tensor.FromSlice(append([]int64{}, xs...), len(xs)))
}

// floats returns a constant vector of float32.
func (n *legacy) floats(xs ...float32) *graph.Value {
	return n.b.Const(tensor.FromSlice(append([]float32{}, xs...), len(xs)))
}

// scalar returns a constant scalar of a type that numbers convert to.
func (n *legacy) scalar(dt tensor.DType, x float64) *graph.Value {
	t, err := tensor.Cast(tensor.Scalar(x), dt, tensor.CastOptions{})
	if err != nil {
		n.fail("%v", err)
		t = tensor.Scalar(x)
	}
	return n.b.Const(t)
}

// cast returns v converted to dt.
func (n *legacy) cast(v *graph.Value, dt tensor.DType) *graph.Value {
	if v == nil || v.Fact.DType == dt {
		return v
	}
	return n.call("Cast", graph.Attrs{"to": int64(dt)}, v)
}

// rankOf returns the rank of v as a vector of one int64.
func (n *legacy) rankOf(v *graph.Value) *graph.Value {
	if r := v.Fact.Rank(); r >= 0 {
		return n.ints(int64(r))
	}
	return n.call("Shape", nil, n.call("Shape", nil, v))
}

// filled returns an int64 vector of count times x; count is a vector of one int64.
func (n *legacy) filled(count *graph.Value, x int64) *graph.Value {
	return n.call("ConstantOfShape", graph.Attrs{"value": tensor.FromSlice([]int64{x})}, count)
}

// axesFrom returns the axes of input i from first on.
func (n *legacy) axesFrom(i, first int) *graph.Value {
	r := n.rank(i)
	if r < 0 {
		limit := n.call("Squeeze", nil, n.rankOf(n.in[i]))
		return n.call("Range", nil, n.scalar(tensor.Int64, float64(first)), limit, n.scalar(tensor.Int64, 1))
	}
	axes := []int64{}
	for k := first; k < r; k++ {
		axes = append(axes, int64(k))
	}
	return n.ints(axes...)
}

// alone returns v as the only output that the node still has.
func (n *legacy) alone(v *graph.Value) []*graph.Value {
	out := make([]*graph.Value, max(n.outputs, 1))
	out[0] = v
	return out
}

// wants reports whether somebody takes output i.
func (n *legacy) wants(i int) bool { return i < len(n.want) && n.want[i] }

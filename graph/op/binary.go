package op

import "github.com/gneiss-ml/gneiss/graph"

// A BinaryFn names an elementwise function of two inputs.
type BinaryFn uint8

// The functions of Binary.
const (
	Add BinaryFn = iota
	Sub
	Mul
	Div
)

// Binary is the family of elementwise operators of two inputs of one type, which broadcast.
type Binary struct{ Fn BinaryFn }

var binaryNames = [...]string{Add: "Add", Sub: "Sub", Mul: "Mul", Div: "Div"}

var binaryOps = binaryEntries()

func binaryEntries() []Entry {
	var es []Entry
	for fn, name := range binaryNames {
		es = append(es, Entry{"", name, "A B -> C", func() graph.Op { return &Binary{Fn: BinaryFn(fn)} }})
	}
	return es
}

// OpName implements graph.Named.
func (o *Binary) OpName() string { return binaryNames[o.Fn] }

// Infer implements graph.Op.
func (o *Binary) Infer(c *graph.Infer) {
	c.CheckSame(0, 1)
	dims := c.Broadcast(c.Dims(0), c.Dims(1))
	a, b := c.In(0).Values(), c.In(1).Values()
	if v := intValues(o.Fn, a, b); v != nil && dims != nil && len(dims) <= 1 {
		c.Known(0, c.DType(0), dims, v)
		return
	}
	c.Tensor(0, c.DType(0), dims)
}

// intValues computes small integer tensors whose elements may be formulas: shape arithmetic.
func intValues(fn BinaryFn, a, b []graph.Dim) []graph.Dim {
	n := max(len(a), len(b))
	if len(a) == 0 || len(b) == 0 || (len(a) != n && len(a) != 1) || (len(b) != n && len(b) != 1) {
		return nil
	}
	out := make([]graph.Dim, n)
	for i := range out {
		x, y := a[min(i, len(a)-1)], b[min(i, len(b)-1)]
		switch fn {
		case Add:
			out[i] = x.Add(y)
		case Sub:
			out[i] = x.Sub(y)
		case Mul:
			out[i] = x.Mul(y)
		case Div:
			if k, ok := y.Int(); !ok || k <= 0 {
				return nil
			}
			if k, ok := x.Int(); ok && k < 0 {
				return nil // integer division rounds to zero, Dim.Div down
			}
			out[i] = x.Div(y)
		default:
			return nil
		}
	}
	return out
}

package op

import "github.com/gneiss-ml/gneiss/graph"

// arith writes down elementwise expressions.
type arith struct{ b *graph.Builder }

func (a arith) add(x, y *graph.Value) *graph.Value { return a.b.Op(&Binary{Add}, x, y) }
func (a arith) sub(x, y *graph.Value) *graph.Value { return a.b.Op(&Binary{Sub}, x, y) }
func (a arith) mul(x, y *graph.Value) *graph.Value { return a.b.Op(&Binary{Mul}, x, y) }
func (a arith) div(x, y *graph.Value) *graph.Value { return a.b.Op(&Binary{Div}, x, y) }
func (a arith) sqrt(x *graph.Value) *graph.Value   { return a.b.Op(NewUnary(Sqrt), x) }

// num returns a constant of rank 0 and the type of like.
func (a arith) num(x float64, like *graph.Value) *graph.Value { return scalar(a.b, like.Fact.DType, x) }

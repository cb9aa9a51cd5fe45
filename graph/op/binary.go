package op

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A BinaryFn names an elementwise function of two inputs.
type BinaryFn uint8

// The functions of Binary. Integers wrap around. Division of integers truncates; by zero it is 0, and so is the
// remainder (NumPy has it so too, and processors differ).
const (
	Add BinaryFn = iota
	And          // of bool
	BitwiseAnd
	BitwiseOr
	BitwiseXor
	Div
	FMod       // a − trunc(a/b)·b: Mod with fmod=1
	Max        // NaN where one is NaN
	Min        // NaN where one is NaN
	Mod        // a − floor(a/b)·b, of the sign of b
	Mul        //
	Or         // of bool
	PRelu      // a ≥ 0: a, else a·b; b broadcasts to a
	Pow        // the type is a's
	ShiftLeft  // BitShift with direction=LEFT; zeros come in, and a shift by less than 0 or by the width or more is 0
	ShiftRight // BitShift with direction=RIGHT: arithmetic for signed types
	Sub        //
	Xor        // of bool
)

// Binary is the family of elementwise operators of two inputs, C = Fn(A, B), which broadcast. Both inputs are of one
// type, but for Pow.
//
// https://onnx.ai/onnx/operators/ under the name of the function
type Binary struct{ Fn BinaryFn }

var binaryRows = [...]struct {
	name, sig string
	types     typeSet
}{
	Add:        {"Add", "A B -> C", numberTypes},
	And:        {"And", "A B -> C", boolOnly},
	BitwiseAnd: {"BitwiseAnd", "A B -> C", wholeTypes},
	BitwiseOr:  {"BitwiseOr", "A B -> C", wholeTypes},
	BitwiseXor: {"BitwiseXor", "A B -> C", wholeTypes},
	Div:        {"Div", "A B -> C", numberTypes},
	FMod:       {"Mod", "", numberTypes},
	Max:        {"Max", "", numberTypes},
	Min:        {"Min", "", numberTypes},
	Mod:        {"Mod", "A B -> C", numberTypes},
	Mul:        {"Mul", "A B -> C", numberTypes},
	Or:         {"Or", "A B -> C", boolOnly},
	PRelu:      {"PRelu", "X slope -> Y", floatTypes | setOf(tensor.Int32, tensor.Int64, tensor.Uint32, tensor.Uint64)},
	Pow:        {"Pow", "X Y -> Z", floatTypes | indexTypes},
	ShiftLeft:  {"BitShift", "X Y -> Z", wholeTypes},
	ShiftRight: {"BitShift", "", wholeTypes},
	Sub:        {"Sub", "A B -> C", numberTypes},
	Xor:        {"Xor", "A B -> C", boolOnly},
}

var binaryOps = binaryEntries()

// binaryEntries makes the rows of the functions that are operators of their own: not those with another attribute of
// one, and not Max and Min, which take any number of inputs and expand to these.
func binaryEntries() []Entry {
	var es []Entry
	for fn, r := range binaryRows {
		if r.sig != "" {
			es = append(es, Entry{"", r.name, r.sig, func() graph.Op { return &Binary{BinaryFn(fn)} }})
		}
	}
	return es
}

// OpName implements graph.Named.
func (o *Binary) OpName() string { return binaryRows[o.Fn].name }

// Overwrites implements graph.Overwriter.
func (o *Binary) Overwrites() []int { return overwriteBoth }

// DecodeAttrs implements graph.Coded.
func (o *Binary) DecodeAttrs(attrs graph.Attrs) error {
	switch o.Fn {
	case Mod, FMod:
		var a modAttrs
		if err := graph.DecodeFields(&a, attrs); err != nil {
			return err
		}
		o.Fn = Mod
		if a.FMod {
			o.Fn = FMod
		}
	case ShiftLeft, ShiftRight:
		var a shiftAttrs
		if err := graph.DecodeFields(&a, attrs); err != nil {
			return err
		}
		switch a.Direction {
		case "LEFT":
			o.Fn = ShiftLeft
		case "RIGHT":
			o.Fn = ShiftRight
		default:
			return fmt.Errorf("attribute %q: %q, want LEFT or RIGHT", "direction", a.Direction)
		}
	default:
		return graph.DecodeFields(o, attrs)
	}
	return nil
}

type modAttrs struct {
	FMod bool `onnx:"fmod,0"`
}

type shiftAttrs struct {
	Direction string `onnx:"direction,required"`
}

// EncodeAttrs implements graph.Coded.
func (o *Binary) EncodeAttrs() graph.Attrs {
	switch o.Fn {
	case FMod:
		return graph.EncodeFields(&modAttrs{true})
	case ShiftLeft:
		return graph.EncodeFields(&shiftAttrs{"LEFT"})
	case ShiftRight:
		return graph.EncodeFields(&shiftAttrs{"RIGHT"})
	}
	return graph.Attrs{}
}

// Infer implements graph.Op.
func (o *Binary) Infer(c *graph.Infer) {
	checkTensor(c, 0, binaryRows[o.Fn].types)
	if o.Fn == Pow {
		checkTensor(c, 1, numberTypes)
	} else {
		c.CheckSame(0, 1)
	}
	dims := c.Broadcast(c.Dims(0), c.Dims(1))
	if o.Fn == PRelu {
		dims = c.Dims(0)
		checkBroadcastTo(c, 1, dims)
	}
	if !setFormulas(c, dims, o.formula) {
		c.Tensor(0, c.DType(0), dims)
	}
}

func (o *Binary) formula(x []graph.Dim) (graph.Dim, bool) {
	switch o.Fn {
	case Add:
		return x[0].Add(x[1]), true
	case Sub:
		return x[0].Sub(x[1]), true
	case Mul:
		return x[0].Mul(x[1]), true
	case Div:
		return x[0].Quo(x[1]), !x[1].Is(0)
	case Mod, FMod:
		if k, ok := x[1].Int(); !ok || k <= 0 || !x[0].NonNegative() {
			return graph.Dim{}, false
		}
		return x[0].Sub(x[0].Div(x[1]).Mul(x[1])), true
	case Max:
		return graph.MaxDim(x[0], x[1]), true
	case Min:
		return graph.MinDim(x[0], x[1]), true
	}
	return graph.Dim{}, false
}

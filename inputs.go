package gneiss

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/tensor"
)

// args are the inputs and outputs of one run by position.
type args struct {
	given []bool         // per input of the model
	vals  []tensor.Value // per input of the model
	in    []tensor.Value // per input of the program
	out   []tensor.Value // per output
	sizes []int          // per symbol; -1: not known yet
	clash bool           // a symbol has two sizes
}

// dimCheck is what a declared dimension asks for: the size n, or that of a symbol when sym is not negative; nothing when
// both are negative.
type dimCheck struct{ n, sym int }

// checkDims prepares the checks of input dimensions.
func (s *Session) checkDims() {
	for _, in := range s.model.inputs {
		if in.Kind != tensor.KindTensor || in.Dims == nil {
			s.dims = append(s.dims, nil)
			continue
		}
		checks := make([]dimCheck, len(in.Dims))
		for i, d := range in.Dims {
			checks[i] = dimCheck{-1, -1}
			if n, ok := d.Int(); ok {
				checks[i].n = n
			} else if name, ok := d.IsSymbol(); ok {
				k := slices.Index(s.symbols, name)
				if k < 0 {
					k = len(s.symbols)
					s.symbols = append(s.symbols, name)
				}
				checks[i].sym = k
			}
		}
		s.dims = append(s.dims, checks)
	}
}

// bind puts the inputs in their places and checks them.
func (s *Session) bind(a *args, st *State, in Values) error {
	for i := range a.sizes {
		a.sizes[i] = -1
	}
	a.clash = false
	n := 0
	for i := range s.model.inputs {
		info := &s.model.inputs[i]
		v, ok := in[info.Name]
		a.given[i] = ok && !isNil(v)
		a.vals[i] = v
		if ok {
			n++
		}
		if !a.given[i] {
			if !info.Optional && !st.has(i) {
				return fmt.Errorf("input %q is missing: %s", info.Name, describe(info))
			}
			continue
		}
		if st.has(i) {
			return fmt.Errorf("input %q is kept in the state: set it there", info.Name)
		}
		if err := s.check(a, i, v); err != nil {
			return err
		}
	}
	if n != len(in) {
		for _, name := range sortedKeys(in) {
			if !slices.ContainsFunc(s.model.inputs, func(i Info) bool { return i.Name == name }) {
				return s.noInput(name)
			}
		}
	}
	if st != nil {
		return st.fill(a)
	}
	return nil
}

// isNil reports whether a value is none, though it may be a pointer of some type.
func isNil(v tensor.Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case *tensor.Tensor:
		return v == nil
	case *tensor.Sequence:
		return v == nil
	case *tensor.Optional:
		return v == nil
	case *tensor.Map:
		return v == nil
	}
	return false
}

// check checks input i and notes the sizes that its dimensions give to symbols.
func (s *Session) check(a *args, i int, v tensor.Value) error {
	info := &s.model.inputs[i]
	t, ok := v.(*tensor.Tensor)
	if !ok || info.Kind != tensor.KindTensor {
		if !v.Type().Equal(info.Type) {
			return fmt.Errorf("input %q: %v, want %v", info.Name, v.Type(), info.Type)
		}
		return nil
	}
	if t.DType() != info.DType {
		return fmt.Errorf("input %q: %v, want %v", info.Name, t.DType(), info.DType)
	}
	checks := s.dims[i]
	if checks == nil {
		return nil
	}
	shape := t.Shape()
	if len(shape) != len(checks) {
		return fmt.Errorf("input %q: shape %s of rank %d, want rank %d: %s", info.Name, tensor.FormatShape(shape), len(shape), len(checks), describe(info))
	}
	for k, c := range checks {
		switch {
		case c.n >= 0 && shape[k] != c.n:
			return fmt.Errorf("input %q: dimension %d is %d, want %d", info.Name, k, shape[k], c.n)
		case c.sym >= 0 && a.sizes[c.sym] < 0:
			a.sizes[c.sym] = shape[k]
		case c.sym >= 0 && a.sizes[c.sym] != shape[k]:
			a.clash = true
		}
	}
	return nil
}

func describe(i *Info) string {
	if i.Kind == tensor.KindTensor && i.Dims == nil {
		return i.DType.String()
	}
	return i.Fact.String()
}

// bindOut puts the memory for outputs in its places.
func (s *Session) bindOut(a *args, st *State, out Values) error {
	n := 0
	for k, name := range s.outs {
		v, ok := out[name]
		if ok {
			n++
		}
		if b := st.next(k); b != nil {
			a.out[k] = b
			continue
		}
		if a.out[k] = v; isNil(v) {
			a.out[k] = nil
		}
		if !ok && len(out) > 0 {
			a.out[k] = exec.Discard
		}
	}
	if n != len(out) {
		for _, name := range sortedKeys(out) {
			if !slices.Contains(s.outs, name) {
				return s.noOutput(name)
			}
		}
	}
	return nil
}

// store puts the results where the caller finds them.
func (s *Session) store(a *args, st *State, out Values) {
	for k, name := range s.outs {
		switch v := a.out[k].(type) {
		case *exec.Buffer:
		default:
			if v != exec.Discard && out[name] != v {
				out[name] = v
			}
		}
	}
	if st != nil {
		st.swap()
	}
}

// shapeOf returns the shape that declared dimensions have under the sizes of symbols, with 0 for those unknown.
func shapeOf(checks []dimCheck, sizes []int) []int {
	shape := make([]int, len(checks))
	for i, c := range checks {
		switch {
		case c.n >= 0:
			shape[i] = c.n
		case c.sym >= 0:
			shape[i] = max(sizes[c.sym], 0)
		}
	}
	return shape
}

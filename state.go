package gneiss

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/tensor"
)

// pair is an input and the output whose value it gets in the next run.
type pair struct{ in, out int }

// A State holds what a model remembers from one run to the next: the cache of a decoder, or the state of a recurrent
// network. It belongs to one session. Runs with one State come one after the other.
type State struct {
	s     *Session
	mu    sync.Mutex
	cells []cell // per pair
	byIn  []int  // per input: its cell, -1 when it is none
	byOut []int
}

// cell is the memory of one pair: what the last run gave, and where the next one writes.
type cell struct {
	have, next *exec.Buffer
	first      tensor.Value // a value set by the caller, before any run
}

// matchState resolves the patterns of Options.State.
func (s *Session) matchState(patterns map[string]string) ([]pair, error) {
	var pairs []pair
	for _, p := range sortedKeys(patterns) {
		q := patterns[p]
		if strings.Count(p, "*") != strings.Count(q, "*") {
			return nil, fmt.Errorf("state %q: %q: both need as many *", p, q)
		}
		found := false
		for i, in := range s.model.inputs {
			parts, ok := match(p, in.Name)
			if !ok {
				continue
			}
			name := fill(q, parts)
			k := -1
			for j, n := range s.outs {
				if n == name {
					k = j
				}
			}
			if k < 0 {
				return nil, fmt.Errorf("state %q: %q: input %q goes with output %q, which the model does not have", p, q, in.Name, name)
			}
			for _, x := range pairs {
				if x.in == i || x.out == k {
					return nil, fmt.Errorf("state %q: %q: input %q or output %q is in two pairs", p, q, in.Name, name)
				}
			}
			pairs = append(pairs, pair{i, k})
			found = true
		}
		if !found {
			return nil, fmt.Errorf("state %q: no input matches: the inputs are %s", p, names(s.model.inputs))
		}
	}
	return pairs, nil
}

// match reports whether a name matches a pattern, and what each * stands for: the shortest text that fits.
func match(pattern, name string) ([]string, bool) {
	head, rest, star := strings.Cut(pattern, "*")
	if !strings.HasPrefix(name, head) {
		return nil, false
	}
	name = name[len(head):]
	if !star {
		return nil, name == ""
	}
	for i := 0; i <= len(name); i++ {
		if parts, ok := match(rest, name[i:]); ok {
			return append([]string{name[:i]}, parts...), true
		}
	}
	return nil, false
}

// fill puts texts in the place of the * of a pattern.
func fill(pattern string, parts []string) string {
	for _, p := range parts {
		pattern = strings.Replace(pattern, "*", p, 1)
	}
	return pattern
}

// NewState returns a state in which nothing is remembered: tensors of zeros, whose dimensions that the model leaves open
// are those of other inputs of the same name, or 0.
func (s *Session) NewState() *State {
	st := &State{s: s, cells: make([]cell, len(s.pairs)), byIn: make([]int, len(s.model.inputs)), byOut: make([]int, len(s.outs))}
	for i := range st.byIn {
		st.byIn[i] = -1
	}
	for k := range st.byOut {
		st.byOut[k] = -1
	}
	for j, p := range s.pairs {
		st.byIn[p.in], st.byOut[p.out] = j, j
		st.cells[j] = cell{have: new(exec.Buffer), next: new(exec.Buffer)}
	}
	return st
}

// Reset forgets everything, but keeps the memory.
func (st *State) Reset() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for j := range st.cells {
		st.cells[j].have.Value, st.cells[j].first = nil, nil
	}
}

// Get returns the value that the input of the given name has in the next run, nil before there is one. It is a view that
// the next run but one overwrites.
func (st *State) Get(input string) tensor.Value {
	st.mu.Lock()
	defer st.mu.Unlock()
	for j, p := range st.s.pairs {
		if st.s.model.inputs[p.in].Name == input {
			if f := st.cells[j].first; f != nil {
				return f
			}
			return st.cells[j].have.Value
		}
	}
	return nil
}

// Set sets the value that the input of the given name has in the next run. v must not be changed before that.
func (st *State) Set(input string, v tensor.Value) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	for j, p := range st.s.pairs {
		if st.s.model.inputs[p.in].Name == input {
			st.cells[j].first = v
			return nil
		}
	}
	return fmt.Errorf("input %q is not part of the state", input)
}

// has reports whether input i is in the state; st may be nil.
func (st *State) has(i int) bool { return st != nil && st.byIn[i] >= 0 }

// next returns the memory for output k when it is in the state; st may be nil.
func (st *State) next(k int) *exec.Buffer {
	if st == nil || st.byOut[k] < 0 {
		return nil
	}
	return st.cells[st.byOut[k]].next
}

// fill gives the inputs that are in the state their values.
func (st *State) fill(a *args) error {
	s := st.s
	for j, p := range s.pairs {
		c := &st.cells[j]
		v := c.have.Value
		if c.first != nil {
			v = c.first
		}
		if v == nil {
			info := &s.model.inputs[p.in]
			if info.Kind != tensor.KindTensor || s.dims[p.in] == nil {
				return fmt.Errorf("input %q: %v has no first value: set it in the state", info.Name, info.Fact)
			}
			t, err := tensor.Make(info.DType, shapeOf(s.dims[p.in], a.sizes))
			if err != nil {
				return fmt.Errorf("input %q: %w", info.Name, err)
			}
			v = t
		}
		if err := s.check(a, p.in, v); err != nil {
			return err
		}
		a.vals[p.in], a.given[p.in] = v, true
	}
	return nil
}

// swap makes what a run wrote what the next one reads.
func (st *State) swap() {
	for j := range st.cells {
		c := &st.cells[j]
		c.have, c.next, c.first = c.next, c.have, nil
	}
}

// RunState is RunInto with a state: the inputs and outputs that Options.State pairs are kept in st, where the output of
// one run becomes the input of the next without a copy. They appear neither in in nor in out. An error leaves the state
// as it was.
func (s *Session) RunState(ctx context.Context, st *State, in, out Values) error {
	if st == nil || st.s != s {
		return fmt.Errorf("the state is not one of this session")
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	return s.run(ctx, st, in, out)
}

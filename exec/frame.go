package exec

import (
	"context"
	"sync/atomic"

	"github.com/gneiss-ml/gneiss/tensor"
)

// A Frame is the memory of one run of a program. Kernels see in it the operands of the step that runs: inputs by
// position, outputs by position.
type Frame struct {
	call *call
	run  uint64
	vals []tensor.Value // the values of the program by id; nil where there is none (yet)
	// Of the current step: the ids of its operands, -1 where absent, and what its workers share.
	in, out []int32
	step    *bound
	node    *node
	phase   *Phase
	rep     int
	failed  atomic.Bool
	err     error

	own    call // of a run that is not inside another
	hdr    []tensor.Tensor
	arena  []byte   // the memory of held
	held   *arena   // during a run
	last   uint64   // the arena of the last run, in which the places of at lie
	at     *segment // whose places are set
	outs   []tensor.Value
	mem    []*tensor.Tensor // memory of outputs, by output; nil until it is needed
	direct []bool           // which outputs the steps write where they belong
	spare  []Buffer         // memory of discarded outputs
	key    []byte
	path   []*segment
	made   []*tensor.Tensor // what alloc gave, guarded by call.mu
	bufs   []*Buffer        // of the loop that runs the frame
	outer  *Frame           // whose step runs the frame; nil for that of Run
	next   *Frame           // in the list of free frames
}

// In returns input i as a tensor; nil when it is absent.
func (f *Frame) In(i int) *tensor.Tensor {
	v := f.InValue(i)
	if v == nil {
		return nil
	}
	return v.(*tensor.Tensor)
}

// InValue returns input i: a tensor, sequence, optional or map; nil when it is absent.
func (f *Frame) InValue(i int) tensor.Value {
	if i >= len(f.in) || f.in[i] < 0 {
		return nil
	}
	return f.vals[f.in[i]]
}

// NumIn returns the number of inputs, absent ones among them.
func (f *Frame) NumIn() int { return len(f.in) }

// Out returns output i, to be written, when its shape was known at binding; nil when it is not wanted. What it holds
// before is undefined.
func (f *Frame) Out(i int) *tensor.Tensor {
	if i >= len(f.out) || f.out[i] < 0 {
		return nil
	}
	t, _ := f.vals[f.out[i]].(*tensor.Tensor)
	return t
}

// Make returns output i with the given shape, to be written: the planned one, or a new one where the shape was not
// known at binding. It is for operators whose output size depends on data.
func (f *Frame) Make(i int, dt tensor.DType, shape ...int) (*tensor.Tensor, error) {
	if t := f.Out(i); t != nil {
		return t, nil
	}
	t, err := f.Alloc(dt, shape...)
	if err != nil {
		return nil, err
	}
	f.Emit(i, t)
	return t, nil
}

// Emit makes v output i of the step. It is for sequences, optionals and maps, and for tensors whose shape was not known
// at binding. v must not be changed later, and may be, or hold, an input.
func (f *Frame) Emit(i int, v tensor.Value) {
	if i >= len(f.out) || f.out[i] < 0 {
		return
	}
	if t := f.Out(i); t != nil {
		t.CopyFrom(v.(*tensor.Tensor))
		return
	}
	f.vals[f.out[i]] = v
}

// Alloc returns a new zeroed tensor that outlives the step. It is charged to the memory limit of the session.
func (f *Frame) Alloc(dt tensor.DType, shape ...int) (*tensor.Tensor, error) {
	return f.alloc(dt, shape)
}

// Scratch returns the working memory of a worker, of the size that the Step asked for. It keeps its content through the
// phases of one run of the step.
func (f *Frame) Scratch(worker int) []byte {
	n := f.step.Scratch
	at := f.step.each + worker*scratchSize(n)
	return f.arena[at : at+n : at+n]
}

// Shared returns the working memory that all workers share, of the size that the Step asked for.
func (f *Frame) Shared() []byte {
	at, n := f.step.shared, f.step.Step.Shared
	return f.arena[at : at+n : at+n]
}

// RunIndex returns a number that differs between the runs of a session, and between the trips of a loop; random operators
// count by it.
func (f *Frame) RunIndex() uint64 { return f.run }

// Err returns why the run should stop, or nil. Kernels with tiles of more than about a millisecond ask between rows.
func (f *Frame) Err() error { return f.call.ctx.Err() }

// Context returns the context of the run.
func (f *Frame) Context() context.Context { return f.call.ctx }

// operands gives the frame places for n inputs and m outputs of a lone step: values 0 to n-1, and those after them.
func (f *Frame) operands(n, m int) {
	f.vals = make([]tensor.Value, n+m)
	ids := make([]int32, n+m)
	for i := range ids {
		ids[i] = int32(i)
	}
	f.in, f.out = ids[:n:n], ids[n:]
}

// RunAll runs the step on the calling goroutine.
func (s *Step) RunAll(f *Frame) error {
	for _, p := range s.Phases {
		for rep := range max(p.Repeat, 1) {
			for tile := range p.Tiles {
				if err := p.Run(f, 0, rep, tile); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

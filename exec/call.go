package exec

import (
	"context"
	"fmt"
	"sync"
	"unsafe"

	"github.com/gneiss-ml/gneiss/internal/par"
	"github.com/gneiss-ml/gneiss/tensor"
)

// call is one Run of a session: what its frame and those of bodies share.
type call struct {
	ctx     context.Context
	env     *env
	team    *par.Team
	mu      sync.Mutex // guards what follows: kernels allocate in many goroutines
	charged int64
	// fresh holds the tensors that are made for this run and belong to nobody, with their sizes.
	fresh map[*tensor.Tensor]int64
	path  []string // the nodes whose bodies are running
}

func (c *call) start(ctx context.Context, e *env) {
	c.ctx, c.env = ctx, e
	if c.team == nil {
		c.team = par.New(e.Threads)
	}
	c.team.Start()
}

func (c *call) stop() {
	c.team.Stop()
	c.env.budget.give(c.charged)
	c.ctx, c.charged, c.path = nil, 0, c.path[:0]
	if len(c.fresh) > 1000 {
		c.fresh = nil // clearing it would take long in every run
	}
	clear(c.fresh)
}

// alloc returns a new tensor, charged to the session until the run ends or it is dropped.
func (f *Frame) alloc(dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	size := int64(dt.Bytes(n))
	if dt == tensor.String {
		size = int64(n) * int64(unsafe.Sizeof(""))
	}
	c := f.call
	if err := c.charge(size); err != nil {
		return nil, err
	}
	t, err := tensor.Make(dt, shape)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh == nil {
		c.fresh = map[*tensor.Tensor]int64{}
	}
	c.fresh[t] = size
	f.made = append(f.made, t)
	return t, nil
}

// handOver gives the tensors that the frame of a body made to the frame around it, as far as they are among the results,
// and drops the others.
func (f *Frame) handOver(to *Frame) {
	if len(f.made) == 0 {
		return
	}
	c := f.call
	c.mu.Lock()
	defer c.mu.Unlock()
	used := make(map[*tensor.Tensor]bool, len(f.made))
	for _, v := range f.outs {
		eachTensor(v, func(t *tensor.Tensor) {
			if _, ok := c.fresh[t]; ok {
				used[t] = true
			}
		})
	}
	for _, t := range f.made {
		if used[t] {
			to.made = append(to.made, t)
		} else if size, ok := c.fresh[t]; ok {
			delete(c.fresh, t)
			c.charged -= size
			c.env.budget.give(size)
		}
	}
}

// eachTensor calls f for each tensor in v.
func eachTensor(v tensor.Value, f func(*tensor.Tensor)) {
	switch v := v.(type) {
	case *tensor.Tensor:
		f(v)
	case *tensor.Sequence:
		for _, x := range v.Items {
			eachTensor(x, f)
		}
	case *tensor.Optional:
		eachTensor(v.Value, f)
	case *tensor.Map:
		f(v.Keys)
		eachTensor(v.Values, f)
	case *Buffer:
		eachTensor(v.Value, f)
	}
}

// charge counts bytes that are allocated until the run ends.
func (c *call) charge(n int64) error {
	if n > maxArena {
		return fmt.Errorf("tensor of %s", formatBytes(n))
	}
	if err := c.env.budget.take(n); err != nil {
		if !c.env.arenas.trim() {
			return err
		}
		if err := c.env.budget.take(n); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.charged += n
	return nil
}

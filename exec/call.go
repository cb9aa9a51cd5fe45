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
	fresh   map[*tensor.Tensor]bool // tensors that are made for this run and belong to nobody
	path    []string                // the nodes whose bodies are running
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
	clear(c.fresh)
}

// alloc returns a new tensor, charged to the session until the run ends.
func (c *call) alloc(dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	size := int64(dt.Bytes(n))
	if dt == tensor.String {
		size = int64(n) * int64(unsafe.Sizeof(""))
	}
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
		c.fresh = map[*tensor.Tensor]bool{}
	}
	c.fresh[t] = true
	return t, nil
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

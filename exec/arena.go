package exec

import (
	"sync"

	"github.com/gneiss-ml/gneiss/tensor"
)

// arena is a block of memory for the intermediate results of one program at a time.
type arena struct {
	id     uint64 // not 0
	mem    []byte
	unused int // how many runs in a row needed much less
}

// arenas is the pool of a session: the frames of all its programs take an arena for each run. What lies idle counts
// against the memory limit until somebody needs the room.
type arenas struct {
	mu   sync.Mutex
	idle []*arena // the last used one last
	made uint64
	b    *budget
}

const (
	maxIdle = 64 // arenas that lie idle
	// An arena that is more than wasteful times as large as what it is used for is dropped after patience runs.
	wasteful = 4
	patience = 100
)

// take returns an arena of at least n bytes: the one with the id last, if it is idle and large enough, else the smallest that is, else a new
// one.
func (a *arenas) take(n int, last uint64) (*arena, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	best := -1
	for i := len(a.idle) - 1; i >= 0; i-- {
		x := a.idle[i]
		if x.id == last && len(x.mem) >= n {
			best = i
			break
		}
		if len(x.mem) >= n && (best < 0 || len(x.mem) < len(a.idle[best].mem)) {
			best = i
		}
	}
	if best >= 0 {
		x := a.idle[best]
		a.remove(best)
		if x.unused++; len(x.mem) <= wasteful*n {
			x.unused = 0
		}
		return x, nil
	}
	if err := a.b.take(int64(n)); err != nil {
		a.drop()
		if err = a.b.take(int64(n)); err != nil {
			return nil, err
		}
	}
	a.made++
	return &arena{id: a.made, mem: tensor.Aligned(n)}, nil
}

// put gives an arena back.
func (a *arenas) put(x *arena) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x.unused > patience {
		a.b.give(int64(len(x.mem)))
		return
	}
	if len(a.idle) == maxIdle {
		a.b.give(int64(len(a.idle[0].mem)))
		a.remove(0)
	}
	a.idle = append(a.idle, x)
}

// trim makes room for others: it drops what lies idle, and reports whether there was anything.
func (a *arenas) trim() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.drop()
}

func (a *arenas) drop() bool {
	for _, x := range a.idle {
		a.b.give(int64(len(x.mem)))
	}
	n := len(a.idle)
	clear(a.idle)
	a.idle = a.idle[:0]
	return n > 0
}

func (a *arenas) remove(i int) {
	copy(a.idle[i:], a.idle[i+1:])
	a.idle[len(a.idle)-1] = nil
	a.idle = a.idle[:len(a.idle)-1]
}

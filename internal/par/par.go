package par

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Body runs tiles lo to hi-1 of a loop on the given worker. It must not panic.
type Body interface {
	Tiles(worker, lo, hi int)
}

const (
	busyWait = 200 * time.Microsecond // how long a helper spins for the next loop of an active Team
	idleWait = 20 * time.Microsecond  // how long it spins after the Team stopped
)

// A Team is the workers of one run: the goroutine that calls Do, which is worker 0, and the helpers that joined. One
// goroutine uses it at a time.
type Team struct {
	body  Body
	tiles int
	epoch uint32
	_     [64]byte
	// word is the number of the loop, which tells late helpers that theirs is over, over the number of unclaimed tiles.
	word   atomic.Uint64
	_      [56]byte
	done   atomic.Int64 // finished tiles of the loop
	_      [56]byte
	active atomic.Bool
	slots  []atomic.Pointer[helper] // slot i is worker i+1
}

// New returns a team of up to the given number of workers.
func New(workers int) *Team { return &Team{slots: make([]atomic.Pointer[helper], max(workers-1, 0))} }

// Workers returns how many workers the team has at most.
func (t *Team) Workers() int { return len(t.slots) + 1 }

// Start says that loops will follow.
func (t *Team) Start() { t.active.Store(true) }

// Stop says that no loop will follow soon: helpers leave.
func (t *Team) Stop() { t.active.Store(false) }

// Do runs tiles 0 to tiles-1 of body and returns when all are done. Which worker runs which tile is left to chance.
func (t *Team) Do(tiles int, body Body) {
	if len(t.slots) == 0 || tiles < 2 || tiles > math.MaxInt32 {
		body.Tiles(0, 0, tiles)
		return
	}
	t.body, t.tiles = body, tiles
	t.done.Store(0)
	t.epoch++
	t.word.Store(uint64(t.epoch)<<32 | uint64(tiles))
	t.recruit(tiles - 1)
	t.work(0)
	for i := 0; int(t.done.Load()) != tiles; i++ {
		if i > 100 {
			runtime.Gosched()
		}
	}
	t.body = nil
}

// work claims and runs tiles until none is unclaimed; it reports whether it got any.
func (t *Team) work(worker int) (any bool) {
	share := uint64(4 * t.Workers())
	for {
		w := t.word.Load()
		left := w & (1<<32 - 1)
		if left == 0 {
			return any
		}
		n := max(1, left/share)
		if !t.word.CompareAndSwap(w, w-n) {
			continue
		}
		// The loop cannot end before these tiles are counted, so its fields stay as they are.
		lo := t.tiles - int(left)
		t.body.Tiles(worker, lo, lo+int(n))
		t.done.Add(int64(n))
		any = true
	}
}

// recruit fills up to n empty slots with helpers that are free.
func (t *Team) recruit(n int) {
	for i := range t.slots {
		if n == 0 {
			return
		}
		n--
		if t.slots[i].Load() == nil && !join(t, i) {
			return
		}
	}
}

// helper is a goroutine that works for one team after another.
type helper struct {
	team *Team // written before it is woken
	slot int
	wake chan struct{}
}

// pool holds the helpers that are parked, or about to.
var pool struct {
	sync.Mutex
	free []*helper
	n    int         // helpers there are
	full atomic.Bool // every helper is in a team
}

// join puts a free helper in slot i of t; false when there is none.
func join(t *Team, i int) bool {
	if pool.full.Load() {
		return false
	}
	pool.Lock()
	defer pool.Unlock()
	var h *helper
	switch n := len(pool.free); {
	case n > 0:
		h = pool.free[n-1]
		pool.free = pool.free[:n-1]
	case pool.n < runtime.GOMAXPROCS(0)-1:
		h = &helper{wake: make(chan struct{}, 1)}
		pool.n++
		go h.run()
	default:
		pool.full.Store(true)
		return false
	}
	h.team, h.slot = t, i
	t.slots[i].Store(h)
	h.wake <- struct{}{}
	return true
}

func (h *helper) run() {
	for range h.wake {
		t, slot := h.team, h.slot
		h.serve(t, slot+1)
		h.team = nil
		t.slots[slot].Store(nil)
		pool.Lock()
		pool.free = append(pool.free, h)
		pool.full.Store(false)
		pool.Unlock()
	}
}

// serve works for a team until nothing came for a while.
func (h *helper) serve(t *Team, worker int) {
	last := time.Now()
	for i := 1; ; i++ {
		if t.work(worker) {
			last, i = time.Now(), 0
			continue
		}
		if i%64 != 0 {
			continue
		}
		wait := busyWait
		if !t.active.Load() {
			wait = idleWait
		}
		if time.Since(last) > wait {
			return
		}
		runtime.Gosched()
	}
}

package par

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type counter struct {
	hits []atomic.Int32
	busy []atomic.Int32
	t    *testing.T
}

func (c *counter) Tiles(worker, lo, hi int) {
	if c.busy[worker].Add(1) != 1 {
		c.t.Errorf("two goroutines are worker %d", worker)
	}
	for i := lo; i < hi; i++ {
		c.hits[i].Add(1)
	}
	c.busy[worker].Add(-1)
}

func TestEachTileOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			team := New(3)
			for round := range 300 {
				n := round % 97
				c := &counter{make([]atomic.Int32, n), make([]atomic.Int32, 3), t}
				team.Start()
				for range 5 {
					team.Do(n, c)
				}
				team.Stop()
				for i := range c.hits {
					if h := c.hits[i].Load(); h != 5 {
						t.Errorf("%d tiles: tile %d ran %d times, want 5", n, i, h)
					}
				}
				if round%50 == 0 {
					time.Sleep(time.Millisecond) // helpers leave
				}
			}
		})
	}
	wg.Wait()
}

type nothing struct{}

func (nothing) Tiles(worker, lo, hi int) {}

func BenchmarkDo(b *testing.B) {
	team := New(2)
	team.Start()
	defer team.Stop()
	for b.Loop() {
		team.Do(16, nothing{})
	}
}

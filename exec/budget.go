package exec

import (
	"fmt"
	"sync/atomic"
)

// budget counts the memory of intermediate results against a limit. It is safe for any number of goroutines.
type budget struct {
	limit int64 // 0: none
	used  atomic.Int64
}

// take adds n bytes, or says why it cannot.
func (b *budget) take(n int64) error {
	used := b.used.Add(n)
	if b.limit > 0 && used > b.limit {
		b.used.Add(-n)
		return &MemoryError{Need: n, Used: used - n, Limit: b.limit}
	}
	return nil
}

// check says why n bytes more would be too many.
func (b *budget) check(n int64) error {
	err := b.take(n)
	if err == nil {
		b.give(n)
	}
	return err
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// A MemoryError says that a run needs more memory than its limit allows.
type MemoryError struct{ Need, Used, Limit int64 }

// Error implements error.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("memory limit: %s more needed, %s of %s in use", formatBytes(e.Need), formatBytes(e.Used), formatBytes(e.Limit))
}

func formatBytes(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

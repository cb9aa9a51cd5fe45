package plan

import (
	"math/rand/v2"
	"testing"
)

// check fails the test when intervals of one time overlap, or an offset is not aligned.
func check(t *testing.T, iv []Interval, align int) (total, lower int) {
	t.Helper()
	offs, total := Pack(iv, align)
	if len(offs) != len(iv) {
		t.Fatalf("%d offsets for %d intervals", len(offs), len(iv))
	}
	for i, a := range iv {
		if a.Size == 0 {
			continue
		}
		if offs[i]%align != 0 || offs[i] < 0 || offs[i]+a.Size > total {
			t.Fatalf("interval %d %v at %d, total %d, align %d", i, a, offs[i], total, align)
		}
		for j, b := range iv[:i] {
			if b.Size > 0 && a.First <= b.Last && b.First <= a.Last && offs[i] < offs[j]+b.Size && offs[j] < offs[i]+a.Size {
				t.Fatalf("%v at %d and %v at %d overlap", a, offs[i], b, offs[j])
			}
		}
	}
	return total, Lower(iv, align)
}

func random(r *rand.Rand, n, steps, life, size int) []Interval {
	iv := make([]Interval, n)
	for i := range iv {
		f := r.IntN(steps)
		iv[i] = Interval{f, min(steps-1, f+r.IntN(life)), r.IntN(size)}
	}
	return iv
}

func TestPackRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	waste, sum := 0, 0
	for range 500 {
		iv := random(r, r.IntN(80), 1+r.IntN(60), 1+r.IntN(20), 1+r.IntN(5000))
		total, lower := check(t, iv, 1<<r.IntN(8))
		if total < lower {
			t.Fatalf("total %d is less than %d", total, lower)
		}
		waste += total - lower
		sum += lower
	}
	if waste*10 > sum {
		t.Errorf("%d bytes over a lower bound of %d", waste, sum)
	}
}

func TestPackChain(t *testing.T) {
	var iv []Interval // each buffer feeds the next: two are in use at one time
	for i := range 100 {
		iv = append(iv, Interval{i, i + 1, 1000})
	}
	if total, _ := check(t, iv, 8); total != 2000 {
		t.Errorf("total %d, want 2000", total)
	}
}

func TestPackLarge(t *testing.T) {
	iv := random(rand.New(rand.NewPCG(3, 4)), 6000, 6000, 30, 100000)
	if total, lower := check(t, iv, 64); total > 2*lower {
		t.Errorf("total %d, lower bound %d", total, lower)
	}
}

func FuzzPack(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		var iv []Interval
		for len(b) >= 3 && len(iv) < 200 {
			iv = append(iv, Interval{int(b[0]), int(b[0]) + int(b[1]%16), int(b[2]) * 13})
			b = b[3:]
		}
		check(t, iv, 64)
	})
}

func BenchmarkPack(b *testing.B) {
	iv := random(rand.New(rand.NewPCG(5, 6)), 1000, 1000, 10, 100000)
	for b.Loop() {
		Pack(iv, 64)
	}
}

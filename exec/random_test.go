package exec

import (
	"fmt"
	"math"
	"testing"
)

// TestPhilox compares with the known answers of the paper's library (kat_vectors, philox4x32 10).
func TestPhilox(t *testing.T) {
	for _, c := range []struct {
		key    [2]uint32
		run, i uint64
		want   string
	}{
		{[2]uint32{}, 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"},
		{[2]uint32{math.MaxUint32, math.MaxUint32}, math.MaxUint64, math.MaxUint64, "408f276d 41c83b0e a20bc7c6 6d5451fd"},
		{[2]uint32{0xa4093822, 0x299f31d0}, 0x0370734413198a2e, 0x85a308d3243f6a88, "d16cfe09 94fdcceb 5001e420 24126ea1"},
	} {
		w := Random{c.key}.Words(c.run, c.i)
		if got := fmt.Sprintf("%08x %08x %08x %08x", w[0], w[1], w[2], w[3]); got != c.want {
			t.Errorf("%x: %s, want %s", c.key, got, c.want)
		}
	}
}

func TestRandomKeys(t *testing.T) {
	seen := map[[4]uint32]bool{}
	for seed := range uint64(8) {
		for node := range uint64(8) {
			for run := range uint64(4) {
				r := (&Binding{Seed: seed}).Random(node)
				for i := range uint64(4) {
					w := r.Words(run, i)
					if seen[w] {
						t.Fatal("repeated words")
					}
					seen[w] = true
				}
			}
		}
	}
}

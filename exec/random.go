package exec

import "math/bits"

// A Random gives the numbers of one random node: a function of the run and the position alone, so that any worker can
// draw any of them and a recomputed node draws the same. It is Philox 4x32 with 10 rounds, keyed by seeds and counted by run and
// position.
//
// J. K. Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3. SC 2011.
type Random struct{ key [2]uint32 }

// Random returns the numbers for the node, whose own attribute seed is given; 0 where it has none.
func (b *Binding) Random(seed uint64) Random {
	k := mix(b.Seed ^ mix(seed))
	return Random{[2]uint32{uint32(k), uint32(k >> 32)}}
}

// mix is the finalizer of splitmix64: every bit of the result depends on every bit of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Words returns four words of the given run at position i.
func (r Random) Words(run, i uint64) [4]uint32 {
	c := [4]uint32{uint32(i), uint32(i >> 32), uint32(run), uint32(run >> 32)}
	k := r.key
	for range 10 {
		hi0, lo0 := bits.Mul32(0xd2511f53, c[0])
		hi1, lo1 := bits.Mul32(0xcd9e8d57, c[2])
		c = [4]uint32{hi1 ^ c[1] ^ k[0], lo1, hi0 ^ c[3] ^ k[1], lo0}
		k[0] += 0x9e3779b9
		k[1] += 0xbb67ae85
	}
	return c
}

// Pair returns two numbers from [0,1), uniform with 53 bits, of the given run at position i.
func (r Random) Pair(run, i uint64) (float64, float64) {
	w := r.Words(run, i)
	u := func(hi, lo uint32) float64 { return float64((uint64(hi)<<32|uint64(lo))>>11) / (1 << 53) }
	return u(w[0], w[1]), u(w[2], w[3])
}

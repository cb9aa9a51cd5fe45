package plan

import (
	"cmp"
	"slices"
)

// An Interval is a buffer of Size bytes that is in use from step First to step Last, both included.
type Interval struct{ First, Last, Size int }

// bySizeMax is the most intervals for which the quadratic packing is tried.
const bySizeMax = 4096

// Pack returns an offset for each interval, a multiple of align, so that intervals which are in use at one time do not
// overlap, and the size of the whole. Sizes must not be negative and their sum must not overflow.
//
// It tries two orders and keeps the better result: by time, as an allocator would, and by size, the largest first. The
// result depends on nothing but the arguments.
func Pack(iv []Interval, align int) (offsets []int, total int) {
	order := make([]int32, 0, len(iv))
	for i := range iv {
		if iv[i].Size > 0 {
			order = append(order, int32(i))
		}
	}
	offsets = make([]int, len(iv))
	total = byTime(iv, order, align, offsets)
	if len(order) > bySizeMax || total == Lower(iv, align) {
		return offsets, total
	}
	other := make([]int, len(iv))
	if t := bySize(iv, order, align, other); t < total {
		return other, t
	}
	return offsets, total
}

// Lower returns the most bytes that are in use at one time, with sizes rounded up to align: no packing is smaller.
func Lower(iv []Interval, align int) int {
	type event struct{ at, bytes int }
	ev := make([]event, 0, 2*len(iv))
	for _, v := range iv {
		if n := up(v.Size, align); n > 0 {
			ev = append(ev, event{2 * v.First, n}, event{2*v.Last + 1, -n})
		}
	}
	slices.SortFunc(ev, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	now, most := 0, 0
	for _, e := range ev {
		now += e.bytes
		most = max(most, now)
	}
	return most
}

func up(n, align int) int { return (n + align - 1) / align * align }

// hole is free memory between two offsets.
type hole struct{ from, to int }

// byTime places each interval, in the order of their starts, in the smallest hole that fits, as a best-fit allocator
// does.
func byTime(iv []Interval, order []int32, align int, offsets []int) (total int) {
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(iv[a].First, iv[b].First), cmp.Compare(iv[b].Size, iv[a].Size))
	})
	ends := slices.Clone(order)
	slices.SortStableFunc(ends, func(a, b int32) int { return cmp.Compare(iv[a].Last, iv[b].Last) })
	var free []hole // sorted by offset, never touching each other
	for _, i := range order {
		for len(ends) > 0 && iv[ends[0]].Last < iv[i].First {
			e := ends[0]
			ends = ends[1:]
			free = release(free, offsets[e], offsets[e]+up(iv[e].Size, align))
		}
		n := up(iv[i].Size, align)
		best := -1
		for j, h := range free {
			if h.to-h.from >= n && (best < 0 || h.to-h.from < free[best].to-free[best].from) {
				best = j
			}
		}
		switch {
		case best >= 0:
			offsets[i] = free[best].from
			if free[best].from += n; free[best].from == free[best].to {
				free = slices.Delete(free, best, best+1)
			}
		case len(free) > 0 && free[len(free)-1].to == total: // grow the last hole
			offsets[i] = free[len(free)-1].from
			free = free[:len(free)-1]
			total = offsets[i] + n
		default:
			offsets[i] = total
			total += n
		}
	}
	return total
}

func release(free []hole, from, to int) []hole {
	i, _ := slices.BinarySearchFunc(free, from, func(h hole, at int) int { return cmp.Compare(h.from, at) })
	if i > 0 && free[i-1].to == from {
		i--
		free[i].to = to
	} else {
		free = slices.Insert(free, i, hole{from, to})
	}
	if i+1 < len(free) && free[i].to == free[i+1].from {
		free[i].to = free[i+1].to
		free = slices.Delete(free, i+1, i+2)
	}
	return free
}

// bySize places the intervals from the largest to the smallest, each in the smallest hole among those that were placed
// before and are in use at the same time.
func bySize(iv []Interval, order []int32, align int, offsets []int) (total int) {
	order = slices.Clone(order)
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(iv[b].Size, iv[a].Size), cmp.Compare(iv[a].First, iv[b].First))
	})
	placed := make([]int32, 0, len(order)) // sorted by offset
	for _, i := range order {
		n := up(iv[i].Size, align)
		at, best, gap := 0, -1, 0
		for _, j := range placed {
			if iv[j].Last < iv[i].First || iv[i].Last < iv[j].First {
				continue
			}
			if g := offsets[j] - at; g >= n && (best < 0 || g < gap) {
				best, gap = at, g
			}
			at = max(at, offsets[j]+up(iv[j].Size, align))
		}
		if best < 0 {
			best = at
		}
		offsets[i] = best
		total = max(total, best+n)
		k, _ := slices.BinarySearchFunc(placed, best, func(j int32, at int) int { return cmp.Compare(offsets[j], at) })
		placed = slices.Insert(placed, k, i)
	}
	return total
}

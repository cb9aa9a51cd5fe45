package exec

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/plan"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A planner decides where the values of a segment live. It is the working memory of plan, kept between calls.
type planner struct {
	entries []*entry // of the nodes of the segment
	runs    []bool   // which of them run
	// Per value, valid for those that the segment defines:
	last []int32 // the last node that reads it, or writes it; never: it outlives the segment; -1: nobody
	root []int32 // the value whose memory it shares; itself where it has its own
	out  []int32 // of a root: the output of the graph whose memory it is, -1 when none
	// Per buffer of the arena:
	bufs []buffer
}

// buffer is an arena buffer: of the value id, or the scratch of node id less the number of values.
type buffer struct {
	id int32
	iv plan.Interval
	at int
}

// layout is where a plan put its buffers; later plans use it again where it fits.
type layout struct {
	from  int
	at    []buffer // by id; the size is -1 where there is none
	total int
}

// place says where a value lives.
type place struct {
	id   int32
	kind placeKind
	k    int32 // for placeOut the output, for placeView the value that it is a view of
	off  int   // for placeArena
}

type placeKind uint8

const (
	placeConst placeKind = iota // the constant of its fact
	placeArena                  // at an offset of the arena
	placeOut                    // the memory of an output of the graph
	placeView                   // the memory of another value
	placeAlloc                  // memory of its own, new in each run
)

// live finds which nodes of the segment have to run, and until when their outputs are needed.
func (pl *planner) live(p *Program, s *segment) {
	if pl.last == nil {
		pl.last = make([]int32, len(p.vals))
		pl.root = make([]int32, len(p.vals))
		pl.out = make([]int32, len(p.vals))
	}
	pl.runs = append(pl.runs[:0], make([]bool, len(pl.entries))...)
	for k := range pl.entries {
		for _, id := range p.nodes[s.from+k].out {
			if id >= 0 {
				pl.last[id] = -1
				if p.vals[id].last >= int32(s.to) {
					pl.last[id] = never
				}
				pl.root[id], pl.out[id] = id, -1
			}
		}
	}
	for k := len(pl.entries) - 1; k >= 0; k-- {
		e, nd := pl.entries[k], &p.nodes[s.from+k]
		need := e.step != nil && e.open
		for _, id := range nd.out {
			need = need || (id >= 0 && e.step != nil && pl.last[id] >= 0)
		}
		if !need {
			continue
		}
		pl.runs[k] = true
		for _, id := range nd.in {
			if id >= 0 && int(p.vals[id].def) >= s.from {
				pl.last[id] = max(pl.last[id], int32(s.from+k))
			}
		}
	}
}

// rootOf returns the value whose memory id shares, which the segment may not have defined.
func (pl *planner) rootOf(p *Program, s *segment, id int32) int32 {
	if int(p.vals[id].def) >= s.from {
		return pl.root[id]
	}
	return id
}

// owned reports whether the memory of root r is the segment's to give away: a step of it writes it.
func (pl *planner) owned(p *Program, s *segment, r int32) bool {
	k := int(p.vals[r].def) - s.from
	return k >= 0 && pl.runs[k]
}

// share lets outputs be views of inputs, or take their memory, and graph outputs be written where the caller wants them.
func (pl *planner) share(p *Program, s *segment) {
	for k, e := range pl.entries {
		nd := &p.nodes[s.from+k]
		if !pl.runs[k] {
			continue
		}
		for _, id := range nd.out {
			if id >= 0 {
				pl.last[id] = max(pl.last[id], int32(s.from+k))
			}
		}
		if len(nd.out) == 0 || nd.out[0] < 0 || e.out[0] == nil || !e.out[0].isTensor() {
			continue
		}
		id, f := nd.out[0], e.out[0]
		if v := nd.view; v >= 0 && v < len(nd.in) && nd.in[v] >= 0 && len(nd.out) == 1 {
			src := nd.in[v]
			if sf := s.facts[src]; sf.isTensor() && sf.DType == f.DType && tensor.Count(sf.shape) == tensor.Count(f.shape) {
				pl.runs[k] = false
				pl.join(p, s, id, pl.rootOf(p, s, src))
			}
			continue
		}
		for _, v := range nd.over {
			if v < len(nd.in) && nd.in[v] >= 0 && pl.canOverwrite(p, s, nd, f, s.from+k, v) {
				pl.join(p, s, id, pl.root[nd.in[v]])
				break
			}
		}
	}
	for k, id := range p.out {
		if int(p.vals[id].def) < s.from || int(p.vals[id].def) >= s.to {
			continue
		}
		if r := pl.root[id]; pl.owned(p, s, r) && pl.out[r] < 0 && s.facts[r] != nil && s.facts[r].planned() {
			pl.out[r] = int32(k)
		}
	}
}

// join makes id share the memory of root r.
func (pl *planner) join(p *Program, s *segment, id, r int32) {
	pl.root[id] = r
	if int(p.vals[r].def) >= s.from {
		pl.last[r] = max(pl.last[r], pl.last[id])
	}
}

// canOverwrite reports whether output 0 of nd, with fact f, may take the memory of input v: it has the same type and
// shape, and is memory of the segment that nobody reads after node i, nor node i itself through another value.
func (pl *planner) canOverwrite(p *Program, s *segment, nd *node, f *fact, i, v int) bool {
	src := nd.in[v]
	sf := s.facts[src]
	if sf == nil || !sf.planned() || sf.DType != f.DType || !slices.Equal(sf.shape, f.shape) {
		return false
	}
	r := pl.rootOf(p, s, src)
	if !pl.owned(p, s, r) || int(pl.last[r]) != i || s.facts[r] == nil || s.facts[r].bytes != f.bytes {
		return false
	}
	for _, in := range nd.in {
		if in >= 0 && in != src && pl.rootOf(p, s, in) == r {
			return false
		}
	}
	return true
}

// place gives every value its memory.
func (pl *planner) place(p *Program, s *segment) error {
	pl.bufs = pl.bufs[:0]
	n := 0
	for k := range pl.entries {
		if pl.runs[k] {
			n++
		}
	}
	s.steps = make([]bound, 0, n)
	s.places = make([]place, 0, n)
	for k, e := range pl.entries {
		nd := &p.nodes[s.from+k]
		if pl.runs[k] {
			pl.addStep(p, s, s.from+k, e)
		}
		for j, id := range nd.out {
			if id < 0 || pl.last[id] < 0 {
				continue
			}
			f, r := e.out[j], pl.root[id]
			switch {
			case e.step == nil:
				s.places = append(s.places, place{id: id, kind: placeConst})
			case f == nil || !f.isTensor():
				s.emitted = append(s.emitted, id)
			case !pl.owned(p, s, r):
				s.moving = append(s.moving, place{id: id, kind: placeView, k: r})
			case pl.out[r] >= 0:
				s.moving = append(s.moving, place{id: id, kind: placeOut, k: pl.out[r]})
			case r != id && (pl.last[r] == never || !f.planned()):
				s.moving = append(s.moving, place{id: id, kind: placeView, k: r})
			case pl.last[r] == never || !f.planned():
				s.moving = append(s.moving, place{id: id, kind: placeAlloc})
			default:
				if r == id {
					pl.bufs = append(pl.bufs, buffer{id, plan.Interval{First: s.from + k, Last: int(pl.last[r]), Size: f.bytes}, 0})
				}
				s.places = append(s.places, place{id: id, kind: placeArena, k: r})
			}
		}
	}
	return pl.pack(p, s)
}

func (pl *planner) addStep(p *Program, s *segment, i int, e *entry) {
	st := e.step
	s.steps = append(s.steps, bound{Step: st, index: i, emits: e.emits})
	if n := scratchSize(st.Scratch)*p.env.Threads + st.Shared; n > 0 {
		pl.bufs = append(pl.bufs, buffer{int32(len(p.vals) + i), plan.Interval{First: i, Last: i, Size: n}, 0})
	}
}

// scratchSize returns how far apart the scratch memories of two workers are: they share no cache lines.
func scratchSize(n int) int { return (n + 127) &^ 127 }

// arenaAlign is the alignment of buffers: a cache line, and a vector register.
const arenaAlign = 64

// maxArena is more than any machine has: larger sums are refused before they overflow.
const maxArena = 1 << (30 + (^uint(0)>>63)*17)

// pack chooses the offsets of the buffers in the arena.
func (pl *planner) pack(p *Program, s *segment) error {
	sum, largest := 0, 0
	for _, b := range pl.bufs {
		if b.iv.Size > largest {
			largest, s.largest = b.iv.Size, b.id
		}
		if b.iv.Size > maxArena || sum > maxArena {
			return fmt.Errorf("graph %q: intermediate results, the largest of %v, take more than %d bytes", p.g.Name, p.owner(s.largest), maxArena)
		}
		sum += b.iv.Size
	}
	l := p.layoutFor(s.from, pl.bufs)
	s.arena = l.total
	for i := range s.places {
		if pc := &s.places[i]; pc.kind == placeArena {
			pc.off = l.at[pc.k].at
		}
	}
	for k := range s.steps {
		st := &s.steps[k]
		if st.Scratch+st.Shared > 0 {
			st.each = l.at[len(p.vals)+st.index].at
			st.shared = st.each + scratchSize(st.Scratch)*p.env.Threads
		}
	}
	return nil
}

// owner returns the node that a buffer of the given id is an output or the scratch of.
func (p *Program) owner(id int32) *graph.Node {
	if k := int(id) - len(p.vals); k >= 0 {
		return p.nodes[k].Node
	}
	return p.vals[id].Def
}

// layoutFor returns a layout for buffers: an earlier one where it fits, else a new one. When there was an earlier one the
// sizes are rounded up by at most an eighth, so that slowly growing dimensions find room in it.
func (p *Program) layoutFor(from int, bufs []buffer) *layout {
	seen := false
	for i, l := range p.layouts {
		if l.from != from {
			continue
		}
		seen = true
		if l.fits(bufs) {
			copy(p.layouts[1:i+1], p.layouts[:i])
			p.layouts[0] = l
			return l
		}
	}
	iv := make([]plan.Interval, len(bufs))
	for i, b := range bufs {
		iv[i] = b.iv
		if seen {
			iv[i].Size = roomy(b.iv.Size)
		}
	}
	offs, total := plan.Pack(iv, arenaAlign)
	l := &layout{from: from, at: make([]buffer, len(p.vals)+len(p.nodes)), total: total}
	for i := range l.at {
		l.at[i].iv.Size = -1
	}
	for i, b := range bufs {
		l.at[b.id] = buffer{b.id, iv[i], offs[i]}
	}
	if len(p.layouts) < maxLayouts {
		p.layouts = append(p.layouts, nil)
	}
	copy(p.layouts[1:], p.layouts)
	p.layouts[0] = l
	return l
}

const maxLayouts = 8

// fits reports whether the buffers are among those of the layout, none larger or in use at another time.
func (l *layout) fits(bufs []buffer) bool {
	for _, b := range bufs {
		x := &l.at[b.id]
		if x.iv.Size < b.iv.Size || x.iv.First > b.iv.First || x.iv.Last < b.iv.Last {
			return false
		}
	}
	return true
}

// roomy rounds a size up to a multiple of an eighth of its largest power of two.
func roomy(n int) int {
	step := 1
	for step*16 <= n {
		step *= 2
	}
	return (n + step - 1) / step * step
}

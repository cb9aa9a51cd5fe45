package opt

import (
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
)

// schedule orders the nodes so that less memory is held at once: of the nodes that are ready, the one that frees most
// and needs least goes first. The order that was there stays when it is as good.
func schedule(p *run, g *graph.Graph) (bool, error) {
	s := newScheduler(g)
	before := s.peak(g.Nodes)
	nodes := s.greedy()
	if s.peak(nodes) >= before {
		return false, nil
	}
	g.Nodes = nodes
	return true, nil
}

// window is how many ready nodes, the earliest in the present order, are compared at each step.
const window = 32

// assumedSize stands for symbols when memory is estimated.
const assumedSize = 16

type scheduler struct {
	g     *graph.Graph
	bytes map[*graph.Value]int64 // of values that take memory of the run
	keep  map[*graph.Value]bool
}

func newScheduler(g *graph.Graph) *scheduler {
	s := &scheduler{g, map[*graph.Value]int64{}, map[*graph.Value]bool{}}
	for _, v := range g.Out {
		s.keep[v] = true
	}
	for _, n := range g.Nodes {
		for _, v := range n.Out {
			if v != nil {
				s.bytes[v] = estimate(v.Fact)
			}
		}
	}
	return s
}

// estimate returns about how many bytes a value takes.
func estimate(f graph.Fact) int64 {
	if f.Dims == nil || !f.DType.Valid() {
		return 1024
	}
	n := float64(f.DType.Bits()) / 8
	for _, d := range f.Dims {
		k, ok := d.Estimate(assumedSize)
		if !ok || k < 0 {
			k = assumedSize
		}
		n *= float64(k)
	}
	return int64(min(n, 1<<40))
}

// waiting returns how many distinct uses each value has: after the last one its memory is free.
func (s *scheduler) waiting() map[*graph.Value]int {
	left := map[*graph.Value]int{}
	for v := range s.bytes {
		left[v] = len(v.Users())
		if s.keep[v] {
			left[v]++
		}
	}
	return left
}

// peak returns the most bytes that live at once when nodes run in the given order.
func (s *scheduler) peak(nodes []*graph.Node) int64 {
	left := s.waiting()
	live, most := int64(0), int64(0)
	for _, n := range nodes {
		for _, v := range n.Out {
			live += s.bytes[v]
		}
		most = max(most, live)
		for _, v := range n.Out {
			if v != nil && left[v] == 0 {
				live -= s.bytes[v]
			}
		}
		for _, v := range n.In {
			if left[v]--; left[v] == 0 {
				live -= s.bytes[v]
			}
		}
	}
	return most
}

// greedy returns the nodes in the order that frees memory first.
func (s *scheduler) greedy() []*graph.Node {
	left := s.waiting()
	index := map[*graph.Node]int{}
	blocked := map[*graph.Node]int{} // inputs not computed yet
	var ready []*graph.Node
	for i, n := range s.g.Nodes {
		index[n] = i
		for _, v := range n.In {
			if v != nil && v.Def != nil {
				blocked[n]++
			}
		}
		if blocked[n] == 0 {
			ready = append(ready, n)
		}
	}
	order := make([]*graph.Node, 0, len(s.g.Nodes))
	for len(ready) > 0 {
		best, bestGrowth := 0, int64(0)
		for i, n := range ready[:min(len(ready), window)] {
			if growth := s.growth(n, left); i == 0 || growth < bestGrowth {
				best, bestGrowth = i, growth
			}
		}
		n := ready[best]
		ready = slices.Delete(ready, best, best+1)
		order = append(order, n)
		for _, v := range n.In {
			left[v]--
		}
		for _, v := range n.Out {
			if v == nil {
				continue
			}
			for _, u := range v.Users() {
				if blocked[u]--; blocked[u] == 0 {
					at, _ := slices.BinarySearchFunc(ready, u, func(a, b *graph.Node) int { return index[a] - index[b] })
					ready = slices.Insert(ready, at, u)
				}
			}
		}
	}
	return order
}

// growth returns by how many bytes running n now makes what lives grow.
func (s *scheduler) growth(n *graph.Node, left map[*graph.Value]int) int64 {
	grow := int64(0)
	for _, v := range n.Out {
		if v != nil && left[v] > 0 {
			grow += s.bytes[v]
		}
	}
	for i, v := range n.In {
		if v == nil || slices.Contains(n.In[:i], v) {
			continue
		}
		uses := 0
		for _, u := range n.In {
			if u == v {
				uses++
			}
		}
		if left[v] == uses {
			grow -= s.bytes[v]
		}
	}
	return grow
}

package onnx

import (
	"fmt"
	"iter"
)

// freeNames yields the names that a node takes: its inputs, and what its bodies take from around them. Names may come
// more than once.
func freeNames(n *nodeProto) iter.Seq[string] {
	return func(yield func(string) bool) { yieldFree(n, yield) }
}

func yieldFree(n *nodeProto, yield func(string) bool) bool {
	for _, name := range n.in {
		if name != "" && !yield(name) {
			return false
		}
	}
	for _, a := range n.attrs {
		bodies := a.graphs
		if a.g != nil {
			bodies = append(bodies[:len(bodies):len(bodies)], a.g)
		}
		for _, g := range bodies {
			if !yieldBody(g, yield) {
				return false
			}
		}
	}
	return true
}

// yieldBody yields the names that a body takes but does not define.
func yieldBody(g *graphProto, yield func(string) bool) bool {
	own := map[string]bool{}
	for _, v := range g.in {
		own[v.name] = true
	}
	for _, name := range g.constants {
		own[name] = true
	}
	for _, m := range g.nodes {
		for _, name := range m.out {
			own[name] = true
		}
	}
	outside := func(name string) bool { return own[name] || yield(name) }
	for _, m := range g.nodes {
		if !yieldFree(m, outside) {
			return false
		}
	}
	for _, v := range g.out {
		if !outside(v.name) {
			return false
		}
	}
	return true
}

// sortNodes returns nodes in an order in which each comes after those whose outputs it takes: the order of the file
// where that is one, as it should be.
func sortNodes(nodes []*nodeProto) ([]*nodeProto, error) {
	maker := map[string]int{}
	for i, n := range nodes {
		for _, name := range n.out {
			if name == "" {
				continue
			}
			if j, ok := maker[name]; ok {
				return nil, fmt.Errorf("%q is an output of %s and of %s", name, nodes[j].label(), n.label())
			}
			maker[name] = i
		}
	}
	sorted := true
	for i, n := range nodes {
		for name := range freeNames(n) {
			if j, ok := maker[name]; ok && j >= i {
				sorted = false
			}
		}
	}
	if sorted {
		return nodes, nil
	}
	return topological(nodes, maker)
}

// topological sorts nodes so that each stays as early as it can.
func topological(nodes []*nodeProto, maker map[string]int) ([]*nodeProto, error) {
	users := make([][]int, len(nodes))
	missing := make([]int, len(nodes))
	for i, n := range nodes {
		for name := range freeNames(n) {
			if j, ok := maker[name]; ok {
				users[j] = append(users[j], i)
				missing[i]++
			}
		}
	}
	var ready intHeap
	for i := range nodes {
		if missing[i] == 0 {
			ready.push(i)
		}
	}
	out := make([]*nodeProto, 0, len(nodes))
	for len(ready) > 0 {
		i := ready.pop()
		out = append(out, nodes[i])
		for _, u := range users[i] {
			if missing[u]--; missing[u] == 0 {
				ready.push(u)
			}
		}
	}
	for i, k := range missing {
		if k > 0 {
			return nil, fmt.Errorf("%s takes what depends on its own output: the graph has a cycle", nodes[i].label())
		}
	}
	return out, nil
}

// intHeap is a heap of integers, the least first.
type intHeap []int

func (h *intHeap) push(x int) {
	*h = append(*h, x)
	s := *h
	for i := len(s) - 1; i > 0 && s[(i-1)/2] > s[i]; i = (i - 1) / 2 {
		s[i], s[(i-1)/2] = s[(i-1)/2], s[i]
	}
}

func (h *intHeap) pop() int {
	s := *h
	top := s[0]
	last := len(s) - 1
	s[0] = s[last]
	s = s[:last]
	for i := 0; ; {
		c := 2*i + 1
		if c+1 < last && s[c+1] < s[c] {
			c++
		}
		if c >= last || s[i] <= s[c] {
			break
		}
		s[i], s[c] = s[c], s[i]
		i = c
	}
	*h = s
	return top
}

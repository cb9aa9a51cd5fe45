package graph

import (
	"fmt"
	"slices"
)

// Rewrite replaces nodes. It calls f for each node of g in topological order, with a builder whose nodes are put in
// the place of n and inherit its Sources. f returns one value per output of n (nil where n has no such output), which
// may be values that were there before; or nil to keep n, and then what it built is dropped. The nodes that f built
// are visited in turn, so f is repeated until it keeps everything. Facts that become sharper are passed on; a node that
// then turns out to be wrong stays as it is, since it may be one that is never reached. Bodies are not entered.
//
// Rewrite reports whether anything was replaced. Nodes that lost their users remain: see RemoveDead.
func (g *Graph) Rewrite(eval Evaluator, f func(b *Builder, n *Node) []*Value) (bool, error) {
	todo := slices.Clone(g.Nodes)
	slices.Reverse(todo)
	g.Nodes = g.Nodes[:0]
	changed := false
	sharper := map[*Node]bool{}
	stop := func(err error) (bool, error) {
		slices.Reverse(todo)
		g.Nodes = append(g.Nodes, todo...)
		return changed, err
	}
	limit := rewriteLimit(len(todo))
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		if sharper[n] {
			delete(sharper, n)
			n.sharpen(eval, sharper)
		}
		tmp := &Graph{Name: g.Name, Out: g.Out}
		b := NewBuilder(tmp, eval)
		b.Before(n, 0)
		out := f(b, n)
		if err := b.Err(); err != nil {
			if n.consistent() {
				tmp.drop()
				return stop(err)
			}
			out = nil
		}
		if out == nil {
			tmp.drop()
			g.Nodes = append(g.Nodes, n)
			todo = todo[:len(todo)-1]
			continue
		}
		if err := checkReplacement(n, out); err != nil {
			tmp.drop()
			return stop(err)
		}
		if limit--; limit < 0 {
			tmp.drop()
			return stop(fmt.Errorf("%v: rewriting does not come to an end", n))
		}
		changed = true
		todo = todo[:len(todo)-1]
		g.substitute(n, out, tmp.Nodes, sharper)
		slices.Reverse(tmp.Nodes)
		todo = append(todo, tmp.Nodes...)
	}
	return changed, nil
}

// rewriteLimit bounds the replacements in a graph of n nodes, so that rules that undo each other end in an error.
func rewriteLimit(n int) int { return 10000 + 100*n }

// drop takes the nodes of a graph that was never part of anything out of the uses of their inputs.
func (g *Graph) drop() { g.Remove(func(*Node) bool { return true }) }

// substitute makes out the outputs of n, which loses its users and its inputs. made are the nodes built for it: they
// inherit the sources of nodes whose results nobody needs any more.
func (g *Graph) substitute(n *Node, out []*Value, made []*Node, sharper map[*Node]bool) {
	for i, old := range n.Out {
		if old == nil {
			continue
		}
		v := out[i]
		if v.Name == "" && old != v {
			v.Name = old.Name
		}
		f, better := v.Fact.With(old.Fact)
		if better && v.Def != nil {
			v.Fact = f
		}
		if _, better := old.Fact.With(v.Fact); better {
			for _, u := range old.uses {
				sharper[u] = true
			}
		}
		g.Replace(old, v)
	}
	n.detach()
	if len(made) == 0 {
		return
	}
	var gone []*Node
	g.unneeded(n, &gone)
	for _, d := range gone {
		for _, m := range made {
			m.AddSources(d)
		}
	}
}

// unneeded collects the nodes whose outputs nobody takes now that n is gone.
func (g *Graph) unneeded(n *Node, gone *[]*Node) {
	for _, v := range n.In {
		if v == nil || v.Def == nil || slices.Contains(*gone, v.Def) || !g.isDead(v.Def, *gone) {
			continue
		}
		*gone = append(*gone, v.Def)
		g.unneeded(v.Def, gone)
	}
}

func (g *Graph) isDead(n *Node, gone []*Node) bool {
	for _, v := range n.Out {
		if v == nil {
			continue
		}
		if slices.Contains(g.Out, v) || slices.ContainsFunc(v.uses, func(u *Node) bool { return !slices.Contains(gone, u) }) {
			return false
		}
	}
	return true
}

// AddSources adds to the Sources of n those of m, a node that n stands for as well.
func (n *Node) AddSources(m *Node) {
	out := slices.Clip(sourcesOf(n))
	for _, s := range sourcesOf(m) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	n.Sources = out
}

// detach takes n out of the uses of its inputs. n.In stays, for reading.
func (n *Node) detach() {
	for _, v := range n.In {
		if v != nil {
			v.uses = slices.DeleteFunc(v.uses, func(u *Node) bool { return u == n })
		}
	}
}

// checkReplacement returns an error when values cannot stand for the outputs of n.
func checkReplacement(n *Node, out []*Value) error {
	if len(out) < len(n.Out) {
		return fmt.Errorf("%v: replaced by %d values, want %d", n, len(out), len(n.Out))
	}
	for i, old := range n.Out {
		switch {
		case old == nil:
		case out[i] == nil:
			return fmt.Errorf("%v: output %d has no replacement", n, i)
		case !old.Fact.Type.Equal(out[i].Fact.Type):
			return fmt.Errorf("%v: output %d: %v replaced by %v", n, i, old.Fact, out[i].Fact)
		case contradict(old.Fact, out[i].Fact):
			return fmt.Errorf("%v: output %d: %v replaced by %v", n, i, old.Fact, out[i].Fact)
		}
	}
	return nil
}

// contradict reports whether two facts of one type cannot be of the same value.
func contradict(a, b Fact) bool {
	if a.Dims == nil || b.Dims == nil {
		return false
	}
	if len(a.Dims) != len(b.Dims) {
		return true
	}
	for i, d := range a.Dims {
		x, ok1 := d.Int()
		y, ok2 := b.Dims[i].Int()
		if ok1 && ok2 && x != y {
			return true
		}
	}
	return false
}

// Sharpen infers nodes of g again, after facts of their inputs became sharper, and those that this makes a difference to.
// A node that turns out to be wrong stays as it is.
func (g *Graph) Sharpen(eval Evaluator, nodes ...*Node) {
	sharper := map[*Node]bool{}
	for _, n := range nodes {
		sharper[n] = true
	}
	if len(sharper) == 0 {
		return
	}
	for _, n := range g.Nodes {
		if sharper[n] {
			n.sharpen(eval, sharper)
		}
	}
}

// consistent reports whether n can be inferred from the facts of its inputs.
func (n *Node) consistent() bool {
	_, err := InferOp(n.Name, n.Op, n.inFacts(), len(n.Out), nil)
	return err == nil
}

// sharpen infers n again after facts of its inputs became sharper, and notes the users of outputs that did too.
func (n *Node) sharpen(eval Evaluator, sharper map[*Node]bool) {
	old := make([]Fact, len(n.Out))
	for i, v := range n.Out {
		if v != nil {
			old[i] = v.Fact
		}
	}
	if _, err := n.Infer(eval); err != nil {
		return
	}
	for i, v := range n.Out {
		if v == nil {
			continue
		}
		f, better := old[i].With(v.Fact)
		v.Fact = f
		if better {
			for _, u := range v.uses {
				sharper[u] = true
			}
		}
	}
}

// With returns what two facts of one value say together, where they differ what a says, and whether that is more than a
// said.
func (a Fact) With(b Fact) (Fact, bool) {
	if !a.Type.Equal(b.Type) {
		return a, false
	}
	f, better := a, false
	switch {
	case a.Dims == nil && b.Dims != nil:
		f.Dims, better = b.Dims, true
	case len(a.Dims) == len(b.Dims):
		for i, d := range b.Dims {
			if a.Dims[i].vagueness() > d.vagueness() {
				if !better {
					f.Dims = slices.Clone(a.Dims)
				}
				f.Dims[i], better = d, true
			}
		}
	}
	if a.Const == nil && b.Const != nil {
		f.Const, f.Ints, better = b.Const, nil, true
	} else if a.Const == nil && a.Ints == nil && b.Ints != nil {
		f.Ints, better = b.Ints, true
	}
	return f, better
}

// vagueness ranks what is known of a size: 0 an integer, 1 a formula of the model's symbols, 2 one with unknown sizes
// in it.
func (d Dim) vagueness() int {
	if d.rest == nil {
		return 0
	}
	if d.IsUnknown() {
		return 2
	}
	return 1
}

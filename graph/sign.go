package graph

import (
	"slices"
	"strings"
)

// AtLeast0 returns the larger of d and 0.
func (d Dim) AtLeast0() Dim {
	if d.NonNegative() {
		return d
	}
	return MaxDim(d, N(0))
}

// CeilDiv returns d/n rounded up, for n > 0: an exact quotient where there is one.
func (d Dim) CeilDiv(n int) Dim {
	if q := d.Div(N(n)); q.Mul(N(n)).Equal(d) {
		return q
	}
	return d.Add(N(n - 1)).Div(N(n))
}

// broadcastOf returns the size that two different sizes broadcast to: one of them is 1, so it is the other, even where that is
// 0.
func broadcastOf(d, e Dim) Dim {
	switch {
	case d.broadcasts(e):
		return d
	case e.broadcasts(d):
		return e
	case d.String() > e.String():
		d, e = e, d
	}
	return derived("broadcast", func(a []int) (int, bool) {
		switch {
		case a[0] == 1:
			return a[1], true
		case a[1] == 1:
			return a[0], true
		}
		return a[0], a[0] == a[1]
	}, d, e)
}

// broadcasts reports whether d is what e and another size broadcast to.
func (d Dim) broadcasts(e Dim) bool {
	name, ok := d.IsSymbol()
	return ok && strings.HasPrefix(name, "broadcast(") && slices.ContainsFunc(d.rest.terms[0].syms[0].args, e.Equal)
}

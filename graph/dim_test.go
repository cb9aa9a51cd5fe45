package graph_test

import (
	"testing"

	"github.com/gneiss-ml/gneiss/graph"
)

// FuzzDim builds formulas by a program of bytes on a stack, beside their values for some sizes of the symbols, and
// compares.
func FuzzDim(f *testing.F) {
	f.Add([]byte{0, 1, 2, 10, 11, 12, 13}, 3, 4, 5)
	f.Add([]byte{0, 1, 12, 0, 13, 5, 13}, 7, 2, 1)
	f.Add([]byte{0, 0, 12, 0, 10, 0, 13, 6, 14, 3, 15, 11}, 2, 3, 9)
	f.Fuzz(func(t *testing.T, prog []byte, a, b, c int) {
		sizes := map[string]int{"a": abs(a % 50), "b": abs(b % 50), "c": abs(c % 50)}
		type entry struct {
			d graph.Dim
			n int
		}
		var stack []entry
		for _, x := range prog[:min(len(prog), 30)] {
			if k := int(x % 16); k < 10 || len(stack) < 2 {
				e := entry{graph.N(k - 3), k - 3}
				if k < 3 {
					name := string(rune('a' + k))
					e = entry{graph.Sym(name), sizes[name]}
				}
				stack = append(stack, e)
				continue
			}
			p, q := stack[len(stack)-2], stack[len(stack)-1]
			stack = stack[:len(stack)-2]
			var r entry
			switch x % 16 {
			case 10:
				r = entry{p.d.Add(q.d), p.n + q.n}
				if !q.d.Add(p.d).Equal(r.d) || !r.d.Sub(q.d).Equal(p.d) {
					t.Fatalf("%v + %v = %v", p.d, q.d, r.d)
				}
			case 11:
				r = entry{p.d.Sub(q.d), p.n - q.n}
			case 12:
				r = entry{p.d.Mul(q.d), p.n * q.n}
				if !q.d.Mul(p.d).Equal(r.d) {
					t.Fatalf("%v · %v = %v or %v", p.d, q.d, r.d, q.d.Mul(p.d))
				}
			case 13:
				if q.n == 0 {
					return
				}
				r = entry{p.d.Div(q.d), floorDiv(p.n, q.n)}
			case 14:
				r = entry{graph.MaxDim(p.d, q.d), max(p.n, q.n)}
			case 15:
				r = entry{graph.MinDim(p.d, q.d), min(p.n, q.n)}
			}
			if abs(r.n) > 1<<20 {
				return
			}
			n, ok := r.d.Eval(sizes)
			if !ok && r.d.IsUnknown() {
				return // too long to be kept
			}
			if !ok || n != r.n {
				t.Fatalf("op %d of %v and %v: %v is %d, %v, want %d", x%16, p.d, q.d, r.d, n, ok, r.n)
			}
			if k, ok := r.d.Int(); ok && k != r.n {
				t.Fatalf("op %d of %v and %v: %d, want %d", x%16, p.d, q.d, k, r.n)
			}
			stack = append(stack, r)
		}
	})
}

func abs(a int) int { return max(a, -a) }

func floorDiv(a, b int) int {
	q := a / b
	if q*b != a && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// TestDimStaysSmall builds formulas that would double with each step.
func TestDimStaysSmall(t *testing.T) {
	d, b := graph.Sym("a"), graph.Sym("b")
	for range 200 {
		d = graph.MaxDim(d.Div(graph.N(2)), d.Sub(graph.N(1))).Mul(graph.MinDim(d, b)).Add(b)
		if n := len(d.String()); n > 1000 {
			t.Fatalf("a formula of %d bytes", n)
		}
	}
	p := graph.N(1)
	for i := range 100 {
		p = p.Mul(graph.Sym(string(rune('a' + i%26))).Add(graph.N(1)))
	}
	if n := len(p.String()); n > 1000 {
		t.Fatalf("a formula of %d bytes", n)
	}
	if !d.IsUnknown() || !d.Add(p).Equal(p.Add(d)) {
		t.Error("not an unknown size, or not equal to itself")
	}
}

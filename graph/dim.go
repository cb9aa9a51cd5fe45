package graph

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// A Dim is the size of a dimension: an integer, or a sum of products of symbols with integer coefficients. Dims are
// values; equal sizes have equal canonical forms, so B·S−S·B is 0. The zero Dim is the integer 0.
type Dim struct {
	c    int // the constant term
	rest *sum
}

// sum is a non-empty list of monomials in canonical order. It is immutable.
type sum struct {
	terms []term
	key   string
}

type term struct {
	coef int
	syms []*Symbol // sorted by name, repeated for powers
	key  string
}

// A Symbol is a named unknown size. Two symbols of one name are the same size. A derived symbol stands for what is no
// sum of products, such as floor(H/2), and can be evaluated when its arguments can.
type Symbol struct {
	Name string
	fn   func(args []int) (int, bool)
	args []Dim
}

// N returns the integer dimension n.
func N(n int) Dim { return Dim{c: n} }

// Sym returns the dimension that is the symbol of the given name.
func Sym(name string) Dim {
	s := &struct { // in one piece, since inference makes many that it throws away
		sym  Symbol
		sum  sum
		term [1]term
		syms [1]*Symbol
	}{sym: Symbol{Name: name}}
	s.syms[0] = &s.sym
	s.term[0] = term{1, s.syms[:], name}
	s.sum = sum{s.term[:], name}
	return Dim{rest: &s.sum}
}

func symbol(s *Symbol) Dim {
	return Dim{rest: &sum{[]term{{1, []*Symbol{s}, s.Name}}, s.Name}}
}

// Dims returns integer dimensions. The result is never nil.
func Dims(shape ...int) []Dim {
	d := make([]Dim, len(shape))
	for i, n := range shape {
		d[i] = N(n)
	}
	return d
}

// Int returns the integer that d is, if it is one.
func (d Dim) Int() (int, bool) { return d.c, d.rest == nil }

// Is reports whether d is the integer n.
func (d Dim) Is(n int) bool { return d.rest == nil && d.c == n }

// IsSymbol returns the name of the symbol that d is, if it is a lone one.
func (d Dim) IsSymbol() (string, bool) {
	if d.rest != nil && d.c == 0 && len(d.rest.terms) == 1 && d.rest.terms[0].coef == 1 && len(d.rest.terms[0].syms) == 1 {
		return d.rest.terms[0].syms[0].Name, true
	}
	return "", false
}

// IsUnknown reports whether d has a size in it that nothing is known about (see FreshDim).
func (d Dim) IsUnknown() bool { return d.rest != nil && strings.Contains(d.rest.key, "?") }

// Equal reports whether d and e are the same size for every value of the symbols.
func (d Dim) Equal(e Dim) bool {
	if d.c != e.c {
		return false
	}
	if d.rest == nil || e.rest == nil {
		return d.rest == e.rest
	}
	return d.rest == e.rest || d.rest.key == e.rest.key
}

// String returns the dimension as a formula, such as 2*batch+1.
func (d Dim) String() string {
	if d.rest == nil {
		return strconv.Itoa(d.c)
	}
	if d.c == 0 {
		return d.rest.key
	}
	return fmt.Sprintf("%s%+d", d.rest.key, d.c)
}

// Add returns d + e.
func (d Dim) Add(e Dim) Dim {
	if d.rest == nil && e.rest == nil {
		return Dim{c: d.c + e.c}
	}
	return Dim{d.c + e.c, newSum(append(d.terms(), e.terms()...))}
}

// Sub returns d − e.
func (d Dim) Sub(e Dim) Dim { return d.Add(e.Mul(N(-1))) }

// Mul returns d · e. Integer products that overflow become an unknown size.
func (d Dim) Mul(e Dim) Dim {
	if d.rest == nil && e.rest == nil {
		p, ok := mulInt(d.c, e.c)
		if !ok {
			return derived("mul", nil, d, e)
		}
		return Dim{c: p}
	}
	if d.Is(0) || e.Is(0) {
		return Dim{}
	}
	if len(d.terms())*len(e.terms()) > maxFormula {
		return derived("mul", nil, d, e)
	}
	var out []term
	c := 0
	for _, a := range append(d.terms(), term{coef: d.c}) {
		for _, b := range append(e.terms(), term{coef: e.c}) {
			p, ok := mulInt(a.coef, b.coef)
			if !ok {
				return derived("mul", nil, d, e)
			}
			if len(a.syms)+len(b.syms) == 0 {
				c += p
			} else if p != 0 {
				out = append(out, newTerm(p, append(slices.Clone(a.syms), b.syms...)))
			}
		}
	}
	return Dim{c, newSum(out)}
}

// Div returns floor(d/e): exact division where the quotient is a sum of products, else a derived symbol. Division by
// the integer 0 is an unknown size.
func (d Dim) Div(e Dim) Dim {
	if n, ok := e.Int(); ok && n != 0 {
		if c, ok := d.Int(); ok {
			return N(floorDiv(c, n))
		}
		if n == 1 {
			return d
		}
		if q, ok := d.divInt(n); ok {
			return q
		}
	}
	if q, ok := d.divTerm(e); ok {
		return q
	}
	return derived("floordiv", func(a []int) (int, bool) {
		if a[1] == 0 {
			return 0, false
		}
		return floorDiv(a[0], a[1]), true
	}, d, e)
}

// Quo returns d/e rounded towards zero, as integer division of ONNX is. Division by the integer 0 is an unknown size.
func (d Dim) Quo(e Dim) Dim {
	a, ok1 := d.Int()
	b, ok2 := e.Int()
	switch {
	case ok1 && ok2 && b != 0:
		return N(a / b)
	case d.NonNegative() && e.NonNegative():
		return d.Div(e)
	}
	return derived("quo", func(a []int) (int, bool) {
		if a[1] == 0 {
			return 0, false
		}
		return a[0] / a[1], true
	}, d, e)
}

// NonNegative reports whether d is at least 0 for all sizes of its symbols, as far as its form shows.
func (d Dim) NonNegative() bool {
	if d.c < 0 {
		return false
	}
	for _, t := range d.terms() {
		if t.coef < 0 || slices.ContainsFunc(t.syms, func(s *Symbol) bool { return !s.nonNegative() }) {
			return false
		}
	}
	return true
}

// nonNegative reports whether a derived symbol is at least 0: all its arguments are, and its function keeps that. For the
// larger of two, one suffices.
func (s *Symbol) nonNegative() bool {
	if strings.HasPrefix(s.Name, "max(") {
		return slices.ContainsFunc(s.args, Dim.NonNegative)
	}
	return !slices.ContainsFunc(s.args, func(a Dim) bool { return !a.NonNegative() })
}

// MaxDim returns the larger of two sizes.
func MaxDim(d, e Dim) Dim {
	a, ok1 := d.Int()
	b, ok2 := e.Int()
	switch {
	case ok1 && ok2:
		return N(max(a, b))
	case d.Equal(e):
		return d
	}
	return derived("max", func(a []int) (int, bool) { return max(a[0], a[1]), true }, d, e)
}

// MinDim returns the smaller of two sizes.
func MinDim(d, e Dim) Dim {
	a, ok1 := d.Int()
	b, ok2 := e.Int()
	switch {
	case ok1 && ok2:
		return N(min(a, b))
	case d.Equal(e):
		return d
	}
	return derived("min", func(a []int) (int, bool) { return min(a[0], a[1]), true }, d, e)
}

// derived returns the symbol for fn of the arguments; fn nil cannot be evaluated.
func derived(name string, fn func([]int) (int, bool), args ...Dim) Dim {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.String()
	}
	text := name + "(" + strings.Join(parts, ",") + ")"
	if len(text) > maxFormula {
		return symbol(opaque(text))
	}
	return symbol(&Symbol{Name: text, fn: fn, args: args})
}

// Eval returns the integer that d is when symbols have the given sizes; false when one is missing.
func (d Dim) Eval(sizes map[string]int) (int, bool) {
	n := d.c
	for _, t := range d.terms() {
		p := t.coef
		for _, s := range t.syms {
			v, ok := s.eval(sizes)
			if !ok {
				return 0, false
			}
			if p, ok = mulInt(p, v); !ok {
				return 0, false
			}
		}
		n += p
	}
	return n, true
}

// Estimate returns what d would be if every symbol were n; false when that cannot be said.
func (d Dim) Estimate(n int) (int, bool) {
	sizes := map[string]int{}
	d.assume(n, sizes)
	return d.Eval(sizes)
}

// assume gives every symbol of d that is no function of others the size n.
func (d Dim) assume(n int, sizes map[string]int) {
	if d.rest == nil {
		return
	}
	for _, t := range d.rest.terms {
		for _, s := range t.syms {
			if s.fn == nil {
				sizes[s.Name] = n
			}
			for _, a := range s.args {
				a.assume(n, sizes)
			}
		}
	}
}

func (s *Symbol) eval(sizes map[string]int) (int, bool) {
	if v, ok := sizes[s.Name]; ok || s.fn == nil {
		return v, ok
	}
	args := make([]int, len(s.args))
	for i, a := range s.args {
		v, ok := a.Eval(sizes)
		if !ok {
			return 0, false
		}
		args[i] = v
	}
	return s.fn(args)
}

func (d Dim) terms() []term {
	if d.rest == nil {
		return nil
	}
	return slices.Clone(d.rest.terms)
}

func newTerm(coef int, syms []*Symbol) term {
	slices.SortFunc(syms, func(a, b *Symbol) int { return strings.Compare(a.Name, b.Name) })
	names := make([]string, len(syms))
	for i, s := range syms {
		names[i] = s.Name
	}
	return term{coef, syms, strings.Join(names, "*")}
}

// newSum adds up equal monomials; nil when nothing is left.
func newSum(ts []term) *sum {
	slices.SortFunc(ts, func(a, b term) int { return strings.Compare(a.key, b.key) })
	var out []term
	for _, t := range ts {
		if n := len(out); n > 0 && out[n-1].key == t.key {
			out[n-1].coef += t.coef
		} else {
			out = append(out, t)
		}
	}
	out = slices.DeleteFunc(out, func(t term) bool { return t.coef == 0 })
	if len(out) == 0 {
		return nil
	}
	var b strings.Builder
	for i, t := range out {
		switch {
		case t.coef == 1 && i > 0:
			b.WriteByte('+')
		case t.coef == -1:
			b.WriteByte('-')
		case t.coef != 1 && i > 0:
			fmt.Fprintf(&b, "%+d*", t.coef)
		case t.coef != 1:
			fmt.Fprintf(&b, "%d*", t.coef)
		}
		b.WriteString(t.key)
	}
	if b.Len() > maxFormula {
		return symbol(opaque(b.String())).rest
	}
	return &sum{out, b.String()}
}

func (d Dim) divInt(n int) (Dim, bool) {
	if d.c%n != 0 {
		return Dim{}, false
	}
	ts := d.terms()
	for i := range ts {
		if ts[i].coef%n != 0 {
			return Dim{}, false
		}
		ts[i].coef /= n
	}
	return Dim{d.c / n, newSum(ts)}, true
}

// divTerm divides each monomial of d by e, a lone monomial.
func (d Dim) divTerm(e Dim) (Dim, bool) {
	if e.rest == nil || e.c != 0 || len(e.rest.terms) != 1 || d.c != 0 || d.rest == nil {
		return Dim{}, false
	}
	by := e.rest.terms[0]
	c := 0
	var out []term
	for _, t := range d.terms() {
		syms := slices.Clone(t.syms)
		for _, s := range by.syms {
			i := slices.IndexFunc(syms, func(x *Symbol) bool { return x.Name == s.Name })
			if i < 0 {
				return Dim{}, false
			}
			syms = slices.Delete(syms, i, i+1)
		}
		if t.coef%by.coef != 0 {
			return Dim{}, false
		}
		if len(syms) == 0 {
			c += t.coef / by.coef
		} else {
			out = append(out, newTerm(t.coef/by.coef, syms))
		}
	}
	return Dim{c, newSum(out)}, true
}

func mulInt(a, b int) (int, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	hi, lo := bits.Mul64(uint64(abs(a)), uint64(abs(b)))
	if hi != 0 || lo > uint64(maxInt) {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int(lo), true
	}
	return int(lo), true
}

const maxInt = int(^uint(0) >> 1)

func abs(a int) int {
	if a < 0 {
		return -a
	}
	return a
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

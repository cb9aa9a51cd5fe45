package op

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gneiss-ml/gneiss/graph"
)

// Einsum is a sum of products named by an equation such as "ij,jk->ik": every letter is an index, of one size wherever it
// stands (or of size 1, which broadcasts), and what the output does not have is summed. "..." stands for further dimensions,
// which broadcast. With more than two inputs it is a composite of products of two.
//
// https://onnx.ai/onnx/operators/onnx__Einsum.html
type Einsum struct {
	Equation string `onnx:"equation,required"`
}

// An Equation is what an Einsum equation says for inputs of known rank: the label of every dimension. Labels are the letters
// of the equation and, from 128 on, the dimensions that an ellipsis stands for, counted from the last.
type Equation struct {
	In  [][]rune
	Out []rune
}

// Infer implements graph.Op.
func (o *Einsum) Infer(c *graph.Infer) {
	c.Check(c.NumIn() > 0, "no inputs")
	ranks := make([]int, c.NumIn())
	for i := range ranks {
		checkTensor(c, i, floatTypes|wholeTypes)
		c.CheckSame(0, i)
		ranks[i] = c.Rank(i)
	}
	if c.Failed() {
		return
	}
	if slices.Contains(ranks, -1) {
		c.Tensor(0, c.DType(0), o.outOfUnknown(c))
		return
	}
	eq, err := ParseEquation(o.Equation, ranks)
	if err != nil {
		c.Check(false, "%v", err)
		return
	}
	c.Tensor(0, c.DType(0), eq.dims(c))
}

// outOfUnknown returns the dimensions of the output when the rank of an input is unknown: nil unless the equation says the
// rank of the output.
func (o *Einsum) outOfUnknown(c *graph.Infer) []graph.Dim {
	_, out, explicit := strings.Cut(strings.ReplaceAll(o.Equation, " ", ""), "->")
	if !explicit || strings.Contains(out, ".") || len(out) > 52 {
		return nil
	}
	return c.FreshN(len(out))
}

// dims returns the dimensions of the output and checks that sizes agree.
func (eq *Equation) dims(c *graph.Infer) []graph.Dim {
	size := map[rune]graph.Dim{}
	for i, labels := range eq.In {
		for k, l := range labels {
			d := c.Dims(i)[k]
			if j := slices.Index(labels, l); j < k {
				c.Unify(c.Dims(i)[j], d, fmt.Sprintf("input %d: sizes of repeated index %s", i, labelName(l)))
			}
			have, ok := size[l]
			switch {
			case !ok || have.Is(1):
				size[l] = d
			case !d.Is(1):
				size[l] = c.Unify(have, d, "sizes of index "+labelName(l))
			}
		}
	}
	out := make([]graph.Dim, len(eq.Out))
	for k, l := range eq.Out {
		out[k] = size[l]
	}
	return out
}

func labelName(l rune) string {
	if l >= ellipsis {
		return `"..."`
	}
	return string(l)
}

// ellipsis is the label of the last dimension that an ellipsis stands for; those before it follow.
const ellipsis rune = 128

// ParseEquation parses an Einsum equation for inputs of the given ranks.
func ParseEquation(equation string, ranks []int) (*Equation, error) {
	lhs, out, explicit := strings.Cut(strings.ReplaceAll(equation, " ", ""), "->")
	terms := strings.Split(lhs, ",")
	if len(terms) != len(ranks) {
		return nil, fmt.Errorf("equation %q has %d terms, but there are %d inputs", equation, len(terms), len(ranks))
	}
	eq := &Equation{}
	wide := 0 // dimensions of the longest ellipsis
	for i, term := range terms {
		n := ranks[i] - strings.Count(term, "") + 1 // less the letters
		if strings.Contains(term, "...") {
			n += 3
		}
		labels, err := parseTerm(term, n)
		if err == nil && (n < 0 || len(labels) != ranks[i]) {
			err = fmt.Errorf("term %q does not fit an input of rank %d", term, ranks[i])
		}
		if err != nil {
			return nil, fmt.Errorf("equation %q: %w", equation, err)
		}
		if strings.Contains(term, "...") {
			wide = max(wide, n)
		}
		eq.In = append(eq.In, labels)
	}
	if !explicit {
		eq.Out = eq.implicitOut(wide)
		return eq, nil
	}
	var err error
	if eq.Out, err = parseTerm(out, wide); err != nil {
		return nil, fmt.Errorf("equation %q: %w", equation, err)
	}
	for k, l := range eq.Out {
		if slices.Contains(eq.Out[:k], l) {
			return nil, fmt.Errorf("equation %q: index %s is repeated in the output", equation, labelName(l))
		}
		if !slices.ContainsFunc(eq.In, func(in []rune) bool { return slices.Contains(in, l) }) {
			return nil, fmt.Errorf("equation %q: index %s of the output is in no input", equation, labelName(l))
		}
	}
	return eq, nil
}

// implicitOut returns the output of an equation without arrow: the ellipsis, then the letters that occur once, sorted.
func (eq *Equation) implicitOut(wide int) []rune {
	count := map[rune]int{}
	for _, in := range eq.In {
		for _, l := range in {
			count[l]++
		}
	}
	out := ellipsisLabels(wide)
	for l := 'A'; l <= 'z'; l++ {
		if count[l] == 1 {
			out = append(out, l)
		}
	}
	return out
}

// parseTerm returns the labels of a term in which an ellipsis stands for n dimensions.
func parseTerm(term string, n int) ([]rune, error) {
	head, tail, found := strings.Cut(term, "...")
	var labels []rune
	for i, part := range []string{head, tail} {
		if i == 1 && found {
			labels = append(labels, ellipsisLabels(n)...)
		}
		for _, l := range part {
			if (l < 'a' || l > 'z') && (l < 'A' || l > 'Z') {
				return nil, fmt.Errorf("term %q: %q is not a letter", term, l)
			}
			labels = append(labels, l)
		}
	}
	return labels, nil
}

func ellipsisLabels(n int) []rune {
	var labels []rune
	for k := n - 1; k >= 0; k-- {
		labels = append(labels, ellipsis+rune(k))
	}
	return labels
}

// Expand implements graph.Composite: the first two inputs are multiplied, keeping the indices that are still needed, and so on.
func (o *Einsum) Expand(b *graph.Builder, n *graph.Node) []*graph.Value {
	lhs, out, explicit := strings.Cut(strings.ReplaceAll(o.Equation, " ", ""), "->")
	terms := strings.Split(lhs, ",")
	if len(n.In) < 3 || len(terms) != len(n.In) {
		return nil
	}
	if !explicit {
		eq := Equation{In: [][]rune{[]rune(strings.ReplaceAll(lhs, ",", ""))}}
		for _, l := range eq.implicitOut(0) {
			out += string(l)
		}
		if strings.Contains(lhs, "...") {
			out = "..." + out
		}
	}
	v, term := n.In[0], terms[0]
	for i := 1; i < len(n.In); i++ {
		next := out
		if i < len(n.In)-1 {
			next = neededTerm(term+terms[i], strings.Join(terms[i+1:], "")+out)
		}
		v = b.Op(&Einsum{Equation: term + "," + terms[i] + "->" + next}, v, n.In[i])
		term = next
	}
	return []*graph.Value{v}
}

// neededTerm returns the indices of have that later occurs in, each once, after the ellipsis.
func neededTerm(have, later string) string {
	term := ""
	if strings.Contains(have, "...") {
		term = "..."
	}
	for _, l := range have {
		if l != '.' && strings.ContainsRune(later, l) && !strings.ContainsRune(term, l) {
			term += string(l)
		}
	}
	return term
}

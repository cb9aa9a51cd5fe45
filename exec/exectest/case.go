package exectest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// A Case is an operator on inputs, and what comes out or goes wrong. Tensors are text: see Tensor.
type Case struct {
	Name  string
	Op    string // its name; one of another domain than ai.onnx stands as domain.Name
	Attrs graph.Attrs
	In    []string // "" is an absent input
	Want  []string // "" is an output that is not asked for
	Err   string   // a part of the error, in place of Want
}

// RunCases computes each case on a backend and compares with what is wanted.
func RunCases(t *testing.T, k *exec.Backend, cases []Case) {
	for _, c := range cases {
		t.Run(c.Op+"/"+c.Name, func(t *testing.T) {
			out, err := c.run(k)
			if c.Err != "" {
				if err == nil || !strings.Contains(err.Error(), c.Err) {
					t.Fatalf("got error %v, want one with %q", err, c.Err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range c.Want {
				if w == "" {
					continue
				}
				want := Tensor(w)
				tol := compare.Tolerance{RTol: 1e-5, ATol: 1e-6}.For(want.DType())
				if want.DType() == tensor.Float16 {
					tol.RTol = 1e-3
				}
				if r := compare.Values(out[i], want, tol); !r.OK() {
					t.Errorf("output %d: %s\ngot  %s\nwant %s", i, r.Diff, show(out[i]), w)
				}
			}
		})
	}
}

func (c Case) run(k *exec.Backend) ([]tensor.Value, error) {
	domain, name := "", c.Op
	if i := strings.LastIndex(c.Op, "."); i >= 0 {
		domain, name = c.Op[:i], c.Op[i+1:]
	}
	e := op.Lookup(domain, name)
	if e == nil {
		return nil, fmt.Errorf("no operator %s", c.Op)
	}
	o := e.New()
	if err := graph.Decode(o, c.Attrs); err != nil {
		return nil, err
	}
	in := make([]tensor.Value, len(c.In))
	for i, s := range c.In {
		if s != "" {
			in[i] = Tensor(s)
		}
	}
	return exec.EvalValues(context.Background(), o, in, max(1, len(c.Want)), k)
}

// Tensor returns the tensor that text such as "float32[2,2] 1 2 3 nan" describes: type, shape and elements. A single element
// fills the tensor. Bad text panics.
func Tensor(text string) *tensor.Tensor {
	head, rest, _ := strings.Cut(text, " ")
	name, dims, ok := strings.Cut(strings.TrimSuffix(head, "]"), "[")
	if !ok {
		panic(fmt.Sprintf("exectest: %q has no shape", text))
	}
	dt, err := tensor.ParseDType(name)
	if err != nil {
		panic(err)
	}
	shape := []int{}
	for _, d := range strings.FieldsFunc(dims, func(r rune) bool { return r == ',' }) {
		var n int
		if _, err := fmt.Sscan(d, &n); err != nil {
			panic(err)
		}
		shape = append(shape, n)
	}
	items := strings.Fields(rest)
	if n := tensor.Count(shape); len(items) == 1 && n != 1 {
		one := items[0]
		items = make([]string, n)
		for i := range items {
			items[i] = one
		}
	}
	t := tensor.FromSlice(items, shape...)
	if dt == tensor.Bool { // false and true are 0 and 1 here
		t, err = tensor.Cast(t, tensor.Int8, tensor.CastOptions{})
		if err != nil {
			panic(err)
		}
	}
	t, err = tensor.Cast(t, dt, tensor.CastOptions{})
	if err != nil {
		panic(err)
	}
	return t
}

// show returns a tensor as text.
func show(v tensor.Value) string {
	t, ok := v.(*tensor.Tensor)
	if !ok {
		return fmt.Sprint(v)
	}
	s, err := tensor.Cast(t, tensor.String, tensor.CastOptions{})
	if err != nil {
		return fmt.Sprintf("%s (%v)", t.Describe(), err)
	}
	return t.Describe() + " " + strings.Join(tensor.Data[string](s), " ")
}

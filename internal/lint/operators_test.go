package lint

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/cpu"
	"github.com/gneiss-ml/gneiss/exec/cpu/simd"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/tensor"
)

var update = flag.Bool("update", false, "write the generated documents again")

// backends are the columns of docs/operators.md that say where an operator runs; nil: none of it is there yet.
var backends = []struct {
	name    string
	backend *exec.Backend
}{
	{"ref", ref.Backend},
	{"cpu", cpu.New(simd.Generic)},
	{"gpu", nil},
}

// TestOperatorsDoc checks that docs/operators.md is what the tables say.
func TestOperatorsDoc(t *testing.T) {
	path := filepath.Join(root, "docs", "operators.md")
	want := operatorsDoc()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		t.Skip("not with -short")
	}
	if string(got) != want {
		t.Errorf("docs/operators.md is not current: run go test ./internal/lint -update")
	}
}

// TestEveryOperatorRuns checks that each operator of the table has a way to run.
func TestEveryOperatorRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("not with -short")
	}
	for _, e := range op.Table() {
		if runsOn(e, ref.Backend) == none {
			t.Errorf("%s %s: no reference kernel and no expansion", cmp.Or(e.Domain, "ai.onnx"), e.Name)
		}
	}
}

const none = "–"

func operatorsDoc() string {
	var b strings.Builder
	b.WriteString(`# Operators

Generated from the tables of operators, kernels and gradients; do not edit (see internal/lint).

*since* lists the opset versions that changed an operator; models of all of them load. *form* is how it is defined: a *core*
operator has a type of its own, a *family* member is a row of a shared one, a *composite* is defined by its expansion. A stage
has a *kernel* of its own for an operator, runs its *expansion*, or leaves it to the *executor*; where a faster backend has none, the
reference runs. Scatter and Upsample, which ONNX replaced, become ScatterElements and Resize when a model is read.

`)
	shared := map[reflect.Type]int{}
	for _, e := range op.Table() {
		shared[reflect.TypeOf(e.New())]++
	}
	b.WriteString("| operator | domain | since | form |")
	for _, k := range backends {
		b.WriteString(" " + k.name + " |")
	}
	b.WriteString(" gradient |\n|---|---|---|---|" + strings.Repeat("---|", len(backends)) + "---|\n")
	for _, e := range op.Table() {
		since := []string{}
		for _, v := range onnx.Versions(e.Domain, e.Name) {
			since = append(since, strconv.FormatInt(v, 10))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |", e.Name, cmp.Or(e.Domain, "ai.onnx"), cmp.Or(strings.Join(since, " "), none), form(e, shared))
		for _, k := range backends {
			b.WriteString(" " + runsOn(e, k.backend) + " |")
		}
		b.WriteString(" " + none + " |\n")
	}
	if missing := missingOperators(); len(missing) > 0 {
		b.WriteString("\nOperators of the standard that are not there: " + strings.Join(missing, ", ") + ".\n")
	}
	return b.String()
}

func form(e op.Entry, shared map[reflect.Type]int) string {
	o := e.New()
	if _, ok := o.(graph.Composite); ok {
		return "composite"
	}
	if t := reflect.TypeOf(o); shared[t] > 1 || t.Elem().Name() != e.Name {
		return "family " + t.Elem().Name()
	}
	return "core"
}

func runsOn(e op.Entry, k *exec.Backend) string {
	if k == nil {
		return none
	}
	o := e.New()
	_, composite := o.(graph.Composite)
	switch {
	case k.Has(o) && (k == ref.Backend || probes(e, k)):
		return "kernel"
	case composite:
		return "expansion"
	case hasBodies(o):
		return "executor"
	}
	return none
}

// probes reports whether a backend that is not the reference has a kernel for an operator on float32.
func probes(e op.Entry, k *exec.Backend) bool {
	n := &graph.Node{Op: e.New(), Out: []*graph.Value{{Fact: graph.TensorFact(tensor.Float32, nil)}}}
	if graph.Decode(n.Op, nil) != nil {
		return true // it has required attributes
	}
	for range e.Inputs().Required {
		n.In = append(n.In, &graph.Value{Fact: graph.TensorFact(tensor.Float32, nil)})
	}
	return k.Probe(n) == nil
}

// hasBodies reports whether an operator has fields for bodies, which the executor runs.
func hasBodies(o graph.Op) bool {
	t := reflect.TypeOf(o).Elem()
	if t.Kind() != reflect.Struct {
		return false
	}
	return slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		return f.Type == reflect.TypeFor[*graph.Graph]()
	})
}

func missingOperators() []string {
	var missing []string
	for _, o := range onnx.Operators() {
		if op.Lookup(o.Domain, o.Name) == nil {
			missing = append(missing, strings.TrimPrefix(o.Domain+"."+o.Name, "."))
		}
	}
	slices.Sort(missing)
	return missing
}

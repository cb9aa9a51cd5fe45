package op

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gneiss-ml/gneiss/graph"
)

// Domains other than ai.onnx, which is "".
const (
	ML              = "ai.onnx.ml"
	Preview         = "ai.onnx.preview"
	PreviewTraining = "ai.onnx.preview.training"
	Microsoft       = "com.microsoft"
	Internal        = "gneiss"
)

// An Entry is one ONNX operator: its name, its signature and how to make its Go form.
type Entry struct {
	Domain string
	Name   string
	// Sig names the inputs and outputs: "X W B? -> Y". A question mark is an optional one, "..." after the last one means
	// any number of it, at least one.
	Sig string
	// New returns the operator with no attribute set.
	New func() graph.Op
}

// core returns the entry of an operator that has a Go type of its own.
func core[T any, P interface {
	*T
	graph.Op
}](sig string) Entry {
	o := graph.Op(P(new(T)))
	return Entry{graph.OpDomain(o), graph.OpName(o), sig, func() graph.Op { return P(new(T)) }}
}

// Table returns every operator, sorted by domain and name.
var Table = sync.OnceValue(func() []Entry {
	t := slices.Concat(families...)
	slices.SortFunc(t, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Domain, b.Domain), strings.Compare(a.Name, b.Name))
	})
	return t
})

type key struct{ domain, name string }

var index = sync.OnceValue(func() map[key]*Entry {
	m := map[key]*Entry{}
	for i, e := range Table() {
		m[key{e.Domain, e.Name}] = &Table()[i]
	}
	return m
})

// Lookup returns the entry of an operator; the domain "ai.onnx" is "". It returns nil when there is none.
func Lookup(domain, name string) *Entry {
	if domain == "ai.onnx" {
		domain = ""
	}
	return index()[key{domain, name}]
}

// Make returns a new operator without attributes for a node that has the given inputs and outputs (false: absent). It is
// an error when there is no such operator or the numbers do not fit it.
func Make(domain, name string, in, out []bool) (graph.Op, error) {
	e := Lookup(domain, name)
	if e == nil {
		if domain != "" {
			name = domain + "." + name
		}
		return nil, fmt.Errorf("there is no operator %s", name)
	}
	if err := e.Inputs().Check("inputs", in); err != nil {
		return nil, err
	}
	if err := e.Outputs().Check("outputs", out); err != nil {
		return nil, err
	}
	return e.New(), nil
}

// A Signature says how many inputs or outputs an operator has and what they are called.
type Signature struct {
	Names    []string
	Optional []bool // by name: may be absent
	Required int    // how many there must be: up to the last that is not optional
	Variadic bool   // the last may be repeated
}

// Inputs returns the signature of the inputs.
func (e *Entry) Inputs() Signature { in, _, _ := strings.Cut(e.Sig, "->"); return parseSig(in) }

// Outputs returns the signature of the outputs.
func (e *Entry) Outputs() Signature { _, out, _ := strings.Cut(e.Sig, "->"); return parseSig(out) }

func parseSig(s string) Signature {
	var sig Signature
	for i, f := range strings.Fields(s) {
		name, variadic := strings.CutSuffix(f, "...")
		name, optional := strings.CutSuffix(name, "?")
		sig.Variadic = sig.Variadic || variadic
		if !optional {
			sig.Required = i + 1
		}
		sig.Names = append(sig.Names, name)
		sig.Optional = append(sig.Optional, optional)
	}
	return sig
}

// Check returns an error when there may not be so many of what, "inputs" or "outputs"; have says which are present.
func (s Signature) Check(what string, have []bool) error {
	if len(have) > len(s.Names) && !s.Variadic {
		return fmt.Errorf("%d %s, want at most %d (%s)", len(have), what, len(s.Names), strings.Join(s.Names, ", "))
	}
	for i := range s.Required {
		if !s.Optional[i] && (i >= len(have) || !have[i]) {
			return fmt.Errorf("%s: %q (number %d) is missing", what, s.Names[i], i)
		}
	}
	return nil
}

// families lists the tables of all files.
var families = [][]Entry{
	attentionOps,
	binaryOps,
	castOps,
	compareOps,
	concatOps,
	controlOps,
	convOps,
	expandOps,
	fillOps,
	flexAttentionOps,
	gatherOps,
	gridSampleOps,
	imageOps,
	isNaNOps,
	legacyActivationOps,
	linearAttentionOps,
	lossOps,
	matmulOps,
	mlFeatureOps,
	mlLinearOps,
	mlMapOps,
	mlTreeOps,
	msAlignOps,
	msAttentionOps,
	msBlockOps,
	msFusedOps,
	msGroupQueryOps,
	msMultiHeadOps,
	msNormOps,
	msOldOps,
	msQLinearOps,
	msQMatMulOps,
	msRotaryOps,
	normOps,
	optimizerOps,
	optionalOps,
	padOps,
	poolOps,
	quantOps,
	randomOps,
	recurrentOps,
	reduceOps,
	resizeOps,
	roiOps,
	rotaryOps,
	scatterOps,
	selectOps,
	sequenceOps,
	shapeOps,
	signalOps,
	sliceOps,
	softmaxOps,
	swigluOps,
	textOps,
	tfIdfOps,
	transposeOps,
	unaryOps,
	variadicOps,
	whereOps,
	windowOps,
}

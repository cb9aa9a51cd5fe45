package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var mlLinearOps = []Entry{
	core[LinearClassifier]("X -> Y Z"),
	core[LinearRegressor]("X -> Y"),
	core[SVMClassifier]("X -> Y Z"),
	core[SVMRegressor]("X -> Y"),
}

// LinearClassifier scores the rows of X by coefficients [classes,features] and intercepts. Y is the label of the highest
// score and Z [rows,classes] the scores. One row of coefficients separates two classes: the second where the score is above 0.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html
type LinearClassifier struct {
	inML
	ClasslabelsInts    []int64       `onnx:"classlabels_ints"`
	ClasslabelsStrings []string      `onnx:"classlabels_strings"`
	Coefficients       []float32     `onnx:"coefficients,required"`
	Intercepts         []float32     `onnx:"intercepts"`
	MultiClass         int           `onnx:"multi_class,0"` // of no consequence
	PostTransform      PostTransform `onnx:"post_transform,NONE"`
}

// Scores returns how many scores are computed for rows of the given number of features: 1 for two classes or as many
// as there are labels; 0 when the coefficients do not fit.
func (o *LinearClassifier) Scores(features int) int {
	labels := max(len(o.ClasslabelsInts), len(o.ClasslabelsStrings))
	for _, n := range []int{labels, 1} {
		if n*features == len(o.Coefficients) && (n == labels || labels == 2) && (len(o.Intercepts) == 0 || len(o.Intercepts) == n) {
			return n
		}
	}
	return 0
}

// Infer implements graph.Op.
func (o *LinearClassifier) Infer(c *graph.Infer) {
	rows, features := checkRows(c)
	n, label := checkLabels(c, o.ClasslabelsStrings, o.ClasslabelsInts)
	o.PostTransform.check(c)
	if f, ok := features.Int(); ok && !c.Failed() {
		c.Check(o.Scores(f) > 0, "%d coefficients and %d intercepts do not fit %d features and %d labels",
			len(o.Coefficients), len(o.Intercepts), f, n)
	}
	c.Tensor(0, label, []graph.Dim{rows})
	c.Tensor(1, tensor.Float32, []graph.Dim{rows, graph.N(n)})
}

// LinearRegressor computes Y = X·Cᵀ + Intercepts, where C is [targets,features].
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html
type LinearRegressor struct {
	inML
	Coefficients  []float32     `onnx:"coefficients"`
	Intercepts    []float32     `onnx:"intercepts"`
	PostTransform PostTransform `onnx:"post_transform,NONE"`
	Targets       int           `onnx:"targets,1"`
}

// Infer implements graph.Op.
func (o *LinearRegressor) Infer(c *graph.Infer) {
	rows, features := checkRows(c)
	o.PostTransform.check(c)
	if !c.Check(o.Targets > 0 && o.Targets <= len(o.Coefficients), "attribute %q: %d, want 1..%d", "targets", o.Targets, len(o.Coefficients)) {
		return
	}
	c.Check(len(o.Intercepts) == 0 || len(o.Intercepts) == o.Targets, "attribute %q: %d elements, want %d", "intercepts", len(o.Intercepts), o.Targets)
	if f, ok := features.Int(); ok {
		c.Check(len(o.Coefficients)%o.Targets == 0 && len(o.Coefficients)/o.Targets == f, "attribute %q: %d elements, want %d·%d",
			"coefficients", len(o.Coefficients), o.Targets, f)
	}
	c.Tensor(0, tensor.Float32, []graph.Dim{rows, graph.N(o.Targets)})
}

// SVM holds the attributes that SVMClassifier and SVMRegressor have in common.
type SVM struct {
	Coefficients   []float32     `onnx:"coefficients"`
	KernelParams   []float32     `onnx:"kernel_params"` // gamma, coef0, degree
	KernelType     string        `onnx:"kernel_type,LINEAR"`
	PostTransform  PostTransform `onnx:"post_transform,NONE"`
	Rho            []float32     `onnx:"rho"`
	SupportVectors []float32     `onnx:"support_vectors"`
}

// check checks the common attributes; vectors is the number of support vectors, 0 in a linear model of that many outputs.
func (o *SVM) check(c *graph.Infer, vectors, outputs int) (rows graph.Dim) {
	rows, features := checkRows(c)
	o.PostTransform.check(c)
	checkChoice(c, "kernel_type", o.KernelType, "LINEAR POLY RBF SIGMOID")
	if len(o.KernelParams) > 0 || o.KernelType != "LINEAR" && vectors > 0 {
		checkLen(c, "kernel_params", len(o.KernelParams), 3)
	}
	if f, ok := features.Int(); ok {
		name, got, per := "support_vectors", len(o.SupportVectors), vectors
		if vectors == 0 {
			name, got, per = "coefficients", len(o.Coefficients), outputs
		}
		c.Check(per > 0 && got%per == 0 && got/per == f, "attribute %q: %d elements, want %d·%d", name, got, per, f)
	}
	return rows
}

// SVMClassifier is a support vector machine. Y is the label of the class with the most votes of the pairwise decisions. Z
// has a probability per class when ProbA and ProbB are given, else a score per pair of classes (two for two classes), or
// per class when there are no support vectors (a linear model).
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_SVMClassifier.html
type SVMClassifier struct {
	inML
	SVM
	ClasslabelsInts    []int64   `onnx:"classlabels_ints"`
	ClasslabelsStrings []string  `onnx:"classlabels_strings"`
	ProbA              []float32 `onnx:"prob_a"`
	ProbB              []float32 `onnx:"prob_b"`
	VectorsPerClass    []int     `onnx:"vectors_per_class"`
}

// Vectors returns the number of support vectors; −1 when a class has a negative number of them or there are too many.
func (o *SVMClassifier) Vectors() int {
	n := 0
	for _, k := range o.VectorsPerClass {
		if k < 0 || k > len(o.SupportVectors) {
			return -1
		}
		n += k
	}
	if n > len(o.SupportVectors) {
		return -1
	}
	return n
}

// Infer implements graph.Op.
func (o *SVMClassifier) Infer(c *graph.Infer) {
	n, label := checkLabels(c, o.ClasslabelsStrings, o.ClasslabelsInts)
	vectors := o.Vectors()
	if !c.Check(vectors >= 0, "attribute %q: %v for %d elements of support vectors", "vectors_per_class", o.VectorsPerClass, len(o.SupportVectors)) {
		return
	}
	rows := o.check(c, vectors, n)
	scores := n
	if vectors > 0 {
		checkLen(c, "vectors_per_class", len(o.VectorsPerClass), n)
		if !c.Check(n > 1, "1 label, want 2 or more") {
			return
		}
		pairs := n * (n - 1) / 2
		c.Check(len(o.Coefficients) == (n-1)*vectors, "attribute %q: %d elements, want %d·%d", "coefficients", len(o.Coefficients), n-1, vectors)
		checkLen(c, "rho", len(o.Rho), pairs)
		if len(o.ProbA)+len(o.ProbB) > 0 {
			checkLen(c, "prob_a", len(o.ProbA), pairs)
			checkLen(c, "prob_b", len(o.ProbB), pairs)
		} else if n > 2 {
			scores = pairs
		}
	} else {
		c.Check(len(o.Rho) > 0, "attribute %q: no elements, want 1", "rho")
	}
	c.Tensor(0, label, []graph.Dim{rows})
	c.Tensor(1, tensor.Float32, []graph.Dim{rows, graph.N(scores)})
}

// SVMRegressor is support vector regression: Y [rows,1] is the sum of Coefficients times the kernel of the row and each
// support vector, plus Rho; with OneClass its sign. Without support vectors it is linear.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_SVMRegressor.html
type SVMRegressor struct {
	inML
	SVM
	NSupports int  `onnx:"n_supports,0"`
	OneClass  bool `onnx:"one_class,0"`
}

// Infer implements graph.Op.
func (o *SVMRegressor) Infer(c *graph.Infer) {
	if !c.Check(o.NSupports >= 0 && o.NSupports <= len(o.SupportVectors), "attribute %q: %d for %d elements of support vectors",
		"n_supports", o.NSupports, len(o.SupportVectors)) {
		return
	}
	rows := o.check(c, o.NSupports, 1)
	if o.NSupports > 0 {
		checkLen(c, "coefficients", len(o.Coefficients), o.NSupports)
	}
	c.Check(len(o.Rho) > 0, "attribute %q: no elements, want 1", "rho")
	c.Tensor(0, tensor.Float32, []graph.Dim{rows, graph.N(1)})
}

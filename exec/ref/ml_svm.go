package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// svmKernel returns the kernel function of a support vector machine.
func svmKernel(o *op.SVM) func(x, v []float32) float32 {
	var gamma, coef0, degree float32
	if len(o.KernelParams) == 3 {
		gamma, coef0, degree = o.KernelParams[0], o.KernelParams[1], o.KernelParams[2]
	}
	switch o.KernelType {
	case "POLY":
		return func(x, v []float32) float32 {
			return float32(math.Pow(float64(float32(gamma*dot(x, v))+coef0), float64(degree)))
		}
	case "RBF":
		return func(x, v []float32) float32 {
			var s float32
			for i := range x {
				d := x[i] - v[i]
				s += float32(d * d)
			}
			return float32(math.Exp(float64(-gamma * s)))
		}
	case "SIGMOID":
		return func(x, v []float32) float32 { return float32(math.Tanh(float64(float32(gamma*dot(x, v)) + coef0))) }
	}
	return dot[float32]
}

func svmRegressor(b *exec.Binding, o *op.SVMRegressor) run {
	rows, features := mlRows(b.Shape(0))
	kernel := svmKernel(&o.SVM)
	return func(f *exec.Frame) error {
		x, y := as[float32](f.In(0)), tensor.Data[float32](f.Out(0))
		for r := range rows {
			if err := f.Err(); err != nil {
				return err
			}
			row := x[r*features:][:features]
			s := o.Rho[0]
			if o.NSupports == 0 {
				s += dot(row, o.Coefficients)
			}
			for i := range o.NSupports {
				s += float32(o.Coefficients[i] * kernel(row, o.SupportVectors[i*features:]))
			}
			if o.OneClass {
				if s > 0 {
					s = 1
				} else {
					s = -1
				}
			}
			y[r] = s
		}
		return nil
	}
}

func svmClassifier(b *exec.Binding, o *op.SVMClassifier) run {
	rows, features := mlRows(b.Shape(0))
	names := labels(o.ClasslabelsStrings, o.ClasslabelsInts)
	s := svm{o: o, classes: names.Len(), vectors: o.Vectors(), kernel: svmKernel(&o.SVM), positive: true}
	for _, w := range o.Coefficients {
		s.positive = s.positive && w >= 0
	}
	at := 0
	for _, n := range o.VectorsPerClass {
		s.start = append(s.start, at)
		at += n
	}
	return func(f *exec.Frame) error {
		x := as[float32](f.In(0))
		for r := range rows {
			if err := f.Err(); err != nil {
				return err
			}
			class, scores := s.row(x[r*features:][:features])
			setLabel(f.Out(0), r, names, class)
			if z := f.Out(1); z != nil {
				copy(tensor.Data[float32](z)[r*len(scores):], scores)
			}
		}
		return nil
	}
}

// svm is a support vector classifier that is bound.
type svm struct {
	o        *op.SVMClassifier
	classes  int
	vectors  int
	start    []int // the first support vector of each class
	kernel   func(x, v []float32) float32
	positive bool // no coefficient is negative
}

// row returns the class of a row and its scores.
func (s *svm) row(x []float32) (int, []float32) {
	if s.vectors == 0 {
		return s.linear(x)
	}
	k := make([]float32, s.vectors)
	for i := range k {
		k[i] = s.kernel(x, s.o.SupportVectors[i*len(x):])
	}
	pairs, class := s.decide(k)
	switch {
	case len(s.o.ProbA) > 0:
		p := s.probabilities(pairs)
		transform(s.o.PostTransform, p)
		return class, p
	case len(pairs) > 1:
		transform(s.o.PostTransform, pairs)
		return class, pairs
	case s.o.PostTransform == op.PostNone:
		return class, []float32{-pairs[0], pairs[0]}
	}
	return class, complement(s.o.PostTransform, pairs[0])
}

// linear is a model without support vectors: one row of coefficients per class.
func (s *svm) linear(x []float32) (int, []float32) {
	z := make([]float32, s.classes)
	linear(z, x, s.o.Coefficients, nil)
	for i := range z {
		z[i] += s.o.Rho[0]
	}
	class := argmax(z)
	if top := z[class]; s.classes == 2 && (s.positive && top >= 0.5 || !s.positive && top > 0) {
		class = 1
	}
	transform(s.o.PostTransform, z)
	return class, z
}

// decide returns a score for each pair of classes i < j, positive for i, from the kernels of all support vectors, and
// the class that most pairs are for. Coefficients are [classes−1,vectors]: those of class i against j stand in row j−1, of
// j against i in row i.
func (s *svm) decide(k []float32) ([]float32, int) {
	votes := make([]int, s.classes)
	var scores []float32
	for i := range s.classes {
		for j := i + 1; j < s.classes; j++ {
			sum := float64(s.o.Rho[len(scores)])
			for v := s.start[i]; v < s.start[i]+s.o.VectorsPerClass[i]; v++ {
				sum += float64(s.o.Coefficients[(j-1)*s.vectors+v]) * float64(k[v])
			}
			for v := s.start[j]; v < s.start[j]+s.o.VectorsPerClass[j]; v++ {
				sum += float64(s.o.Coefficients[i*s.vectors+v]) * float64(k[v])
			}
			scores = append(scores, float32(sum))
			if sum > 0 {
				votes[i]++
			} else {
				votes[j]++
			}
		}
	}
	return scores, argmax(votes)
}

// probabilities couples the probabilities of pairs to those of classes: they minimize Σ (r[j][i]·p[i] − r[i][j]·p[j])².
//
// https://www.csie.ntu.edu.tw/~cjlin/papers/svmprob/svmprob.pdf
func (s *svm) probabilities(pairs []float32) []float32 {
	n := s.classes
	r := make([][]float32, n) // r[i][j]: the probability of i, given i or j
	q := make([][]float32, n)
	for i := range r {
		r[i], q[i] = make([]float32, n), make([]float32, n)
	}
	at := 0
	for i := range n {
		for j := i + 1; j < n; j++ {
			p := logistic(-(float32(pairs[at]*s.o.ProbA[at]) + s.o.ProbB[at]))
			r[i][j] = max(1e-7, min(1-1e-7, p))
			r[j][i] = 1 - r[i][j]
			at++
		}
	}
	p, qp := make([]float32, n), make([]float32, n)
	for i := range n {
		p[i] = 1 / float32(n)
		for j := range n {
			if j != i {
				q[i][i] += float32(r[j][i] * r[j][i])
				q[i][j] = -r[j][i] * r[i][j]
			}
		}
	}
	for range 100 {
		var pqp, worst float32
		for i := range n {
			qp[i] = dot(q[i], p)
			pqp += float32(p[i] * qp[i])
		}
		for i := range n {
			worst = max(worst, float32(math.Abs(float64(qp[i]-pqp))))
		}
		if worst < 0.005/float32(n) {
			break
		}
		for i := range n {
			d := (pqp - qp[i]) / q[i][i]
			p[i] += d
			pqp = (pqp + d*(d*q[i][i]+2*qp[i])) / (1 + d) / (1 + d)
			for j := range n {
				qp[j] = (qp[j] + d*q[i][j]) / (1 + d)
				p[j] /= 1 + d
			}
		}
	}
	return p
}

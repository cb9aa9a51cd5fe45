package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// Backend runs every core operator.
var Backend = exec.NewBackend("ref",
	alignKernels,
	attentionKernels,
	binaryKernels,
	castKernels,
	causalConvKernels,
	col2imKernels,
	compareKernels,
	concatKernels,
	convKernels,
	deformConvKernels,
	einsumKernels,
	expandKernels,
	fillKernels,
	gatherKernels,
	gridSampleKernels,
	imageKernels,
	inverseKernels,
	isNaNKernels,
	linearAttentionKernels,
	lossKernels,
	matmulKernels,
	mlFeatureKernels,
	mlLinearKernels,
	mlMapKernels,
	mlTreeKernels,
	normKernels,
	optionalKernels,
	padKernels,
	poolKernels,
	quantKernels,
	randomKernels,
	recurrentKernels,
	reduceKernels,
	resizeKernels,
	roiKernels,
	rotaryKernels,
	scatterKernels,
	selectKernels,
	sequenceKernels,
	shapeKernels,
	signalKernels,
	sliceKernels,
	softmaxKernels,
	textKernels,
	tfIdfKernels,
	transposeKernels,
	unaryKernels,
	whereKernels,
)

// Eval computes one operator with this backend.
var Eval graph.Evaluator = exec.Eval(Backend)

// run is a kernel whose operands are tensors of one type per position: in and out are those of the frame.
type run func(f *exec.Frame) error

type (
	float interface{ float32 | float64 }
	whole interface {
		int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
	}
	number interface{ float | whole }
)

// impl makes the kernel for one element type of an operator.
type impl[P graph.Op] func(b *exec.Binding, o P) run

// by returns the row of an operator whose kernel is chosen by the element type of input 0. float16 and bfloat16 run the
// float32 kernel on widened copies of all operands of that type, where there is a float32 kernel and no other for them.
func by[P graph.Op](kernels map[tensor.DType]impl[P]) exec.Kernel { return exec.On(byStep(kernels)) }

// byStep is by as a function that binds.
func byStep[P graph.Op](kernels map[tensor.DType]impl[P]) func(b *exec.Binding, o P) (exec.Step, error) {
	return func(b *exec.Binding, o P) (exec.Step, error) {
		dt := b.DType(0)
		k, half := kernels[dt], false
		if k == nil && (dt == tensor.Float16 || dt == tensor.BFloat16) {
			k, half = kernels[tensor.Float32], true
		}
		if k == nil {
			return exec.Step{}, exec.ErrUnsupported
		}
		if b.Probe {
			return exec.Step{}, nil
		}
		if half {
			return halves(b, dt, func(w *exec.Binding) run { return k(w, o) }), nil
		}
		return exec.Once(k(b, o)), nil
	}
}

// floats returns the row of an operator on float types.
func floats[P graph.Op](f32, f64 impl[P]) exec.Kernel {
	return by(map[tensor.DType]impl[P]{tensor.Float32: f32, tensor.Float64: f64})
}

// always returns the row of an operator that one function runs for every type.
func always[P graph.Op](k impl[P]) exec.Kernel {
	return exec.On(func(b *exec.Binding, o P) (exec.Step, error) {
		if b.Probe {
			return exec.Step{}, nil
		}
		return exec.Once(k(b, o)), nil
	})
}

// halves runs a float32 kernel on operands of the half type dt: inputs of that type are widened before, outputs rounded
// after.
func halves(b *exec.Binding, dt tensor.DType, k func(w *exec.Binding) run) exec.Step {
	w := *b
	w.In = append([]exec.Operand(nil), b.In...)
	w.Out = append([]exec.Operand(nil), b.Out...)
	for i := range w.In {
		if w.In[i].DType == dt {
			w.In[i].DType = tensor.Float32
			if c := w.In[i].Const; c != nil {
				w.In[i].Const = tensor.Convert(c, tensor.Float32)
			}
		}
	}
	for i := range w.Out {
		if w.Out[i].DType == dt {
			w.Out[i].DType = tensor.Float32
		}
	}
	inner := k(&w)
	return exec.Once(func(f *exec.Frame) error { return f.Widened(dt, inner) })
}

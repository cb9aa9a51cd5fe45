package cpu

import (
	"slices"
	"sync"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/cpu/simd"
)

// Default returns the backend for the instructions of this processor, or those that GNEISS_CPU names; an error when the
// processor lacks them.
var Default = sync.OnceValues(func() (*exec.Backend, error) {
	l, err := simd.Best()
	if err != nil {
		return nil, err
	}
	return New(l), nil
})

// New returns the backend for a level of instructions, which the processor must have.
func New(l simd.Level) *exec.Backend {
	e := engine{l}
	return exec.NewBackend("cpu", slices.Concat(e.convKernels(), e.elementwiseKernels(), e.matmulKernels(), e.rowKernels()))
}

// An engine binds kernels for one level of instructions.
type engine struct{ level simd.Level }

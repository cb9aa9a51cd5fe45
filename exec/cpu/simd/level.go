package simd

import (
	"fmt"
	"os"
	"sync"
)

// A Level is a set of instructions that kernels may use.
type Level uint8

// The levels, each of which includes those before it.
const (
	Generic Level = iota // plain Go
	AVX2                 // AVX2, FMA, F16C, BMI2
	AVX512               // AVX-512 F, BW, DQ, VL
	NumLevels
)

var levelNames = [NumLevels]string{"purego", "avx2", "avx512"}

// String returns the name that GNEISS_CPU knows.
func (l Level) String() string { return levelNames[l] }

// Available returns the highest level that the processor supports.
func Available() Level { return detect() }

// Best returns the level to use: the highest that the processor supports, capped by GNEISS_CPU. A value of GNEISS_CPU
// that is not a level, or that the processor lacks, is an error, so that a test never runs another variant unnoticed.
var Best = sync.OnceValues(func() (Level, error) {
	have := detect()
	name := os.Getenv("GNEISS_CPU")
	if name == "" {
		return have, nil
	}
	for l := range NumLevels {
		if levelNames[l] == name {
			if l > have {
				return have, fmt.Errorf("GNEISS_CPU=%s: this processor supports %v at most", name, have)
			}
			return l, nil
		}
	}
	return have, fmt.Errorf("GNEISS_CPU=%s: want purego, avx2 or avx512", name)
})

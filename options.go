package gneiss

import (
	"github.com/gneiss-ml/gneiss/exec"
)

// Options say how a session runs its model. The zero value is good for most.
type Options struct {
	// Threads is how many threads one run uses at most; 0: all cores that the process may use.
	Threads int
	// MaxRuns is how many runs go on at one time, others wait in their order; 0: as many as the process may use cores.
	MaxRuns int
	// MaxMemory limits, in bytes, the memory of intermediate results and new outputs of all runs of the session together;
	// 0: three quarters of the memory of the machine. A run that would exceed it ends with an error that says what it needed.
	MaxMemory int64
	// Reference restricts the session to the reference kernels.
	Reference bool
	// Backends are tried before the built-in ones: other devices.
	Backends []*exec.Backend
	// Off are the names of optimizer passes and rules that are not applied; see opt.Names.
	Off []string
	// Strict forbids every shortcut that changes rounding beyond the order of sums.
	Strict bool
	// Seed is what random operators draw from.
	Seed uint64
	// State pairs inputs with outputs for RunState: the output of one run is the input of the next. Both are patterns in
	// which each * of the output stands for what the same * of the input matched: {"past.*": "present.*"}.
	State map[string]string
	// Limits are for models that are not trusted.
	Limits Limits
	// Hook, when set, is called after each step of each run, by the goroutine that runs. It must be safe for as many
	// goroutines as there are runs.
	Hook func(*exec.Event)
}

// Limits bound what a model may do. Zero fields mean the default.
type Limits struct {
	Trips int // trips of one Loop; no limit by default
	Depth int // nesting of bodies; 64 by default
	Plans int // plans kept for different shapes; 64 by default
}

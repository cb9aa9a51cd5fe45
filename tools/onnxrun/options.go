package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/graph/opt"
)

// options are the flags that all commands share.
type options struct {
	device    string
	precision string
	threads   int
	backend   string
	passes    []string
	strict    bool
	maxMemory string
	timeout   time.Duration
	seed      uint64
}

func (o *options) register(f *pflag.FlagSet) {
	f.StringVar(&o.device, "device", "cpu", "where to run: cpu")
	f.StringVar(&o.precision, "precision", "auto", "arithmetic: auto (as the model says) or fp32")
	f.IntVar(&o.threads, "threads", 0, "threads of one run (0: all cores that the process may use)")
	f.StringVar(&o.backend, "backend", "auto", "kernels: auto, or ref for the reference kernels only")
	f.StringSliceVar(&o.passes, "passes", nil, "switch optimizer passes off: -NAME,...")
	f.BoolVar(&o.strict, "strict", false, "no shortcut that changes rounding beyond the order of sums")
	f.StringVar(&o.maxMemory, "max-memory", "", "limit of the memory for tensors, such as 512MiB")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this long, such as 5s")
	f.Uint64Var(&o.seed, "seed", 0, "seed of random operators and random inputs")
}

// session returns the options of a session as the flags say.
func (o *options) session() (gneiss.Options, error) {
	s := gneiss.Options{Threads: o.threads, Strict: o.strict, Seed: o.seed}
	if o.device != "cpu" {
		return s, usagef("--device %q: want cpu", o.device)
	}
	if o.precision != "auto" && o.precision != "fp32" {
		return s, usagef("--precision %q: want auto or fp32", o.precision)
	}
	if o.threads < 0 {
		return s, usagef("--threads %d: want 0 or more", o.threads)
	}
	switch o.backend {
	case "auto":
	case "ref":
		s.Reference = true
	default:
		return s, usagef("--backend %q: want auto or ref", o.backend)
	}
	for _, p := range o.passes {
		name, ok := strings.CutPrefix(p, "-")
		if !ok || name == "" {
			return s, usagef("--passes %q: want -NAME", p)
		}
		if !slices.Contains(opt.Names(), name) {
			return s, usagef("--passes %q: there is no pass or rule of that name, but %s", p, strings.Join(opt.Names(), ", "))
		}
		s.Off = append(s.Off, name)
	}
	if o.maxMemory != "" {
		n, err := parseSize(o.maxMemory)
		if err != nil {
			return s, usagef("--max-memory: %v", err)
		}
		s.MaxMemory = n
	}
	if o.timeout < 0 {
		return s, usagef("--timeout %v: want a positive duration", o.timeout)
	}
	return s, nil
}

// context returns ctx with the deadline of --timeout.
func (o *options) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.timeout > 0 {
		return context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("not done after --timeout %v", o.timeout))
	}
	return context.WithCancel(ctx)
}

var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"B", 1},
}

// parseSize parses a number of bytes, such as 512MiB.
func parseSize(s string) (int64, error) {
	num, unit := s, 1.0
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(s, u.name); ok {
			num, unit = strings.TrimSpace(n), u.bytes
			break
		}
	}
	x, err := strconv.ParseFloat(num, 64)
	if err != nil || !(x > 0) || x*unit > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is not a size such as 512MiB", s)
	}
	return int64(x * unit), nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/tensor"
)

// benchResult is what the bench command reports. Times are in microseconds unless the name says otherwise.
type benchResult struct {
	Model        string  `json:"model"`
	Threads      int     `json:"threads"`
	Callers      int     `json:"callers"`
	Runs         int     `json:"runs"`
	P50          float64 `json:"p50_us"`
	P90          float64 `json:"p90_us"`
	P99          float64 `json:"p99_us"`
	Min          float64 `json:"min_us"`
	Mean         float64 `json:"mean_us"`
	Throughput   float64 `json:"throughput_per_s"`
	LoadMS       float64 `json:"load_ms"`
	FirstRunMS   float64 `json:"first_run_ms"`
	PeakRSSMB    float64 `json:"peak_rss_mb"`
	AllocsPerRun float64 `json:"allocs_per_run"`
	BytesPerRun  float64 `json:"bytes_per_run"`
	Flops        int64   `json:"flops"`
	GflopsPerS   float64 `json:"gflops_per_s"`
}

type benchFlags struct {
	duration time.Duration
	warmup   time.Duration
	callers  int
	json     bool
}

func newBenchCommand() *cobra.Command {
	var (
		opts   options
		inputs inputFlags
		bf     benchFlags
	)
	c := &cobra.Command{
		Use:   "bench MODEL [INPUT...]",
		Short: "Measure latency, throughput and memory",
		Long: "Bench opens a model, runs it once, warms up and then runs it over and over. Inputs that are not given are random.\n\n" +
			inputHelp,
		Example: "  onnxrun bench model.onnx --threads 1 --duration 3s",
		Args:    atLeast(1, "model"),
		RunE: func(c *cobra.Command, args []string) error {
			if bf.callers < 1 {
				return usagef("--callers %d: want 1 or more", bf.callers)
			}
			if bf.duration <= 0 || bf.warmup < 0 {
				return usagef("--duration and --warmup: want a positive duration")
			}
			inputs.random = true
			ctx, cancel := opts.context(c.Context())
			defer cancel()
			r, err := bench(ctx, &opts, &inputs, &bf, args[0], args[1:])
			if err != nil {
				return because(ctx, err)
			}
			if bf.json {
				return json.NewEncoder(c.OutOrStdout()).Encode(r)
			}
			r.print(c.OutOrStdout())
			return nil
		},
	}
	opts.register(c.Flags())
	inputs.register(c.Flags())
	c.Flags().DurationVar(&bf.duration, "duration", 3*time.Second, "how long to measure")
	c.Flags().DurationVar(&bf.warmup, "warmup", 500*time.Millisecond, "how long to run before measuring")
	c.Flags().IntVar(&bf.callers, "callers", 1, "goroutines that call one session at the same time")
	c.Flags().BoolVar(&bf.json, "json", false, "print the result as JSON")
	return c
}

func bench(ctx context.Context, opts *options, inputs *inputFlags, bf *benchFlags, model string, args []string) (*benchResult, error) {
	so, err := opts.session()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	m, err := gneiss.Open(model)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	s, err := m.NewSession(so)
	if err != nil {
		return nil, err
	}
	r := &benchResult{Model: model, Threads: s.Threads(), Callers: bf.callers}
	r.LoadMS = millis(time.Since(start))
	in, err := inputs.read(s, args, opts.seed)
	if err != nil {
		return nil, err
	}
	start = time.Now()
	out, err := s.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	r.FirstRunMS = millis(time.Since(start))
	r.Flops = flops(m, in)
	if _, _, err := repeat(ctx, s, in, out, bf.callers, bf.warmup); err != nil {
		return nil, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	times, wall, err := repeat(ctx, s, in, out, bf.callers, bf.duration)
	if err != nil {
		return nil, err
	}
	runtime.ReadMemStats(&after)
	r.summarize(times, wall)
	r.AllocsPerRun = float64(after.Mallocs-before.Mallocs) / float64(len(times))
	r.BytesPerRun = float64(after.TotalAlloc-before.TotalAlloc) / float64(len(times))
	r.PeakRSSMB = peakRSS()
	return r, nil
}

// flops returns how many floating-point operations a run with the given inputs takes; 0 when that is not known.
func flops(m *gneiss.Model, in gneiss.Values) int64 {
	sizes := map[string]int{}
	for _, i := range m.Inputs() {
		t, ok := in[i.Name].(*tensor.Tensor)
		if !ok || t.Rank() != len(i.Dims) {
			continue
		}
		for k, d := range i.Dims {
			if name, ok := d.IsSymbol(); ok {
				sizes[name] = t.Shape()[k]
			}
		}
	}
	n, _ := m.Describe().Flops.Eval(sizes)
	return int64(n)
}

// repeat runs the session from several goroutines until d has passed, each at least once, and returns the times of all runs.
// Outputs go to tensors of each caller's own, like those of out.
func repeat(ctx context.Context, s *gneiss.Session, in, out gneiss.Values, callers int, d time.Duration) ([]time.Duration, time.Duration, error) {
	var (
		wg    sync.WaitGroup
		times = make([][]time.Duration, callers)
		errs  = make([]error, callers)
		start = time.Now()
	)
	for c := range callers {
		dst := reusable(out)
		times[c] = make([]time.Duration, 0, 1<<16)
		wg.Go(func() {
			for {
				t := time.Now()
				if dst != nil {
					errs[c] = s.RunInto(ctx, in, dst)
				} else {
					_, errs[c] = s.Run(ctx, in)
				}
				now := time.Now()
				times[c] = append(times[c], now.Sub(t))
				if errs[c] != nil || now.Sub(start) >= d {
					return
				}
			}
		})
	}
	wg.Wait()
	wall := time.Since(start)
	for _, err := range errs {
		if err != nil {
			return nil, 0, err
		}
	}
	return slices.Concat(times...), wall, nil
}

// reusable returns tensors that RunInto can write to; nil when an output is no tensor of numbers.
func reusable(out gneiss.Values) gneiss.Values {
	dst := gneiss.Values{}
	for name, v := range out {
		t, err := asTensor(name, v)
		if err != nil || v.Type() != t.Type() || t.Bytes() == nil {
			return nil
		}
		dst[name] = t.Clone()
	}
	return dst
}

func (r *benchResult) summarize(times []time.Duration, wall time.Duration) {
	slices.Sort(times)
	sum := time.Duration(0)
	for _, t := range times {
		sum += t
	}
	at := func(p float64) float64 { return micros(times[int(p*float64(len(times)-1)+0.5)]) }
	r.Runs = len(times)
	r.P50, r.P90, r.P99, r.Min = at(0.5), at(0.9), at(0.99), at(0)
	r.Mean = micros(sum) / float64(len(times))
	r.Throughput = float64(len(times)) / wall.Seconds()
	r.GflopsPerS = float64(r.Flops) * r.Throughput / 1e9
}

func (r *benchResult) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d threads, %d callers, %d runs\n", r.Model, r.Threads, r.Callers, r.Runs)
	fmt.Fprintf(w, "latency     p50 %.4g us, p90 %.4g us, p99 %.4g us, min %.4g us, mean %.4g us\n", r.P50, r.P90, r.P99, r.Min, r.Mean)
	fmt.Fprintf(w, "throughput  %.4g runs/s, %.4g GFLOP/s (%.4g MFLOP a run)\n", r.Throughput, r.GflopsPerS, float64(r.Flops)/1e6)
	fmt.Fprintf(w, "start       load %.4g ms, first run %.4g ms\n", r.LoadMS, r.FirstRunMS)
	fmt.Fprintf(w, "memory      peak RSS %.4g MB, %.4g allocations and %.4g bytes a run\n", r.PeakRSSMB, r.AllocsPerRun, r.BytesPerRun)
}

func millis(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// peakRSS returns the largest resident size of the process in MB: VmHWM where the system has /proc, else the memory that
// Go took from the system.
func peakRSS() float64 {
	if data, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(data)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
				if kb, err := strconv.ParseFloat(f[1], 64); err == nil {
					return kb / 1024
				}
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / (1 << 20)
}

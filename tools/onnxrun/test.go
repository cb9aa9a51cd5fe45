package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// testFlags are the flags of the test command beside the common ones.
type testFlags struct {
	skip       string
	json       string
	rtol, atol float64
	jobs       int
	verbose    bool
}

func newTestCommand() *cobra.Command {
	var (
		opts options
		tf   testFlags
	)
	c := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run ONNX backend-test directories",
		Long: "Test walks PATH for folders with model.onnx; each test_data_set_* in one is a case, with input_N.pb and output_N.pb. Outputs are\n" +
			"compared within rtol 1e-3 and atol 1e-7 (bfloat16: rtol 2⁻⁶), or what tolerance.json in the folder says, or the flags. It prints a\n" +
			"line per failing case and, last, the counts.",
		Example: "  onnxrun test --skip skip.txt onnx/backend/test/data/node",
		Args:    atLeast(1, "path"),
		RunE: func(c *cobra.Command, args []string) error {
			for _, name := range []string{"rtol", "atol"} {
				if !c.Flags().Changed(name) {
					continue
				}
				if v, _ := c.Flags().GetFloat64(name); !(v >= 0) {
					return usagef("--%s %v: want 0 or more", name, v)
				}
			}
			if !c.Flags().Changed("rtol") {
				tf.rtol = -1
			}
			if !c.Flags().Changed("atol") {
				tf.atol = -1
			}
			return runTests(c.Context(), c.OutOrStdout(), &opts, &tf, args)
		},
	}
	opts.register(c.Flags())
	c.Flags().StringVar(&tf.skip, "skip", "", "file of cases that are not run: lines of a name, a tab and the reason")
	c.Flags().StringVar(&tf.json, "json", "", "file that gets name, status, reason, largest error and time of each case")
	c.Flags().Float64Var(&tf.rtol, "rtol", 0, "relative tolerance of all cases")
	c.Flags().Float64Var(&tf.atol, "atol", 0, "absolute tolerance of all cases")
	c.Flags().IntVar(&tf.jobs, "jobs", runtime.GOMAXPROCS(0), "cases that run at the same time")
	c.Flags().BoolVarP(&tf.verbose, "verbose", "v", false, "print a line for each case")
	return c
}

// testCase is one data set of one model.
type testCase struct {
	name string // folder of the model, with /test_data_set_N where it has several
	dir  string
	data string
}

// outcome is what became of a case.
type outcome struct {
	Name   string  `json:"name"`
	Status string  `json:"status"` // passed, failed or skipped
	Reason string  `json:"reason,omitempty"`
	MaxAbs float64 `json:"max_abs_error"`
	MaxRel float64 `json:"max_rel_error"`
	Millis float64 `json:"time_ms"`
}

func runTests(ctx context.Context, w io.Writer, opts *options, tf *testFlags, paths []string) error {
	so, err := opts.session()
	if err != nil {
		return err
	}
	if tf.jobs < 1 {
		return usagef("--jobs %d: want 1 or more", tf.jobs)
	}
	skip := map[string]string{}
	if tf.skip != "" {
		if skip, err = readSkips(tf.skip); err != nil {
			return err
		}
	}
	cases, err := findCases(paths)
	if err != nil {
		return err
	}
	results := runCases(ctx, opts, so, tf, cases, skip)
	count := map[string]int{}
	var all []outcome
	for i, ch := range results {
		r := <-ch
		if reason, ok := skip[cases[i].name]; ok {
			if r.Status == "passed" {
				r.Status, r.Reason = "failed", fmt.Sprintf("passes, but %s says to skip it: %s", tf.skip, reason)
			} else {
				r.Status, r.Reason = "skipped", reason
			}
		}
		count[r.Status]++
		all = append(all, r)
		if r.Status == "failed" {
			fmt.Fprintf(w, "FAIL %s: %s\n", r.Name, r.Reason)
		} else if tf.verbose {
			fmt.Fprintf(w, "%s %s (%.1f ms, max error %.3g) %s\n", r.Status, r.Name, r.Millis, r.MaxAbs, r.Reason)
		}
	}
	if tf.json != "" {
		err := tensor.WriteFile(tf.json, func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", " ")
			return enc.Encode(all)
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", count["passed"], count["failed"], count["skipped"])
	if count["failed"] > 0 {
		return silentError{fmt.Errorf("%d cases failed", count["failed"])}
	}
	if len(cases) == 0 {
		return fmt.Errorf("no test case under %s: want folders with model.onnx and test_data_set_0", strings.Join(paths, ", "))
	}
	return nil
}

// runCases starts the cases, a few at a time, and returns a channel for the outcome of each.
func runCases(ctx context.Context, opts *options, so gneiss.Options, tf *testFlags, cases []testCase, skip map[string]string) []chan outcome {
	results := make([]chan outcome, len(cases))
	for i := range results {
		results[i] = make(chan outcome, 1)
	}
	next := make(chan int)
	go func() {
		defer close(next)
		for i := range cases {
			next <- i
		}
	}()
	var wg sync.WaitGroup
	for range tf.jobs {
		wg.Go(func() {
			for i := range next {
				results[i] <- runCase(ctx, opts, so, tf, cases[i])
			}
		})
	}
	return results
}

func runCase(ctx context.Context, opts *options, so gneiss.Options, tf *testFlags, c testCase) outcome {
	ctx, cancel := opts.context(ctx)
	defer cancel()
	start := time.Now()
	r, err := checkCase(ctx, so, tf, c)
	o := outcome{Name: c.name, Status: "passed", MaxAbs: r.MaxAbs, MaxRel: r.MaxRel, Millis: float64(time.Since(start).Microseconds()) / 1e3}
	if err == nil && !r.OK() {
		err = errors.New(r.Diff)
	}
	if err != nil {
		o.Status, o.Reason = "failed", oneLine(because(ctx, err))
	}
	return o
}

// checkCase runs a case and compares its outputs.
func checkCase(ctx context.Context, so gneiss.Options, tf *testFlags, c testCase) (worst compare.Result, err error) {
	tol, err := compare.Load(filepath.Join(c.dir, "tolerance.json"), compare.ONNX)
	if err != nil {
		return worst, err
	}
	if tf.rtol >= 0 {
		tol.RTol = tf.rtol
	}
	if tf.atol >= 0 {
		tol.ATol = tf.atol
	}
	m, err := gneiss.Open(filepath.Join(c.dir, "model.onnx"))
	if err != nil {
		return worst, err
	}
	defer m.Close()
	in, err := caseInputs(m, c.data)
	if err != nil {
		return worst, err
	}
	s, err := m.NewSession(so)
	if err != nil {
		return worst, err
	}
	out, err := s.Run(ctx, in)
	if err != nil {
		return worst, err
	}
	for i, o := range m.Outputs() {
		path := filepath.Join(c.data, fmt.Sprintf("output_%d.pb", i))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && i > 0 {
			break // outputs that are not listed are not checked
		}
		want, err := onnx.ReadValueFile(path, out[o.Name].Type())
		if err != nil {
			return worst, err
		}
		r := compare.Values(out[o.Name], want, tol)
		worst.MaxAbs, worst.MaxRel = max(worst.MaxAbs, r.MaxAbs), max(worst.MaxRel, r.MaxRel)
		if !r.OK() {
			worst.Diff = fmt.Sprintf("output %q: %s", o.Name, r.Diff)
			return worst, nil
		}
	}
	return worst, nil
}

// caseInputs reads input_0.pb and so on: in the order of the required inputs, or of all inputs when there are more files.
func caseInputs(m *gneiss.Model, dir string) (gneiss.Values, error) {
	files, err := filepath.Glob(filepath.Join(escape(dir), "input_*.pb"))
	if err != nil {
		return nil, err
	}
	ins := slices.DeleteFunc(slices.Clone(m.Inputs()), func(i gneiss.Info) bool { return i.Optional })
	if len(files) > len(ins) {
		ins = m.Inputs()
	}
	if len(files) > len(ins) {
		return nil, fmt.Errorf("%s: %d inputs, the model has %d", dir, len(files), len(ins))
	}
	vals := gneiss.Values{}
	for i := range files {
		v, err := onnx.ReadValueFile(filepath.Join(dir, fmt.Sprintf("input_%d.pb", i)), ins[i].Type)
		if err != nil {
			return nil, err
		}
		vals[ins[i].Name] = v
	}
	return vals, nil
}

// escape makes a path literal for Glob.
func escape(path string) string {
	return strings.NewReplacer(`[`, `\[`, `*`, `\*`, `?`, `\?`).Replace(path)
}

// findCases returns the cases below the paths, sorted by path.
func findCases(paths []string) ([]testCase, error) {
	var cases []testCase
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return nil, err
		}
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() != "model.onnx" {
				return err
			}
			dir := filepath.Dir(path)
			sets, err := filepath.Glob(filepath.Join(escape(dir), "test_data_set_*"))
			if err != nil {
				return err
			}
			for _, set := range sets {
				abs, err := filepath.Abs(dir)
				if err != nil {
					return err
				}
				name := filepath.Base(abs)
				if len(sets) > 1 {
					name += "/" + filepath.Base(set)
				}
				cases = append(cases, testCase{name, dir, set})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// readSkips reads a skip file: lines of a name, a tab and a reason; empty lines and those that begin with # are ignored.
func readSkips(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	skip := map[string]string{}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, ok := strings.Cut(line, "\t")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: want NAME, a tab and the reason", path, i+1)
		}
		skip[name] = reason
	}
	return skip, nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/tensor"
)

// profileFlags are the flags of the profile command beside the common ones.
type profileFlags struct {
	duration time.Duration
	top      int
	json     bool
	trace    string
	html     string
}

func newProfileCommand() *cobra.Command {
	var (
		opts   options
		inputs inputFlags
		pf     profileFlags
	)
	c := &cobra.Command{
		Use:   "profile MODEL [INPUT...]",
		Short: "Show where the time goes: per node and operator; Chrome trace, HTML page",
		Long: "Profile runs a model once to warm up, and then over and over, and shows the time of each node, its shapes, its kernel and why that\n" +
			"was chosen. The time of a node with bodies (If, Loop, Scan) leaves out the nodes in them. Inputs that are not given are random.\n\n" +
			inputHelp,
		Example: "  onnxrun profile model.onnx --threads 1 --html profile.html --trace trace.json",
		Args:    atLeast(1, "model"),
		RunE: func(c *cobra.Command, args []string) error {
			if pf.duration < 0 || pf.top < 0 {
				return usagef("--duration and --top: want 0 or more")
			}
			inputs.random = true
			ctx, cancel := opts.context(c.Context())
			defer cancel()
			p, events, err := profile(ctx, &opts, &inputs, &pf, args[0], args[1:])
			if err != nil {
				return because(ctx, err)
			}
			return pf.write(c.OutOrStdout(), p, events)
		},
	}
	opts.register(c.Flags())
	inputs.register(c.Flags())
	c.Flags().DurationVar(&pf.duration, "duration", time.Second, "how long to measure; one run at least")
	c.Flags().IntVar(&pf.top, "top", 20, "how many nodes to print (0: all)")
	c.Flags().BoolVar(&pf.json, "json", false, "print the profile as JSON")
	c.Flags().StringVar(&pf.trace, "trace", "", "file that gets the last run for chrome://tracing or Perfetto")
	c.Flags().StringVar(&pf.html, "html", "", "file that gets a page with the nodes coloured by time")
	return c
}

// write prints the profile and writes the files that the flags name.
func (f *profileFlags) write(w io.Writer, p *profileReport, events []traceEvent) error {
	if f.trace != "" {
		if err := tensor.WriteFile(f.trace, func(w io.Writer) error { return writeTrace(w, p.Model, events) }); err != nil {
			return err
		}
	}
	if f.html != "" {
		if err := tensor.WriteFile(f.html, func(w io.Writer) error { return writePage(w, p) }); err != nil {
			return err
		}
	}
	if f.json {
		return json.NewEncoder(w).Encode(p)
	}
	p.print(w, f.top)
	return nil
}

// profile runs the model and returns where the time went, and the steps of the last run.
func profile(ctx context.Context, opts *options, inputs *inputFlags, pf *profileFlags, model string, args []string) (*profileReport, []traceEvent, error) {
	so, err := opts.session()
	if err != nil {
		return nil, nil, err
	}
	m, err := gneiss.Open(model)
	if err != nil {
		return nil, nil, err
	}
	defer m.Close()
	k := newCollector()
	so.Hook = k.step
	s, err := m.NewSession(so)
	if err != nil {
		return nil, nil, err
	}
	in, err := inputs.read(s, args, opts.seed)
	if err != nil {
		return nil, nil, err
	}
	out, err := s.Run(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	dst := reusable(out)
	k.reset()
	for start := time.Now(); ; {
		k.begin()
		if dst != nil {
			err = s.RunInto(ctx, in, dst)
		} else {
			_, err = s.Run(ctx, in)
		}
		if err != nil {
			return nil, nil, err
		}
		k.end()
		if time.Since(start) >= pf.duration {
			break
		}
	}
	p := k.report()
	p.Model, p.Threads = model, s.Threads()
	return p, k.events, nil
}

func (p *profileReport) print(w io.Writer, top int) {
	fmt.Fprintf(w, "%s: %d threads, %d runs of %.4g us, of which %.4g us outside of nodes; %.4g GFLOP/s\n", p.Model, p.Threads, p.Runs, p.Run,
		p.Outside, p.GflopsPerS)
	fmt.Fprintf(w, "\n%10s %6s %6s %7s %8s  operator\n", "us", "share", "nodes", "calls", "GFLOP/s")
	for _, o := range p.Operators {
		fmt.Fprintf(w, "%10.1f %5.1f%% %6d %7.4g %8s  %s\n", o.Time, o.Share*100, o.Nodes, o.Calls, rate(o.GflopsPerS), o.Op)
	}
	nodes := p.slowest()
	if top > 0 && len(nodes) > top {
		nodes = nodes[:top]
	}
	fmt.Fprintf(w, "\n%10s %6s %8s %8s  node (%d of %d)\n", "us", "share", "GFLOP/s", "GB/s", len(nodes), len(p.Nodes))
	for _, n := range nodes {
		fmt.Fprintf(w, "%10.1f %5.1f%% %8s %8s  %s\n", n.Time, n.Share*100, rate(n.GflopsPerS), rate(n.GBPerS), n.describe())
	}
}

// rate prints a rate, or nothing where there is none.
func rate(x float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", x)
}

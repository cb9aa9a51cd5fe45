package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/onnx"
)

// report is what inspect tells of a model.
type report struct {
	Model       string            `json:"model"`
	IR          int64             `json:"ir_version"`
	Opsets      map[string]int64  `json:"opsets"`
	Producer    string            `json:"producer,omitempty"`
	Inputs      []string          `json:"inputs"`
	Outputs     []string          `json:"outputs"`
	Parameters  int64             `json:"parameters"`
	WeightBytes int64             `json:"weight_bytes"`
	Nodes       int               `json:"nodes"`
	Operators   map[string]int    `json:"operators"`
	Flops       string            `json:"flops"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Warnings    []string          `json:"warnings,omitempty"`
	Unsupported []string          `json:"unsupported,omitempty"`
}

func newInspectCommand() *cobra.Command {
	var (
		opts   options
		asJSON bool
		text   bool
	)
	c := &cobra.Command{
		Use:     "inspect MODEL",
		Short:   "Show inputs, outputs, operators, parameters, FLOPs, what would not run and why",
		Example: "  onnxrun inspect model.onnx\n  onnxrun inspect --text model.onnx",
		Args:    atLeast(1, "model"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("inspect takes one model, not %d", len(args))
			}
			so, err := opts.session()
			if err != nil {
				return err
			}
			m, err := gneiss.Open(args[0])
			var unsupported *onnx.UnsupportedError
			if errors.As(err, &unsupported) {
				return printUnsupported(c.OutOrStdout(), args[0], unsupported, asJSON)
			}
			if err != nil {
				return err
			}
			defer m.Close()
			if text {
				return m.Print(c.OutOrStdout())
			}
			r := inspect(args[0], m)
			if _, err := m.NewSession(so); err != nil {
				r.Unsupported = append(r.Unsupported, err.Error())
			}
			if asJSON {
				if err := json.NewEncoder(c.OutOrStdout()).Encode(r); err != nil {
					return err
				}
			} else {
				r.print(c.OutOrStdout())
			}
			if len(r.Unsupported) > 0 {
				return silentError{errors.New(r.Unsupported[0])}
			}
			return nil
		},
	}
	opts.register(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	c.Flags().BoolVar(&text, "text", false, "print the graph in ONNX's textual syntax")
	return c
}

func printUnsupported(w io.Writer, model string, e *onnx.UnsupportedError, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(w).Encode(report{Model: model, Unsupported: details(e)}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "%s does not run:\n", model)
		for _, d := range details(e) {
			fmt.Fprintf(w, "  %s\n", d)
		}
	}
	return silentError{e}
}

func details(e *onnx.UnsupportedError) []string {
	return strings.Split(strings.TrimSpace(e.Details()), "\n")
}

func inspect(path string, m *gneiss.Model) *report {
	info := m.Describe()
	r := &report{
		Model: path, IR: info.IRVersion, Opsets: info.Opsets, Producer: info.Producer, Parameters: info.Parameters, WeightBytes: info.WeightBytes,
		Nodes: info.Nodes, Operators: info.Operators, Metadata: info.Metadata, Warnings: info.Warnings, Flops: info.Flops.String(),
	}
	for _, i := range m.Inputs() {
		text := fmt.Sprintf("%s %v", i.Name, i.Fact)
		if i.Optional {
			text += " (has a default)"
		}
		r.Inputs = append(r.Inputs, text)
	}
	for _, o := range m.Outputs() {
		r.Outputs = append(r.Outputs, fmt.Sprintf("%s %v", o.Name, o.Fact))
	}
	return r
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s: IR version %d", r.Model, r.IR)
	for _, d := range slices.Sorted(maps.Keys(r.Opsets)) {
		fmt.Fprintf(w, ", %s opset %d", cmp.Or(d, "ai.onnx"), r.Opsets[d])
	}
	if r.Producer != "" {
		fmt.Fprintf(w, ", by %s", r.Producer)
	}
	fmt.Fprintln(w)
	for _, i := range r.Inputs {
		fmt.Fprintln(w, "input  ", i)
	}
	for _, o := range r.Outputs {
		fmt.Fprintln(w, "output ", o)
	}
	fmt.Fprintf(w, "%d parameters in %.4g MB, %s FLOPs a run, %d nodes:\n", r.Parameters, float64(r.WeightBytes)/1e6, r.Flops, r.Nodes)
	names := slices.SortedFunc(maps.Keys(r.Operators), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Operators[b], r.Operators[a]), cmp.Compare(a, b))
	})
	for _, n := range names {
		fmt.Fprintf(w, "%7d  %s\n", r.Operators[n], n)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Metadata)) {
		fmt.Fprintf(w, "metadata %s: %s\n", k, r.Metadata[k])
	}
	for _, t := range r.Warnings {
		fmt.Fprintln(w, "warning:", t)
	}
	for _, t := range r.Unsupported {
		fmt.Fprintln(w, "does not run:", t)
	}
	if len(r.Unsupported) == 0 {
		fmt.Fprintln(w, "every node runs")
	}
}

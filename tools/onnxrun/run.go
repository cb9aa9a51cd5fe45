package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/tensor"
)

// newRunCommand returns the command that runs a model once: the root.
func newRunCommand() *cobra.Command {
	var (
		opts   options
		inputs inputFlags
		out    string
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "onnxrun MODEL [INPUT...] [-o OUT]",
		Short: "Run an ONNX model",
		Long: "Onnxrun runs an ONNX model once and shows its outputs, or writes them to OUT: y.npy (one output), y.npz, or a folder\n" +
			"(NAME.npy each).\n\n" + inputHelp,
		Example: "  onnxrun model.onnx input.npy\n  onnxrun model.onnx image=photo.jpg --image-mean 0.485,0.456,0.406 --image-std 0.229,0.224,0.225",
		Args:    atLeast(1, "model"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, cancel := opts.context(c.Context())
			defer cancel()
			outputs, order, err := runOnce(ctx, &opts, &inputs, args[0], args[1:])
			if err != nil {
				return err
			}
			switch {
			case out != "" && asJSON:
				return usagef("--json prints the outputs and -o writes them: want one of the two")
			case out != "":
				return writeOutputs(out, outputs, order)
			case asJSON:
				return printJSON(c.OutOrStdout(), outputs, order)
			}
			for _, name := range order {
				printValue(c.OutOrStdout(), name, outputs[name])
			}
			return nil
		},
	}
	opts.register(c.Flags())
	inputs.register(c.Flags())
	c.Flags().StringVarP(&out, "out", "o", "", "where the outputs go: y.npy, y.npz or a folder")
	c.Flags().BoolVar(&asJSON, "json", false, "print the outputs as JSON")
	return c
}

// runOnce opens a model, reads its inputs and runs it. It returns the outputs and the order of their names.
func runOnce(ctx context.Context, opts *options, inputs *inputFlags, model string, args []string) (gneiss.Values, []string, error) {
	so, err := opts.session()
	if err != nil {
		return nil, nil, err
	}
	m, err := gneiss.Open(model)
	if err != nil {
		return nil, nil, err
	}
	defer m.Close()
	s, err := m.NewSession(so)
	if err != nil {
		return nil, nil, err
	}
	vals, err := inputs.read(s, args, opts.seed)
	if err != nil {
		return nil, nil, err
	}
	out, err := s.Run(ctx, vals)
	if err != nil {
		return nil, nil, because(ctx, err)
	}
	var order []string
	for _, o := range m.Outputs() {
		order = append(order, o.Name)
	}
	return out, order, nil
}

// because adds why ctx ended to an error that only says that it did.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil && cause != ctx.Err() {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// writeOutputs writes outputs as y.npy, y.npz or the files of a folder.
func writeOutputs(out string, vals gneiss.Values, order []string) error {
	switch strings.ToLower(filepath.Ext(out)) {
	case ".npy":
		if len(order) != 1 {
			return usagef("-o %s: the model has %d outputs, want a .npz file or a folder", out, len(order))
		}
		t, err := asTensor(order[0], vals[order[0]])
		if err != nil {
			return err
		}
		return tensor.SaveNPY(out, t)
	case ".npz":
		var as []tensor.Array
		for _, name := range order {
			t, err := asTensor(name, vals[name])
			if err != nil {
				return err
			}
			as = append(as, tensor.Array{Name: name, Tensor: t})
		}
		return tensor.SaveNPZ(out, as)
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	owner := map[string]string{} // of each file: two names may become one
	for _, name := range order {
		file := fileName(name)
		if other, ok := owner[file]; ok {
			return fmt.Errorf("-o %s: outputs %q and %q would both be %s.npy, want a .npz file", out, other, name, file)
		}
		owner[file] = name
	}
	for _, name := range order {
		t, err := asTensor(name, vals[name])
		if err != nil {
			return err
		}
		if err := tensor.SaveNPY(filepath.Join(out, fileName(name)+".npy"), t); err != nil {
			return err
		}
	}
	return nil
}

// fileName returns an output's name with what a file name cannot have replaced.
func fileName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, name)
	if strings.Trim(safe, ".") == "" {
		return "_" + safe
	}
	return safe
}

func asTensor(name string, v tensor.Value) (*tensor.Tensor, error) {
	if o, ok := v.(*tensor.Optional); ok && o.Value != nil {
		v = o.Value
	}
	if t, ok := v.(*tensor.Tensor); ok {
		return t, nil
	}
	return nil, fmt.Errorf("output %q is a %v, which npy cannot hold", name, v.Type())
}

// printValue shows a value: name, type, shape, a short view, and the five largest of a vector of scores.
func printValue(w io.Writer, name string, v tensor.Value) {
	switch v := v.(type) {
	case *tensor.Tensor:
		fmt.Fprintf(w, "%s %s: %s\n", name, v.Describe(), view(v, 8))
		if isScores(v) {
			xs := v.Float64s()
			idx := make([]int, len(xs))
			for i := range idx {
				idx[i] = i
			}
			slices.SortStableFunc(idx, func(a, b int) int {
				switch {
				case xs[a] > xs[b]:
					return -1
				case xs[a] < xs[b]:
					return 1
				}
				return 0
			})
			for _, i := range idx[:min(5, len(idx))] {
				fmt.Fprintf(w, "  %5d  %.6g\n", i, xs[i])
			}
		}
	case *tensor.Sequence:
		fmt.Fprintf(w, "%s %v of %d\n", name, v.Type(), len(v.Items))
		for i, x := range v.Items {
			if i == 8 {
				fmt.Fprintf(w, "  … %d more\n", len(v.Items)-i)
				break
			}
			printValue(w, fmt.Sprintf("  [%d]", i), x)
		}
	case *tensor.Optional:
		if v.Value == nil {
			fmt.Fprintf(w, "%s %v: absent\n", name, v.Type())
			return
		}
		printValue(w, name, v.Value)
	case *tensor.Map:
		fmt.Fprintf(w, "%s %v of %d\n", name, v.Type(), v.Keys.Len())
		printValue(w, "  keys", v.Keys)
		printValue(w, "  values", v.Values)
	}
}

// isScores reports whether t looks like scores of classes: one row of floats.
func isScores(t *tensor.Tensor) bool {
	n := t.Len()
	return t.DType().IsFloat() && t.Rank() > 0 && n >= 2 && t.Shape()[t.Rank()-1] == n
}

// view returns the first n elements as text.
func view(t *tensor.Tensor, n int) string {
	var parts []string
	count := min(n, t.Len())
	switch dt := t.DType(); {
	case dt == tensor.String:
		for _, s := range tensor.Data[string](t)[:count] {
			parts = append(parts, fmt.Sprintf("%.40q", s))
		}
	case dt.IsInt():
		for _, x := range t.Int64s()[:count] {
			parts = append(parts, fmt.Sprint(x))
		}
	case dt == tensor.Bool:
		for _, x := range tensor.Data[bool](t)[:count] {
			parts = append(parts, fmt.Sprint(x))
		}
	case dt == tensor.Complex64:
		for _, x := range tensor.Data[complex64](t)[:count] {
			parts = append(parts, fmt.Sprintf("%.6g", x))
		}
	case dt == tensor.Complex128:
		for _, x := range tensor.Data[complex128](t)[:count] {
			parts = append(parts, fmt.Sprintf("%.6g", x))
		}
	default:
		for _, x := range t.Float64s()[:count] {
			parts = append(parts, fmt.Sprintf("%.6g", x))
		}
	}
	if t.Len() > n {
		parts = append(parts, "…")
	}
	return strings.Join(parts, " ")
}

// printJSON prints outputs as one JSON object: name → {dtype, shape, data}. Data are numbers, strings, or for other kinds
// of values nested objects; NaN and infinities are strings.
func printJSON(w io.Writer, vals gneiss.Values, order []string) error {
	out := map[string]any{}
	for _, name := range order {
		out[name] = jsonValue(vals[name])
	}
	return json.NewEncoder(w).Encode(out)
}

func jsonValue(v tensor.Value) any {
	switch v := v.(type) {
	case *tensor.Tensor:
		return map[string]any{"dtype": v.DType().String(), "shape": v.Shape(), "data": jsonData(v)}
	case *tensor.Sequence:
		items := []any{}
		for _, x := range v.Items {
			items = append(items, jsonValue(x))
		}
		return map[string]any{"type": v.Type().String(), "items": items}
	case *tensor.Map:
		return map[string]any{"type": v.Type().String(), "keys": jsonValue(v.Keys), "values": jsonValue(v.Values)}
	case *tensor.Optional:
		if v.Value != nil {
			return jsonValue(v.Value)
		}
	}
	return nil
}

func jsonData(t *tensor.Tensor) any {
	switch dt := t.DType(); {
	case dt == tensor.String:
		return tensor.Data[string](t)
	case dt == tensor.Bool:
		return tensor.Data[bool](t)
	case dt.IsInt():
		return t.Int64s()
	case dt.IsComplex():
		return strings.Fields(view(t, t.Len()))
	}
	xs := t.Float64s()
	out := make([]any, len(xs))
	for i, x := range xs {
		if x-x != 0 {
			out[i] = fmt.Sprint(x)
		} else {
			out[i] = x
		}
	}
	return out
}

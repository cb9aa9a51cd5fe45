package ref

import (
	"slices"
	"strings"
	"unicode"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var textKernels = []exec.Kernel{
	always(regexFullMatch),
	always(stringConcat),
	always(stringNormalizer),
	always(stringSplit),
}

func regexFullMatch(b *exec.Binding, o *op.RegexFullMatch) run {
	re, err := o.Regexp()
	return func(f *exec.Frame) error {
		if err != nil {
			return err
		}
		y := tensor.Data[bool](f.Out(0))
		for i, s := range tensor.Data[string](f.In(0)) {
			y[i] = re.MatchString(s)
			if err := pollEvery(f, i, 64*len(s)); err != nil {
				return err
			}
		}
		return nil
	}
}

func stringConcat(b *exec.Binding, o *op.StringConcat) run {
	shape := b.OutShape(0)
	strides := [][]int{tensor.BroadcastStrides(b.Shape(0), shape), tensor.BroadcastStrides(b.Shape(1), shape)}
	return func(f *exec.Frame) error {
		x, y, z := tensor.Data[string](f.In(0)), tensor.Data[string](f.In(1)), tensor.Data[string](f.Out(0))
		tensor.Walk(shape, strides, func(i int, offs []int) { z[i] = x[offs[0]] + y[offs[1]] })
		return f.Err()
	}
}

// caseOf returns the functions that change case in a language.
func caseOf(locale string) (lower, upper func(string) string) {
	if lang := strings.ToLower(locale[:min(2, len(locale))]); lang == "tr" || lang == "az" {
		return func(s string) string { return strings.ToLowerSpecial(unicode.TurkishCase, s) },
			func(s string) string { return strings.ToUpperSpecial(unicode.TurkishCase, s) }
	}
	return strings.ToLower, strings.ToUpper
}

func stringNormalizer(b *exec.Binding, o *op.StringNormalizer) run {
	lower, upper := caseOf(o.Locale)
	same := func(s string) string { return s }
	fold, change := lower, same
	if o.CaseSensitive {
		fold = same
	}
	switch o.CaseChange {
	case "LOWER":
		change = lower
	case "UPPER":
		change = upper
	}
	stop := map[string]bool{}
	for _, s := range o.Stopwords {
		stop[fold(s)] = true
	}
	return func(f *exec.Frame) error {
		var kept []string
		for _, s := range tensor.Data[string](f.In(0)) {
			if !stop[fold(s)] {
				kept = append(kept, change(s))
			}
		}
		if len(kept) == 0 {
			kept = []string{""}
		}
		shape := slices.Clone(f.In(0).Shape())
		shape[len(shape)-1] = len(kept)
		y, err := f.Make(0, tensor.String, shape...)
		if err != nil {
			return err
		}
		copy(tensor.Data[string](y), kept)
		return nil
	}
}

func stringSplit(b *exec.Binding, o *op.StringSplit) run {
	limit := -1
	if o.MaxSplit.Set && o.MaxSplit.V >= 0 {
		limit = min(o.MaxSplit.V, 1<<30) + 1
	}
	return func(f *exec.Frame) error {
		x := tensor.Data[string](f.In(0))
		all, most := make([][]string, len(x)), 0
		for i, s := range x {
			if o.Delimiter == "" {
				all[i] = splitBlanks(s, limit)
			} else {
				all[i] = strings.SplitN(s, o.Delimiter, limit)
			}
			most = max(most, len(all[i]))
			if err := pollEvery(f, i, 16*len(s)); err != nil {
				return err
			}
		}
		y, err := f.Make(0, tensor.String, append(slices.Clone(f.In(0).Shape()), most)...)
		if err != nil {
			return err
		}
		for i, parts := range all {
			copy(tensor.Data[string](y)[i*most:], parts)
			if z := f.Out(1); z != nil {
				tensor.Data[int64](z)[i] = int64(len(parts))
			}
		}
		return nil
	}
}

// splitBlanks cuts a string at white space into at most limit parts, of which the last has what is left; −1: any number.
func splitBlanks(s string, limit int) []string {
	if limit < 0 {
		return strings.Fields(s)
	}
	var parts []string
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != ""; {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 || len(parts) == limit-1 {
			return append(parts, s)
		}
		parts = append(parts, s[:end])
		s = strings.TrimLeftFunc(s[end:], unicode.IsSpace)
	}
	return parts
}

package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// The sides in the order that config.sides gives them.
const (
	ours = iota
	ort
	fixed
	openvino
)

// noise is the ratio from which a model counts as not slower.
const noise = 0.98

// report writes the tables.
func report(c *config, m *machineInfo, rows []*row) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Performance

Written by bench/ in one run, all sides in turn on the same inputs; see bench/README.md. Ratios are a rival's time divided by
Gneiss's: above 1, Gneiss is faster.

| | |
|---|---|
| machine | %s, %s, %d cores used of %d |
| instruction sets | %s |
| versions | Gneiss %s; %s |
| rounds | %d of %v each side, medians; load + first run: medians of %d processes |
| date | %s |

`, m.name, m.system, slices.Max(c.threads), len(m.order), strings.Join(m.isa, ", "), m.commit, strings.Join(m.versions, "; "), c.rounds,
		c.budget, c.starts, m.date)
	b.WriteString("## Summary\n\nOver the models in fp32.\n\n")
	b.WriteString("| threads | models | failed | ORT as the file is | ORT, the better form | OpenVINO | the best rival | below 1.0 against ORT | below 0.85 |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for _, n := range c.threads {
		b.WriteString(summary(rows, n))
	}
	b.WriteString("\nThe figures of rivals are geometric means of ratios over the models that both answer rightly (in brackets: how many). A model\n" +
		"whose ratio is 0.98 or more counts as not below 1.0. Failed are the models that are missing or that Gneiss does not answer rightly.\n")
	for _, n := range c.threads {
		b.WriteString(behind(rows, n))
	}
	for _, n := range c.threads {
		fmt.Fprintf(&b, "\n## Threads: %d\n\n", n)
		b.WriteString("| model | Gneiss, us | ORT | ORT, fixed | OpenVINO | start, ms | ORT's | OpenVINO's | memory, MB | ORT's | OpenVINO's |\n")
		b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
		for _, r := range rows {
			b.WriteString(r.table(n))
		}
	}
	b.WriteString("\nORT, fixed: the model with the weights taken off the graph's inputs, where the file lists them there. Start: load and first run\n" +
		"together, in a new process. Memory: the most that was resident (VmHWM) after the first run; in brackets without what was resident before\n" +
		"the load, such as the interpreter of the rivals. Models marked int8 or half are not fp32 and do not count above. A side whose\n" +
		"answer is outside of the model's tolerance is wrong: its ratio is in brackets and does not count.\n")
	b.WriteString(notes(c, rows))
	return b.String()
}

// ratio returns a rival's time over ours; false when one of them does not count.
func (r *row) ratio(threads, rival int) (float64, bool) {
	rs := r.results[threads]
	if rs == nil || !rs[ours].ok() || !rs[rival].ok() {
		return 0, false
	}
	return rs[rival].time / rs[ours].time, true
}

// best returns the smallest ratio of several rivals.
func (r *row) best(threads int, rivals ...int) (float64, bool) {
	least := math.Inf(1)
	for _, k := range rivals {
		if x, ok := r.ratio(threads, k); ok {
			least = min(least, x)
		}
	}
	return least, !math.IsInf(least, 1)
}

func summary(rows []*row, threads int) string {
	groups := [][]int{{ort}, {ort, fixed}, {openvino}, {ort, fixed, openvino}}
	logs, counts := make([]float64, len(groups)), make([]int, len(groups))
	models, failed, below, far := 0, 0, 0, 0
	for _, r := range rows {
		if r.mark != "" {
			continue
		}
		models++
		if rs := r.results[threads]; rs == nil || !rs[ours].ok() {
			failed++
			continue
		}
		for i, g := range groups {
			if x, ok := r.best(threads, g...); ok {
				logs[i] += math.Log(x)
				counts[i]++
			}
		}
		if x, ok := r.best(threads, ort, fixed); ok && x < noise {
			below++
			if x < 0.85 {
				far++
			}
		}
	}
	s := fmt.Sprintf("| %d | %d | %d |", threads, models, failed)
	for i := range groups {
		if counts[i] == 0 {
			s += " – |"
			continue
		}
		s += fmt.Sprintf(" %.2f (%d) |", math.Exp(logs[i]/float64(counts[i])), counts[i])
	}
	return s + fmt.Sprintf(" %d | %d |\n", below, far)
}

// behind lists the models in fp32 on which a rival is faster, the worst first.
func behind(rows []*row, threads int) string {
	type entry struct {
		name  string
		ratio float64
	}
	var list []entry
	for _, r := range rows {
		if x, ok := r.best(threads, ort, fixed, openvino); ok && r.mark == "" && x < noise {
			list = append(list, entry{r.name, x})
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.ratio, b.ratio) })
	s := fmt.Sprintf("\nA rival is faster at %d threads on:", threads)
	for i, e := range list {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprintf(" %s %.2f", e.name, e.ratio)
	}
	return s + ".\n"
}

func (r *row) title() string {
	if r.mark != "" {
		return r.name + " (" + r.mark + ")"
	}
	return r.name
}

// table returns the line of a table.
func (r *row) table(threads int) string {
	s := "| " + r.title() + " |"
	rs := r.results[threads]
	if rs == nil {
		return s + " failed |" + strings.Repeat(" – |", 9) + "\n"
	}
	switch {
	case rs[ours].err != nil:
		s += " failed |"
	case rs[ours].wrong != "":
		s += fmt.Sprintf(" wrong (%s) |", number(rs[ours].time))
	default:
		s += " " + number(rs[ours].time) + " |"
	}
	for _, k := range []int{ort, fixed, openvino} {
		s += " " + rivalCell(rs[ours], rs[k]) + " |"
	}
	for _, k := range []int{ours, ort, openvino} {
		s += cell(rs[k], func(x *result) string { return number(x.start / 1e3) })
	}
	for _, k := range []int{ours, ort, openvino} {
		s += cell(rs[k], func(x *result) string { return fmt.Sprintf("%s (%s)", number(x.peak), number(max(0, x.memory))) })
	}
	return s + "\n"
}

func cell(r *result, text func(*result) string) string {
	if r.err != nil || r.absent {
		return " – |"
	}
	return " " + text(r) + " |"
}

func rivalCell(us, them *result) string {
	switch {
	case them.absent:
		return ""
	case them.err != nil:
		return "fails"
	case us.err != nil:
		return number(them.time) + " us"
	case them.wrong != "":
		return fmt.Sprintf("wrong (%.2f)", them.time/us.time)
	}
	return fmt.Sprintf("%.2f", them.time/us.time)
}

// number prints three digits that count, and no exponent.
func number(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// notes lists what failed, and why.
func notes(c *config, rows []*row) string {
	names := []string{"Gneiss", "ORT", "ORT, fixed", "OpenVINO"}
	seen := map[string]bool{}
	var lines []string
	note := func(r *row, who, what string) {
		line := fmt.Sprintf("- %s, %s: %s\n", r.title(), who, strings.Join(strings.Fields(what), " "))
		if !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	for _, r := range rows {
		if r.err != nil {
			note(r, "all", r.err.Error())
		}
		for _, n := range c.threads {
			for k, x := range r.results[n] {
				if x.err != nil {
					note(r, names[k], x.err.Error())
				} else if x.wrong != "" {
					note(r, names[k], "wrong: "+x.wrong)
				}
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "\n## What failed\n\n" + strings.Join(lines, "")
}

// line returns what is said while the program runs.
func (r *row) line(threads int) string {
	if r.err != nil {
		return fmt.Sprintf("%s: %v", r.title(), r.err)
	}
	return strings.TrimSpace(r.table(threads))
}

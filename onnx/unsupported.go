package onnx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An Unsupported is one part of a model that cannot be run.
type Unsupported struct {
	Node     string // the node it is at; empty when it is none
	Operator string // the operator after its domain, such as com.example.Frobnicate
	Reason   string // such as: unknown operator
}

// An UnsupportedError lists everything in a model that cannot be run.
type UnsupportedError struct {
	Items []Unsupported
	seen  map[Unsupported]bool
}

// add adds an item unless it is there.
func (e *UnsupportedError) add(node, operator, format string, args ...any) {
	it := Unsupported{node, operator, fmt.Sprintf(format, args...)}
	if e.seen == nil {
		e.seen = map[Unsupported]bool{}
	}
	if !e.seen[it] {
		e.seen[it] = true
		e.Items = append(e.Items, it)
	}
}

// Error counts the items by operator and reason, in one line, and names the first node of each.
func (e *UnsupportedError) Error() string {
	type key struct{ operator, reason string }
	count, first := map[key]int{}, map[key]string{}
	var keys []key
	for _, it := range e.Items {
		k := key{it.Operator, it.Reason}
		if count[k]++; count[k] == 1 {
			keys = append(keys, k)
			first[k] = it.Node
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(strings.Compare(a.operator, b.operator), strings.Compare(a.reason, b.reason))
	})
	parts := make([]string, len(keys))
	for i, k := range keys {
		switch n := count[k]; {
		case k.operator == "":
			parts[i] = k.reason
		case n == 1:
			parts[i] = fmt.Sprintf("%s (%s)", k.operator, k.reason)
		default:
			parts[i] = fmt.Sprintf("%d × %s (%s)", n, k.operator, k.reason)
		}
		switch name := first[k]; {
		case name == "":
		case count[k] > 1:
			parts[i] += fmt.Sprintf(" first at node %q", name)
		default:
			parts[i] += fmt.Sprintf(" at node %q", name)
		}
	}
	return "not supported: " + strings.Join(parts, ", ")
}

// Details returns a line per item.
func (e *UnsupportedError) Details() string {
	var b strings.Builder
	for _, it := range e.Items {
		if it.Node == "" && it.Operator == "" {
			fmt.Fprintln(&b, it.Reason)
		} else {
			fmt.Fprintf(&b, "node %q (%s): %s\n", it.Node, it.Operator, it.Reason)
		}
	}
	return b.String()
}

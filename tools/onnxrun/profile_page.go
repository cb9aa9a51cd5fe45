package main

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed profile.html
var pageText string

// writePage writes a page that needs no other file: the operators and nodes of a profile, coloured by their share.
func writePage(w io.Writer, p *profileReport) error {
	t, err := template.New("profile").Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// traceEvent is a step of a run.
type traceEvent struct {
	node  *nodeTime
	start time.Duration // since the run began
	time  time.Duration
}

// writeTrace writes steps in the form that chrome://tracing and Perfetto read.
//
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
func writeTrace(w io.Writer, model string, events []traceEvent) error {
	type record struct {
		Name  string         `json:"name"`
		Cat   string         `json:"cat,omitempty"`
		Phase string         `json:"ph"`
		Start float64        `json:"ts"`
		Time  float64        `json:"dur,omitempty"`
		PID   int            `json:"pid"`
		TID   int            `json:"tid"`
		Args  map[string]any `json:"args"`
	}
	list := []record{{Name: "process_name", Phase: "M", PID: 1, TID: 1, Args: map[string]any{"name": model}}}
	for _, e := range events {
		n := e.node
		args := map[string]any{"op": n.Op, "kernel": n.Kernel, "inputs": n.Inputs, "outputs": n.Outputs}
		if n.Why != "" {
			args["why"] = n.Why
		}
		if len(n.Path) > 0 {
			args["in"] = strings.Join(n.Path, "/")
		}
		list = append(list, record{n.Op + " " + n.Name, n.Op, "X", micros(e.start), micros(e.time), 1, 1, args})
	}
	return json.NewEncoder(w).Encode(map[string]any{"traceEvents": list, "displayTimeUnit": "ns"})
}

package onnx

import (
	"fmt"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var scanAdapters = []adapter{
	{"", "Scan", 8, fixScan8},
}

// fixScan8 is about version 8, whose inputs and outputs have a batch axis before the scanned one, and whose sequences may
// have different lengths: it is a scan over the batch whose body is the scan over the sequence. Outputs of shorter sequences
// are filled up with zeros; a sequence that is scanned backward starts at its own end.
func fixScan8(n *legacy) ([]*graph.Value, error) {
	body, ok := n.attrs["body"].(*graph.Graph)
	scans := int(n.takeInt("num_scan_inputs", 0))
	states := len(n.in) - 1 - scans
	if !ok || scans < 1 || states < 0 || len(body.In) != states+scans+len(n.captures) || len(body.Out) < states {
		n.fail("%d inputs, of which %d are scanned, do not fit the body", max(len(n.in)-1, 0), scans)
		return nil, nil
	}
	b := &legacy{b: graph.NewBuilder(&graph.Graph{Name: body.Name + "_sequence"}, n.b.Eval), node: n.node, op: n.op}
	args := append([]*graph.Value{}, n.in[1:]...) // of the outer scan
	var inner []*graph.Value                      // of the inner one
	for i, v := range args {
		if v == nil {
			n.fail("input %d is missing", i+1)
			return nil, nil
		}
		inner = append(inner, b.b.Input(fmt.Sprintf("%s_%d", body.Name, i), element(v.Fact)))
	}
	var length, fill *graph.Value
	if lens := n.in[0]; lens != nil {
		args = append(args, lens)
		length = b.call("Reshape", nil, b.cast(b.b.Input(body.Name+"_length", element(lens.Fact)), tensor.Int64), b.ints(1))
		for i := states; i < states+scans; i++ {
			whole := b.call("Shape", graph.Attrs{"start": int64(0), "end": int64(1)}, inner[i])
			fill = b.call("Concat", graph.Attrs{"axis": int64(0)}, b.ints(0), b.call("Sub", nil, whole, length))
			inner[i] = b.call("Slice", nil, inner[i], b.ints(0), length, b.ints(0))
		}
	}
	for _, v := range n.captures {
		in := b.b.Input(v.Name, v.Fact)
		inner, args = append(inner, in), append(args, v)
	}
	attrs := graph.Attrs{"body": body, "num_scan_inputs": int64(scans), "-captures": int64(len(n.captures))}
	if dirs, ok := take[[]int64](n, "directions"); ok {
		attrs["scan_input_directions"] = dirs
	}
	for i, y := range b.calls("Scan", attrs, len(body.Out), inner...) {
		if i >= states && fill != nil {
			y = b.call("Pad", nil, y, fill, nil, b.ints(0))
		}
		b.b.Output(fmt.Sprintf("%s_out_%d", body.Name, i), y)
	}
	if err := b.b.Err(); err != nil {
		return nil, err
	}
	outer := graph.Attrs{"body": b.b.G, "num_scan_inputs": int64(len(args) - len(n.captures)), "-captures": int64(len(n.captures))}
	return n.calls("Scan", outer, len(body.Out), args...), nil
}

// element returns the fact of an element along axis 0.
func element(f graph.Fact) graph.Fact {
	if f.Rank() > 0 {
		return graph.TensorFact(f.DType, f.Dims[1:])
	}
	return graph.TensorFact(f.DType, nil)
}

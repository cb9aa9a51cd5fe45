package op

import "github.com/gneiss-ml/gneiss/graph"

// A WindowFn names a window function.
type WindowFn uint8

// The functions of Window.
const (
	BlackmanWindow WindowFn = iota
	HammingWindow
	HannWindow
)

// Window is the family of window functions: a vector of as many elements as its input says. A periodic window is the
// beginning of a symmetric one that is longer by one.
//
// https://onnx.ai/onnx/operators/onnx__HannWindow.html
type Window struct {
	Fn             WindowFn
	OutputDatatype int  `onnx:"output_datatype,1"`
	Periodic       bool `onnx:"periodic,1"`
}

var windowNames = [...]string{BlackmanWindow: "BlackmanWindow", HammingWindow: "HammingWindow", HannWindow: "HannWindow"}

var windowOps = windowEntries()

func windowEntries() []Entry {
	var es []Entry
	for fn, name := range windowNames {
		es = append(es, Entry{"", name, "size -> output", func() graph.Op { return &Window{Fn: WindowFn(fn)} }})
	}
	return es
}

// OpName implements graph.Named.
func (o *Window) OpName() string { return windowNames[o.Fn] }

// Infer implements graph.Op.
func (o *Window) Infer(c *graph.Infer) {
	checkTensor(c, 0, indexTypes)
	size, _ := scalarDim(c, 0)
	if n, ok := size.Int(); ok && !c.Check(n >= 0, "input 0 is %d, want 0 or more", n) {
		return
	}
	c.Tensor(0, outputType(c, o.OutputDatatype, numberTypes), []graph.Dim{size})
}

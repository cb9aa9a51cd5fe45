package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var signalOps = []Entry{
	core[DFT]("input dft_length? axis? -> output"),
	core[MelWeightMatrix]("num_mel_bins dft_length sample_rate lower_edge_hertz upper_edge_hertz -> output"),
	core[STFT]("signal frame_step window? frame_length? -> output"),
}

// DFT is the discrete Fourier transform along one axis. The last dimension of the input is 1 for real numbers and 2 for
// complex ones; that of the output is 2, or 1 for the inverse of a one-sided spectrum.
//
// https://onnx.ai/onnx/operators/onnx__DFT.html
type DFT struct {
	Inverse  bool `onnx:"inverse,0"`
	Onesided bool `onnx:"onesided,0"`
}

// Infer implements graph.Op.
func (o *DFT) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkOptional(c, 1, indexTypes)
	checkOptional(c, 2, int64Only)
	rank := c.Rank(0)
	if rank < 0 {
		if c.Has(1) {
			c.Ints(1)
		}
		if c.Has(2) {
			c.Ints(2)
		}
		c.Tensor(0, c.DType(0), nil)
		return
	}
	if !c.Check(rank >= 2, "input 0: rank %d, want 2 or more", rank) {
		return
	}
	dims := append([]graph.Dim(nil), c.Dims(0)...)
	if n, ok := dims[rank-1].Int(); ok {
		c.Check(n == 1 || n == 2, "input 0: last dimension %d, want 1 (real) or 2 (complex)", n)
		c.Check(!o.Onesided || o.Inverse || n == 1, "input 0: last dimension %d, want 1: a one-sided spectrum is that of real numbers", n)
		c.Check(!o.Onesided || !o.Inverse || n == 2, "input 0: last dimension %d, want 2: a spectrum is complex", n)
	}
	dims[rank-1] = graph.N(2)
	if o.Onesided && o.Inverse {
		dims[rank-1] = graph.N(1)
	}
	axis, known := graph.N(-2), true
	if c.Has(2) {
		axis, known = scalarDim(c, 2)
	}
	length, given := graph.Dim{}, false
	if c.Has(1) {
		length, _ = scalarDim(c, 1)
		given = true
	}
	at, ok := axis.Int()
	if !known || !ok {
		for i := range rank - 1 {
			dims[i] = c.Fresh()
		}
		c.Tensor(0, c.DType(0), dims)
		return
	}
	if at = c.Axis(at, rank); !c.Check(at != rank-1, "axis %d is that of real and imaginary parts", at) {
		return
	}
	if !given {
		length = dims[at]
		if o.Onesided && o.Inverse {
			length = length.Sub(graph.N(1)).Mul(graph.N(2))
		}
	}
	if n, ok := length.Int(); ok {
		c.Check(n > 0, "length of the transform is %d, want 1 or more", n)
	}
	dims[at] = length
	if o.Onesided && !o.Inverse {
		dims[at] = length.Div(graph.N(2)).Add(graph.N(1))
	}
	c.Tensor(0, c.DType(0), dims)
}

// STFT is the short-time Fourier transform: [batch,length,1 or 2] to [batch,frames,bins,2].
//
// https://onnx.ai/onnx/operators/onnx__STFT.html
type STFT struct {
	Onesided bool `onnx:"onesided,1"`
}

// Infer implements graph.Op.
func (o *STFT) Infer(c *graph.Infer) {
	checkTensor(c, 0, floatTypes)
	checkTensor(c, 1, indexTypes)
	checkOptional(c, 3, indexTypes)
	c.CheckSame(0, 2)
	c.CheckSame(1, 3)
	c.CheckRank(0, 3)
	if c.Has(2) {
		c.CheckRank(2, 1)
	}
	batch, length := dimOf(c, 0, 0), dimOf(c, 0, 1)
	if n, ok := dimOf(c, 0, 2).Int(); ok {
		c.Check(n == 1 || n == 2, "input 0: last dimension %d, want 1 (real) or 2 (complex)", n)
	}
	step, known := scalarDim(c, 1)
	frame := length
	switch {
	case c.Has(3):
		var ok bool
		if frame, ok = scalarDim(c, 3); ok && c.Has(2) {
			frame = c.Unify(frame, dimOf(c, 2, 0), "frame_length and length of window")
		}
	case c.Has(2):
		frame = dimOf(c, 2, 0)
	}
	if n, ok := step.Int(); known && ok && !c.Check(n > 0, "frame_step is %d, want 1 or more", n) {
		return
	}
	n, ok1 := length.Int()
	k, ok2 := frame.Int()
	c.Check(!ok2 || k > 0, "frame_length is %d, want 1 or more", k)
	c.Check(!ok1 || !ok2 || k <= n, "frame_length is %d, more than the length of the signal, %d", k, n)
	bins := frame
	if o.Onesided {
		bins = frame.Div(graph.N(2)).Add(graph.N(1))
	}
	frames := length.Sub(frame).Div(step).Add(graph.N(1))
	c.Tensor(0, c.DType(0), []graph.Dim{batch, frames, bins, graph.N(2)})
}

// MelWeightMatrix is the matrix that takes a spectrum of dft_length/2+1 bins to num_mel_bins bands of the mel scale.
//
// https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html
type MelWeightMatrix struct {
	OutputDatatype int `onnx:"output_datatype,1"`
}

// Infer implements graph.Op.
func (o *MelWeightMatrix) Infer(c *graph.Infer) {
	for i := range 3 {
		checkTensor(c, i, indexTypes)
		c.CheckSame(0, i)
	}
	checkTensor(c, 3, floatTypes)
	c.CheckSame(3, 4)
	for i := 2; i <= 4; i++ {
		if n, ok := c.In(i).Len().Int(); ok && c.Rank(i) >= 0 {
			c.Check(n == 1, "input %d: %d elements, want 1", i, n)
		}
	}
	bands, _ := scalarDim(c, 0)
	length, _ := scalarDim(c, 1)
	for i, d := range []graph.Dim{bands, length} {
		if n, ok := d.Int(); ok && !c.Check(n > 0, "input %d is %d, want 1 or more", i, n) {
			return
		}
	}
	c.Tensor(0, outputType(c, o.OutputDatatype, numberTypes), []graph.Dim{length.Div(graph.N(2)).Add(graph.N(1)), bands})
}

// outputType returns the element type that an attribute output_datatype names, which must be in s.
func outputType(c *graph.Infer, n int, s typeSet) tensor.DType {
	if !c.Check(n > 0 && n < 32 && s.has(tensor.DType(n)), "attribute %q: %d is not supported", "output_datatype", n) {
		return tensor.Float32
	}
	return tensor.DType(n)
}

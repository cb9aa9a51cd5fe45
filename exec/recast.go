package exec

import "github.com/gneiss-ml/gneiss/tensor"

// Widened calls run on a frame in which the operands of the half type dt are float32: inputs converted before, outputs
// rounded after. For reference kernels.
func (f *Frame) Widened(dt tensor.DType, run func(*Frame) error) error {
	return f.recast(dt, tensor.Float32, run,
		func(t *tensor.Tensor) *tensor.Tensor { return tensor.Convert(t, tensor.Float32) },
		func(t *tensor.Tensor) *tensor.Tensor { return tensor.Convert(t, dt) })
}

// Unpacked calls run on a frame in which the operands of the packed type dt are Uint8 tensors that hold the bits of one
// element per byte. For reference kernels.
func (f *Frame) Unpacked(dt tensor.DType, run func(*Frame) error) error {
	return f.recast(dt, tensor.Uint8, run,
		func(t *tensor.Tensor) *tensor.Tensor {
			u := tensor.New(tensor.Uint8, t.Shape()...)
			copy(u.Bytes(), t.Codes())
			return u
		},
		func(t *tensor.Tensor) *tensor.Tensor {
			p := tensor.New(dt, t.Shape()...)
			p.SetCodes(tensor.Data[uint8](t))
			return p
		})
}

// recast calls run on a frame whose operands of type dt are of type to, and brings the outputs back.
func (f *Frame) recast(dt, to tensor.DType, run func(*Frame) error, forth, back func(*tensor.Tensor) *tensor.Tensor) error {
	w := &Frame{ctx: f.ctx, run: f.run, in: make([]tensor.Value, len(f.in)), out: make([]tensor.Value, len(f.out))}
	for i, v := range f.in {
		w.in[i] = v
		if t, ok := v.(*tensor.Tensor); ok && t.DType() == dt {
			w.in[i] = forth(t)
		}
	}
	for i, v := range f.out {
		w.out[i] = v
		if t, ok := v.(*tensor.Tensor); ok && t.DType() == dt {
			w.out[i] = tensor.New(to, t.Shape()...)
		}
	}
	if err := run(w); err != nil {
		return err
	}
	for i, v := range w.out {
		t, ok := v.(*tensor.Tensor)
		if want, _ := f.out[i].(*tensor.Tensor); ok && want != nil && want.DType() == dt {
			want.CopyFrom(back(t))
		} else if ok && f.out[i] == nil && t.DType() == to {
			f.out[i] = back(t)
		} else {
			f.out[i] = v
		}
	}
	return nil
}

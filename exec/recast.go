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
	n := len(f.in)
	w := &Frame{call: f.call, run: f.run, step: f.step, node: f.node, arena: f.arena}
	w.operands(n, len(f.out))
	for i := range f.in {
		v := f.InValue(i)
		w.vals[i] = v
		if t, ok := v.(*tensor.Tensor); ok && t.DType() == dt {
			w.vals[i] = forth(t)
		}
	}
	for i := range f.out {
		t := f.Out(i)
		switch {
		case f.out[i] < 0:
			w.out[i] = -1
		case t != nil && t.DType() == dt:
			w.vals[n+i] = tensor.New(to, t.Shape()...)
		case t != nil:
			w.vals[n+i] = t
		}
	}
	err := run(w)
	f.made = append(f.made, w.made...)
	if err != nil {
		return err
	}
	for i := range f.out {
		v := w.vals[n+i]
		if v == nil {
			continue
		}
		t, _ := v.(*tensor.Tensor)
		switch want := f.Out(i); {
		case want != nil && want.DType() == dt:
			want.CopyFrom(back(t))
		case want == nil && t != nil && t.DType() == to:
			f.Emit(i, back(t))
		case want == nil:
			f.Emit(i, v)
		}
	}
	return nil
}

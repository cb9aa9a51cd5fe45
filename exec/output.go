package exec

import (
	"fmt"
	"unsafe"

	"github.com/gneiss-ml/gneiss/tensor"
)

// discard is the type of Discard.
type discard struct{}

func (discard) Type() tensor.Type { return tensor.Type{} }

// Discard stands in the outputs given to Run for one that is not needed.
var Discard tensor.Value = discard{}

// outMemory returns the memory of output k, which holds values of fact fc: what the caller gave, or new.
func (f *Frame) outMemory(p *Program, k int, fc *fact) (*tensor.Tensor, error) {
	if f.mem[k] != nil {
		return f.mem[k], nil
	}
	t, err := f.outTensor(p, k, fc.DType, fc.shape)
	if err != nil {
		return nil, err
	}
	f.mem[k] = t
	return t, nil
}

// outTensor returns a tensor to write output k to, and makes it the result.
func (f *Frame) outTensor(p *Program, k int, dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n := tensor.Count(shape)
	switch o := f.outs[k].(type) {
	case nil:
		t, err := f.alloc(dt, shape)
		if err != nil {
			return nil, p.outError(k, dt, shape, err)
		}
		f.outs[k] = t
		return t, nil
	case discard:
		return p.setBuffer(&f.spare[k], k, dt, shape)
	case *Buffer:
		return p.setBuffer(o, k, dt, shape)
	case *tensor.Tensor:
		if o.DType() != dt || o.Len() < n {
			return nil, fmt.Errorf("output %q: %s given, want %v%s", p.g.OutNames[k], o.Describe(), dt, tensor.FormatShape(shape))
		}
		if sameShape(o.Shape(), shape) {
			return o, nil
		}
		v, err := o.Prefix(shape)
		f.outs[k] = v
		return v, err
	default:
		return nil, fmt.Errorf("output %q: %v given, want %v%s", p.g.OutNames[k], o.Type(), dt, tensor.FormatShape(shape))
	}
}

func sameShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A Buffer stands in the outputs given to Run for memory that grows as it needs to and is used again.
type Buffer struct {
	Value tensor.Value // what the last run stored: a tensor in the memory of the buffer, or what is no tensor
	t     tensor.Tensor
	mem   []byte
	call  *call // that pays for the memory; nil: nobody
}

// setBuffer sets a buffer to a tensor for output k, for which there must be room beside what all runs use.
func (p *Program) setBuffer(b *Buffer, k int, dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n, err := tensor.CheckShape(dt, shape)
	if err == nil && dt.Bytes(n) > len(b.mem) {
		err = p.env.budget.check(int64(dt.Bytes(n)))
	}
	var t *tensor.Tensor
	if err == nil {
		t, err = b.set(dt, shape)
	}
	if err != nil {
		return nil, p.outError(k, dt, shape, err)
	}
	return t, nil
}

// outError says at which output there was no memory for a tensor.
func (p *Program) outError(k int, dt tensor.DType, shape []int, err error) error {
	if def := p.vals[p.out[k]].Def; def != nil {
		return fmt.Errorf("%v: output %q of %v%s: %w", def, p.g.OutNames[k], dt, tensor.FormatShape(shape), err)
	}
	return fmt.Errorf("output %q of %v%s: %w", p.g.OutNames[k], dt, tensor.FormatShape(shape), err)
}

// Type implements tensor.Value.
func (b *Buffer) Type() tensor.Type { return tensor.Type{} }

func (b *Buffer) set(dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		return nil, err
	}
	if dt == tensor.String {
		t, err := tensor.Make(dt, shape)
		b.Value = t
		return t, err
	}
	size := dt.Bytes(n)
	if size > len(b.mem) || b.mem == nil {
		room := size
		if b.mem != nil || b.call == nil {
			room += size / 2 // it grows
		}
		if room > maxArena {
			return nil, fmt.Errorf("tensor of %s", formatBytes(int64(size)))
		}
		if b.call != nil {
			if err := b.call.charge(int64(room - len(b.mem))); err != nil {
				return nil, err
			}
		}
		b.mem = tensor.Aligned(room)
	}
	b.t.SetView(dt, shape, b.mem[:size:size])
	b.Value = &b.t
	return &b.t, nil
}

// finish stores the outputs that the steps did not write in place.
func (f *Frame) finish(p *Program) error {
	for k, id := range p.out {
		if f.direct[k] || f.outs[k] == Discard {
			continue
		}
		v := f.vals[id]
		if v == nil {
			return fmt.Errorf("%v: output %q was not made", p.vals[id].Def, p.g.OutNames[k])
		}
		t, ok := v.(*tensor.Tensor)
		if f.nested() && f.outs[k] == nil && (!ok || !f.inArena(t)) {
			f.outs[k] = v
			continue
		}
		if !ok {
			var err error
			if v, err = f.export(v); err != nil {
				return fmt.Errorf("output %q: %w", p.g.OutNames[k], err)
			}
			if b, ok := f.outs[k].(*Buffer); ok {
				b.Value = v
			} else {
				f.outs[k] = v
			}
			continue
		}
		if f.outs[k] == nil && f.call.release(t) {
			f.outs[k] = t
			continue
		}
		m, err := f.outTensor(p, k, t.DType(), t.Shape())
		if err != nil {
			return err
		}
		m.CopyFrom(t)
	}
	return nil
}

// nested reports whether the frame runs a body: what it gives may share memory with what it got.
func (f *Frame) nested() bool { return f.call != &f.own }

// release reports whether t is new and not yet given away, and gives it away.
func (c *call) release(t *tensor.Tensor) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.fresh[t]
	delete(c.fresh, t)
	return ok
}

// export returns a value that shares no memory with anything that the run goes on using.
func (f *Frame) export(v tensor.Value) (tensor.Value, error) {
	if f.nested() {
		return v, nil
	}
	return mapTensors(v, func(t *tensor.Tensor) (*tensor.Tensor, error) {
		if f.call.release(t) {
			return t, nil
		}
		c, err := f.alloc(t.DType(), t.Shape())
		if err != nil {
			return nil, err
		}
		c.CopyFrom(t)
		f.call.release(c)
		return c, nil
	})
}

// mapTensors returns v with each tensor in it replaced by what f makes of it; v itself when f changes none.
func mapTensors(v tensor.Value, f func(*tensor.Tensor) (*tensor.Tensor, error)) (tensor.Value, error) {
	switch v := v.(type) {
	case *tensor.Tensor:
		return f(v)
	case *tensor.Sequence:
		var out *tensor.Sequence
		for i, x := range v.Items {
			y, err := mapTensors(x, f)
			if err != nil {
				return nil, err
			}
			if y != x && out == nil {
				out = &tensor.Sequence{Elem: v.Elem, Items: append([]tensor.Value(nil), v.Items...)}
			}
			if out != nil {
				out.Items[i] = y
			}
		}
		if out != nil {
			return out, nil
		}
	case *tensor.Optional:
		if v.Value != nil {
			y, err := mapTensors(v.Value, f)
			if err != nil || y == v.Value {
				return v, err
			}
			return &tensor.Optional{Elem: v.Elem, Value: y}, nil
		}
	case *tensor.Map:
		keys, err := f(v.Keys)
		if err != nil {
			return nil, err
		}
		vals, err := mapTensors(v.Values, f)
		if err != nil || (keys == v.Keys && vals == v.Values) {
			return v, err
		}
		return &tensor.Map{Keys: keys, Values: vals}, nil
	}
	return v, nil
}

// keepEmitted copies the tensors of an emitted value that lie in the arena, where later steps would overwrite them.
func (f *Frame) keepEmitted() error {
	for _, id := range f.out {
		if id < 0 || f.vals[id] == nil || f.vals[id] == tensor.Value(&f.hdr[id]) {
			continue
		}
		v, err := mapTensors(f.vals[id], func(t *tensor.Tensor) (*tensor.Tensor, error) {
			if !f.inArena(t) && !f.inBuffer(t) {
				return t, nil
			}
			c, err := f.alloc(t.DType(), t.Shape())
			if err == nil {
				c.CopyFrom(t)
			}
			return c, err
		})
		if err != nil {
			return err
		}
		f.vals[id] = v
	}
	return nil
}

// inArena reports whether t, or its header, is memory of the frame that another step will overwrite.
func (f *Frame) inArena(t *tensor.Tensor) bool {
	if len(f.hdr) > 0 {
		p, lo := uintptr(unsafe.Pointer(t)), uintptr(unsafe.Pointer(&f.hdr[0]))
		if p >= lo && p < lo+uintptr(len(f.hdr))*unsafe.Sizeof(f.hdr[0]) {
			return true
		}
	}
	b := t.Bytes()
	return len(b) > 0 && len(f.arena) > 0 && within(b, f.arena)
}

// inBuffer reports whether t is memory that the next trips of a loop around the frame will overwrite.
func (f *Frame) inBuffer(t *tensor.Tensor) bool {
	b := t.Bytes()
	for _, x := range f.bufs {
		if t == &x.t || (len(b) > 0 && len(x.mem) > 0 && within(b, x.mem)) {
			return true
		}
	}
	return false
}

// within reports whether b, which is not empty, begins in the memory of block.
func within(b, block []byte) bool {
	p, lo := uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&block[0]))
	return p >= lo && p < lo+uintptr(len(block))
}

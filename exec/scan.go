package exec

import (
	"fmt"
	"slices"

	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

func bindScan(b *Binding, o *op.Scan) (Step, error) {
	if b.Probe {
		return Step{}, nil
	}
	s := &scanner{env: b.env, depth: b.depth + 1, op: o, n: o.Carried(), body: b.body(0, o.Body.Clone)}
	return Once(s.run), nil
}

// scanner is a bound Scan.
type scanner struct {
	env   *env
	depth int
	op    *op.Scan
	body  *body
	n     int // carried values
}

func (s *scanner) run(f *Frame) error {
	p, err := s.body.program(s.env, s.depth)
	if err != nil {
		return err
	}
	n, m, scans := s.n, s.op.NumScanInputs, s.op.Scans()
	axes := make([]int, m)
	length := 0
	for i := range m {
		x := f.In(n + i)
		axis := s.op.At(s.op.InputAxes, i)
		if axis < 0 {
			axis += x.Rank()
		}
		axes[i] = axis
		if k := x.Shape()[axis]; i == 0 {
			length = k
		} else if k != length {
			return fmt.Errorf("input %d: dimension %d is %d, want %d as in the first scan input", n+i, axis, k, length)
		}
	}
	c := newCarry(f, n, m+scans)
	for i := range c.now {
		c.now[i] = f.InValue(i)
	}
	slabs, elems := c.bufs[2*n:2*n+m], c.bufs[2*n+m:]
	in, out := make([]tensor.Value, len(p.in)), make([]tensor.Value, len(p.out))
	copy(in[n+m:], f.captured(s.op.Captures))
	results := make([]*tensor.Tensor, scans)
	for t := range length {
		if err := f.Err(); err != nil {
			return err
		}
		copy(in, c.now)
		for i := range m {
			x, at := f.In(n+i), t
			if s.op.At(s.op.InputDirections, i) == 1 {
				at = length - 1 - t
			}
			y, err := slabs[i].set(x.DType(), slices.Delete(slices.Clone(x.Shape()), axes[i], axes[i]+1))
			if err != nil {
				return err
			}
			moveSlab(x, y, axes[i], at, false)
			in[n+i] = y
		}
		c.write(t, out)
		for i := range elems {
			out[n+i] = elems[i]
		}
		if err := p.runBody(f, tripRun(f.run, t), in, out, c.bufs); err != nil {
			return fmt.Errorf("trip %d: %w", t, err)
		}
		c.read(t)
		for i := range elems {
			if err := s.collect(f, results, i, t, length, elems[i].Value); err != nil {
				return fmt.Errorf("trip %d: scan output %d: %w", t, i, err)
			}
		}
	}
	c.emit(f)
	if length == 0 {
		return s.empty(f)
	}
	return nil
}

// collect puts element t of scan output i in its place.
func (s *scanner) collect(f *Frame, results []*tensor.Tensor, i, t, length int, v tensor.Value) error {
	k := s.n + i
	if results[i] == nil && f.target(k) == Discard {
		return nil
	}
	y, ok := v.(*tensor.Tensor)
	if !ok {
		return fmt.Errorf("%v, want a tensor", v.Type())
	}
	axis := s.op.At(s.op.OutputAxes, i)
	if axis < 0 {
		axis += y.Rank() + 1
	}
	if axis < 0 || axis > y.Rank() {
		return fmt.Errorf("axis %d outside rank %d", s.op.At(s.op.OutputAxes, i), y.Rank()+1)
	}
	shape := slices.Insert(slices.Clone(y.Shape()), axis, length)
	if results[i] == nil {
		r, err := f.Make(k, y.DType(), shape...)
		if err != nil {
			return err
		}
		results[i] = r
	}
	if r := results[i]; r.DType() != y.DType() || !sameShape(r.Shape(), shape) {
		return fmt.Errorf("%s does not fit %s", y.Describe(), r.Describe())
	}
	if s.op.At(s.op.OutputDirections, i) == 1 {
		t = length - 1 - t
	}
	moveSlab(results[i], y, axis, t, true)
	return nil
}

// empty gives scan outputs of length 0: as much of their shape as is known, 0 for the rest.
func (s *scanner) empty(f *Frame) error {
	for i := range s.op.Scans() {
		if f.target(s.n+i) != nil {
			continue
		}
		declared := s.op.Body.Out[s.n+i].Fact
		shape := make([]int, len(declared.Dims))
		for k, d := range declared.Dims {
			shape[k], _ = d.Int()
		}
		axis := s.op.At(s.op.OutputAxes, i)
		if axis < 0 {
			axis += len(shape) + 1
		}
		shape = slices.Insert(shape, min(max(axis, 0), len(shape)), 0)
		if _, err := f.Make(s.n+i, declared.DType, shape...); err != nil {
			return err
		}
	}
	return nil
}

// moveSlab copies index at of an axis of whole from slab, or to it.
func moveSlab(whole, slab *tensor.Tensor, axis, at int, toWhole bool) {
	shape := whole.Shape()
	outer, inner := tensor.Count(shape[:axis]), tensor.Count(shape[axis+1:])
	switch dt := whole.DType(); {
	case dt == tensor.String:
		moveBlocks(tensor.Data[string](whole), tensor.Data[string](slab), outer, inner, shape[axis], at, toWhole)
	case dt.Bits() < 8:
		w, s := whole.Codes(), slab.Codes()
		moveBlocks(w, s, outer, inner, shape[axis], at, toWhole)
		if toWhole {
			whole.SetCodes(w)
		} else {
			slab.SetCodes(s)
		}
	default:
		moveBlocks(whole.Bytes(), slab.Bytes(), outer, inner*dt.Size(), shape[axis], at, toWhole)
	}
}

// moveBlocks copies blocks of inner elements: block at of each n of whole, from or to the next one of slab.
func moveBlocks[T any](whole, slab []T, outer, inner, n, at int, toWhole bool) {
	for o := range outer {
		w, s := whole[(o*n+at)*inner:(o*n+at+1)*inner], slab[o*inner:(o+1)*inner]
		if toWhole {
			copy(w, s)
		} else {
			copy(s, w)
		}
	}
}

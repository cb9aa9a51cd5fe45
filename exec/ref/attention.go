package ref

import (
	"math"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var attentionKernels = []exec.Kernel{
	tiledFloats(attention[float32], attention[float64]),
}

// heads says where the rows of a tensor of packed or unpacked heads begin.
type heads struct {
	batch, heads, length, size int
	sb, sh, ss                 int // strides in elements
}

// headsOf reads a shape of rank 4, [batch,heads,length,size], or of rank 3, [batch,length,n·size].
func headsOf(shape []int, n int) heads {
	if len(shape) == 4 {
		h := heads{batch: shape[0], heads: shape[1], length: shape[2], size: shape[3]}
		h.ss, h.sh, h.sb = h.size, h.length*h.size, h.heads*h.length*h.size
		return h
	}
	h := heads{batch: shape[0], heads: n, length: shape[1], size: shape[2] / n}
	h.sh, h.ss, h.sb = h.size, shape[2], shape[1]*shape[2]
	return h
}

// at returns where row s of head h in batch b begins.
func (l heads) at(b, h, s int) int { return b*l.sb + h*l.sh + s*l.ss }

// attention runs a tile per block of queries of one head, and one per head of the cache that is copied to present.
func attention[T float](b *exec.Binding, o *op.Attention) tiles {
	const block = 16
	q := headsOf(b.Shape(0), o.QNumHeads.V)
	k := headsOf(b.Shape(1), o.KVNumHeads.V)
	v := headsOf(b.Shape(2), o.KVNumHeads.V)
	y := headsOf(b.OutShape(0), o.QNumHeads.V)
	var pastK, pastV heads
	if b.Has(4) {
		pastK, pastV = headsOf(b.Shape(4), 0), headsOf(b.Shape(5), 0)
	}
	total := pastK.length + k.length
	scale := 1 / math.Sqrt(float64(q.size))
	if o.Scale.Set {
		scale = float64(o.Scale.V)
	}
	blocks := (q.length + block - 1) / block
	attend := q.batch * q.heads * blocks
	maskAt := maskIndex(b.Shape(3), []int{q.batch, q.heads, q.length, total})
	copies := 0
	if b.Wants(1) || b.Wants(2) {
		copies = k.batch * k.heads
	}
	return tiles{attend + copies, func(f *exec.Frame, tile int) error {
		if tile >= attend {
			n, h := (tile-attend)/k.heads, (tile-attend)%k.heads
			present(f.Out(1), f.In(4), f.In(1), k, pastK.length, n, h)
			present(f.Out(2), f.In(5), f.In(2), v, pastV.length, n, h)
			return nil
		}
		n, h := tile/blocks/q.heads, tile/blocks%q.heads
		kv := h / max(q.heads/max(k.heads, 1), 1)
		a := attender[T]{o: o, scale: T(scale), past: pastK.length, seen: total}
		a.keys = rows(as[T](f.In(4)), pastK, as[T](f.In(1)), k, n, kv)
		a.values = rows(as[T](f.In(5)), pastV, as[T](f.In(2)), v, n, kv)
		if lens := optional[int64](f.In(6)); lens != nil {
			a.seen = int(max(0, min(lens[n], int64(total))))
			a.past = int(lens[n]) - q.length
		}
		a.bias, a.score = make([]T, total), make([]T, total)
		mask := maskOf[T](f.In(3))
		qs, ys := tensor.Data[T](f.In(0)), tensor.Data[T](f.Out(0))
		probe := optional[T](f.Out(3))
		for i := tile % blocks * block; i < min(q.length, (tile%blocks+1)*block); i++ {
			if err := f.Err(); err != nil {
				return err
			}
			clear(a.bias)
			if mask != nil {
				from, count := maskAt(n, h, i)
				mask(a.bias, from, count)
			}
			var probed []T
			if probe != nil {
				probed = probe[((n*q.heads+h)*q.length+i)*total:][:total]
			}
			a.query(ys[y.at(n, h, i):][:v.size], qs[q.at(n, h, i):][:q.size], i, probed)
		}
		return nil
	}}
}

// attender computes the queries of one head.
type attender[T float] struct {
	o            *op.Attention
	scale        T
	past         int // the absolute position of query 0
	seen         int // keys from here on are padding
	keys, values func(j int) []T
	bias, score  []T // one element per key
}

// query computes y for query i, whose mask stands in a.bias. probed, unless nil, gets what QKMatmulOutputMode asks for.
func (a *attender[T]) query(y, q []T, i int, probed []T) {
	inf := T(math.Inf(1))
	top, masked := -inf, true
	for j := range a.score {
		if pos := a.past + i; j >= a.seen || a.o.IsCausal && j > pos ||
			a.o.LeftWindowSize >= 0 && j < pos-a.o.LeftWindowSize || a.o.RightWindowSize >= 0 && j > pos+a.o.RightWindowSize {
			a.bias[j] = -inf
		}
		if a.bias[j] == -inf && probed == nil {
			a.score[j] = -inf
			continue
		}
		s := dot(q, a.keys(j)) * a.scale
		a.probe(probed, j, op.QKScores, s)
		if c := T(a.o.Softcap); c > 0 {
			s = c * T(math.Tanh(float64(s/c)))
		}
		a.probe(probed, j, op.QKSoftcap, s)
		if a.bias[j] == -inf {
			s = -inf
		} else {
			s += a.bias[j]
			masked = false
		}
		a.probe(probed, j, op.QKBias, s)
		a.score[j] = s
		top = max(top, s)
	}
	clear(y)
	if masked || top == -inf {
		if probed != nil && a.o.QKMatmulOutputMode == op.QKSoftmax {
			clear(probed)
		}
		return
	}
	var sum T
	for j, s := range a.score {
		a.score[j] = T(math.Exp(float64(s - top)))
		sum += a.score[j]
	}
	for j, p := range a.score {
		p /= sum
		a.probe(probed, j, op.QKSoftmax, p)
		if a.bias[j] == -inf {
			continue
		}
		for d, x := range a.values(j)[:len(y)] {
			y[d] += T(p * x)
		}
	}
}

// probe keeps x for the fourth output when it is asked for at this point.
func (a *attender[T]) probe(probed []T, j, mode int, x T) {
	if probed != nil && a.o.QKMatmulOutputMode == mode {
		probed[j] = x
	}
}

// rows returns how to find the rows of one head in a cache and, behind it, in the new part.
func rows[T float](old []T, past heads, x []T, l heads, n, h int) func(j int) []T {
	if old == nil {
		return func(j int) []T { return x[l.at(n, h, j):][:l.size] }
	}
	return func(j int) []T {
		if j < past.length {
			return old[past.at(n, h, j):][:past.size]
		}
		return x[l.at(n, h, j-past.length):][:l.size]
	}
}

// present copies head h of batch n of the old cache and of the new rows to out.
func present(out, old, x *tensor.Tensor, l heads, past, n, h int) {
	if out == nil {
		return
	}
	size := x.DType().Size()
	row := l.size * size
	at := (n*l.heads + h) * (past + l.length) * row
	if old != nil {
		copy(out.Bytes()[at:], old.Bytes()[(n*l.heads+h)*past*row:][:past*row])
	}
	for s := range l.length {
		copy(out.Bytes()[at+(past+s)*row:], x.Bytes()[l.at(n, h, s)*size:][:row])
	}
}

// maskIndex returns where the row of a mask for batch n, head h and query i begins, and how many keys it speaks of.
func maskIndex(mask, full []int) func(n, h, i int) (from, count int) {
	if mask == nil {
		return nil
	}
	count := mask[len(mask)-1]
	strides := tensor.BroadcastStrides(mask, full)
	return func(n, h, i int) (int, int) { return n*strides[0] + h*strides[1] + i*strides[2], count }
}

// maskOf returns how to add the count elements of a mask that begin at from to bias: false, and what the mask does not
// reach, is −∞.
func maskOf[T float](mask *tensor.Tensor) func(bias []T, from, count int) {
	if mask == nil {
		return nil
	}
	inf := T(math.Inf(1))
	var allow []bool
	var add []T
	if mask.DType() == tensor.Bool {
		allow = tensor.Data[bool](mask)
	} else {
		add = as[T](mask)
	}
	return func(bias []T, from, count int) {
		for j := range bias {
			switch {
			case j >= count || allow != nil && !allow[from+j]:
				bias[j] = -inf
			case add != nil:
				bias[j] += add[from+j]
			}
		}
	}
}

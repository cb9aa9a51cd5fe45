package exec

import (
	"sync"

	"github.com/gneiss-ml/gneiss/tensor"
)

// packs keeps constants in the forms that kernels want, once for all plans of an engine.
type packs struct {
	mu    sync.Mutex
	forms map[packKey]*packed
}

type packKey struct {
	constant *tensor.Tensor
	format   any
}

type packed struct {
	once sync.Once
	form any
}

// Packed returns input i, a constant, in the form that pack makes of it. format names the form: a value that can be compared
// and that says all pack depends on beside the constant. Forms are kept as long as the engine and must not be changed.
func (b *Binding) Packed(i int, format any, pack func(c *tensor.Tensor) any) any {
	c := b.In[i].Const
	if b.env == nil || b.env.packs == nil {
		return pack(c)
	}
	ps := b.env.packs
	ps.mu.Lock()
	k := packKey{c, format}
	p := ps.forms[k]
	if p == nil {
		p = &packed{}
		ps.forms[k] = p
	}
	ps.mu.Unlock()
	p.once.Do(func() { p.form = pack(c) })
	return p.form
}

package exec

import (
	"hash/maphash"
	"slices"

	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// A fact is a graph.Fact at run time, where dimensions are integers. Equal facts of a program are one *fact, so nodes
// compare what they saw last by pointer.
type fact struct {
	graph.Fact
	id    uint64
	shape []int  // nil for what is no tensor
	bytes int    // packed size; 0 for strings and what is no tensor
	room  [4]int // for shape
}

// known reports whether everything that a plan needs is known: the shape of a tensor, the type of anything else.
func known(f graph.Fact) bool { return f.Kind != tensor.KindTensor || f.IsConcrete() }

// isTensor reports whether the value is a tensor.
func (f *fact) isTensor() bool { return f.Kind == tensor.KindTensor }

// planned reports whether the value is a tensor of plain bytes, which can lie in an arena.
func (f *fact) planned() bool { return f.Kind == tensor.KindTensor && f.DType != tensor.String }

// facts interns facts in two generations: when the young one is full the old one is dropped, so what was not seen for
// long is forgotten.
type facts struct {
	young, old map[uint64]*fact
	limit      int
	next       uint64
}

var factSeed = maphash.MakeSeed()

// intern returns the fact equal to f, which must be known. An error says that it is too large.
func (s *facts) intern(f graph.Fact) (*fact, error) {
	f.Ints = nil
	h := hashFact(&f)
	if x := s.young[h]; x != nil && sameFact(&x.Fact, &f) {
		return x, nil
	}
	if x := s.old[h]; x != nil && sameFact(&x.Fact, &f) {
		s.put(h, x)
		return x, nil
	}
	x, err := s.make(f)
	if err != nil {
		return nil, err
	}
	s.put(h, x)
	return x, nil
}

// make returns a new fact.
func (s *facts) make(f graph.Fact) (*fact, error) {
	x := &fact{Fact: f, id: s.next}
	s.next++
	if f.Kind == tensor.KindTensor {
		x.shape = x.room[:0:min(len(f.Dims), len(x.room))]
		for _, d := range f.Dims {
			n, _ := d.Int()
			x.shape = append(x.shape, n)
		}
		n, err := tensor.CheckShape(f.DType, x.shape)
		if err != nil {
			return nil, err
		}
		x.bytes = f.DType.Bytes(n)
	}
	return x, nil
}

func (s *facts) put(h uint64, x *fact) {
	if s.young == nil || len(s.young) >= s.limit {
		s.old, s.young = s.young, make(map[uint64]*fact)
	}
	s.young[h] = x
}

func fold64(h, x uint64) uint64 {
	h = (h ^ x) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

func hashFact(f *graph.Fact) uint64 {
	h := fold64(uint64(f.Kind), uint64(f.DType))
	if f.Kind != tensor.KindTensor {
		return fold64(h, maphash.String(factSeed, f.Type.String()))
	}
	for _, d := range f.Dims {
		n, _ := d.Int()
		h = fold64(h, uint64(n))
	}
	if c := f.Const; c != nil {
		h = fold64(h, 1)
		if c.DType() != tensor.String && c.Len() <= graph.SmallValue {
			h = fold64(h, maphash.Bytes(factSeed, c.Bytes()))
		}
	}
	return h
}

// sameFact reports whether two known facts are equal. Large constants are equal when they are one tensor.
func sameFact(a, b *graph.Fact) bool {
	if a.Kind != b.Kind || a.DType != b.DType || len(a.Dims) != len(b.Dims) || (a.Const == nil) != (b.Const == nil) {
		return false
	}
	if a.Kind != tensor.KindTensor {
		return a.Type.Equal(b.Type)
	}
	for i := range a.Dims {
		if !a.Dims[i].Equal(b.Dims[i]) {
			return false
		}
	}
	return a.Const == b.Const || (a.Const.Len() <= graph.SmallValue && sameTensor(a.Const, b.Const))
}

// sameTensor reports whether two tensors of one type and shape have equal elements, bit by bit.
func sameTensor(a, b *tensor.Tensor) bool {
	if a.DType() == tensor.String {
		return slices.Equal(tensor.Data[string](a), tensor.Data[string](b))
	}
	return string(a.Bytes()) == string(b.Bytes())
}

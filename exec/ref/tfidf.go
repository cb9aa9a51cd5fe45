package ref

import (
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var tfIdfKernels = []exec.Kernel{
	always(tfIdfVectorizer),
}

func tfIdfVectorizer(b *exec.Binding, o *op.TfIdfVectorizer) run {
	if b.DType(0) == tensor.String {
		return tfIdf(b, o, o.PoolStrings, tensor.Data[string])
	}
	return tfIdf(b, o, o.PoolInts, func(v tensor.Value) []int64 { return v.(*tensor.Tensor).Int64s() })
}

// grams is a tree of n-grams: what may follow the items on the way to it.
type grams[T comparable] struct {
	next map[T]*grams[T]
	id   int // the number of the n-gram that ends here; −1 when none does
}

func (g *grams[T]) add(items []T, id int) {
	for _, x := range items {
		n := g.next[x]
		if n == nil {
			n = &grams[T]{id: -1}
			if g.next == nil {
				g.next = map[T]*grams[T]{}
			}
			g.next[x] = n
		}
		g = n
	}
	g.id = id
}

func tfIdf[T comparable](b *exec.Binding, o *op.TfIdfVectorizer, pool []T, data func(tensor.Value) []T) run {
	tree := &grams[T]{id: -1}
	id := 0
	for n := range len(o.NgramCounts) {
		n++
		from, to := o.Section(n, len(pool))
		for ; from+n <= to; from += n {
			if n >= o.MinGram && n <= o.MaxGram {
				tree.add(pool[from:from+n], id)
			}
			id++
		}
	}
	shape, columns := b.Shape(0), o.Columns()
	rows, length := 1, tensor.Count(shape)
	if len(shape) == 2 {
		rows, length = shape[0], shape[1]
	}
	return func(f *exec.Frame) error {
		x, y := data(f.In(0)), tensor.Data[float32](f.Out(0))
		clear(y)
		for r := range rows {
			row := y[r*columns:][:columns]
			if err := countGrams(f, o, tree, x[r*length:][:length], row); err != nil {
				return err
			}
		}
		return nil
	}
}

// count counts an n-gram.
func count(o *op.TfIdfVectorizer, id int, counts []float32) {
	weight := float32(1)
	if o.Mode != "TF" && len(o.Weights) > 0 {
		weight = o.Weights[id]
	}
	if y := &counts[o.NgramIndexes[id]]; o.Mode == "IDF" {
		*y = weight
	} else {
		*y += weight
	}
}

// countGrams counts each n-gram of a row, once for each distance of its items.
func countGrams[T comparable](f *exec.Frame, o *op.TfIdfVectorizer, tree *grams[T], row []T, counts []float32) error {
	least := o.MinGram
	for step := 1; step <= o.MaxSkip+1 && step <= max(len(row), 1); step++ {
		for start := range row {
			g := tree
			for n, at := 1, start; n <= o.MaxGram && at < len(row); n, at = n+1, at+step {
				if g = g.next[row[at]]; g == nil {
					break
				}
				if g.id >= 0 && n >= least {
					count(o, g.id, counts)
				}
			}
		}
		if least == 1 { // a lone item is the same at every distance
			least = 2
		}
		if err := f.Err(); err != nil {
			return err
		}
	}
	return nil
}

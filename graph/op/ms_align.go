package op

import (
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

var msAlignOps = []Entry{
	core[DynamicTimeWarping]("input -> output"),
}

// DynamicTimeWarping finds the cheapest path through a matrix of costs, [rows, columns] or [1, rows, columns], from the first row and
// column to the last, in steps of one row, one column or both. The output is int32 [2, length]: the rows, then the columns of the
// path.
type DynamicTimeWarping struct{ microsoft }

// Infer implements graph.Op.
func (o *DynamicTimeWarping) Infer(c *graph.Infer) {
	checkTensor(c, 0, setOf(tensor.Float32))
	d := c.Dims(0)
	if len(d) == 3 {
		c.Check(d[0].Is(1) || !isInt(d[0]), "input 0: %v matrices, want 1", d[0])
		d = d[1:]
	}
	c.Check(d == nil || len(d) == 2, "input 0: rank %d, want 2 or 3", c.Rank(0))
	for _, n := range d {
		c.Check(!n.Is(0), "input 0: no rows or no columns")
	}
	c.Tensor(0, tensor.Int32, []graph.Dim{graph.N(2), c.Fresh()})
}

func isInt(d graph.Dim) bool { _, ok := d.Int(); return ok }

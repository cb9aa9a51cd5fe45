package onnx

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/gneiss-ml/gneiss/graph"
)

// A legacy is a node of an older operator set on its way to the current form. Bodies among the attributes are
// *graph.Graph already, upgraded themselves.
type legacy struct {
	b       *graph.Builder
	node    string // the name, for errors and for nodes that take its place
	op      string
	domain  string
	version int64 // of the operator set of the node's domain that is in force
	attrs   graph.Attrs
	in      []*graph.Value // nil where absent; adapters may add to it and replace it
	outputs int            // how many outputs the node has
	want    []bool         // which of them somebody takes
	// captures are the values that the bodies take from around them: their last inputs, and to be the node's.
	captures []*graph.Value
}

// An adapter makes the current form of a node out of an older one. fix either edits op, domain, attrs and in of the
// node and returns nil, nil, and then it is decoded as the current operator; or it builds nodes of its own and returns a
// value per output, nil for those nobody wants.
//
// Of the adapters of one operator the first whose until is not below the version applies, and no other: each leads
// to the current form directly.
type adapter struct {
	domain, op string
	until      int64 // the last version that it is for
	fix        func(n *legacy) ([]*graph.Value, error)
}

// upgrades lists the adapters of all files.
var upgrades = [][]adapter{
	broadcastAdapters,
	inputAdapters,
	miscAdapters,
	normAdapters,
	resizeAdapters,
	scanAdapters,
}

// adapters returns all adapters by operator, those of one in ascending order of until.
var adapters = sync.OnceValue(func() map[[2]string][]adapter {
	m := map[[2]string][]adapter{}
	for _, a := range slices.Concat(upgrades...) {
		k := [2]string{a.domain, a.op}
		m[k] = append(m[k], a)
	}
	for _, as := range m {
		slices.SortStableFunc(as, func(a, b adapter) int {
			return cmp.Or(cmp.Compare(a.until, b.until), strings.Compare(a.op, b.op))
		})
	}
	return m
})

// adapterFor returns the adapter for a node of the given version; nil when it is current.
func adapterFor(domain, op string, version int64) *adapter {
	as := adapters()[[2]string{domain, op}]
	for i := range as {
		if as[i].until >= version {
			return &as[i]
		}
	}
	return nil
}

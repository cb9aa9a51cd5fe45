package onnx

// lowestOpset is the first version of ai.onnx that the writer considers. ONNX Runtime promises to run models from there on.
const lowestOpset = 7

// unchanged are operators whose older versions, from the given one on, mean the same as the newest where their signature
// allows a node at all: their adapters only move or name things.
var unchanged = map[string]int64{
	"BatchNormalization": 7, // one output is inference; training needs the attribute of version 14
	"Erf":                1,
	"ReduceL1":           1,
	"ReduceL2":           1,
	"ReduceLogSum":       1,
	"ReduceLogSumExp":    1,
	"ReduceMax":          1,
	"ReduceMean":         1,
	"ReduceMin":          1,
	"ReduceProd":         1,
	"ReduceSum":          1,
	"ReduceSumSquare":    1,
	"Resize":             11,
	"Split":              2,
	"Squeeze":            1,
}

// meaningSince returns the first version from which an operator means what its newest version means: older ones have an
// adapter.
func meaningSince(domain, op string) int64 {
	if v, ok := unchanged[op]; ok && domain == "" {
		return v
	}
	since := int64(1)
	for _, a := range adapters()[[2]string{domain, op}] {
		if a.until < newest {
			since = max(since, a.until+1)
		}
	}
	return since
}

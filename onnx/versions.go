package onnx

// Versions returns the opset versions that changed an operator, ascending; nil for one that the standard does not have.
// The domain "" is ai.onnx.
func Versions(domain, name string) []int64 {
	var vs []int64
	for _, s := range schemas()[opName{domain, name}] {
		if !s.deprecated {
			vs = append(vs, s.since)
		}
	}
	return vs
}

// An Operator is the name of an operator of the standard.
type Operator struct{ Domain, Name string }

// Operators returns the operators of the standard that are not deprecated, in no order.
func Operators() []Operator {
	var out []Operator
	for k, versions := range schemas() {
		if !versions[len(versions)-1].deprecated {
			out = append(out, Operator{k.domain, k.op})
		}
	}
	return out
}

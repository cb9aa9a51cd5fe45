package graph

// AtLeast0 returns the larger of d and 0.
func (d Dim) AtLeast0() Dim {
	if d.NonNegative() {
		return d
	}
	return MaxDim(d, N(0))
}

// CeilDiv returns d/n rounded up, for n > 0: an exact quotient where there is one.
func (d Dim) CeilDiv(n int) Dim {
	if q := d.Div(N(n)); q.Mul(N(n)).Equal(d) {
		return q
	}
	return d.Add(N(n - 1)).Div(N(n))
}

package op

import "math"

// source returns where in the input place i of the output lies, in elements; false when it lies outside of what is not
// extrapolated.
func (o *Resize) source(a ResizeAxis, i int) (float64, bool) {
	x, in := float64(i), float64(a.In)
	switch o.Coordinates {
	case "align_corners":
		if a.Length == 1 {
			return 0, true
		}
		return x * (in - 1) / (a.Length - 1), true
	case "asymmetric":
		return x / a.Scale, true
	case "half_pixel_symmetric":
		offset := in / 2 * (1 - float64(a.Out)/a.Length)
		return offset + (x+0.5)/a.Scale - 0.5, true
	case "pytorch_half_pixel":
		if a.Out == 1 {
			return 0, true
		}
	case "tf_crop_and_resize":
		if a.Out == 1 {
			x = (a.End - a.Start) * (in - 1) / 2
		} else {
			x = x * (a.End - a.Start) * (in - 1) / float64(a.Out-1)
		}
		x += a.Start * (in - 1)
		return x, x >= 0 && x <= in-1
	case "tf_half_pixel_for_nn":
		return (x + 0.5) / a.Scale, true
	}
	return (x+0.5)/a.Scale - 0.5, true
}

// Same reports whether the axis stays as it is.
func (o *Resize) Same(a ResizeAxis) bool {
	return a.In == a.Out && a.Scale == 1 && a.Start == 0 && a.End == 1 && o.Coordinates != "tf_half_pixel_for_nn"
}

// Nearest returns for each place of the output the element of the input that is nearest; −1 where the extrapolation value
// stands.
func (o *Resize) Nearest(a ResizeAxis) []int {
	idx := make([]int, a.Out)
	for i := range idx {
		x, inside := o.source(a, i)
		if !inside || x != x {
			idx[i] = -1
			continue
		}
		floor := math.Floor(x)
		ratio := x - floor
		up := false
		switch o.NearestMode {
		case "round_prefer_floor":
			up = ratio > 0.5
		case "round_prefer_ceil":
			up = ratio >= 0.5
		case "ceil":
			up = ratio > 0
		}
		if up {
			floor++
		}
		idx[i] = clampIndex(floor, a.In)
	}
	return idx
}

// clampIndex moves a whole number into 0…n−1.
func clampIndex(x float64, n int) int { return int(math.Min(math.Max(x, 0), float64(n-1))) }

// Taps are the elements of an axis of which each place of the output is the weighted sum.
type Taps struct {
	N      int       // how many there are per place
	Index  []int     // N per place
	Weight []float64 // N per place
	// Outside tells the places where the extrapolation value stands; nil when there are none.
	Outside []bool
}

// Taps returns the elements that a linear or cubic interpolation takes, with their weights.
func (o *Resize) Taps(a ResizeAxis) Taps {
	scale := 1.0
	if o.Antialias {
		scale = min(a.Scale, 1)
	}
	reach := 1.0
	if o.Mode == "cubic" {
		reach = 2
	}
	first := int(math.Max(math.Floor(-reach/scale), -float64(a.In)-2)) + 1 // before the element that x is after
	t := Taps{N: 2 - 2*first, Weight: make([]float64, 0, a.Out)}
	for i := range a.Out {
		x, inside := o.source(a, i)
		if !inside || x != x {
			if t.Outside == nil {
				t.Outside = make([]bool, a.Out)
			}
			t.Outside[i], x = true, 0
		}
		x = math.Min(math.Max(x, -float64(a.In)-4), 2*float64(a.In)+4)
		base := math.Ceil(x) - 1
		sum := 0.0
		for k := range t.N {
			at := base + float64(first+k)
			w := o.weight(math.Abs(at-x) * scale)
			if o.ExcludeOutside && (at < 0 || at >= float64(a.In)) {
				w = 0
			}
			sum += w
			t.Index = append(t.Index, clampIndex(at, a.In))
			t.Weight = append(t.Weight, w)
		}
		if sum != 0 && (o.Antialias || o.ExcludeOutside) {
			for k := range t.N {
				t.Weight[len(t.Weight)-1-k] /= sum
			}
		}
	}
	return t
}

// weight returns what an element at distance x counts.
func (o *Resize) weight(x float64) float64 {
	if o.Mode == "linear" {
		return max(1-x, 0)
	}
	a := float64(o.CubicA)
	switch {
	case x <= 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return ((a*x-5*a)*x+8*a)*x - 4*a
	}
	return 0
}

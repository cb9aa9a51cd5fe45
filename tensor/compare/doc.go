// Package compare decides whether two values are equal within a tolerance. Every test and command that compares outputs
// uses it.
//
// Numbers a (got) and b (want) are equal when |a−b| ≤ atol + rtol·|b|, as in NumPy's assert_allclose; NaN equals NaN and
// an infinity equals itself. Types, shapes, strings and booleans must be the same. Sequences, optionals and maps are
// compared item by item.
package compare

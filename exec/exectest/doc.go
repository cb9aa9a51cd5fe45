// Package exectest is the operator suite that every backend runs: operators with inputs and expected outputs.
package exectest

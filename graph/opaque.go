package graph

import (
	"crypto/sha256"
	"fmt"
)

// maxFormula is how long the text of a formula may get. Formulas are built from formulas, so without a limit a chain of
// operators could double them at each step.
const maxFormula = 600

// opaque returns the symbol that stands for a formula that is too long: an unknown size, the same for the same formula.
func opaque(formula string) *Symbol {
	h := sha256.Sum256([]byte(formula))
	return &Symbol{Name: fmt.Sprintf("?#%x", h[:12])}
}

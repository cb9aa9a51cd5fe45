package exec

import "fmt"

// controlKernels lists the operators that the executor runs itself, because their bodies are programs.
func controlKernels() []Kernel {
	return []Kernel{}
}

// A TripError says that a Loop was stopped because of the limit of its trips.
type TripError struct{ Limit int }

// Error implements error.
func (e *TripError) Error() string { return fmt.Sprintf("more than %d trips, the limit", e.Limit) }

//go:build !linux

package exec

// machineMemory returns a size that is surely too much: what needs more is refused, since asking the system for it ends
// the process.
func machineMemory() int64 {
	if ^uint(0)>>32 == 0 {
		return 1 << 31
	}
	return 1 << 36
}

package exec

import (
	"sync"
	"syscall"
)

// machineMemory returns three quarters of the memory that the machine has, in bytes: what needs more is refused, since asking the system for
// it ends the process.
var machineMemory = sync.OnceValue(func() int64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 1 << 36
	}
	return int64(info.Totalram) * int64(info.Unit) / 4 * 3
})

package main

import (
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

type cpuSet [16]uint64

func affinity(trap uintptr, set *cpuSet) error {
	if _, _, e := syscall.RawSyscall(trap, 0, unsafe.Sizeof(*set), uintptr(unsafe.Pointer(set))); e != 0 {
		return e
	}
	return nil
}

// allowed returns the cores that this process may use.
func allowed() []int {
	var (
		set   cpuSet
		cores []int
	)
	if affinity(syscall.SYS_SCHED_GETAFFINITY, &set) == nil {
		for i := range len(set) * 64 {
			if set[i/64]>>(i%64)&1 != 0 {
				cores = append(cores, i)
			}
		}
	}
	return cores
}

// startOn starts a process that may use the given cores only: it has the affinity of the thread that starts it.
func startOn(cmd *exec.Cmd, cores []int) error {
	if len(cores) == 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set cpuSet
	if err := affinity(syscall.SYS_SCHED_GETAFFINITY, &before); err != nil {
		return cmd.Start()
	}
	for _, c := range cores {
		set[c/64] |= 1 << (c % 64)
	}
	if err := affinity(syscall.SYS_SCHED_SETAFFINITY, &set); err != nil {
		return err
	}
	defer affinity(syscall.SYS_SCHED_SETAFFINITY, &before)
	return cmd.Start()
}

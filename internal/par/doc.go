// Package par shares out the tiles of parallel loops among helper goroutines that live as long as the process.
//
// A helper that has joined a Team spins for a short while between loops, so that a fork and join costs a few hundred
// nanoseconds, and parks when nothing comes. There are as many helpers in the process as there are cores but one; a Team
// that finds none free runs its tiles on the calling goroutine.
package par

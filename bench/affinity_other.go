//go:build !linux

package main

import "os/exec"

// allowed returns nil: cores cannot be chosen here.
func allowed() []int { return nil }

// startOn starts a process; cores cannot be chosen here.
func startOn(cmd *exec.Cmd, cores []int) error { return cmd.Start() }

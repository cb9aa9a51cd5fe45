//go:build !amd64 || purego

package simd

func gemmAsm(*[NumLevels][]func(*GemmArgs)) {}

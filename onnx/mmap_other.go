//go:build !unix

package onnx

import (
	"errors"
	"os"
)

// mmap is not there on this platform: files are read into memory.
func mmap(*os.File, int64) ([]byte, func() error, error) { return nil, nil, errors.ErrUnsupported }

package tensor

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// An Array is a named tensor of an npz file.
type Array struct {
	Name string
	*Tensor
}

// ReadNPZ reads all arrays of an npz file, in the order of the file; a name does not have its ".npy".
//
// https://numpy.org/doc/stable/reference/generated/numpy.savez.html
func ReadNPZ(r io.ReaderAt, size int64) ([]Array, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("npz: %w", err)
	}
	var out []Array
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		rc, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("npz: array %q: %w", name, err)
		}
		t, err := ReadNPY(rc)
		rc.Close()
		if err != nil {
			return nil, fmt.Errorf("npz: array %q: %w", name, err)
		}
		out = append(out, Array{name, t})
	}
	return out, nil
}

// WriteNPZ writes arrays as an npz file without compression.
func WriteNPZ(w io.Writer, arrays []Array) error {
	z := zip.NewWriter(w)
	for _, a := range arrays {
		f, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := WriteNPY(f, a.Tensor); err != nil {
			return fmt.Errorf("npz: array %q: %w", a.Name, err)
		}
	}
	return z.Close()
}

// LoadNPY reads an npy file.
func LoadNPY(path string) (*Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := ReadNPY(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// LoadNPZ reads an npz file.
func LoadNPZ(path string) ([]Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	as, err := ReadNPZ(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return as, nil
}

// SaveNPY writes an npy file, whole or not at all.
func SaveNPY(path string, t *Tensor) error {
	return WriteFile(path, func(w io.Writer) error { return WriteNPY(w, t) })
}

// SaveNPZ writes an npz file, whole or not at all.
func SaveNPZ(path string, arrays []Array) error {
	return WriteFile(path, func(w io.Writer) error { return WriteNPZ(w, arrays) })
}

// WriteFile makes the file that write fills, whole or not at all: a temporary file beside it takes its place only when
// everything went well. An existing file keeps its permissions.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	mode := os.FileMode(0o644)
	if st, err := os.Stat(path); err == nil {
		if !st.Mode().IsRegular() { // a device or a pipe, such as /dev/stdout
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			if err := write(f); err != nil {
				f.Close()
				return err
			}
			return f.Close()
		}
		mode = st.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("%s: %w", path, errors.Unwrap(err)) // the name of the temporary file says nothing
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(mode); err != nil && !os.IsPermission(err) {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

package onnx

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/gneiss-ml/gneiss/tensor"
)

// external holds the files that tensors keep their data in.
type external struct {
	opt   Options
	files map[string][]byte
	close []func() error
}

// externalTensor returns the tensor whose elements are in another file.
//
// https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
func (s *scanner) externalTensor(p *tensorProto, dt tensor.DType, shape []int) (*tensor.Tensor, error) {
	if dt == tensor.String {
		return nil, errors.New("strings cannot be external data")
	}
	name := p.external["location"]
	if name == "" {
		return nil, errors.New("external data: no location")
	}
	if s.ext == nil || s.ext.opt.Data == nil {
		return nil, fmt.Errorf("external data %q: the model was not opened from a folder", name)
	}
	b, err := s.ext.file(name)
	if err != nil {
		return nil, fmt.Errorf("external data %q: %w", name, err)
	}
	size := int64(dt.Bytes(tensor.Count(shape)))
	off, err := entryInt(p.external, "offset", 0)
	if err != nil {
		return nil, err
	}
	length, err := entryInt(p.external, "length", size)
	if err != nil {
		return nil, err
	}
	if length != size {
		return nil, fmt.Errorf("external data %q: length %d for %v%s, want %d", name, length, dt, tensor.FormatShape(shape), size)
	}
	if off > int64(len(b)) || length > int64(len(b))-off {
		return nil, fmt.Errorf("external data %q: bytes %d to %d of a file of %d", name, off, off+length, len(b))
	}
	return s.fromBytes(dt, b[off:off+length:off+length], shape)
}

// entryInt returns a number among the properties of external data.
func entryInt(m map[string]string, key string, def int64) (int64, error) {
	text, ok := m[key]
	if !ok || text == "" {
		return def, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/2 {
		return 0, fmt.Errorf("external data: %s %q, want a number of bytes", key, text)
	}
	return n, nil
}

// file returns the contents of a file beside the model.
func (e *external) file(name string) ([]byte, error) {
	clean := path.Clean(strings.ReplaceAll(name, `\`, "/"))
	if b, ok := e.files[clean]; ok {
		return b, nil
	}
	if !fs.ValidPath(clean) || clean == "." {
		return nil, errors.New("want a path inside the folder of the model")
	}
	st, err := fs.Stat(e.opt.Data, clean)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file in the folder of the model")
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular(): // opening a pipe would wait for its writer
		return nil, errors.New("it is not a regular file")
	}
	f, err := e.opt.Data.Open(clean)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, unmap, err := contents(f, e.opt)
	if err != nil {
		return nil, err
	}
	e.close = append(e.close, unmap)
	e.files[clean] = b
	return b, nil
}

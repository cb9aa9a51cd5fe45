package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/onnx"
	"github.com/gneiss-ml/gneiss/tensor"
)

// inputFlags say how arguments become inputs of the model.
type inputFlags struct {
	random bool
	dims   map[string]int
	image  imageFlags
	memory int64 // bytes that an input may take
}

func (f *inputFlags) register(fs *pflag.FlagSet) {
	fs.BoolVar(&f.random, "random", false, "fill every input that is not given with random values")
	fs.StringToIntVar(&f.dims, "dim", nil, "size of a symbolic dimension for random inputs, such as batch=4 (else 1)")
	f.image.register(fs)
}

const inputHelp = `An INPUT is
  x.npy, x.pb                the next input, in the order of the model's inputs
  x.npz                      arrays by name
  NAME=x.npy, NAME=x.pb      an input by name
  NAME=photo.png|jpg|gif     a picture, resized to the input (see --image-…)
  NAME=sound.wav             sound, as samples from -1 to 1
  NAME=random                random values (see --dim, --seed)`

// read returns the values of the inputs of a session's model that args name.
func (f *inputFlags) read(s *gneiss.Session, args []string, seed uint64) (gneiss.Values, error) {
	ins := s.Model().Inputs()
	if err := f.checkDims(ins); err != nil {
		return nil, err
	}
	f.memory = s.MaxMemory()
	vals := gneiss.Values{}
	set := func(name string, v tensor.Value) error {
		if _, dup := vals[name]; dup {
			return usagef("input %q is given twice", name)
		}
		vals[name] = v
		return nil
	}
	for _, a := range args {
		name, path, err := f.target(ins, vals, a)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(filepath.Ext(path), ".npz") && name == "" {
			arrays, err := tensor.LoadNPZ(path)
			if err != nil {
				return nil, err
			}
			for _, x := range arrays {
				if err := known(ins, x.Name); err != nil {
					return nil, fmt.Errorf("%s: %w", path, err)
				}
				if err := set(x.Name, x.Tensor); err != nil {
					return nil, err
				}
			}
			continue
		}
		in := ins[slices.IndexFunc(ins, func(i gneiss.Info) bool { return i.Name == name })]
		v, err := f.load(in, path, seed)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", name, err)
		}
		if err := set(name, v); err != nil {
			return nil, err
		}
	}
	if f.random {
		for _, in := range ins {
			if _, ok := vals[in.Name]; !ok && !in.Optional {
				v, err := f.fill(in, seed)
				if err != nil {
					return nil, fmt.Errorf("input %q: %w", in.Name, err)
				}
				vals[in.Name] = v
			}
		}
	}
	return vals, nil
}

// target splits an argument into the input it is for and the file: by name, or the first input that has none yet. The name
// is "" for an npz file.
func (f *inputFlags) target(ins []gneiss.Info, vals gneiss.Values, arg string) (name, path string, err error) {
	if _, err := os.Stat(arg); err != nil {
		if name, path, ok := strings.Cut(arg, "="); ok {
			return name, path, known(ins, name)
		}
	}
	if strings.EqualFold(filepath.Ext(arg), ".npz") {
		return "", arg, nil
	}
	for _, required := range []bool{true, false} {
		for _, in := range ins {
			if _, have := vals[in.Name]; !have && in.Optional != required {
				return in.Name, arg, nil
			}
		}
	}
	return "", "", usagef("%q: all %d inputs of the model have a value already", arg, len(ins))
}

// checkDims checks that --dim names dimensions of the model.
func (f *inputFlags) checkDims(ins []gneiss.Info) error {
	var names []string
	for _, in := range ins {
		for _, d := range in.Dims {
			if name, ok := d.IsSymbol(); ok && !d.IsUnknown() && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.dims)) {
		switch {
		case !slices.Contains(names, name) && len(names) == 0:
			return usagef("--dim %s: the inputs have no symbolic dimensions", name)
		case !slices.Contains(names, name):
			return usagef("--dim %s: the symbolic dimensions of the inputs are %s", name, strings.Join(names, ", "))
		case f.dims[name] < 0:
			return usagef("--dim %s=%d: want 0 or more", name, f.dims[name])
		}
	}
	return nil
}

// checkSize checks that a tensor of an input can be made: its elements pass through 8 bytes each at most.
func (f *inputFlags) checkSize(dt tensor.DType, shape []int) error {
	n, err := tensor.CheckShape(dt, shape)
	if err != nil {
		return err
	}
	if int64(n) > f.memory/8 {
		return fmt.Errorf("%v%s does not fit the memory limit of %d MiB", dt, tensor.FormatShape(shape), f.memory>>20)
	}
	return nil
}

func known(ins []gneiss.Info, name string) error {
	var names []string
	for _, in := range ins {
		if in.Name == name {
			return nil
		}
		names = append(names, strconv.Quote(in.Name))
	}
	return usagef("the model has no input %q, but %s", name, strings.Join(names, ", "))
}

// load reads one input from a file.
func (f *inputFlags) load(in gneiss.Info, path string, seed uint64) (tensor.Value, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npy":
		return tensor.LoadNPY(path)
	case ".pb":
		return onnx.ReadValueFile(path, in.Type)
	case ".png", ".jpg", ".jpeg", ".gif":
		img, err := loadImage(path)
		if err != nil {
			return nil, err
		}
		return f.convert(in, img)
	case ".wav":
		return f.loadWAV(in, path)
	}
	if path == "random" {
		return f.fill(in, seed)
	}
	return nil, usagef("%q: want a .npy, .npz, .pb, .png, .jpg, .gif or .wav file, or the word random", path)
}

// fill makes random values for an input: normal for floats, 0 or 1 for the rest. Unknown dimensions are 1 unless --dim says
// otherwise.
func (f *inputFlags) fill(in gneiss.Info, seed uint64) (tensor.Value, error) {
	if in.Kind != tensor.KindTensor {
		return nil, fmt.Errorf("%v cannot be random, give a .pb file", in.Type)
	}
	if in.Dims == nil {
		return nil, fmt.Errorf("the model does not say its rank, give a file")
	}
	shape := make([]int, len(in.Dims))
	for i, d := range in.Dims {
		n, ok := d.Eval(f.dims)
		if !ok {
			n = 1
		}
		shape[i] = n
	}
	if err := f.checkSize(in.DType, shape); err != nil {
		return nil, err
	}
	return randomTensor(in.DType, shape, in.Name, seed)
}

func randomTensor(dt tensor.DType, shape []int, name string, seed uint64) (*tensor.Tensor, error) {
	n := tensor.Count(shape)
	h := uint64(14695981039346656037)
	for _, c := range []byte(name) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	r := rand.New(rand.NewPCG(seed, h))
	switch {
	case dt.IsFloat():
		xs := make([]float32, n)
		for i := range xs {
			xs[i] = float32(r.NormFloat64())
		}
		return tensor.Cast(tensor.FromSlice(xs, shape...), dt, tensor.CastOptions{})
	case dt == tensor.String:
		xs := make([]string, n)
		for i := range xs {
			xs[i] = string(rune('a' + r.IntN(26)))
		}
		return tensor.FromSlice(xs, shape...), nil
	case dt.IsComplex():
		xs := make([]complex64, n)
		for i := range xs {
			xs[i] = complex(float32(r.NormFloat64()), float32(r.NormFloat64()))
		}
		return tensor.Cast(tensor.FromSlice(xs, shape...), dt, tensor.CastOptions{})
	}
	xs := make([]int64, n)
	for i := range xs {
		xs[i] = r.Int64N(2)
	}
	return tensor.FromInt64s(dt, xs, shape)
}

// concrete returns the shape of an input in which unknown dimensions are -1.
func concrete(f graph.Fact) []int {
	shape := make([]int, len(f.Dims))
	for i, d := range f.Dims {
		n, ok := d.Int()
		if !ok {
			n = -1
		}
		shape[i] = n
	}
	return shape
}

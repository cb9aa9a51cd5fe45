package main

import (
	"encoding/binary"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/image/draw"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/tensor"
)

// imageFlags say how a picture becomes numbers: (pixel·scale − mean) / std per channel, pixels from 0 to 255.
type imageFlags struct {
	mean, std []float64
	scale     float64
	layout    string
}

func (f *imageFlags) register(fs *pflag.FlagSet) {
	fs.Float64SliceVar(&f.mean, "image-mean", nil, "what is subtracted from each channel of a picture")
	fs.Float64SliceVar(&f.std, "image-std", nil, "what each channel of a picture is divided by")
	fs.Float64Var(&f.scale, "image-scale", 0, "what pixels of 0 to 255 are multiplied by first (0: 1/255 for floats, 1 for integers)")
	fs.StringVar(&f.layout, "image-layout", "auto", "order of dimensions: auto, nchw, nhwc, chw, hwc or hw; bgr- in front swaps red and blue")
}

// loadImage reads a picture.
func loadImage(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cfg, _, err := image.DecodeConfig(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > (1<<28)/cfg.Height {
		return nil, fmt.Errorf("%s: %d×%d pixels, want at most 2²⁸", path, cfg.Width, cfg.Height)
	}
	if _, err := file.Seek(0, 0); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

// convert fits a picture to an input of rank 2 to 4.
func (f *inputFlags) convert(in gneiss.Info, img image.Image) (tensor.Value, error) {
	shape := concrete(in.Fact)
	if in.Dims == nil {
		shape = []int{1, 3, -1, -1}
	}
	layout, bgr := f.image.layout, false
	if len(layout) > 4 && layout[:4] == "bgr-" {
		layout, bgr = layout[4:], true
	}
	if layout == "auto" {
		layout = guessLayout(shape)
	}
	pos := map[byte]int{'n': -1, 'c': -1, 'h': -1, 'w': -1}
	for i := range len(layout) {
		if _, ok := pos[layout[i]]; !ok {
			return nil, usagef("--image-layout %q: want auto, nchw, nhwc, chw, hwc or hw", f.image.layout)
		}
		pos[layout[i]] = i
	}
	if len(layout) != len(shape) || pos['h'] < 0 || pos['w'] < 0 {
		return nil, fmt.Errorf("a picture does not fit %v with layout %q", in.Fact, layout)
	}
	size := func(c byte, def int) int {
		if p := pos[c]; p >= 0 {
			if shape[p] < 0 {
				shape[p] = def
			}
			return shape[p]
		}
		return 1
	}
	n, c, h, w := size('n', 1), size('c', 3), size('h', img.Bounds().Dy()), size('w', img.Bounds().Dx())
	if n != 1 || (c != 1 && c != 3 && c != 4) {
		return nil, fmt.Errorf("a picture does not fit %v: want batch 1 and 1, 3 or 4 channels", in.Fact)
	}
	if err := f.checkSize(in.DType, shape); err != nil {
		return nil, err
	}
	rgba := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.BiLinear.Scale(rgba, rgba.Bounds(), img, img.Bounds(), draw.Src, nil)
	scale := f.image.scale
	if scale == 0 {
		scale = 1
		if in.DType.IsFloat() {
			scale = 1.0 / 255
		}
	}
	strides := tensor.Strides(shape)
	at := func(c byte) int {
		if p := pos[c]; p >= 0 {
			return strides[p]
		}
		return 0
	}
	xs := make([]float32, h*w*c)
	for y := range h {
		for x := range w {
			px := rgba.Pix[y*rgba.Stride+4*x:][:4]
			for k := range c {
				v := float64(px[k])
				switch {
				case c == 1:
					v = 0.299*float64(px[0]) + 0.587*float64(px[1]) + 0.114*float64(px[2])
				case bgr && k < 3:
					v = float64(px[2-k])
				}
				v = (v*scale - pick(f.image.mean, k, 0)) / pick(f.image.std, k, 1)
				xs[y*at('h')+x*at('w')+k*at('c')] = float32(v)
			}
		}
	}
	return tensor.Cast(tensor.FromSlice(xs, shape...), in.DType, tensor.CastOptions{})
}

func guessLayout(shape []int) string {
	channels := func(n int) bool { return n == 1 || n == 3 || n == 4 }
	switch len(shape) {
	case 2:
		return "hw"
	case 3:
		if channels(shape[2]) && !channels(shape[0]) {
			return "hwc"
		}
		return "chw"
	case 4:
		if channels(shape[3]) && !channels(shape[1]) {
			return "nhwc"
		}
	}
	return "nchw"
}

// pick returns element i of a list, the only one of a list of one, or def of an empty list.
func pick(xs []float64, i int, def float64) float64 {
	switch {
	case len(xs) == 0:
		return def
	case i < len(xs):
		return xs[i]
	}
	return xs[len(xs)-1]
}

// loadWAV reads a RIFF WAVE file of integer or float samples as mono sound and fits it to the input: the last dimension
// is time, all others are 1. Sound that is longer than the input is cut, shorter is followed by silence.
//
// http://soundfile.sapp.org/doc/WaveFormat/
func (f *inputFlags) loadWAV(in gneiss.Info, path string) (tensor.Value, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	xs, err := decodeWAV(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	shape := concrete(in.Fact)
	if len(shape) == 0 {
		return nil, fmt.Errorf("%s: sound does not fit %v", path, in.Fact)
	}
	for i := range shape {
		last := i == len(shape)-1
		switch {
		case shape[i] < 0 && last:
			shape[i] = len(xs)
		case shape[i] < 0:
			shape[i] = 1
		case !last && shape[i] != 1:
			return nil, fmt.Errorf("%s: sound does not fit %v", path, in.Fact)
		}
	}
	if err := f.checkSize(in.DType, shape); err != nil {
		return nil, err
	}
	fit := make([]float32, shape[len(shape)-1])
	copy(fit, xs)
	return tensor.Cast(tensor.FromSlice(fit, shape...), in.DType, tensor.CastOptions{})
}

func decodeWAV(b []byte) ([]float32, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, fmt.Errorf("not a RIFF WAVE file")
	}
	var format, channels, width int
	for b = b[12:]; len(b) >= 8; {
		id, size := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		body := b[:min(size, len(b))]
		switch id {
		case "fmt ":
			if len(body) < 16 {
				return nil, fmt.Errorf("fmt chunk of %d bytes, want 16", len(body))
			}
			format = int(binary.LittleEndian.Uint16(body))
			channels = int(binary.LittleEndian.Uint16(body[2:]))
			width = int(binary.LittleEndian.Uint16(body[14:])) / 8
			if format == 0xFFFE && len(body) >= 26 {
				format = int(binary.LittleEndian.Uint16(body[24:]))
			}
		case "data":
			return wavSamples(body, format, channels, width)
		}
		b = b[min(len(b), size+size%2):]
	}
	return nil, fmt.Errorf("no data chunk")
}

func wavSamples(b []byte, format, channels, width int) ([]float32, error) {
	ok := (format == 1 && width >= 1 && width <= 4) || (format == 3 && (width == 4 || width == 8))
	if !ok || channels < 1 || channels > 64 {
		return nil, fmt.Errorf("format %d with %d channels of %d bytes, want integer or float samples", format, channels, width)
	}
	out := make([]float32, len(b)/(channels*width))
	for i := range out {
		sum := 0.0
		for c := range channels {
			s := b[(i*channels+c)*width:]
			switch {
			case format == 3 && width == 4:
				sum += float64(math.Float32frombits(binary.LittleEndian.Uint32(s)))
			case format == 3:
				sum += math.Float64frombits(binary.LittleEndian.Uint64(s))
			case width == 1:
				sum += (float64(s[0]) - 128) / 128
			case width == 2:
				sum += float64(int16(binary.LittleEndian.Uint16(s))) / (1 << 15)
			case width == 3:
				sum += float64(int32(uint32(s[0])<<8|uint32(s[1])<<16|uint32(s[2])<<24)>>8) / (1 << 23)
			default:
				sum += float64(int32(binary.LittleEndian.Uint32(s))) / (1 << 31)
			}
		}
		out[i] = float32(sum / float64(channels))
	}
	return out, nil
}

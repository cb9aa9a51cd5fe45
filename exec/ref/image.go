package ref

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

var imageKernels = []exec.Kernel{
	always(imageDecoder),
}

// An imageFormat is a kind of image file, known by the bytes it starts with; a question mark is any byte.
type imageFormat struct {
	magic  string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var imageFormats = []imageFormat{
	{"BM", bmp.DecodeConfig, bmp.Decode},
	{"II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"MM\x00*", tiff.DecodeConfig, tiff.Decode},
	{"P1", pnmConfig, decodePNM},
	{"P2", pnmConfig, decodePNM},
	{"P3", pnmConfig, decodePNM},
	{"P4", pnmConfig, decodePNM},
	{"P5", pnmConfig, decodePNM},
	{"P6", pnmConfig, decodePNM},
	{"RIFF????WEBP", webp.DecodeConfig, webp.Decode},
	{"\x00\x00\x00\x0cjP  ", nil, nil},
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"\xff\x4f\xff\x51", nil, nil},
	{"\xff\xd8\xff", jpeg.DecodeConfig, decodeJPEG},
}

// formatOf returns the format that data seems to have; nil when it is no image.
func formatOf(data []byte) *imageFormat {
	for i, f := range imageFormats {
		ok := len(data) >= len(f.magic)
		for k := 0; ok && k < len(f.magic); k++ {
			ok = f.magic[k] == '?' || f.magic[k] == data[k]
		}
		if ok {
			return &imageFormats[i]
		}
	}
	return nil
}

// maxPixels is the largest image that is decoded.
const maxPixels = 1 << 28

func imageDecoder(b *exec.Binding, o *op.ImageDecoder) run {
	return func(f *exec.Frame) error {
		data := f.In(0).Bytes()
		y, err := decodeImage(f, data, o)
		if err == nil && y == nil {
			y, err = f.Alloc(tensor.Uint8, 0, 0, o.Channels())
		}
		if err == nil {
			f.Emit(0, y)
		}
		return err
	}
}

// decodeImage returns the pixels of an image file; nil when it is none or broken.
func decodeImage(f *exec.Frame, data []byte, o *op.ImageDecoder) (*tensor.Tensor, error) {
	format := formatOf(data)
	switch {
	case format == nil:
		return nil, nil
	case format.decode == nil:
		return nil, errors.New("input 0: JPEG 2000 images are not supported")
	}
	config, err := format.config(bytes.NewReader(data))
	w, h := config.Width, config.Height
	if err != nil || w <= 0 || h <= 0 || w > maxPixels/h || w*h>>16 > len(data) { // no format is so small
		return nil, nil
	}
	y, err := f.Alloc(tensor.Uint8, h, w, o.Channels())
	if err != nil {
		return nil, err
	}
	m, err := format.decode(bytes.NewReader(data))
	if err != nil || m.Bounds().Dx() != w || m.Bounds().Dy() != h {
		return nil, nil
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	putPixels(tensor.Data[uint8](y), m, o.PixelFormat)
	return y, nil
}

// putPixels writes the pixels of an image row by row. Transparency is ignored.
func putPixels(dst []uint8, m image.Image, format string) {
	r := m.Bounds()
	rgb := rgbOf(m)
	i := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue := rgb(x, y)
			switch format {
			case "RGB":
				dst[i], dst[i+1], dst[i+2] = red, green, blue
				i += 3
			case "BGR":
				dst[i], dst[i+1], dst[i+2] = blue, green, red
				i += 3
			default:
				// The luma of ITU-R BT.601 in 16 bits.
				dst[i] = uint8((19595*uint32(red) + 38470*uint32(green) + 7471*uint32(blue) + 1<<15) >> 16)
				i++
			}
		}
	}
}

// rgbOf returns a function that gives the color of a pixel.
func rgbOf(m image.Image) func(x, y int) (r, g, b uint8) {
	switch m := m.(type) {
	case *image.Gray:
		return func(x, y int) (r, g, b uint8) {
			v := m.Pix[m.PixOffset(x, y)]
			return v, v, v
		}
	case *image.NRGBA:
		return func(x, y int) (r, g, b uint8) {
			p := m.Pix[m.PixOffset(x, y):]
			return p[0], p[1], p[2]
		}
	case *image.YCbCr:
		return func(x, y int) (r, g, b uint8) {
			c := m.COffset(x, y)
			return color.YCbCrToRGB(m.Y[m.YOffset(x, y)], m.Cb[c], m.Cr[c])
		}
	}
	return func(x, y int) (r, g, b uint8) {
		c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
		return c.R, c.G, c.B
	}
}

package ref_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func file(s string) tensor.Value { return tensor.FromSlice([]byte(s)) }

// picture is 2 pixels wide and 1 high.
func picture() image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	m.SetNRGBA(0, 0, color.NRGBA{255, 128, 0, 255})
	m.SetNRGBA(1, 0, color.NRGBA{1, 2, 3, 255})
	return m
}

func encoded(t *testing.T, f func(b *bytes.Buffer) error) tensor.Value {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return tensor.FromSlice(b.Bytes())
}

func TestImageDecoder(t *testing.T) {
	rgb, gray := &op.ImageDecoder{PixelFormat: "RGB"}, &op.ImageDecoder{PixelFormat: "Grayscale"}
	pngFile := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture()) })
	for _, c := range []check{
		{rgb, in(pngFile), "uint8[1,2,3] 255 128 0 1 2 3"},
		{&op.ImageDecoder{PixelFormat: "BGR"}, in(pngFile), "uint8[1,2,3] 0 128 255 3 2 1"},
		{gray, in(pngFile), "uint8[1,2,1] 151 2"},
		{rgb, in(encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, picture()) })), "uint8[1,2,3] 255 128 0 1 2 3"},
		{rgb, in(encoded(t, func(b *bytes.Buffer) error { return tiff.Encode(b, picture(), nil) })), "uint8[1,2,3] 255 128 0 1 2 3"},
		{rgb, in(file("P1 # a comment\n3 1 1 0\n1")), "uint8[1,3,3] 0 0 0 255 255 255 0 0 0"},
		{gray, in(file("P2\n2 1\n3\n0 2")), "uint8[1,2,1] 0 170"},
		{rgb, in(file("P3\n1 1 255\n7 8 9\n")), "uint8[1,1,3] 7 8 9"},
		{gray, in(file("P4 9 1\n\x80\x80")), "uint8[1,9,1] 0 255 255 255 255 255 255 255 0"},
		{gray, in(file("P5 1 2 65535\n\xff\xff\x80\x00")), "uint8[2,1,1] 255 128"},
		{rgb, in(file("P6 1 1 255\nabc")), "uint8[1,1,3] 97 98 99"},
		{rgb, in(file("P6 1 1 255\nab")), "uint8[0,0,3]"},
		{rgb, in(file("P6 16000 16000 255\nab")), "uint8[0,0,3]"},
		{rgb, in(file("")), "uint8[0,0,3]"},
		{gray, in(file("\x89PNG\r\n\x1a\nbroken")), "uint8[0,0,1]"},
		{rgb, in(file("\x00\x00\x00\x0cjP  \r\n\x87\n")), `error: node "" (ImageDecoder): input 0: JPEG 2000 images are not supported`},
		{&op.ImageDecoder{PixelFormat: "RGBA"}, in(file("")), `error: node "" (ImageDecoder): attribute "pixel_format": "RGBA", want one of RGB BGR Grayscale`},
	} {
		c.run(t)
	}
}

// TestJPEG decodes a slope of color, whose chroma is interpolated: the decoded slope has no steps.
func TestJPEG(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 32, 24))
	for y := range 24 {
		for x := range 32 {
			m.SetNRGBA(x, y, color.NRGBA{uint8(8 * x), uint8(255 - 8*x), uint8(10 * y), 255})
		}
	}
	data := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, &jpeg.Options{Quality: 100}) })
	y := exectest.Run(t, ref.Backend, &op.ImageDecoder{PixelFormat: "RGB"}, 1, data)[0].(*tensor.Tensor)
	if y.Describe() != "uint8[24,32,3]" {
		t.Fatal(y.Describe())
	}
	for i, v := range tensor.Data[uint8](y) {
		x, row, c := i/3%32, i/96, i%3
		if x == 0 || x == 31 || row == 0 || row == 23 {
			continue // the encoder averaged the chroma of the border
		}
		p := m.NRGBAAt(x, row)
		want := int([3]uint8{p.R, p.G, p.B}[c])
		if d := int(v) - want; d < -4 || d > 4 {
			t.Fatalf("pixel %d,%d channel %d: %d, want about %d", x, row, c, v, want)
		}
	}
}

func TestOldImageOps(t *testing.T) {
	x := count(f32, 1, 1, 3, 3)
	for _, c := range []check{
		{&op.Crop{Border: []int{1, 0, 0, 1}}, in(x), "float32[1,1,2,2] 1 2 4 5"},
		{&op.Crop{Border: []int{1, 1, 0, 0}, Scale: []int{1, 2}}, in(x), "float32[1,1,1,2] 4 5"},
		{&op.Crop{Border: []int{1}}, in(x), `error: node "" (Crop): attribute "border" has 1 elements, want 4`},
		{&op.ImageScaler{Scale: 2, Bias: []float32{10}}, in(count(f32, 1, 1, 1, 3)), "float32[1,1,1,3] 10 12 14"},
		{&op.ImageScaler{Scale: 0.5}, in(count(f16, 1, 1, 1, 3)), "float16[1,1,1,3] 0 0.5 1"},
		{&op.ImageScaler{Scale: 1, Bias: []float32{1, 2}}, in(x), `error: node "" (ImageScaler): attribute "bias" has 2 elements, want 1, one per channel`},
	} {
		c.run(t)
	}
}

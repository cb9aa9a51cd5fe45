package ref

import (
	"image"
	"image/jpeg"
	"io"
)

// decodeJPEG decodes a JPEG file. Where it has fewer chroma samples than pixels, those between are interpolated linearly, as
// ImageDecoder defines it: the centers of two pixels are at 1/4 and 3/4 of the way between the centers of two samples.
func decodeJPEG(r io.Reader) (image.Image, error) {
	m, err := jpeg.Decode(r)
	if c, ok := m.(*image.YCbCr); ok && err == nil {
		return smoothYCbCr(c), nil
	}
	return m, err
}

// smoothYCbCr returns the image in RGB, with interpolated chroma where it is halved.
func smoothYCbCr(m *image.YCbCr) image.Image {
	wide := m.SubsampleRatio == image.YCbCrSubsampleRatio420 || m.SubsampleRatio == image.YCbCrSubsampleRatio422
	tall := m.SubsampleRatio == image.YCbCrSubsampleRatio420 || m.SubsampleRatio == image.YCbCrSubsampleRatio440
	if m.Rect.Min != (image.Point{}) || !wide && !tall && m.SubsampleRatio != image.YCbCrSubsampleRatio444 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewNRGBA(m.Rect)
	cb, cr := make([]uint8, w+1), make([]uint8, w+1)
	sums := make([]int, w)
	for y := range h {
		chromaRow(cb, sums, m.Cb, m.CStride, y, w, h, wide, tall)
		chromaRow(cr, sums, m.Cr, m.CStride, y, w, h, wide, tall)
		for x := range w {
			p := out.Pix[y*out.Stride+4*x:]
			p[0], p[1], p[2] = rgbOfYCbCr(int(m.Y[y*m.YStride+x]), int(cb[x])-128, int(cr[x])-128)
			p[3] = 255
		}
	}
	return out
}

// chromaRow sets dst to the chroma of the pixels of row y of an image of w×h: sums has room for w numbers.
func chromaRow(dst []uint8, sums []int, plane []uint8, stride, y, w, h int, wide, tall bool) {
	n := w // samples in a row
	if wide {
		n = (w + 1) / 2
	}
	// First down: sums are 4 times the samples where the image is tall.
	if !tall {
		for i := range n {
			sums[i] = int(plane[y*stride+i])
		}
	} else {
		near := y / 2
		far := near - 1
		if y%2 == 1 {
			far = near + 1
		}
		far = min(max(far, 0), (h+1)/2-1)
		for i := range n {
			sums[i] = 3*int(plane[near*stride+i]) + int(plane[far*stride+i])
		}
	}
	bits := 0 // of the sums that are too many
	if tall {
		bits = 2
	}
	if !wide {
		// The two places between two samples are rounded up and down in turn.
		bias := 0
		if tall {
			bias = 1 + y%2
		}
		for i := range n {
			dst[i] = uint8((sums[i] + bias) >> bits)
		}
		return
	}
	bits += 2
	down, up := 1, 2
	if tall {
		down, up = 8, 7
	}
	for i := range n {
		before, after := sums[max(i-1, 0)], sums[min(i+1, n-1)]
		dst[2*i] = uint8((3*sums[i] + before + down) >> bits)
		if 2*i+1 < len(dst) {
			dst[2*i+1] = uint8((3*sums[i] + after + up) >> bits)
		}
	}
}

// rgbOfYCbCr converts a color, in 16 bits of fraction; cb and cr are centered at 0.
func rgbOfYCbCr(y, cb, cr int) (r, g, b uint8) {
	const half = 1 << 15
	return clampByte(y + (91881*cr+half)>>16), clampByte(y + (-22554*cb-46802*cr+half)>>16), clampByte(y + (116130*cb+half)>>16)
}

func clampByte(x int) uint8 { return uint8(min(max(x, 0), 255)) }

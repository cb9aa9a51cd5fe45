package ref

import (
	"bufio"
	"errors"
	"image"
	"io"
)

var errPNM = errors.New("broken portable anymap")

// A pnm is an image in one of the portable formats: bitmap, graymap and pixmap, as text (P1 to P3) or bytes (P4 to P6).
//
// https://netpbm.sourceforge.net/doc/
type pnm struct {
	r             *bufio.Reader
	kind          byte // '1' to '6'
	width, height int
	most          int // the value of white
}

func readPNM(r io.Reader) (*pnm, error) {
	p := &pnm{r: bufio.NewReader(r), most: 1}
	if c, err := p.r.ReadByte(); err != nil || c != 'P' {
		return nil, errPNM
	}
	p.kind, _ = p.r.ReadByte()
	p.width, p.height = p.number(), p.number()
	if p.kind != '1' && p.kind != '4' {
		p.most = p.number()
	}
	if p.kind < '1' || p.kind > '6' || p.width <= 0 || p.height <= 0 || p.most <= 0 || p.most > 65535 || p.width > maxPixels/p.height {
		return nil, errPNM
	}
	return p, nil
}

// number reads a number and the byte after it; −1 when there is none.
func (p *pnm) number() int {
	n := -1
	for {
		c, err := p.r.ReadByte()
		switch {
		case err != nil:
			return n
		case c == '#' && n < 0:
			if _, err := p.r.ReadString('\n'); err != nil {
				return n
			}
		case c >= '0' && c <= '9' && n < maxPixels:
			n = 10*max(n, 0) + int(c-'0')
		case n >= 0 || c > ' ':
			return n
		}
	}
}

// sample reads one value.
func (p *pnm) sample() (int, error) {
	switch {
	case p.kind == '1':
		for {
			if c, err := p.r.ReadByte(); err != nil || c == '0' || c == '1' {
				return int('1' - c), err
			} else if c > ' ' {
				return 0, errPNM
			}
		}
	case p.kind < '4':
		if n := p.number(); n >= 0 {
			return min(n, p.most), nil
		}
		return 0, errPNM
	}
	c, err := p.r.ReadByte()
	n := int(c)
	if p.most > 255 && err == nil {
		c, err = p.r.ReadByte()
		n = n<<8 | int(c)
	}
	return min(n, p.most), err
}

// row reads a row of samples.
func (p *pnm) row(dst []int) error {
	if p.kind != '4' {
		for i := range dst {
			n, err := p.sample()
			if err != nil {
				return err
			}
			dst[i] = n
		}
		return nil
	}
	var c byte
	for i := range dst {
		if i%8 == 0 {
			var err error
			if c, err = p.r.ReadByte(); err != nil {
				return err
			}
		}
		dst[i] = int(^c >> (7 - i%8) & 1)
	}
	return nil
}

func pnmConfig(r io.Reader) (image.Config, error) {
	p, err := readPNM(r)
	if err != nil {
		return image.Config{}, err
	}
	return image.Config{Width: p.width, Height: p.height}, nil
}

func decodePNM(r io.Reader) (image.Image, error) {
	p, err := readPNM(r)
	if err != nil {
		return nil, err
	}
	channels := 1
	if p.kind == '3' || p.kind == '6' {
		channels = 3
	}
	m := image.NewNRGBA(image.Rect(0, 0, p.width, p.height))
	row := make([]int, p.width*channels)
	for y := range p.height {
		if err := p.row(row); err != nil {
			return nil, err
		}
		for x := range p.width {
			px := m.Pix[y*m.Stride+4*x:]
			for c := range 3 {
				px[c] = uint8((row[x*channels+c%channels]*255*2 + p.most) / (2 * p.most))
			}
			px[3] = 255
		}
	}
	return m, nil
}

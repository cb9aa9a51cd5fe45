package tensor

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The npy format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

const npyMagic = "\x93NUMPY"

// npyCodes are the type codes that NumPy writes for the element types it has.
var npyCodes = map[DType]string{
	Bool: "b1", Complex64: "c8", Complex128: "c16", Float16: "f2", Float32: "f4", Float64: "f8", Int8: "i1", Int16: "i2",
	Int32: "i4", Int64: "i8", Uint8: "u1", Uint16: "u2", Uint32: "u4", Uint64: "u8",
}

var (
	npyDescr   = regexp.MustCompile(`['"]descr['"]\s*:\s*['"]([^'"]*)['"]`)
	npyFortran = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`['"]shape['"]\s*:\s*\(([^)]*)\)`)
)

// npyHeader is what the head of an npy file says.
type npyHeader struct {
	dtype   DType
	width   int // bytes of one element in the file
	big     bool
	fortran bool
	unicode bool // strings of 4-byte code points, else of bytes
	shape   []int
}

// ReadNPY reads an array in npy format: any version, byte order and order of dimensions, and every element type that
// NumPy writes without pickling; fixed-width strings become String. Memory grows with what r really holds.
func ReadNPY(r io.Reader) (*Tensor, error) {
	h, err := readNPYHeader(r)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	n, err := CheckShape(h.dtype, h.shape)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	size, ok := mulSize(n, h.width)
	if !ok {
		return nil, fmt.Errorf("npy: %d elements of %d bytes do not fit memory", n, h.width)
	}
	data, err := readExactly(r, size)
	if err != nil {
		return nil, fmt.Errorf("npy: %v of shape %v needs %d bytes of data: %w", h.dtype, h.shape, size, err)
	}
	if h.dtype == String {
		return FromSlice(npyStrings(data, n, h), fortranShape(h)...).fromFortran(h.fortran), nil
	}
	if h.big {
		swapBytes(data, h.dtype)
	}
	if h.dtype == Bool {
		for i, b := range data {
			if b != 0 {
				data[i] = 1
			}
		}
	}
	t, err := FromBytes(h.dtype, data, fortranShape(h))
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	return t.fromFortran(h.fortran), nil
}

// fortranShape returns the shape in the order of the file's data: reversed for Fortran order.
func fortranShape(h npyHeader) []int {
	s := append([]int{}, h.shape...)
	if h.fortran {
		slices.Reverse(s)
	}
	return s
}

// fromFortran returns t with its dimensions, and so its elements, in reverse order.
func (t *Tensor) fromFortran(fortran bool) *Tensor {
	if !fortran || len(t.shape) < 2 {
		return t
	}
	shape := slices.Clone(t.shape)
	slices.Reverse(shape)
	strides := Strides(t.shape)
	slices.Reverse(strides)
	out := New(t.dtype, shape...)
	w := t.dtype.Size()
	Walk(shape, [][]int{strides}, func(i int, offs []int) {
		if t.dtype == String {
			out.text[i] = t.text[offs[0]]
		} else {
			copy(out.data[i*w:(i+1)*w], t.data[offs[0]*w:])
		}
	})
	return out
}

func readNPYHeader(r io.Reader) (npyHeader, error) {
	var h npyHeader
	head := make([]byte, 8)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:6]) != npyMagic {
		return h, errors.New("not an npy file: it does not start with \\x93NUMPY")
	}
	var size int
	switch head[6] {
	case 1:
		var b [2]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return h, fmt.Errorf("header: %w", noEOF(err))
		}
		size = int(binary.LittleEndian.Uint16(b[:]))
	case 2, 3:
		var b [4]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return h, fmt.Errorf("header: %w", noEOF(err))
		}
		size = int(binary.LittleEndian.Uint32(b[:]))
	default:
		return h, fmt.Errorf("format version %d, want 1, 2 or 3", head[6])
	}
	if size > 1<<20 {
		return h, fmt.Errorf("header of %d bytes, want at most 1 MiB", size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, fmt.Errorf("header: %w", noEOF(err))
	}
	return h, h.parse(string(text))
}

func (h *npyHeader) parse(text string) error {
	descr, fortran, shape := npyDescr.FindStringSubmatch(text), npyFortran.FindStringSubmatch(text), npyShape.FindStringSubmatch(text)
	if descr == nil {
		return fmt.Errorf("header %q has no plain 'descr' (structured arrays are not supported)", strings.TrimSpace(text))
	}
	if fortran == nil || shape == nil {
		return fmt.Errorf("header %q lacks 'fortran_order' or 'shape'", strings.TrimSpace(text))
	}
	h.fortran = fortran[1] == "True"
	h.shape = []int{}
	for _, f := range strings.Split(shape[1], ",") {
		if f = strings.TrimSuffix(strings.TrimSpace(f), "L"); f == "" {
			continue
		}
		d, err := strconv.Atoi(f)
		if err != nil || d < 0 {
			return fmt.Errorf("dimension %q of the shape", f)
		}
		h.shape = append(h.shape, d)
	}
	return h.parseDescr(descr[1])
}

func (h *npyHeader) parseDescr(descr string) error {
	code := strings.TrimLeft(descr, "<>|=")
	h.big = strings.HasPrefix(descr, ">")
	if len(code) > 1 && (code[0] == 'U' || code[0] == 'S') {
		n, err := strconv.Atoi(code[1:])
		if err != nil || n < 0 || n > 1<<28 {
			return fmt.Errorf("element type %q", descr)
		}
		h.dtype, h.width, h.unicode = String, n, code[0] == 'U'
		if h.unicode {
			h.width *= 4
		}
		return nil
	}
	for dt, c := range npyCodes {
		if c == code {
			h.dtype, h.width = dt, dt.Size()
			return nil
		}
	}
	switch code {
	case "?":
		h.dtype, h.width = Bool, 1
		return nil
	case "O":
		return errors.New("an array of Python objects (dtype object), want numbers or fixed-width strings")
	}
	return fmt.Errorf("element type %q, want one of b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 U S", descr)
}

func npyStrings(data []byte, n int, h npyHeader) []string {
	out := make([]string, n)
	for i := range out {
		cell := data[i*h.width : (i+1)*h.width]
		if !h.unicode {
			out[i] = string(bytes.TrimRight(cell, "\x00"))
			continue
		}
		var b strings.Builder
		for j := 0; j < len(cell); j += 4 {
			u := binary.LittleEndian.Uint32(cell[j:])
			if h.big {
				u = binary.BigEndian.Uint32(cell[j:])
			}
			b.WriteRune(rune(u))
		}
		out[i] = strings.TrimRight(b.String(), "\x00")
	}
	return out
}

// swapBytes reverses the bytes of each number; a complex number is two.
func swapBytes(data []byte, dt DType) {
	w := dt.Size()
	if dt.IsComplex() {
		w /= 2
	}
	for i := 0; i+w <= len(data); i += w {
		slices.Reverse(data[i : i+w])
	}
}

// readExactly reads n bytes. It does not trust n: memory grows as bytes arrive.
func readExactly(r io.Reader, n int) ([]byte, error) {
	if n <= 1<<20 {
		b := Aligned(n)
		_, err := io.ReadFull(r, b)
		return b, noEOF(err)
	}
	if s, ok := r.(interface{ Len() int }); ok && s.Len() < n {
		return nil, io.ErrUnexpectedEOF
	}
	var b bytes.Buffer
	got, err := io.Copy(&b, io.LimitReader(r, int64(n)))
	if err == nil && got < int64(n) {
		err = fmt.Errorf("there are %d: %w", got, io.ErrUnexpectedEOF)
	}
	return b.Bytes(), err
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func mulSize(a, b int) (int, bool) {
	if a != 0 && b > int(^uint(0)>>1)/a {
		return 0, false
	}
	return a * b, true
}

// WriteNPY writes t in npy format, version 1, little-endian, C order. Element types that NumPy lacks are written as the
// next one that holds them: bfloat16, float8 and float4 as float32, 4 and 2 bits as int8 or uint8. Strings are written as
// fixed-width code points.
func WriteNPY(w io.Writer, t *Tensor) error {
	t, err := npyTensor(t)
	if err != nil {
		return err
	}
	descr, width := "", 0
	if t.dtype == String {
		for _, s := range t.text {
			width = max(width, utf8.RuneCountInString(s))
		}
		descr = fmt.Sprintf("<U%d", width)
	} else {
		order := "<"
		if t.dtype.Size() == 1 {
			order = "|"
		}
		descr = order + npyCodes[t.dtype]
	}
	shape := strings.Trim(strings.ReplaceAll(fmt.Sprint(t.shape), " ", ", "), "[]")
	if len(t.shape) == 1 {
		shape += ","
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
	pad := 64 - (10+len(head)+1)%64
	head += strings.Repeat(" ", pad%64) + "\n"
	b := bufio.NewWriter(w)
	b.WriteString(npyMagic + "\x01\x00")
	binary.Write(b, binary.LittleEndian, uint16(len(head)))
	b.WriteString(head)
	if t.dtype == String {
		for _, s := range t.text {
			cell := make([]byte, 0, 4*width)
			for _, r := range s {
				cell = binary.LittleEndian.AppendUint32(cell, uint32(r))
			}
			b.Write(append(cell, make([]byte, 4*width-len(cell))...))
		}
	} else {
		b.Write(t.data)
	}
	return b.Flush()
}

// npyTensor returns t in an element type that npy has.
func npyTensor(t *Tensor) (*Tensor, error) {
	if _, ok := npyCodes[t.dtype]; ok || t.dtype == String {
		return t, nil
	}
	switch {
	case t.dtype.IsFloat():
		return Cast(t, Float32, CastOptions{})
	case t.dtype.IsSigned():
		return Cast(t, Int8, CastOptions{})
	}
	return Cast(t, Uint8, CastOptions{})
}

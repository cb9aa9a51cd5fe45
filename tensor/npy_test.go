package tensor

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// npyFile returns a file with the given header and data.
func npyFile(version byte, header string, data []byte) []byte {
	b := []byte("\x93NUMPY" + string([]byte{version, 0}))
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	}
	return append(append(b, header...), data...)
}

func TestReadNPY(t *testing.T) {
	be := []byte{0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"big-endian", npyFile(1, "{'descr': '>i4', 'fortran_order': False, 'shape': (2, 3), }\n", be), "int32[2,3] [1 2 3 4 5 6]"},
		{"fortran", npyFile(2, "{'descr': '>i4', 'fortran_order': True, 'shape': (2, 3), }\n", be), "int32[2,3] [1 3 5 2 4 6]"},
		{"scalar", npyFile(3, "{'descr': '|u1', 'fortran_order': False, 'shape': (), }", []byte{7}), "uint8[] [7]"},
		{"empty", npyFile(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 3), }", nil), "int64[0,3] []"},
		{"key order", npyFile(1, `{"shape": (1L,), "fortran_order": False, "descr": "<i2"}`, []byte{255, 255}), "int16[1] [-1]"},
	} {
		got, err := ReadNPY(bytes.NewReader(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if s := fmt.Sprint(got.Describe(), " ", got.Int64s()); s != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s, c.want)
		}
	}
	words := npyFile(1, "{'descr': '>U2', 'fortran_order': False, 'shape': (2,), }", []byte{0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, 0, 'b', 0, 0, 0, 0xe9})
	if got, err := ReadNPY(bytes.NewReader(words)); err != nil || fmt.Sprint(Data[string](got)) != "[a bé]" {
		t.Errorf("strings: %v, %v", got, err)
	}
}

func TestReadNPYErrors(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"", "not an npy file"},
		{"\x93NUMPY\x09\x00", "format version 9"},
		{string(npyFile(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000, 1000)}", nil)), "needs 4000000000000000 bytes"},
		{string(npyFile(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999)}", nil)), "overflows"},
		{string(npyFile(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", nil)), `dimension "-1"`},
		{string(npyFile(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", []byte{1, 2})), "unexpected EOF"},
		{string(npyFile(1, "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", nil)), "Python objects"},
		{string(npyFile(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", nil)), "structured"},
		{string(npyFile(1, "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (2,)}", nil)), "element type"},
	} {
		if _, err := ReadNPY(strings.NewReader(c.name)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestNPYRoundTrip(t *testing.T) {
	for dt := range npyCodes {
		x := New(dt, 2, 3)
		for i := range x.data {
			x.data[i] = byte(i % 2)
		}
		var b bytes.Buffer
		if err := WriteNPY(&b, x); err != nil {
			t.Fatal(err)
		}
		if (b.Len()-len(x.data))%64 != 0 {
			t.Errorf("%v: header of %d bytes, want a multiple of 64", dt, b.Len()-len(x.data))
		}
		y, err := ReadNPY(&b)
		if err != nil || y.Describe() != x.Describe() || !bytes.Equal(x.data, y.data) {
			t.Errorf("%v: read %v, %v", dt, y, err)
		}
	}
}

func TestNPZ(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npz")
	in := []Array{{"a", FromSlice([]float32{1, 2}, 2)}, {"words", FromSlice([]string{"x", "längst"}, 1, 2)}, {"half", New(BFloat16, 1)}}
	if err := SaveNPZ(path, in); err != nil {
		t.Fatal(err)
	}
	out, err := LoadNPZ(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range out {
		got = append(got, a.Name+" "+a.Describe())
	}
	if s := strings.Join(got, ", "); s != "a float32[2], words string[1,2], half float32[1]" {
		t.Error(s)
	}
	if w := Data[string](out[1].Tensor); w[1] != "längst" {
		t.Error(w)
	}
}

func FuzzReadNPY(f *testing.F) {
	f.Add(npyFile(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }\n", make([]byte, 8)))
	f.Add(npyFile(2, "{'descr': '<U3', 'fortran_order': False, 'shape': (2, ), }\n", make([]byte, 24)))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := ReadNPY(bytes.NewReader(data))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteNPY(&b, x); err != nil {
			t.Fatal(err)
		}
		if y, err := ReadNPY(&b); err != nil || y.Describe() != x.Describe() {
			t.Fatalf("%s read back as %v, %v", x.Describe(), y, err)
		}
	})
}

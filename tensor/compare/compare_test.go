package compare

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gneiss-ml/gneiss/tensor"
)

func TestValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	f := func(xs ...float32) tensor.Value { return tensor.FromSlice(xs) }
	seq := func(vs ...tensor.Value) tensor.Value {
		return &tensor.Sequence{Elem: tensor.TypeOf(tensor.Float32), Items: vs}
	}
	m := func(keys []int64, vals ...float32) tensor.Value {
		return &tensor.Map{Keys: tensor.FromSlice(keys), Values: tensor.FromSlice(vals)}
	}
	bf := func(x float32) tensor.Value { return tensor.FromSlice([]tensor.BF16{tensor.ToBF16(x)}) }
	for _, c := range []struct {
		name      string
		got, want tensor.Value
		diff      string // part of Diff; "" when equal
	}{
		{"equal", f(1, nan, inf), f(1, nan, inf), ""},
		{"within rtol", f(1000.9), f(1000), ""},
		{"outside rtol", f(1, 1002), f(1, 1000), "[1]: 1002, want 1000"},
		{"opposite infinity", f(-inf), f(inf), "-Inf, want +Inf"},
		{"finite for infinity", f(3e38), f(inf), "want +Inf"},
		{"NaN for number", f(nan), f(1), "NaN, want 1"},
		{"number for NaN", f(1), f(nan), "1, want NaN"},
		{"shape", f(1, 2), f(1), "got float32[2], want float32[1]"},
		{"type", tensor.FromSlice([]int32{1}), f(1), "got int32[1], want float32[1]"},
		{"big integers", tensor.FromSlice([]int64{1 << 60}), tensor.FromSlice([]int64{1<<60 + 1}), ""},
		{"integers", tensor.FromSlice([]uint8{200}), tensor.FromSlice([]uint8{201}), "200, want 201"},
		{"bool", tensor.FromSlice([]bool{true}), tensor.FromSlice([]bool{false}), "true, want false"},
		{"string", tensor.FromSlice([]string{"a"}), tensor.FromSlice([]string{"b"}), `"a", want "b"`},
		{"complex", tensor.FromSlice([]complex64{1i}), tensor.FromSlice([]complex64{1}), "off by"},
		{"bfloat16", bf(1.0078125), bf(1), ""},
		{"sequence", seq(f(1), f(2)), seq(f(1), f(3)), "[1][0]: 2, want 3"},
		{"sequence length", seq(f(1)), seq(), "1 items, want 0"},
		{"absent", &tensor.Optional{}, f(1), "one is absent"},
		{"optional", &tensor.Optional{Value: f(1)}, f(1), ""},
		{"map order", m([]int64{1, 2}, 5, 6), m([]int64{2, 1}, 6, 5), ""},
		{"map value", m([]int64{1, 2}, 5, 6), m([]int64{2, 1}, 5, 5), "want 5"},
		{"map key", m([]int64{1}, 5), m([]int64{2}, 5), "[2]: one is absent"},
	} {
		r := Values(c.got, c.want, ONNX)
		if r.OK() != (c.diff == "") || !strings.Contains(r.Diff, c.diff) {
			t.Errorf("%s: got %q, want %q", c.name, r.Diff, c.diff)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if got, err := Load(filepath.Join(dir, "none.json"), ONNX); err != nil || got != ONNX {
		t.Error(got, err)
	}
	path := filepath.Join(dir, "tolerance.json")
	for text, want := range map[string]Tolerance{`{"rtol": 0.5}`: {0.5, 1e-7}, `{"rtol": 0, "atol": 2}`: {0, 2}} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Load(path, ONNX); err != nil || got != want {
			t.Error(text, got, err)
		}
	}
	for _, text := range []string{`{"rtol": -1}`, `{`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, ONNX); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

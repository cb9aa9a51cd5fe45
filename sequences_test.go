package gneiss_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/tensor"
	"github.com/gneiss-ml/gneiss/tensor/compare"
)

// Models that run many times, each run taking what the last one left: against recordings of whole sequences.

// recorded opens a model of GNEISS_DATA, and returns it with its folder.
func recorded(t *testing.T, name string) (*gneiss.Model, string) {
	t.Helper()
	data := os.Getenv("GNEISS_DATA")
	if data == "" {
		t.Skip("GNEISS_DATA does not say where the recorded sequences are")
	}
	dir := filepath.Join(data, "models", name)
	m, err := gneiss.Open(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m, dir
}

func load(t *testing.T, path string) *tensor.Tensor {
	t.Helper()
	x, err := tensor.LoadNPY(path)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestVoiceActivity feeds a hundred chunks of speech to detectors that keep a recurrent state.
func TestVoiceActivity(t *testing.T) {
	for _, name := range []string{"silero_vad", "silero_vad_16k_op15", "silero_vad_half"} {
		t.Run(name, func(t *testing.T) {
			m, dir := recorded(t, name)
			tol, err := compare.Load(filepath.Join(dir, "tolerance.json"), compare.ONNX)
			if err != nil {
				t.Fatal(err)
			}
			audio := tensor.Data[float32](load(t, filepath.Join(dir, "sequence_audio.npy")))
			want := tensor.Data[float32](load(t, filepath.Join(dir, "sequence_speech_prob.npy")))
			s, err := m.NewSession(gneiss.Options{State: map[string]string{"state": "stateN"}})
			if err != nil {
				t.Fatal(err)
			}
			st := s.NewState()
			if err := st.Set("state", tensor.New(tensor.Float32, 2, 1, 128)); err != nil {
				t.Fatal(err)
			}
			const context64, chunk = 64, 512
			x := make([]float32, context64+chunk)
			in := gneiss.Values{"input": tensor.FromSlice(x, 1, len(x))}
			if m.Graph().Input("sr") != nil {
				in["sr"] = tensor.Scalar(int64(16000))
			}
			got := make([]float32, len(want))
			for i := range want {
				copy(x, x[chunk:])
				copy(x[context64:], audio[i*chunk:])
				out := gneiss.Values{}
				if err := s.RunState(context.Background(), st, in, out); err != nil {
					t.Fatal(err)
				}
				got[i] = tensor.Data[float32](out["output"])[0]
			}
			if r := compare.Values(tensor.FromSlice(got), tensor.FromSlice(want), tol); !r.OK() {
				t.Error(r.Diff)
			}
		})
	}
}

// TestPhonemes spells whole words: the decoder is asked for one phoneme after the other, and steps to the next letter when it
// says blank.
func TestPhonemes(t *testing.T) {
	m, dir := recorded(t, "g2p_arpabet")
	text, err := os.ReadFile(filepath.Join(dir, "sequence_words.json"))
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]struct {
		Src  []int32 `json:"src"`
		Pred []int32 `json:"pred_ids"`
	}
	if err := json.Unmarshal(text, &words); err != nil {
		t.Fatal(err)
	}
	s, err := m.NewSession(gneiss.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const blank = 2
	for word, w := range words {
		tgt := []int32{blank}
		for at := int32(0); int(at) < len(w.Src) && len(tgt) < 50; {
			out, err := s.Run(context.Background(), gneiss.Values{
				"src": tensor.FromSlice(w.Src, 1, len(w.Src)), "tgt": tensor.FromSlice(tgt, 1, len(tgt)), "t": tensor.FromSlice([]int32{at}),
			})
			if err != nil {
				t.Fatal(err)
			}
			if p := tensor.Data[int32](out["pred"])[0]; p == blank {
				at++
			} else {
				tgt = append(tgt, p)
			}
		}
		if !slices.Equal(tgt[1:], w.Pred) {
			t.Errorf("%s: %v, want %v", word, tgt[1:], w.Pred)
		}
	}
}

// TestGreedyDecoder generates a text with a key-value cache that grows by one each run, and reads the same text in one run.
func TestGreedyDecoder(t *testing.T) {
	m, dir := recorded(t, "llama260k_decoder_opset17")
	want := tensor.Data[int64](load(t, filepath.Join(dir, "sequence_greedy_tokens.npy")))
	s, err := m.NewSession(gneiss.Options{State: map[string]string{"past_key_values.*": "present.*"}})
	if err != nil {
		t.Fatal(err)
	}
	st := s.NewState()
	for i, token := range want[:len(want)-1] {
		out := gneiss.Values{}
		err := s.RunState(context.Background(), st, gneiss.Values{
			"input_ids": tensor.FromSlice([]int64{token}, 1, 1), "position_ids": tensor.FromSlice([]int64{int64(i)}, 1, 1),
		}, out)
		if err != nil {
			t.Fatal(err)
		}
		if next := argmax(tensor.Data[float32](out["logits"])); next != want[i+1] {
			t.Fatalf("token %d is %d, want %d", i+1, next, want[i+1])
		}
	}
	prefill := load(t, filepath.Join(dir, "prefill64_logits.npy"))
	n := prefill.Shape()[1]
	positions := make([]int64, n)
	for i := range positions {
		positions[i] = int64(i)
	}
	st.Reset()
	out := gneiss.Values{}
	err = s.RunState(context.Background(), st, gneiss.Values{
		"input_ids": tensor.FromSlice(want[:n:n], 1, n), "position_ids": tensor.FromSlice(positions, 1, n),
	}, out)
	if err != nil {
		t.Fatal(err)
	}
	if r := compare.Values(out["logits"], prefill, compare.Tolerance{RTol: 1e-3, ATol: 1e-3}); !r.OK() {
		t.Error(r.Diff)
	}
}

func argmax(xs []float32) int64 {
	best := 0
	for i, x := range xs {
		if x > xs[best] {
			best = i
		}
	}
	return int64(best)
}

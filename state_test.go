package gneiss_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestStateDecoder decodes with the cache in a state, and compares with passing the cache in and out.
func TestStateDecoder(t *testing.T) {
	s := session(t, gneiss.Options{State: map[string]string{"past.*.*": "present.*.*"}}, func(b *graph.Builder) { exectest.Decoder(b, 2, 2, 4) })
	ctx, r := context.Background(), rand.New(rand.NewPCG(1, 2))
	for range 2 {
		st := s.NewState()
		in := gneiss.Values{}
		for i, v := range exectest.DecoderInputs(r, s.Model().Graph(), 2, 0) {
			in[s.Model().Inputs()[i].Name] = v
		}
		for step := range 30 {
			want, err := s.Run(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			got := gneiss.Values{}
			if err := s.RunState(ctx, st, gneiss.Values{"x": in["x"]}, got); err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || describe(got["y"]) != describe(want["y"]) {
				t.Fatalf("step %d: %v, want %s", step, got, describe(want["y"]))
			}
			if n := st.Get("past.1.key").(*tensor.Tensor).Shape()[2]; n != step+1 {
				t.Fatalf("step %d: the cache has length %d", step, n)
			}
			for _, name := range []string{"0.key", "0.value", "1.key", "1.value"} {
				in["past."+name] = want["present."+name]
				if got, want := describe(st.Get("past."+name)), describe(want["present."+name]); got != want {
					t.Fatalf("step %d: %s is %s, want %s", step, name, got, want)
				}
			}
			in["x"] = want["y"]
		}
	}
}

package exec_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/exec/exectest"
	"github.com/gneiss-ml/gneiss/exec/ref"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/tensor"
)

func compileDecoder(t testing.TB, c exec.Config, layers int) *exec.Program {
	return compileOn(t, c, []*exec.Backend{ref.Backend}, func(b *graph.Builder) { exectest.Decoder(b, layers, 2, 4) })
}

// TestDecoder feeds the cache of one run to the next, and compares with programs that have seen nothing else.
func TestDecoder(t *testing.T) {
	p := compileDecoder(t, exec.Config{}, 2)
	in := exectest.DecoderInputs(rand.New(rand.NewPCG(3, 4)), p.Graph(), 2, 0)
	for step := range 20 {
		out, fresh := make([]tensor.Value, 5), make([]tensor.Value, 5)
		if err := p.Run(context.Background(), 0, in, out); err != nil {
			t.Fatal(err)
		}
		if err := compileDecoder(t, exec.Config{}, 2).Run(context.Background(), 0, in, fresh); err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if show(out[i]) != show(fresh[i]) {
				t.Fatalf("step %d: output %d differs", step, i)
			}
		}
		if got := out[0].(*tensor.Tensor).Shape()[2]; got != step+1 {
			t.Fatalf("step %d: the cache has length %d", step, got)
		}
		in = append(in[:1:1], out[:4]...)
		in[0] = out[4]
	}
}

// BenchmarkRebind makes plans for a decoder whose cache grows by one each time. It reports the time for each node whose
// facts changed.
func BenchmarkRebind(b *testing.B) {
	p := compileDecoder(b, exec.Config{}, 12)
	r := rand.New(rand.NewPCG(5, 6))
	g := p.Graph()
	in := make([][]tensor.Value, 300)
	for i := range in {
		in[i] = exectest.DecoderInputs(r, g, 1, i+1)
	}
	for i := range 2 {
		if err := p.Prepare(in[i]); err != nil {
			b.Fatal(err)
		}
	}
	i, changed, plans := 2, 0, 0
	for b.Loop() {
		before := p.Inferred()
		if err := p.Prepare(in[i]); err != nil {
			b.Fatal(err)
		}
		changed += p.Inferred() - before
		plans++
		if i++; i == len(in) {
			i = 2
		}
	}
	nodes := len(g.Nodes)
	b.ReportMetric(float64(nodes), "nodes")
	b.ReportMetric(float64(changed)/float64(plans), "changed/plan")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(changed), "ns/changed")
}

// BenchmarkReplan makes plans of which every node is remembered. It reports the time for each node.
func BenchmarkReplan(b *testing.B) {
	p := compileDecoder(b, exec.Config{Limits: exec.Limits{Plans: 1}}, 12)
	r := rand.New(rand.NewPCG(5, 6))
	in := [][]tensor.Value{exectest.DecoderInputs(r, p.Graph(), 1, 5), exectest.DecoderInputs(r, p.Graph(), 1, 6)}
	i := 0
	for b.Loop() {
		if err := p.Prepare(in[i%2]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(i*len(p.Graph().Nodes)), "ns/node")
}

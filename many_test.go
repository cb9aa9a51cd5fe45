package gneiss_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/exec"
	"github.com/gneiss-ml/gneiss/graph"
	"github.com/gneiss-ml/gneiss/graph/op"
	"github.com/gneiss-ml/gneiss/tensor"
)

// TestCancel checks that a run which takes long ends soon after its context does, with the error of the context.
func TestCancel(t *testing.T) {
	for name, build := range map[string]func(b *graph.Builder, x *graph.Value) *graph.Value{
		"MatMul": func(b *graph.Builder, x *graph.Value) *graph.Value { return b.Op(&op.MatMul{}, x, x) },
		"Conv": func(b *graph.Builder, x *graph.Value) *graph.Value {
			y := b.Op(&op.Unsqueeze{}, x, b.Ints(0, 1))
			return b.Op(&op.Conv{Group: 1}, y, b.Const(tensor.New(tensor.Float32, 64, 1, 31, 31)))
		},
		"many": func(b *graph.Builder, x *graph.Value) *graph.Value {
			for range 2000 {
				x = b.Op(add, x, x)
			}
			return x
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := session(t, gneiss.Options{Threads: 2}, func(b *graph.Builder) {
				b.Output("y", build(b, b.Input("x", f32(graph.Sym("N"), graph.Sym("M")))))
			})
			in := gneiss.Values{"x": tensor.New(tensor.Float32, 3000, 3000)}
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			_, err := s.Run(ctx, in)
			deadline, _ := ctx.Deadline()
			late := time.Since(deadline)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v", err)
			}
			if late > time.Second { // mostly below 0.02 s; other tests run too
				t.Errorf("ended %v after the context", late)
			}
			t.Log(late, err)
		})
	}
}

// TestCancelWaiting checks that a run which waits for another one ends with its context.
func TestCancelWaiting(t *testing.T) {
	started, goOn := make(chan bool), make(chan bool)
	var once sync.Once
	held := session(t, gneiss.Options{MaxRuns: 1, Hook: func(*exec.Event) {
		once.Do(func() {
			close(started)
			<-goOn
		})
	}}, affine)
	in := gneiss.Values{"x": matrix(1, 2, 1, 2), "w": matrix(1, 2, 3, 4)}
	done := make(chan error)
	go func() {
		_, err := held.Run(context.Background(), in)
		done <- err
	}()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := held.Run(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestClose checks that Close waits for runs, and that later ones fail.
func TestClose(t *testing.T) {
	name := filepath.Join(t.TempDir(), "m.onnx")
	data, err := os.ReadFile("testdata/models/digits/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := gneiss.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewSession(gneiss.Options{MaxRuns: 8})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			in := gneiss.Values{"image": tensor.New(tensor.Float32, 1, 1, 16, 16)}
			for {
				if _, err := s.Run(context.Background(), in); err != nil {
					if !errors.Is(err, gneiss.ErrClosed) {
						t.Errorf("got %v", err)
					}
					return
				}
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	if err := errors.Join(m.Close(), m.Close()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if _, err := m.NewSession(gneiss.Options{}); !errors.Is(err, gneiss.ErrClosed) {
		t.Errorf("NewSession: %v", err)
	}
	if err := m.Print(os.Stderr); !errors.Is(err, gneiss.ErrClosed) {
		t.Errorf("Print: %v", err)
	}
}

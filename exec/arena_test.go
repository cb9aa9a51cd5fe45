package exec

import "testing"

func TestArenas(t *testing.T) {
	b := &budget{limit: 1000}
	a := &arenas{b: b}
	x, err := a.take(600, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.take(600, 0); err == nil {
		t.Error("two arenas of 600 bytes within 1000")
	}
	a.put(x)
	y, err := a.take(700, x.id) // drops the idle one
	if err != nil || len(y.mem) != 700 || b.used.Load() != 700 {
		t.Error(err, b.used.Load())
	}
	a.put(y)
	for range patience + 2 {
		if x, err = a.take(10, 0); err != nil {
			t.Fatal(err)
		}
		a.put(x)
	}
	if len(a.idle) != 1 || b.used.Load() != 10 {
		t.Errorf("%d arenas, %d bytes, though little is used", len(a.idle), b.used.Load())
	}
	if x, err = a.take(10, 0); err != nil || b.used.Load() != 10 {
		t.Error(err, b.used.Load())
	}
	a.put(x)
	if !a.trim() || a.trim() || b.used.Load() != 0 {
		t.Error("trim", b.used.Load())
	}
}

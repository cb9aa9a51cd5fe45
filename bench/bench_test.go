package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test program be the worker that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		work(os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

func TestList(t *testing.T) {
	list, err := readList("models.txt")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	names := map[string]bool{}
	for _, e := range list {
		count[e.folder]++
		if e.mark != "" {
			count["marked"]++
		}
		if names[e.name] {
			t.Errorf("%s is listed twice", e.name)
		}
		names[e.name] = true
	}
	if count["data"] != 48 || count["light"] != 9 || count["large"] != 18 || count["marked"] != 9 {
		t.Error(count)
	}
}

// TestMeasure races two Gneisses and a side that dies, on a model of the repository.
func TestMeasure(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &config{
		folders: map[string]string{"data": "../testdata/models", "light": ""}, threads: []int{1}, rounds: 2, starts: 1,
		budget: time.Millisecond, limit: time.Minute, tmp: t.TempDir(),
	}
	us := &side{name: "Gneiss", argv: []string{self, "worker"}}
	sides := []*side{us, us, {name: "fixed", argv: us.argv, fixed: true}, {name: "dies", argv: []string{self, "-test.run=^$"}}}
	r, err := c.measure(context.Background(), sides, entry{folder: "data", name: "digits"})
	if err != nil || r.err != nil {
		t.Fatal(err, r.err)
	}
	rs := r.results[1]
	for i := range 2 {
		if x := rs[i]; !x.ok() || x.time <= 0 || x.start <= 0 {
			t.Errorf("side %d: %+v", i, x)
		}
	}
	if !rs[2].absent || rs[3].err == nil {
		t.Errorf("%+v, %+v", rs[2], rs[3])
	}
	rows := []*row{r}
	for _, e := range []entry{{folder: "data", name: "nothing"}, {folder: "light", name: "far"}, {folder: "x", name: "y", mark: "int8"}} {
		r, err := c.measure(context.Background(), sides, e)
		if err != nil || r.err == nil {
			t.Error(e, err, r.err)
		}
		rows = append(rows, r)
	}
	text := report(c, machine(), rows)
	for _, want := range []string{"| 1 | 3 | 2 | ", "| nothing | failed |", "| y (int8) | failed |", "- digits, OpenVINO: "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestSummary(t *testing.T) {
	model := func(mark string, times ...float64) *row {
		var rs []*result
		for _, x := range times {
			r := &result{time: x}
			switch {
			case x == 0:
				r.absent = true
			case x < 0:
				r.time, r.wrong = -x, "off"
			}
			rs = append(rs, r)
		}
		return &row{entry: entry{name: "m", mark: mark}, results: map[int][]*result{2: rs}}
	}
	failed := model("", 1, 1, 1, 1)
	failed.results[2][ours].err = errors.New("no")
	rows := []*row{
		model("", 1, 4, 2, 8),       // the better form counts
		model("", 10, 8, 0, -1),     // OpenVINO is wrong
		model("", 10, 9.9, 0, 7),    // 0.99 is noise
		model("int8", 10, 1, 1, 1),  // does not count
		model("", -10, 10, 10, 100), // our answer is wrong
		failed,
	}
	want := "| 2 | 5 | 2 | 1.47 (3) | 1.17 (3) | 2.37 (2) | 1.04 (3) | 1 | 1 |\n"
	if got := summary(rows, 2); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestBehind(t *testing.T) {
	r := func(name, mark string, us, them float64) *row {
		absent := &result{absent: true}
		return &row{entry: entry{name: name, mark: mark}, results: map[int][]*result{1: {{time: us}, {time: them}, absent, absent}}}
	}
	got := behind([]*row{r("a", "", 2, 1), r("b", "", 1, 2), r("c", "half", 2, 1), r("d", "", 4, 1)}, 1)
	if want := "\nA rival is faster at 1 threads on: d 0.25, a 0.50.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWorkerErrors(t *testing.T) {
	var out bytes.Buffer
	bad := filepath.Join(t.TempDir(), "none")
	work(strings.NewReader("run\t1\nsave\t"+bad+"\nload\tx\nfly\nload\tx\t"+bad+"\t1\nversion\n"), &out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 {
		t.Fatal(out.String())
	}
	for i, l := range lines {
		if strings.HasPrefix(l, "error\t") != (i < 5) {
			t.Errorf("line %d: %s", i, l)
		}
	}
}

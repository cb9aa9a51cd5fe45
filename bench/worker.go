package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gneiss-ml/gneiss"
	"github.com/gneiss-ml/gneiss/tensor"
)

// worker is Gneiss as a side: see yardstick.py for the commands.
type worker struct {
	session *gneiss.Session
	in, out gneiss.Values
	reuse   bool // out can be written to again
	before  int
}

// work answers commands until the input ends.
func work(r io.Reader, w io.Writer) {
	var k worker
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		args := strings.Split(s.Text(), "\t")
		answer, err := k.do(args[0], args[1:])
		if err != nil {
			fmt.Fprintf(w, "error\t%s\n", strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Fprintf(w, "ok\t%s\n", answer)
	}
}

func (k *worker) do(command string, args []string) (string, error) {
	want := map[string]int{"load": 3, "memory": 0, "run": 1, "save": 1, "version": 0}
	if n, ok := want[command]; !ok || n != len(args) {
		return "", fmt.Errorf("unknown command %q with %d arguments", command, len(args))
	}
	switch command {
	case "load":
		return k.load(args[0], args[1], args[2])
	case "run":
		return k.run(args[0])
	case "save":
		return "", k.save(args[0])
	case "memory":
		return fmt.Sprint(k.before, " ", status("VmHWM")), nil
	}
	return "gneiss, " + runtime.Version(), nil
}

func (k *worker) load(model, folder, threads string) (string, error) {
	n, err := strconv.Atoi(threads)
	if err != nil {
		return "", err
	}
	runtime.GOMAXPROCS(n)
	if k.in, err = readInputs(folder); err != nil {
		return "", err
	}
	k.before = status("VmRSS")
	start := time.Now()
	m, err := gneiss.Open(model)
	if err != nil {
		return "", err
	}
	if k.session, err = m.NewSession(gneiss.Options{Threads: n}); err != nil {
		return "", err
	}
	return micros(time.Since(start)), nil
}

func (k *worker) run(count string) (string, error) {
	n, err := strconv.Atoi(count)
	if err != nil {
		return "", err
	}
	if k.session == nil {
		return "", fmt.Errorf("no model is loaded")
	}
	if k.out == nil {
		start := time.Now()
		if k.out, err = k.session.Run(context.Background(), k.in); err != nil {
			return "", err
		}
		d := time.Since(start)
		k.reuse = true
		for _, v := range k.out {
			t, ok := v.(*tensor.Tensor)
			k.reuse = k.reuse && ok && t.DType() != tensor.String
		}
		return micros(d), nil
	}
	start := time.Now()
	for range n {
		if k.reuse {
			err = k.session.RunInto(context.Background(), k.in, k.out)
		} else {
			k.out, err = k.session.Run(context.Background(), k.in)
		}
		if err != nil {
			return "", err
		}
	}
	return micros(time.Since(start)), nil
}

func (k *worker) save(folder string) error {
	if k.session == nil || k.out == nil {
		return fmt.Errorf("nothing has run")
	}
	for i, o := range k.session.Model().Outputs() {
		t, ok := k.out[o.Name].(*tensor.Tensor)
		if !ok {
			return fmt.Errorf("output %q is no tensor", o.Name)
		}
		if err := tensor.SaveNPY(filepath.Join(folder, strconv.Itoa(i)+".npy"), t); err != nil {
			return err
		}
	}
	return nil
}

// readInputs reads the arrays that inputs.tsv of a folder names.
func readInputs(folder string) (gneiss.Values, error) {
	text, err := os.ReadFile(filepath.Join(folder, "inputs.tsv"))
	if err != nil {
		return nil, err
	}
	in := gneiss.Values{}
	for line := range strings.Lines(string(text)) {
		file, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if in[name], err = tensor.LoadNPY(filepath.Join(folder, file)); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func micros(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Nanoseconds())/1e3, 'f', 3, 64)
}

// status returns a number of /proc/self/status; 0 where there is no such file.
func status(field string) int {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == field+":" {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A side is one of those that are compared.
type side struct {
	name    string
	argv    []string
	version string
	fixed   bool // runs the form of the model whose weights are not among the inputs
}

// sides returns Gneiss and its rivals, the order of which the report knows.
func (c *config) sides(ctx context.Context, m *machineInfo) ([]*side, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	all := []*side{
		{name: "Gneiss", argv: []string{self, "worker"}},
		{name: "ONNX Runtime", argv: []string{c.python, "yardstick.py", "onnxruntime"}},
		{name: "ONNX Runtime, weights off the inputs", argv: []string{c.python, "yardstick.py", "onnxruntime"}, fixed: true},
		{name: "OpenVINO", argv: []string{c.python, "yardstick.py", "openvino"}},
	}
	for _, s := range all {
		p, err := c.start(s, m.order)
		if err != nil {
			return nil, err
		}
		s.version, err = p.call(ctx, c.limit, "version")
		p.stop()
		if err != nil {
			return nil, fmt.Errorf("%s does not start (%s): %w", s.name, strings.Join(s.argv, " "), err)
		}
		if !s.fixed {
			m.versions = append(m.versions, s.version)
		}
	}
	return all, nil
}

// A process is a side that answers commands.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	tail  *tail
}

// start starts a side that may use the given cores only, where the system can say so.
func (c *config) start(s *side, cores []int) (*process, error) {
	p := &process{cmd: exec.Command(s.argv[0], s.argv[1:]...), lines: make(chan string), tail: &tail{}}
	p.cmd.Stderr, p.cmd.WaitDelay = p.tail, time.Second
	p.cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8", "OMP_NUM_THREADS="+strconv.Itoa(len(cores)))
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startOn(p.cmd, cores); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	go func() {
		defer close(p.lines)
		r := bufio.NewScanner(out)
		for r.Scan() {
			p.lines <- r.Text()
		}
	}()
	return p, nil
}

// call sends a command and waits for the answer.
func (p *process) call(ctx context.Context, limit time.Duration, words ...string) (string, error) {
	if _, err := io.WriteString(p.in, strings.Join(words, "\t")+"\n"); err != nil {
		return "", p.died()
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-t.C:
		return "", fmt.Errorf("%s: no answer within %v", words[0], limit)
	case line, ok := <-p.lines:
		if !ok {
			return "", p.died()
		}
		kind, text, _ := strings.Cut(line, "\t")
		switch {
		case kind == "ok":
			return text, nil
		case kind == "error" && text != "":
			return "", errors.New(text)
		}
		return "", fmt.Errorf("%s: answer %q", words[0], line)
	}
}

// micros sends a command whose answer is a time in microseconds.
func (p *process) micros(ctx context.Context, limit time.Duration, words ...string) (float64, error) {
	text, err := p.call(ctx, limit, words...)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

func (p *process) died() error {
	p.stop()
	return fmt.Errorf("the process ended (%v): %s", p.cmd.ProcessState, p.tail.last())
}

// stop ends the process and waits for it, though not for those that it started and left its pipes to.
func (p *process) stop() {
	p.in.Close()
	p.cmd.Process.Kill()
	go func() {
		for range p.lines {
		}
	}()
	p.cmd.Wait()
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	if n := len(t.text) - 4096; n > 0 {
		t.text = t.text[n:]
	}
	return len(b), nil
}

// last returns the last line.
func (t *tail) last() string {
	text := strings.TrimSpace(string(t.text))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// Bench measures Gneiss side by side with ONNX Runtime and OpenVINO on a fixed list of models and writes a table.
//
//	go run . -python PY -light DIR -large DIR -o ../docs/performance.md
//
// Each side is a process of its own that answers the same few commands on a pipe: Gneiss is this program again, the
// others are yardstick.py. README.md says how to install what it needs and how to read the table.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// config is what the command line says.
type config struct {
	python   string
	models   string
	folders  map[string]string // of the models, by the name that they have in the list
	only     map[string]bool   // names of models; nil for all
	threads  []int
	rounds   int
	starts   int
	budget   time.Duration // of one side in one round
	limit    time.Duration // of one command
	pause    time.Duration // before each side's turn
	out, tmp string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		work(os.Stdin, os.Stdout)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	entries, err := readList(c.models)
	if err != nil {
		return err
	}
	if c.tmp, err = os.MkdirTemp("", "gneiss-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.tmp)
	m := machine()
	sides, err := c.sides(ctx, m)
	if err != nil {
		return err
	}
	var rows []*row
	for _, e := range entries {
		if c.only != nil && !c.only[e.name] {
			continue
		}
		r, err := c.measure(ctx, sides, e)
		if err != nil {
			return err
		}
		rows = append(rows, r)
		fmt.Fprintln(os.Stderr, r.line(c.threads[0]))
		if c.out != "" { // after each model: a run that is cut off has said what it knows
			if err := os.WriteFile(c.out, []byte(report(c, m, rows)), 0o666); err != nil {
				return err
			}
		}
	}
	if c.out == "" {
		fmt.Print(report(c, m, rows))
	}
	return nil
}

func parse(args []string) (*config, error) {
	c := &config{folders: map[string]string{}}
	fs := flag.NewFlagSet("bench", flag.ExitOnError)
	fs.StringVar(&c.python, "python", "python3", "Python with numpy, onnxruntime and openvino")
	fs.StringVar(&c.models, "models", "models.txt", "list of models")
	data := os.Getenv("GNEISS_DATA")
	if data != "" {
		data = filepath.Join(data, "models")
	}
	fs.String("data", data, "folder of the models data/NAME (default $GNEISS_DATA/models)")
	light := fs.String("light", "", "folder of the models light/NAME, which light_models.py writes")
	large := fs.String("large", "", "folder of the models large/NAME, which bench_models.py writes")
	only := fs.String("only", "", "names of models, with commas: measure just these")
	threads := fs.String("threads", "1,2", "numbers of threads")
	fs.IntVar(&c.rounds, "rounds", 7, "rounds in which all sides take their turn")
	fs.IntVar(&c.starts, "starts", 3, "processes of each side that load and run once")
	fs.DurationVar(&c.budget, "budget", 200*time.Millisecond, "time of one side in one round; a run that takes longer is done once")
	fs.DurationVar(&c.limit, "limit", 5*time.Minute, "time after which a side has failed to load, or to run a round")
	fs.DurationVar(&c.pause, "pause", 50*time.Millisecond, "rest before a side's turn, in which the threads of the last one fall asleep")
	fs.StringVar(&c.out, "o", "", "file of the table (standard output without)")
	fs.Parse(args)
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	c.folders["data"], c.folders["light"], c.folders["large"] = fs.Lookup("data").Value.String(), *light, *large
	for _, t := range strings.Split(*threads, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(t))
		if err != nil || n < 1 || n > runtime.NumCPU() {
			return nil, fmt.Errorf("-threads %q: want numbers from 1 to %d", *threads, runtime.NumCPU())
		}
		c.threads = append(c.threads, n)
	}
	if *only != "" {
		c.only = map[string]bool{}
		for _, name := range strings.Split(*only, ",") {
			c.only[strings.TrimSpace(name)] = true
		}
	}
	if c.rounds < 1 || c.starts < 1 || c.budget <= 0 || c.limit <= 0 || c.pause < 0 {
		return nil, fmt.Errorf("-rounds, -starts, -budget, -limit and -pause: want positive values")
	}
	return c, nil
}

// An entry is a model of the list.
type entry struct {
	folder, name string
	mark         string // int8 or half: does not count; "" otherwise
}

func readList(path string) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []entry
	s := bufio.NewScanner(f)
	for s.Scan() {
		line, _, _ := strings.Cut(s.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		folder, name, ok := strings.Cut(fields[0], "/")
		e := entry{folder: folder, name: name}
		if len(fields) > 1 {
			e.mark = fields[1]
		}
		if !ok || name == "" || len(fields) > 2 || e.mark != "" && e.mark != "int8" && e.mark != "half" {
			return nil, fmt.Errorf("%s: %q: want FOLDER/NAME, and perhaps int8 or half", path, s.Text())
		}
		list = append(list, e)
	}
	return list, s.Err()
}

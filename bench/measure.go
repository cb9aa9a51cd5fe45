package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// A result is what one side did with one model on one number of threads. Times are in microseconds, memory in MB.
type result struct {
	time   float64 // of one run: the median of the rounds
	start  float64 // load and first run together: the median of the processes
	memory float64 // the most that was resident after the first run, less what was before the load
	peak   float64 // the most that was resident
	wrong  string  // how the answer is wrong
	err    error   // why there is no time
	absent bool    // this form of the model does not exist
}

// ok reports whether the time is that of right answers.
func (r *result) ok() bool { return r != nil && r.err == nil && r.wrong == "" && !r.absent }

// A row is a model.
type row struct {
	entry
	err     error             // why there is no model
	results map[int][]*result // by the number of threads; in the order of the sides
}

// measure runs all sides on a model. The error is of ctx.
func (c *config) measure(ctx context.Context, sides []*side, e entry) (*row, error) {
	r := &row{entry: e, results: map[int][]*result{}}
	s, err := c.prepare(e)
	if err != nil {
		r.err = err
		return r, nil
	}
	defer os.RemoveAll(s.dir)
	for _, n := range c.threads {
		rs, err := c.race(ctx, sides, s, n)
		if err != nil {
			return nil, err
		}
		r.results[n] = rs
	}
	return r, nil
}

// race lets the sides load a model, and then take turns.
func (c *config) race(ctx context.Context, sides []*side, s *sample, threads int) ([]*result, error) {
	results := make([]*result, len(sides))
	runners := make([]*runner, len(sides))
	for i, sd := range sides {
		r := &result{}
		results[i] = r
		if sd.fixed && s.fixed == "" {
			r.absent = true
			continue
		}
		k, err := c.prime(ctx, sd, s, threads, r)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.err = err
			continue
		}
		defer k.stop()
		runners[i] = k
	}
	for round := range c.rounds {
		for j := range runners {
			i := (j + round) % len(runners)
			if runners[i] == nil || results[i].err != nil {
				continue
			}
			time.Sleep(c.pause)
			results[i].err = runners[i].round(ctx, c.limit)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
	}
	for i, k := range runners {
		if k != nil && results[i].err == nil {
			results[i].time = median(k.times)
		}
	}
	return results, nil
}

// A runner is a process that has loaded a model.
type runner struct {
	*process
	count int // runs of one round
	times []float64
}

// prime starts processes of a side that load the model and run it once, and makes the last ready for the rounds.
func (c *config) prime(ctx context.Context, sd *side, s *sample, threads int, r *result) (*runner, error) {
	model := s.model
	if sd.fixed {
		model = s.fixed
	}
	var starts, memory, peaks []float64
	var p *process
	for range c.starts {
		if p != nil {
			p.stop()
		}
		var err error
		if p, err = c.start(sd, first(cores(), threads)); err != nil {
			return nil, err
		}
		start, used, peak, err := c.first(ctx, p, model, s.dir, threads)
		if err != nil {
			p.stop()
			return nil, err
		}
		starts, memory, peaks = append(starts, start), append(memory, used), append(peaks, peak)
	}
	r.start, r.memory, r.peak = median(starts), median(memory), median(peaks)
	k := &runner{process: p}
	if err := c.warm(ctx, k, s, r); err != nil {
		p.stop()
		return nil, err
	}
	return k, nil
}

// first loads the model and runs it once: microseconds of both together, MB that it took, MB at most.
func (c *config) first(ctx context.Context, p *process, model, dir string, threads int) (start, used, peak float64, err error) {
	load, err := p.micros(ctx, c.limit, "load", model, dir, strconv.Itoa(threads))
	if err != nil {
		return 0, 0, 0, err
	}
	once, err := p.micros(ctx, c.limit, "run", "1")
	if err != nil {
		return 0, 0, 0, err
	}
	text, err := p.call(ctx, c.limit, "memory")
	if err != nil {
		return 0, 0, 0, err
	}
	var before, most float64
	if _, err := fmt.Sscan(text, &before, &most); err != nil {
		return 0, 0, 0, fmt.Errorf("memory: answer %q", text)
	}
	return load + once, (most - before) / 1024, most / 1024, nil
}

// warm checks the answer, warms up for the time of one round and finds how many runs a round has.
func (c *config) warm(ctx context.Context, k *runner, s *sample, r *result) error {
	d, err := k.micros(ctx, c.limit, "run", "1")
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "out")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := k.call(ctx, c.limit, "save", dir); err != nil {
		return err
	}
	if err := s.check(dir); err != nil {
		r.wrong = err.Error()
	}
	budget := float64(c.budget.Microseconds())
	for _, share := range []float64{0.1, 0.9} {
		k.count = max(1, int(share*budget/max(d, 1)))
		if k.count == 1 && d > budget/2 {
			return nil
		}
		if d, err = k.micros(ctx, c.limit, "run", strconv.Itoa(k.count)); err != nil {
			return err
		}
		d /= float64(k.count)
	}
	k.count = max(1, int(budget/max(d, 0.1)))
	return nil
}

// round is a turn.
func (k *runner) round(ctx context.Context, limit time.Duration) error {
	d, err := k.micros(ctx, limit, "run", strconv.Itoa(k.count))
	if err == nil {
		k.times = append(k.times, d/float64(k.count))
	}
	return err
}

func first(xs []int, n int) []int { return xs[:min(n, len(xs))] }

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}

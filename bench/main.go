// Command bench measures wsgen beside its peers: it builds and starts servers
// and raw clients, runs the rows in interleaved rounds, keeps the raw results
// and writes docs/benchmarks.md, docs/benchmarks-cluster.md or the page of kept pushes.
// README.md says what it measures and how.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/bench/internal/proc"
	"github.com/wsgen/wsgen/bench/internal/report"
	"github.com/wsgen/wsgen/bench/internal/result"
	"github.com/wsgen/wsgen/bench/internal/rows"
)

// options are the command line.
type options struct {
	what     string
	rounds   int
	servers  string
	wsgen    checkouts
	gate     bool
	report   bool
	profiles string
	limit    time.Duration
}

// checkouts are values of -wsgen-dir: DIR, or NAME=DIR for one more variant.
type checkouts []string

func (c *checkouts) String() string { return strings.Join(*c, " ") }

func (c *checkouts) Set(s string) error {
	*c = append(*c, s)
	return nil
}

func main() {
	o := options{}
	flag.StringVar(&o.what, "what", "", "`rows` to run, with commas; the front of a name does. Default: all but those of clusters and histories, and docs/benchmarks.md is written; cluster or history: those, and docs/benchmarks-cluster.md or the page of kept pushes is")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds of each row; 0 is what the row likes")
	flag.StringVar(&o.servers, "servers", "", "`servers` to run, with commas; default all")
	flag.Var(&o.wsgen, "wsgen-dir", "measure the wsgen of another checkout: `DIR`, or NAME=DIR beside this one as wsgen@NAME; may be repeated")
	flag.BoolVar(&o.gate, "gate", false, "exit with status 1 if a gate is missed or could not be measured")
	flag.BoolVar(&o.report, "report", false, "measure nothing: write the pages from the raw results that are there")
	flag.StringVar(&o.profiles, "profiles", "", "write a CPU profile of each wsgen server and row into this `folder`")
	flag.DurationVar(&o.limit, "limit", 40*time.Minute, "end after this time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	missed, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if missed && o.gate {
		os.Exit(1)
	}
}

// run does what o says; missed tells whether a gate is.
func run(ctx context.Context, o options) (missed bool, err error) {
	here, err := moduleDir(ctx)
	if err != nil {
		return false, err
	}
	if o.report {
		return false, document(here)
	}
	selected, err := rows.Select(o.what)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	work, err := os.MkdirTemp("", "wsgen-bench-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work)
	env, err := prepare(ctx, here, work, o)
	if err != nil {
		return false, err
	}
	record := result.Run{Machine: machine(ctx, here, env)}
	begun := record.Machine.Time
	env.Record = func(s result.Sample) { record.Samples = append(record.Samples, s) }
	for _, row := range selected {
		sayf("%s %s", time.Since(begun).Round(time.Second), row.Title)
		record.Machine.Rows = append(record.Machine.Rows, row.ID)
		before := readLoad()
		err = row.Run(ctx, env)
		others := readLoad().others(before)
		record.Machine.Others = append(record.Machine.Others, others)
		if others > disturbed {
			sayf("  other processes took %.0f %% of the CPU: take these figures with care", 100*others)
		}
		if err != nil {
			err = fmt.Errorf("row %s: %w", row.ID, err)
			break
		}
	}
	if err == nil {
		record.Machine.Took = time.Since(begun).Seconds()
	}
	runs := []result.Run{record}
	report.Rows(os.Stdout, runs)
	fmt.Println()
	report.Verdicts(os.Stdout, runs)
	for _, v := range report.Judge(runs) {
		missed = missed || !v.Pass
	}
	if err != nil {
		return missed, err
	}
	if err := keep(here, record, pageOf(o)); err != nil {
		return missed, err
	}
	return missed, proc.Leftover(env.Bin)
}

// pageOf returns the page of a run of all that it shows; nil of others.
func pageOf(o options) *page {
	for _, p := range pages() {
		if o.what == p.what && o.servers == "" && o.rounds == 0 && len(o.wsgen) == 0 {
			return &p
		}
	}
	return nil
}

// keep writes the raw results, and after a whole run its page.
func keep(here string, record result.Run, p *page) error {
	name := record.Machine.Time.Format("20060102-150405") + ".jsonl"
	if p == nil {
		name = "partial-" + name
	} else {
		name = p.front + name
	}
	file := filepath.Join(here, "results", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := result.Write(f, record); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	sayf("raw results: %s", file)
	if p == nil {
		return nil
	}
	return document(here)
}

func sayf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// Command generator measures wsgen as a program of its own: how long a run
// takes on made-up modules of 1, 10 and 100 annotated packages, beside wire and
// goverter on the same modules and the go command's own work, and writes
// docs/generator-speed.md. It runs in the folder bench, with GOWORK=off; see
// README.md there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	sizes  []int
	rounds int
	empty  bool
	codecs bool
	gate   bool
	write  bool
}

func main() {
	o := options{}
	sizes := flag.String("sizes", "1,10,100", "`numbers` of annotated packages, with commas")
	flag.IntVar(&o.rounds, "rounds", 9, "rounds of what takes less than a second; the rest has fewer")
	flag.BoolVar(&o.empty, "empty", true, "measure with an empty build cache too, which takes half of the time")
	flag.BoolVar(&o.codecs, "codecs", true, "measure what a codec costs too, which takes two minutes")
	flag.BoolVar(&o.gate, "gate", false, "exit with status 1 if a gate is missed or could not be measured")
	limit := flag.Duration("limit", 30*time.Minute, "end after this time")
	flag.Parse()
	for field := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "generator: %q is no number of packages\n", field)
			os.Exit(2)
		}
		o.sizes = append(o.sizes, n)
	}
	o.write = *sizes == "1,10,100" && o.empty && o.codecs && o.rounds >= 5

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, *limit)
	missed, err := run(ctx, o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "generator:", err)
		os.Exit(2)
	}
	if missed && o.gate {
		os.Exit(1)
	}
}

// run does what o says; missed tells whether a gate is.
func run(ctx context.Context, o options) (missed bool, err error) {
	here, err := os.Getwd()
	if err != nil {
		return false, err
	}
	work, err := os.MkdirTemp("", "wsgen-generator-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work)
	begun := time.Now()
	e := &env{here: here, work: work, results: results{}}
	e.sayf("building wsgen, wire and goverter")
	if err := e.build(ctx); err != nil {
		return false, err
	}
	for _, n := range o.sizes {
		if err := e.size(ctx, n, o); err != nil {
			return false, fmt.Errorf("%d packages: %w", n, err)
		}
	}
	if o.codecs {
		if err := e.codecs(ctx); err != nil {
			return false, fmt.Errorf("codecs: %w", err)
		}
	}
	took := time.Since(begun).Round(time.Second)
	verdicts := judge(e.results)
	for _, v := range verdicts {
		missed = missed || !v.pass
	}
	m := machine(ctx, took)
	text := document(e.results, verdicts, m)
	if !o.write {
		fmt.Print(text)
		return missed, nil
	}
	raw, err := e.results.lines(m)
	if err != nil {
		return missed, err
	}
	for name, data := range map[string][]byte{
		filepath.Join(here, "generator", "results.jsonl"):               raw,
		filepath.Join(filepath.Dir(here), "docs", "generator-speed.md"): []byte(text),
	} {
		e.sayf("writing %s", name)
		if err := os.WriteFile(name, data, 0o644); err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// Command clients measures what generated clients cost a page and a program: bytes to
// load, beside the clients of Socket.IO, SignalR, centrifuge and Phoenix; messages per
// second into a listener in Node, beside a bare socket with JSON.parse and Socket.IO's
// client; calls per second of the Go client, beside gws with encoding/json. It writes
// docs/benchmarks-clients.md. It runs in the folder bench, with GOWORK=off; see
// README.md there.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	rounds int
	gate   bool
}

// fewRounds is with how many rounds results are shown only, and not written.
const fewRounds = 9

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 25, "rounds of what is measured against others in turn; with less than 9 the page is shown only")
	flag.BoolVar(&o.gate, "gate", false, "exit with status 1 if a gate is missed")
	limit := flag.Duration("limit", 10*time.Minute, "end after this time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, *limit)
	missed, err := run(ctx, o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(2)
	}
	if missed && o.gate {
		os.Exit(1)
	}
}

// results are all that was measured.
type results struct {
	Machine string               `json:"machine"`
	Sizes   []size               `json:"sizes"`
	Listen  map[string][]float64 `json:"listen"` // messages per second of each round, by client
	Calls   []calls              `json:"calls"`
}

// run measures; missed tells whether a gate is.
func run(ctx context.Context, o options) (missed bool, err error) {
	here, err := os.Getwd()
	if err != nil {
		return false, err
	}
	n, err := install(ctx, filepath.Join(here, "clients"))
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(n.dir)
	began := time.Now()
	r := results{}
	sayf("sizes")
	if r.Sizes, err = n.sizes(ctx); err != nil {
		return false, err
	}
	sayf("messages into a listener")
	if r.Listen, err = n.listen(ctx, o.rounds); err != nil {
		return false, err
	}
	sayf("calls of the Go client")
	if r.Calls, err = goClient(ctx, filepath.Dir(here), o.rounds); err != nil {
		return false, err
	}
	r.Machine = machine(ctx, n, time.Since(began))
	verdicts := judge(r)
	for _, v := range verdicts {
		missed = missed || !v.pass
	}
	text := document(r, verdicts)
	if o.rounds < fewRounds {
		fmt.Print(text)
		return missed, nil
	}
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return missed, err
	}
	for name, data := range map[string][]byte{
		filepath.Join(here, "clients", "results.json"):                     append(raw, '\n'),
		filepath.Join(filepath.Dir(here), "docs", "benchmarks-clients.md"): []byte(text),
	} {
		sayf("writing %s", name)
		if err := os.WriteFile(name, data, 0o644); err != nil {
			return missed, err
		}
	}
	return missed, nil
}

func sayf(format string, args ...any) { fmt.Fprintf(os.Stderr, "clients: "+format+"\n", args...) }

// output runs a program in a folder, and returns what it prints.
func output(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		var said []byte
		if exit, ok := err.(*exec.ExitError); ok {
			said = exit.Stderr
		}
		return nil, fmt.Errorf("%s %v: %w\n%s", filepath.Base(name), args, err, said)
	}
	return out, nil
}

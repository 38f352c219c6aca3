package rows

import (
	"context"
	"fmt"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/proc"
)

// lead is how long clients have to begin before the first push comes: one that came
// earlier would not be counted.
const lead = 500 * time.Millisecond

// load has many connections of which each sends a message a second, and a broadcast
// a second to all.
func load(ctx context.Context, e *Env) error {
	const row, conns, seconds, rounds = "load", 19_900, 6, 3
	kinds := e.kinds(named("wsgen", "gws"))
	if e.Limit < conns {
		for _, k := range kinds {
			e.lack(row, k.Name, fmt.Errorf("a process may open %d connections here, and the load is of %d: raise ulimit -n (hard limit too)", e.Limit, conns))
		}
		return ctx.Err()
	}
	setups := each(kinds, conns)
	for i := range setups {
		setups[i].clients = 2
	}
	fixtures := e.openAll(ctx, row, setups)
	return e.interleave(ctx, row, rounds, fixtures, func(f *fixture) (values, error) { return f.loaded(conns, seconds) })
}

// loaded has conns connections at work for some seconds, and reads what the server
// weighs while they are.
func (f *fixture) loaded(conns, seconds int) (values, error) {
	type outcome struct {
		counted control.Counted
		err     error
	}
	m := f.meter()
	over := make(chan outcome, 1)
	go func() {
		counted, err := together(f.clients, func(c *proc.Client) (control.Counted, error) {
			return c.Do(control.Task{Do: "pace", Bytes: question, Span: 1000 * seconds, Each: seconds})
		}, addPaced)
		over <- outcome{counted, err}
	}()
	time.Sleep(lead)
	_, err := f.server.Do(control.Order{Do: "push", Count: seconds, Gap: int(time.Second.Microseconds()), Bytes: message})
	resident, weighed := f.server.Memory()
	paced := <-over
	for _, err := range []error{err, weighed, paced.err} {
		if err != nil {
			return nil, err
		}
	}
	c, took := paced.counted, time.Since(m.begun)
	v := values{
		"conns": float64(c.Open), "lost": float64(c.Sent + seconds*conns - c.Frames), "p50": float64(c.P50), "p99": float64(c.P99),
		"push_p50": float64(c.PushP50), "push_p99": float64(c.PushP99),
		"resident": float64(resident), "resident_each": float64(resident) / float64(conns),
	}
	m.stop(v, c.Frames)
	v["cores"] = v["cpu"] * float64(c.Frames) / float64(took.Microseconds())
	return v, nil
}

// addPaced joins what two client processes have counted; of latencies the longer one
// counts.
func addPaced(a, b control.Counted) control.Counted {
	a.Frames, a.Sent, a.Open = a.Frames+b.Frames, a.Sent+b.Sent, a.Open+b.Open
	a.P50, a.P99 = max(a.P50, b.P50), max(a.P99, b.P99)
	a.PushP50, a.PushP99 = max(a.PushP50, b.PushP50), max(a.PushP99, b.PushP99)
	return a
}

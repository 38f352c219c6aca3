package rows

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/result"
)

// settle is how long a server has to come to rest before it is weighed.
const settle = 700 * time.Millisecond

// warmUp is how many connections a server has had before the first weighing, so
// that memory which it sets up once is not counted.
const warmUp = 50

// quietPing is how often ours pings in the row idle: more often than by default, so
// that its connections are quiet soon, and not so often that they are while traffic
// is weighed.
const quietPing = 3 * time.Second

// idle weighs what answers.
func idle(ctx context.Context, e *Env) error {
	all := each(e.kinds(func(k Kind) bool { return !k.Silent && k.Name != "gws-json" }), 0)
	for i := range all {
		all[i].quiet = named("wsgen", "gws", "gobwas")(all[i].kind)
		if named("wsgen")(all[i].kind) {
			all[i].args = []string{"-ping", quietPing.String()}
		}
	}
	return e.idle(ctx, "idle", 2, all, func(setup, values) {})
}

// idle weighs fresh servers before and after 10 000 connections: silent ones,
// then after each has had 5 messages answered, and, if the setup says so, when they
// have been quiet for a while; or, if it has rooms, when each has joined and heard one
// push. After each server it calls also, which may add to the values.
func (e *Env) idle(ctx context.Context, row string, rounds int, setups []setup, also func(setup, values)) error {
	const conns = 10_000
	if e.Rounds > 0 {
		rounds = e.Rounds
	}
	lacking := map[string]bool{}
	for round := 1; round <= rounds; round++ {
		for _, s := range setups {
			if err := ctx.Err(); err != nil {
				return err
			}
			if s.label == "" {
				s.label = s.kind.Name
			}
			if lacking[s.label] {
				continue
			}
			v, err := e.weigh(ctx, s, conns)
			if err != nil {
				lacking[s.label] = true
				e.lack(row, s.label, err)
				continue
			}
			also(s, v)
			e.Record(result.Sample{Row: row, Server: s.label, Round: round, Values: v})
		}
	}
	return ctx.Err()
}

// weigh measures the bytes for each of conns connections.
func (e *Env) weigh(ctx context.Context, s setup, conns int) (values, error) {
	s.conns = warmUp
	base, err := e.base(ctx, s)
	if err != nil {
		return nil, err
	}
	f, err := e.open(ctx, s)
	if err != nil {
		return nil, err
	}
	defer f.stop()
	if err := e.join(ctx, f, conns, false); err != nil {
		return nil, err
	}
	v := values{}
	if s.rooms > 0 {
		return v, f.weighedMembers(ctx, v, base, conns)
	}
	if err := f.weighed(v, "idle", base, conns); err != nil {
		return nil, err
	}
	c, err := f.clients[1].Do(control.Task{Do: "echo", Count: conns, InFlight: 1, Each: 5, Bytes: message, Limit: 30_000})
	if err != nil {
		return nil, err
	}
	if c.Frames != 5*conns {
		return nil, fmt.Errorf("%d of %d answers", c.Frames, 5*conns)
	}
	if err := f.weighed(v, "traffic", base, conns); err != nil || !s.quiet {
		return v, err
	}
	return v, f.weighedQuiet(v, base, conns)
}

// weighedQuiet weighs connections of which ours has pinged each twice without a
// message before, and garbage been collected in between: a collection decides how
// large Go makes the next stacks.
func (f *fixture) weighedQuiet(v, base values, conns int) error {
	for begun := time.Now(); time.Since(begun) < 3*quietPing+settle; {
		time.Sleep(settle)
		if _, err := f.collected(); err != nil {
			return err
		}
	}
	if err := f.weighed(v, "quiet", base, conns); err != nil {
		return err
	}
	v["quiet_growth"] = v["quiet_rss_gc"] / v["idle_rss_gc"]
	return nil
}

// base is the memory of a server with the first connections, after a garbage
// collection. It is read from a twin: a collection so early would set the size
// at which Go's stacks begin by what few goroutines used, and be seen in each
// connection to come.
func (e *Env) base(ctx context.Context, s setup) (values, error) {
	twin, err := e.open(ctx, s)
	if err != nil {
		return nil, err
	}
	defer twin.stop()
	time.Sleep(settle)
	return twin.collected()
}

// weighed adds what is resident beyond base for each of conns connections.
func (f *fixture) weighed(v values, name string, base values, conns int) error {
	time.Sleep(settle)
	m, err := f.memory()
	if err != nil {
		return err
	}
	base["rss"] = base["rss_gc"]
	for metric, bytes := range m {
		v[name+"_"+metric] = (bytes - base[metric]) / float64(conns)
	}
	return nil
}

// connect opens 3000 connections at once, as after a restart: how fast, and
// how much memory it takes at the most.
func connect(ctx context.Context, e *Env) error {
	const row, conns = "connect", 3000
	kinds := e.kinds(func(k Kind) bool { return !k.Silent && k.Name != "gws-json" })
	fixtures := e.openAll(ctx, row, each(kinds, warmUp))
	return e.interleave(ctx, row, 11, fixtures, func(f *fixture) (values, error) {
		before, err := f.collected()
		if err != nil {
			return nil, err
		}
		if err := f.server.ResetPeak(); err != nil {
			return nil, err
		}
		if err := e.join(ctx, f, 0, false); err != nil {
			return nil, err
		}
		last := len(f.clients) - 1
		m := f.meter()
		c, err := f.clients[last].Do(f.connect(conns, false))
		if err != nil {
			return nil, err
		}
		v := values{"rate": conns / float64(c.Took) * 1e6}
		m.stop(v, conns)
		peak, err := f.server.Peak()
		v["peak"] = (float64(peak) - before["rss_gc"]) / conns
		f.clients[last].Stop()
		f.clients = f.clients[:last]
		time.Sleep(settle) // the server finds out
		return v, err
	})
}

// crowd fills a server with as many connections as one process may open.
func crowd(ctx context.Context, e *Env) error {
	const row, least, most, watch = "crowd", 15_000, 100_000, 5 * time.Second
	conns := min(e.Limit, most)
	for _, k := range e.kinds(named("wsgen", "gws")) {
		if conns < least {
			e.lack(row, k.Name, fmt.Errorf("a process may open %d connections here, and a crowd has %d: raise ulimit -n (hard limit too)", conns, least))
			continue
		}
		if err := e.crowdOf(ctx, row, k, conns, watch); err != nil {
			e.lack(row, k.Name, err)
		}
	}
	return ctx.Err()
}

func (e *Env) crowdOf(ctx context.Context, row string, k Kind, conns int, watch time.Duration) error {
	base, err := e.base(ctx, setup{kind: k, conns: warmUp})
	if err != nil {
		return err
	}
	f, err := e.open(ctx, setup{kind: k})
	if err != nil {
		return err
	}
	defer f.stop()
	f.clients[0].Stop() // open made it, for no connection
	f.clients = nil
	begun := time.Now()
	m := f.meter()
	for i := range 2 { // client processes
		if err := e.join(ctx, f, share(conns, i, 2), false); err != nil {
			return err
		}
	}
	took := time.Since(begun)
	v := values{"conns": float64(conns), "connect": float64(conns) / took.Seconds()}
	m.stop(v, conns)
	v["connect_cpu"] = v["cpu"]
	if err := f.weighed(v, "idle", base, conns); err != nil {
		return err
	}
	m = f.meter()
	time.Sleep(watch)
	m.stop(v, 1)
	v["idle_cpu"] = v["cpu"] / watch.Seconds() / 1e6 // cores
	pushed, err := f.fire(volley{bursts: 3, each: 1, bytes: message, expect: conns})
	if err != nil {
		return err
	}
	maps.Copy(v, pushed)
	e.Record(result.Sample{Row: row, Server: f.label, Round: 1, Values: v})
	return nil
}

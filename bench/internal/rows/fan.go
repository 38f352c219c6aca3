package rows

import (
	"context"
	"fmt"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// volley is a stretch of pushes that a round measures.
type volley struct {
	bursts int // how many volleys a round has, each waited for
	each   int // pushes of one, back to back
	gap    int // µs between them instead
	bytes  int // length of a message
	room   string
	expect int // receivers

	// apart says that messages come far apart, as they do for most clients:
	// the server has long been idle when one is pushed, and clients delay
	// their acknowledgements.
	apart bool
}

// These are the pauses between two volleys. The server comes to rest meanwhile,
// and, if they are apart, the clients send the acknowledgements that they have
// delayed (TCP_DELACK_MIN is 40 ms).
const (
	pause     = 3 * time.Millisecond
	longPause = 50 * time.Millisecond
)

// late is how long the messages of a volley may take, beyond their gaps.
const late = 10 * time.Second

// fire pushes and waits until all have come, and sums up.
func (f *fixture) fire(v volley) (values, error) {
	var elapsed, call float64
	var p50, p99 []float64 // of each volley
	lost, got := 0, 0
	m := f.meter()
	for range v.bursts {
		want := v.expect * v.each
		for i, c := range f.clients {
			if _, err := c.Do(control.Task{Do: "arm", Frames: share(v.expect, i, len(f.clients)) * v.each, DelayACK: v.apart}); err != nil {
				return nil, err
			}
		}
		done, err := f.push(control.Order{Do: "push", Room: v.room, Count: v.each, Gap: v.gap, Bytes: v.bytes})
		if err != nil {
			return nil, err
		}
		var last int64
		frames := 0
		for _, c := range f.clients {
			counted, err := c.Do(control.Task{Do: "wait", Limit: int(late.Milliseconds())})
			if err != nil {
				return nil, err
			}
			frames += counted.Frames
			last = max(last, counted.Last)
			if counted.Max > 0 { // a compressed message shows no stamp
				p50 = append(p50, float64(counted.P50))
				p99 = append(p99, float64(counted.P99))
			}
		}
		if frames == 0 || frames > want {
			return nil, fmt.Errorf("%d messages came, %d were pushed", frames, want)
		}
		got += frames
		lost += want - frames
		elapsed += float64(last - done.At)
		call += float64(done.Took)
		if v.apart {
			time.Sleep(longPause)
		} else {
			time.Sleep(pause)
		}
	}
	out := values{
		"rate": float64(got) / elapsed * 1e6, "call": call / float64(v.bursts*v.each),
		"lost": float64(lost),
	}
	if len(p50) > 0 {
		out["p50"], out["p99"] = stats.Median(p50), stats.Median(p99)
	}
	m.stop(out, got)
	return out, nil
}

// fan measures broadcasts to conns connections of each kind.
func (e *Env) fan(ctx context.Context, row string, rounds int, setups []setup, v volley) error {
	fixtures := e.openAll(ctx, row, setups)
	return e.interleave(ctx, row, rounds, fixtures, func(f *fixture) (values, error) { return f.fire(v) })
}

// each makes a setup for every kind.
func each(kinds []Kind, conns int, args ...string) []setup {
	var out []setup
	for _, k := range kinds {
		out = append(out, setup{kind: k, conns: conns, args: args})
	}
	return out
}

// pushes tells whether a server's broadcasts differ from others': gws-json's are
// those of gws.
func pushes(k Kind) bool { return k.Name != "gws-json" }

// These are the receivers of a broadcast, and its length in bytes.
const (
	audience = 1000
	message  = 150
)

func fanout(ctx context.Context, e *Env) error {
	return e.fan(ctx, "fanout", 25, each(e.observed(pushes), audience), volley{bursts: 10, each: 1, bytes: message, expect: audience, apart: true})
}

func burst10(ctx context.Context, e *Env) error {
	return e.fan(ctx, "burst10", 7, each(e.kinds(pushes), audience), volley{bursts: 3, each: 10, bytes: message, expect: audience})
}

func burst100(ctx context.Context, e *Env) error {
	return e.fan(ctx, "burst100", 11, each(e.kinds(pushes), audience), volley{bursts: 1, each: 100, bytes: message, expect: audience})
}

// large is a broadcast of 64 KiB.
func large(ctx context.Context, e *Env) error {
	const conns = 100
	return e.fan(ctx, "large", 5, each(e.kinds(pushes), conns), volley{bursts: 5, each: 1, bytes: 64 << 10, expect: conns})
}

// overTLS is the single broadcast over wss.
func overTLS(ctx context.Context, e *Env) error {
	kinds := e.kinds(named("wsgen", "gws", "gorilla", "melody"))
	return e.fan(ctx, "tls", 25, each(kinds, audience, "-tls"), volley{bursts: 10, each: 1, bytes: message, expect: audience, apart: true})
}

// burst10TLS and burst100TLS are the bursts over wss.
func burst10TLS(ctx context.Context, e *Env) error {
	kinds := e.kinds(named("wsgen", "gws"))
	return e.fan(ctx, "tls-burst10", 9, each(kinds, audience, "-tls"), volley{bursts: 3, each: 10, bytes: message, expect: audience})
}

func burst100TLS(ctx context.Context, e *Env) error {
	kinds := e.kinds(named("wsgen", "gws"))
	return e.fan(ctx, "tls-burst100", 9, each(kinds, audience, "-tls"), volley{bursts: 1, each: 100, bytes: message, expect: audience})
}

// deflate compares a broadcast to clients that agreed to permessage-deflate
// with the same server's plain one.
func deflate(ctx context.Context, e *Env) error {
	const row = "deflate"
	var setups []setup
	for _, k := range e.kinds(named("wsgen", "gws")) {
		setups = append(setups,
			setup{kind: k, conns: audience},
			setup{kind: k, label: k.Name + " deflate", args: []string{"-deflate"}, deflate: true, conns: audience})
	}
	fixtures := e.openAll(ctx, row, setups)
	var agreed []*fixture
	for i, f := range fixtures {
		if want := f.label != f.kind.Name; want != f.counted.Deflate {
			e.lack(row, f.label, fmt.Errorf("the server's answer to an offer of permessage-deflate: %t", f.counted.Deflate))
			fixtures[i].stop()
			continue
		}
		agreed = append(agreed, f)
	}
	v := volley{bursts: 10, each: 1, bytes: message, expect: audience, apart: true}
	return e.interleave(ctx, row, 7, agreed, func(f *fixture) (values, error) { return f.fire(v) })
}

package rows

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/peer"
)

// answers tells whether a server answers messages.
func answers(k Kind) bool { return !k.Silent }

// echo measures answers: t.Count connections keep t.InFlight messages on the way, for
// t.Span a round. An answer that is longer or shorter than its message is an error of
// the server's, which would otherwise count as any other.
func (e *Env) echo(ctx context.Context, row string, rounds int, setups []setup, t control.Task) error {
	fixtures := e.openAll(ctx, row, setups)
	t.Do = "echo"
	size := cmp.Or(len(t.Data), t.Bytes)
	return e.interleave(ctx, row, rounds, fixtures, func(f *fixture) (values, error) {
		m := f.meter()
		c, err := f.clients[0].Do(t)
		if err != nil {
			return nil, err
		}
		if c.Bytes != int64(c.Frames)*int64(size) {
			return nil, fmt.Errorf("%d answers have %d bytes, and messages of %d were sent", c.Frames, c.Bytes, size)
		}
		v := values{
			"rate": float64(c.Frames) / float64(c.Took) * 1e6, "p50": float64(c.P50), "p99": float64(c.P99),
			"lost": float64(c.Sent - c.Frames),
		}
		m.stop(v, c.Frames)
		return v, nil
	})
}

// question is the length of an echo's message.
const question = 126

func echo1(ctx context.Context, e *Env) error {
	const conns = 100
	return e.echo(ctx, "echo1", 15, each(e.observed(answers), conns), control.Task{Count: conns, InFlight: 1, Bytes: question, Span: 400})
}

func echo16(ctx context.Context, e *Env) error {
	const conns = 100
	return e.echo(ctx, "echo16", 7, each(e.kinds(answers), conns), control.Task{Count: conns, InFlight: 16, Bytes: question, Span: 600})
}

// largeEcho sends messages a little below the 64 KiB that a server accepts.
func largeEcho(ctx context.Context, e *Env) error {
	const conns = 20
	return e.echo(ctx, "large-echo", 5, each(e.kinds(answers), conns), control.Task{Count: conns, InFlight: 1, Bytes: 65_000, Span: 500})
}

// large8k and large1m are the same beside gws alone, with and without
// encoding/json.
func large8k(ctx context.Context, e *Env) error {
	const conns = 20
	return e.echo(ctx, "large-8k", 9, each(e.kinds(longEchoes), conns), control.Task{Count: conns, InFlight: 1, Bytes: 8000, Span: 400})
}

func large1m(ctx context.Context, e *Env) error {
	const conns, size = 8, 1_000_000
	setups := each(e.kinds(longEchoes), conns)
	for i := range setups {
		if named("wsgen")(setups[i].kind) {
			setups[i].args = []string{"-longest", strconv.Itoa(2 * size)}
		}
	}
	return e.echo(ctx, "large-1m", 9, setups, control.Task{Count: conns, InFlight: 1, Bytes: size, Span: 500})
}

func longEchoes(k Kind) bool { return named("wsgen", "gws", "gws-json")(k) }

// telemetry has a device's report of 1.1 KB answered, decoded and encoded, by
// generated code, by the same gateway with encoding/json, and by gws with
// encoding/json twice, and as raw bytes by gws.
func telemetry(ctx context.Context, e *Env) error {
	const conns = 50
	report, err := peer.Telemetry()
	if err != nil {
		return err
	}
	setups := each(e.typed(named("wsgen", "wsgen-std", "gws", "gws-json")), conns)
	for i := range setups {
		setups[i].path = setups[i].kind.TypedPath
	}
	return e.echo(ctx, "telemetry", 9, setups, control.Task{Count: conns, InFlight: 16, Data: string(report), Span: 500})
}

// mixed is a day's work: 1000 connections in 20 rooms, of which 100 speak to
// their room, each again when it has heard itself.
func mixed(ctx context.Context, e *Env) error {
	const row, rooms, senders, span = "mixed", 20, audience / 10, 800
	fixtures := e.openAll(ctx, row, each(e.kinds(func(k Kind) bool { return k.Rooms }), audience))
	for _, f := range fixtures {
		if _, err := f.clients[0].Do(control.Task{Do: "join", Count: audience, Rooms: rooms}); err != nil {
			e.lack(row, f.label, err)
		}
	}
	return e.interleave(ctx, row, 7, fixtures, func(f *fixture) (values, error) {
		m := f.meter()
		c, err := f.clients[0].Do(control.Task{Do: "talk", Count: senders, Bytes: message, Span: span})
		if err != nil {
			return nil, err
		}
		v := values{"rate": float64(c.Frames) / float64(c.Took) * 1e6, "p50": float64(c.P50), "p99": float64(c.P99)}
		m.stop(v, c.Frames)
		return v, nil
	})
}

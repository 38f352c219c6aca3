package rows

import (
	"context"

	"github.com/wsgen/wsgen/bench/internal/control"
)

// answers tells whether a server answers messages.
func answers(k Kind) bool { return !k.Silent }

// echo measures answers of all, to conns connections that each keep inFlight messages
// of size bytes on the way, for span ms a round.
func (e *Env) echo(ctx context.Context, row string, all []Kind, rounds, conns, inFlight, size, span int) error {
	fixtures := e.openAll(ctx, row, each(all, conns))
	return e.interleave(ctx, row, rounds, fixtures, func(f *fixture) (values, error) {
		m := f.meter()
		c, err := f.clients[0].Do(control.Task{Do: "echo", Count: conns, InFlight: inFlight, Bytes: size, Span: span})
		if err != nil {
			return nil, err
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
	return e.echo(ctx, "echo1", e.observed(answers), 15, 100, 1, question, 400)
}

func echo16(ctx context.Context, e *Env) error {
	return e.echo(ctx, "echo16", e.kinds(answers), 7, 100, 16, question, 600)
}

// largeEcho sends messages a little below the 64 KiB that a server accepts.
func largeEcho(ctx context.Context, e *Env) error {
	return e.echo(ctx, "large-echo", e.kinds(answers), 5, 20, 1, 65_000, 500)
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

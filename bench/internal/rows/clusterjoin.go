package rows

import (
	"context"
	"fmt"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/proc"
)

// joiners are the connections that enter new rooms, all at one node.
const joiners = 100

// entering opens joiners at the first of three nodes of each kind, and measures a
// task of theirs. The first kind has no engine: added is what the others' p99, or
// their time for all that is in flight at once, is beyond its own in the same round.
func (e *Env) entering(ctx context.Context, row string, rounds int, t control.Task) error {
	setups := e.cluster(nodes, "wsgen-3", "wsgen-nats", "wsgen-redis")
	for i := range setups {
		setups[i].spread = []int{joiners, 1, 1}
	}
	fixtures := e.openAll(ctx, row, setups)
	t.Do, t.Count = "enter", joiners
	base := 0.0
	return e.interleave(ctx, row, rounds, fixtures, func(f *fixture) (values, error) {
		m := f.meter()
		c, err := f.clients[0].Do(t)
		if err != nil {
			return nil, err
		}
		v := values{"took": float64(c.Took), "rate": float64(c.Frames) / float64(c.Took) * 1e6}
		took := v["took"]
		if t.InFlight == 0 {
			v["p50"], v["p99"] = float64(c.P50), float64(c.P99)
			took = v["p99"]
		}
		if f.engine == nil {
			base = took
		} else if base > 0 {
			v["added"] = took - base
		}
		m.stop(v, c.Frames)
		return v, nil
	})
}

// clusterJoin joins one room at a time.
func clusterJoin(ctx context.Context, e *Env) error {
	return e.entering(ctx, "cluster-join", 15, control.Task{Each: 5})
}

// clusterRooms joins 10 000 rooms at once. A connection may be in 1024.
func clusterRooms(ctx context.Context, e *Env) error {
	return e.entering(ctx, "cluster-rooms", 9, control.Task{Each: 10_000 / joiners, InFlight: 1})
}

// clusterStopped has connections of two nodes speak to rooms that have members on
// all three, each again when it has heard itself: first while all nodes run, then
// while the third is stopped.
func clusterStopped(ctx context.Context, e *Env) error {
	const row, rooms, each = "cluster-stopped", 20, 100
	setups := e.cluster(0, "wsgen-nats", "wsgen-redis")
	members := []int{each / rooms, each / rooms, 1}
	for i := range setups {
		setups[i].spread, setups[i].rooms = []int{each, each, rooms}, rooms
	}
	fixtures := e.openAll(ctx, row, setups)
	return e.interleave(ctx, row, 7, fixtures, func(f *fixture) (values, error) {
		v, err := f.talkOfTwo(rooms)
		if err != nil {
			return nil, err
		}
		all := v["rate"]
		if err := f.heard(ctx, members); err != nil {
			return nil, err
		}
		third := f.others[1]
		if err := third.Freeze(); err != nil {
			return nil, err
		}
		v, err = f.talkOfTwo(rooms)
		if thawed := third.Thaw(); err == nil {
			err = thawed
		}
		if err != nil {
			return nil, err
		}
		v["all"], v["kept"] = all, v["rate"]/all
		if err := f.heard(ctx, members); err != nil {
			return nil, fmt.Errorf("when the stopped node goes on: %w", err)
		}
		return v, nil
	})
}

// talkOfTwo has senders connections of each of the first two nodes speak.
func (f *fixture) talkOfTwo(senders int) (values, error) {
	// What goes to the stopped node meanwhile is far beyond what sockets hold.
	const span, size = 1500, 1000
	m := f.meter()
	speakers := f.clients[:2]
	counted, err := together(speakers, func(c *proc.Client) (control.Counted, error) {
		t := control.Task{Do: "talk", Count: senders, Bytes: size, Span: span}
		if c == speakers[1] {
			t.By = 1000 // beyond the numbers of the first
		}
		return c.Do(t)
	}, func(a, b control.Counted) control.Counted {
		a.Frames, a.Sent, a.Took, a.P99 = a.Frames+b.Frames, a.Sent+b.Sent, max(a.Took, b.Took), max(a.P99, b.P99)
		return a
	})
	if err != nil {
		return nil, err
	}
	if counted.Took == 0 {
		return nil, fmt.Errorf("nothing came in %v", span*time.Millisecond)
	}
	v := values{
		"rate": float64(counted.Frames) / float64(counted.Took) * 1e6, "sent": float64(counted.Sent) / float64(counted.Took) * 1e6,
		"p99": float64(counted.P99),
	}
	m.stop(v, counted.Frames)
	return v, nil
}

package rows

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
)

// withKept is what the label of a server adds whose pushes are kept, and whose clients
// follow.
const withKept = " kept"

// These are those who come back, and what each has missed.
const (
	returning = 5000
	missed    = 100
)

// keeping makes a setup of each server that keeps what it pushes.
func (e *Env) keeping() []setup {
	var out []setup
	for _, k := range e.Kinds {
		if k.Keeps {
			out = append(out, setup{kind: k, args: []string{"-kept"}})
		}
	}
	return out
}

// withFront is what the label of a server adds whose handshakes are answered in front of
// net/http.
const withFront = " front"

// fronted makes a setup of each server that keeps what it pushes, and one more, ahead
// of it, if it can answer handshakes in front of net/http.
func (e *Env) fronted() []setup {
	var out []setup
	for _, plain := range e.keeping() {
		if plain.kind.Fronts {
			front := plain
			front.label, front.args = plain.kind.Name+withFront, append(slices.Clone(plain.args), "-front")
			out = append(out, front)
		}
		out = append(out, plain)
	}
	return out
}

// keptBesidePlain makes two setups of each server that can keep what it pushes: one
// that does not, and right behind it one that does, all of whose clients follow. All
// connections are in one room.
func (e *Env) keptBesidePlain(conns int) []setup {
	var out []setup
	for _, kept := range e.keeping() {
		kept.label, kept.conns, kept.rooms = kept.kind.Name+withKept, conns, 1
		plain := kept
		plain.label, plain.args = kept.kind.Name, nil
		out = append(out, plain, kept)
	}
	return out
}

// historyPush has one push at a time, as the row fanout has.
func historyPush(ctx context.Context, e *Env) error {
	return e.fan(ctx, "history-push", 21, e.keptBesidePlain(audience),
		volley{bursts: 10, each: 1, bytes: message, room: firstRoom, expect: audience, apart: true})
}

// historyPushOne has pushes so far apart that a plain one is written by its pusher.
func historyPushOne(ctx context.Context, e *Env) error {
	return e.fan(ctx, "history-push-1", 21, e.keptBesidePlain(1),
		volley{bursts: 1, each: 200, gap: 2000, bytes: message, room: firstRoom, expect: 1, apart: true})
}

// historyIdle weighs idle followers beside members of a room that do not follow.
func historyIdle(ctx context.Context, e *Env) error {
	var plain values
	return e.idle(ctx, "history-idle", 2, e.keptBesidePlain(0), func(s setup, v values) {
		if strings.HasSuffix(s.label, withKept) {
			v.compare(plain)
			v = nil
		}
		plain = v
	})
}

// weighedMembers has the connections of the second client, conns of them, join the room
// that those of the first are in, and weighs them when a push has reached all.
func (f *fixture) weighedMembers(ctx context.Context, v, base values, conns int) error {
	if _, err := f.clients[1].Do(control.Task{Do: "join", Count: conns, Rooms: 1}); err != nil {
		return err
	}
	if err := f.heard(ctx, []int{warmUp, conns}); err != nil {
		return err
	}
	return f.weighed(v, "idle", base, conns)
}

// historyReturn has followers connect anew and say where they were, all at once. It
// measures the time until the last of them has had everything that it had missed.
func historyReturn(ctx context.Context, e *Env) error {
	const row = "history-return"
	var ready []*fixture
	for _, f := range e.openAll(ctx, row, e.fronted()) {
		err := fmt.Errorf("a process may open %d connections here, and %d come back: raise ulimit -n (hard limit too)", e.Limit, returning)
		if e.Limit >= returning {
			err = f.followOnce()
		}
		if err != nil {
			e.lack(row, f.label, err)
			f.stop()
			continue
		}
		ready = append(ready, f)
	}
	return e.interleave(ctx, row, 21, ready, (*fixture).comeBack)
}

// followOnce has one connection follow, so that the client knows what the server calls
// the history, and then all come back once, which is not measured.
func (f *fixture) followOnce() error {
	if err := f.keep(1); err != nil {
		return err
	}
	t := f.connect(1, false)
	t.Do, t.Room = "follow", firstRoom
	if _, err := f.clients[0].Do(t); err != nil {
		return err
	}
	if err := f.leave(); err != nil {
		return err
	}
	_, err := f.comeBack()
	return err
}

// keep has the server keep count messages, and notes where the last one is.
func (f *fixture) keep(count int) (err error) {
	f.end, err = f.server.Do(control.Order{Do: "keep", Room: firstRoom, Count: count, Bytes: message})
	return err
}

// leave closes all connections.
func (f *fixture) leave() error {
	_, err := f.clients[0].Do(control.Task{Do: "leave"})
	time.Sleep(settle) // the server finds out
	return err
}

// comeBack has messages kept while nobody is there, and then all followers come back.
// In the end a push must reach each of them, once.
func (f *fixture) comeBack() (values, error) {
	t := f.connect(returning, false)
	t.Do, t.Room, t.Each, t.Epoch, t.Offset = "follow", firstRoom, missed, f.end.Epoch, f.end.Offset
	if err := f.keep(missed); err != nil {
		return nil, err
	}
	m := f.meter()
	c, err := f.clients[0].Do(t)
	if err != nil {
		return nil, err
	}
	v := values{"took": float64(c.Took), "p50": float64(c.P50), "p99": float64(c.P99)}
	m.stop(v, returning)
	if _, err := f.clients[0].Do(control.Task{Do: "arm", Frames: returning}); err != nil {
		return nil, err
	}
	if err := f.keep(1); err != nil {
		return nil, err
	}
	heard, err := f.clients[0].Do(control.Task{Do: "wait", Limit: int(late.Milliseconds())})
	if err != nil {
		return nil, err
	}
	if heard.Frames != returning {
		return nil, fmt.Errorf("a push behind what was missed comes %d times to %d followers", heard.Frames, returning)
	}
	return v, f.leave()
}

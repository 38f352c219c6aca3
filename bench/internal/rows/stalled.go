package rows

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/result"
)

// These are the connections of a server with stalled peers.
const (
	healthy   = 900
	deaf      = 100
	sendBytes = "16384" // of a socket's send buffer, so that it is full soon
)

// stalled pushes to 900 healthy connections, to half of the servers with 100
// more that never read.
func stalled(ctx context.Context, e *Env) error {
	const row, suffix = "stalled", " with 10 % deaf"
	var setups []setup
	for _, k := range e.kinds(named("wsgen", "gws", "gorilla", "melody")) {
		for _, label := range []string{k.Name, k.Name + suffix} {
			setups = append(setups, setup{kind: k, label: label, conns: healthy, args: []string{"-sndbuf", sendBytes}})
		}
	}
	fixtures := e.openAll(ctx, row, setups)
	err := e.interleave(ctx, row, 9, fixtures, func(f *fixture) (values, error) {
		if strings.HasSuffix(f.label, suffix) {
			t := f.connect(deaf, false)
			t.Mute = true
			if _, err := f.clients[0].Do(t); err != nil {
				return nil, err
			}
		}
		// These fill the buffers of the deaf; a server that ends them at 256
		// queued messages still has them in what follows.
		if _, err := f.fire(volley{bursts: 20, each: 1, bytes: 4096, expect: healthy}); err != nil {
			return nil, err
		}
		v, err := f.fire(volley{bursts: 25, each: 1, bytes: message, expect: healthy, apart: true})
		if err != nil {
			return nil, err
		}
		_, err = f.clients[0].Do(control.Task{Do: "drop"})
		return v, err
	})
	if err != nil {
		return err
	}
	return e.flood(ctx, row)
}

// flood pushes 5000 messages to 100 connections that never read, and weighs the
// memory that the server keeps for them.
func (e *Env) flood(ctx context.Context, row string) error {
	const pushes = 5000
	for _, k := range e.kinds(named("wsgen", "gws", "gorilla", "melody")) {
		f, err := e.open(ctx, setup{kind: k, label: k.Name + " flooded", args: []string{"-sndbuf", sendBytes}})
		if err != nil {
			e.lack(row, k.Name+" flooded", err)
			continue
		}
		v, err := f.flooded(pushes)
		f.stop()
		if err != nil {
			e.lack(row, f.label, err)
			continue
		}
		e.Record(result.Sample{Row: row, Server: f.label, Round: 1, Values: v})
	}
	return ctx.Err()
}

func (f *fixture) flooded(pushes int) (values, error) {
	t := f.connect(deaf, false)
	t.Mute = true
	if _, err := f.clients[0].Do(t); err != nil {
		return nil, err
	}
	before, err := f.collected()
	if err != nil {
		return nil, err
	}
	if _, err := f.server.Do(control.Order{Do: "push", Count: pushes, Bytes: message}); err != nil {
		return nil, err
	}
	m, err := f.memory()
	if err != nil {
		return nil, err
	}
	return values{
		"held": (m["rss"] - before["rss_gc"]) / deaf, "held_gc": (m["rss_gc"] - before["rss_gc"]) / deaf,
		"held_heap": (m["heap"] - before["heap"]) / deaf,
	}, nil
}

// room pushes to 10 members, among 100 connections and among 10 000.
func room(ctx context.Context, e *Env) error {
	const row, members, few, many = "room", 10, 100, 10_000
	var setups []setup
	for _, k := range e.kinds(func(k Kind) bool { return k.Rooms }) {
		for _, n := range []int{few, many} {
			setups = append(setups, setup{kind: k, conns: n, label: fmt.Sprintf("%s, 10 of %d", k.Name, n)})
		}
	}
	fixtures := e.openAll(ctx, row, setups)
	for _, f := range slices.Clone(fixtures) {
		if _, err := f.clients[0].Do(control.Task{Do: "join", Count: members, Rooms: 1}); err != nil {
			e.lack(row, f.label, err)
		}
	}
	return e.interleave(ctx, row, 7, fixtures, func(f *fixture) (values, error) {
		return f.fire(volley{bursts: 1, each: 300, gap: 1000, bytes: message, room: "room-0", expect: members})
	})
}

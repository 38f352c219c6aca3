package rows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/proc"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// firstRoom is the room that the first connection of each client process is in.
const firstRoom = "room-0"

// push carries out an order to push. A server alone does it itself; of several nodes
// with an engine one does it, each in its turn; and nodes that know nothing of each
// other all do it at once, each to its own connections.
func (f *fixture) push(o control.Order) (control.Done, error) {
	all := f.nodes()
	if len(all) > 1 && f.engine == nil {
		return together(all, func(s *proc.Server) (control.Done, error) { return s.Do(o) }, func(a, b control.Done) control.Done {
			a.At, a.Took = min(a.At, b.At), max(a.Took, b.Took)
			return a
		})
	}
	f.turn++
	return all[(f.turn-1)%len(all)].Do(o)
}

// together calls do for all at once, and joins what they return.
func together[P, R any](all []P, do func(P) (R, error), join func(a, b R) R) (R, error) {
	results, failures := make([]R, len(all)), make([]error, len(all))
	var wait sync.WaitGroup
	for i, p := range all {
		wait.Go(func() { results[i], failures[i] = do(p) })
	}
	wait.Wait()
	sum := results[0]
	for _, r := range results[1:] {
		sum = join(sum, r)
	}
	return sum, errors.Join(failures...)
}

// assembly is how long nodes may take to hear each other.
const assembly = 20 * time.Second

// gather has all connections enter their rooms, and returns when each node's pushes
// to the first room reach whoever is in it, on all nodes.
func (f *fixture) gather(ctx context.Context, s setup) error {
	members := make([]int, len(f.clients))
	for i, c := range f.clients {
		if _, err := c.Do(control.Task{Do: "join", Count: s.share(i), Rooms: s.rooms}); err != nil {
			return err
		}
		members[i] = (s.share(i) + s.rooms - 1) / s.rooms
	}
	return f.heard(ctx, members)
}

// heard returns when a push of every node reaches members connections of each
// client, no more and no less.
func (f *fixture) heard(ctx context.Context, members []int) error {
	all := 0
	for _, n := range members {
		all += n
	}
	try := max(300, all/2) // ms
	var came []int
	whole := 0
	for end := time.Now().Add(assembly); whole < len(f.nodes()); {
		if time.Now().After(end) {
			return fmt.Errorf("after %v a push reaches %v connections, and not %v", assembly, came, members)
		}
		for i, c := range f.clients {
			if _, err := c.Do(control.Task{Do: "arm", Frames: members[i]}); err != nil {
				return err
			}
		}
		if _, err := f.push(control.Order{Do: "push", Room: firstRoom, Count: 1, Bytes: message}); err != nil {
			return err
		}
		came = came[:0]
		for _, c := range f.clients {
			counted, err := c.Do(control.Task{Do: "wait", Limit: try})
			if err != nil {
				return err
			}
			came = append(came, counted.Frames)
		}
		if whole++; !slices.Equal(came, members) {
			whole = 0
			if err := ctx.Err(); err != nil {
				return err
			}
			time.Sleep(pause)
		}
	}
	return nil
}

// cluster makes setups of those kinds: conns connections on three nodes.
func (e *Env) cluster(conns int, names ...string) []setup {
	var out []setup
	for _, k := range e.clusters(names...) {
		s := setup{kind: k}
		if !k.Silent {
			s.conns, s.clients, s.rooms = conns, nodes, 1
		}
		out = append(out, s)
	}
	return out
}

// clusterFanout has each node push in its turn. Nodes apart push all at once, each
// to its own third of the room.
func clusterFanout(ctx context.Context, e *Env) error {
	return e.fan(ctx, "cluster-fanout", 21, e.cluster(audience, "wsgen-3", "wsgen-nats", "wsgen-redis", "centrifuge", "socketio-redis"),
		volley{bursts: 9, each: 1, bytes: message, room: firstRoom, expect: audience, apart: true})
}

// clusterBurst leaves centrifuge out: it puts several messages into a frame, which
// the client does not tell apart.
func clusterBurst(ctx context.Context, e *Env) error {
	return e.fan(ctx, "cluster-burst", 9, e.cluster(audience, "wsgen-3", "wsgen-nats", "wsgen-redis", "socketio-redis"),
		volley{bursts: 6, each: 10, bytes: message, room: firstRoom, expect: audience})
}

// clusterLatency measures pushes to a room with a connection on each node, beside
// the engine's own way from a publisher to a subscriber. All is idle in between.
func clusterLatency(ctx context.Context, e *Env) error {
	const row, each, gap = "cluster-latency", 20, 10_000
	fixtures := e.openAll(ctx, row, e.cluster(nodes, "wsgen-nats", "nats", "wsgen-redis", "redis", "centrifuge", "socketio-redis"))
	return e.interleave(ctx, row, 15, fixtures, func(f *fixture) (values, error) {
		o := control.Order{Do: "push", Room: firstRoom, Count: each, Gap: gap, Bytes: message}
		if f.kind.Silent {
			done, err := f.push(o)
			return values{"p50": float64(done.P50), "p99": float64(done.P99)}, err
		}
		var here, there, tail []float64
		for from := range f.nodes() {
			for _, c := range f.clients {
				if _, err := c.Do(control.Task{Do: "arm", Frames: each, DelayACK: true}); err != nil {
					return nil, err
				}
			}
			if _, err := f.nodes()[from].Do(o); err != nil {
				return nil, err
			}
			for at, c := range f.clients {
				counted, err := c.Do(control.Task{Do: "wait", Limit: int(late.Milliseconds())})
				if err != nil {
					return nil, err
				}
				if counted.Frames != each {
					return nil, fmt.Errorf("%d messages came, %d were pushed", counted.Frames, each)
				}
				if at == from {
					here = append(here, float64(counted.P50))
					continue
				}
				there, tail = append(there, float64(counted.P50)), append(tail, float64(counted.P99))
			}
		}
		return values{"p50": stats.Median(there), "p99": stats.Median(tail), "here": stats.Median(here)}, nil
	})
}

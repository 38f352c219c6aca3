package wsotel

import (
	"context"
	"errors"
	"slices"
	"sync"

	ws "github.com/wsgen/wsgen/runtime"
	"go.opentelemetry.io/otel/metric"
)

// watched are the servers whose numbers are collected.
type watched struct {
	mu      sync.Mutex
	servers []*ws.Server // guarded by mu

	callback metric.Registration
}

// stat is a number of ws.Stats as a metric.
type stat struct {
	name, unit, text string
	kind             kind
	of               func(*ws.Stats) int64

	ofCluster bool // a Server alone has none
}

// kind says how a number behaves.
type kind uint8

const (
	now     kind = iota // it goes up and down
	counted             // it goes up
	limit               // it is what another may go up to; 0 is no limit
)

// stats are all of them.
func stats() []stat {
	return slices.Concat(serverStats(), historyStats(), presenceStats(), clusterStats())
}

func serverStats() []stat {
	return []stat{
		{"connections", "{connection}", "Connections that are registered.", now, func(s *ws.Stats) int64 { return int64(s.Connections) }, false},
		{"admitted", "{connection}", "Connections that count towards the limit: also those that are being opened or closed.", now, func(s *ws.Stats) int64 { return int64(s.Admitted) }, false},
		{"admitted.limit", "{connection}", "How many may be admitted. There is none without a limit.", limit, func(s *ws.Stats) int64 { return int64(s.MaxConnections) }, false},
		{"rooms", "{room}", "Rooms with members.", now, func(s *ws.Stats) int64 { return int64(s.Rooms) }, false},
		{"outbox.size", "By", "Bytes that wait in outboxes.", now, func(s *ws.Stats) int64 { return s.Outboxes }, false},
		{"outbox.limit", "By", "How many bytes may wait in outboxes. There is none without a limit.", limit, func(s *ws.Stats) int64 { return s.MaxOutboxes }, false},
		{"draining", "{server}", "Servers whose Shutdown has begun.", now, func(s *ws.Stats) int64 { return one(s.Draining) }, false},
		{"opened", "{connection}", "Connections that were registered.", counted, func(s *ws.Stats) int64 { return int64(s.Opened) }, false},
		{"closed", "{connection}", "Connections that have left the registry.", counted, func(s *ws.Stats) int64 { return int64(s.Closed) }, false},
		{"received", "{message}", "Messages that were read.", counted, func(s *ws.Stats) int64 { return int64(s.Received) }, false},
		{"queued", "{frame}", "Frames that an outbox took, answers included.", counted, func(s *ws.Stats) int64 { return int64(s.Accepted) }, false},
		{"shed", "{frame}", "Pushes to one connection that its full outbox lost.", counted, func(s *ws.Stats) int64 { return int64(s.Shed) }, false},
		{"replaced", "{frame}", "Pushes that a later one with the same key replaced.", counted, func(s *ws.Stats) int64 { return int64(s.Replaced) }, false},
		{"slow", "{connection}", "Connections that were closed because they did not read.", counted, func(s *ws.Stats) int64 { return int64(s.Slow) }, false},
		{"silent", "{connection}", "Connections that were given up for their silence.", counted, func(s *ws.Stats) int64 { return int64(s.Silent) }, false},
		{"dropped", "{message}", "Messages that had no handler yet when their connection ended.", counted, func(s *ws.Stats) int64 { return int64(s.Dropped) }, false},
		{"refused", "{refusal}", "Handshakes, frames and messages that were refused.", counted, func(s *ws.Stats) int64 { return int64(s.Refused) }, false},
		{"unopened", "{refusal}", "Handshakes among them.", counted, func(s *ws.Stats) int64 { return int64(s.Unopened) }, false},
		{"detached", "{session}", "Sessions that have no socket.", now, func(s *ws.Stats) int64 { return int64(s.Detached) }, false},
		{"resumed", "{session}", "Sessions that went on with another socket.", counted, func(s *ws.Stats) int64 { return int64(s.Resumed) }, false},
		{"unresumed", "{session}", "Sessions that a client would have gone on with, and could not.", counted, func(s *ws.Stats) int64 { return int64(s.Unresumed) }, false},
	}
}

// clusterStats are those of a node of a cluster.
func clusterStats() (all []stat) {
	add := func(name, unit, text string, kind kind, of func(c *ws.ClusterStats) int64) {
		all = append(all, stat{"cluster." + name, unit, text, kind, func(s *ws.Stats) int64 { return of(&s.Cluster) }, true})
	}
	add("down", "{link}", "Links to the cluster's engine that do not work.", now, func(c *ws.ClusterStats) int64 { return one(!c.Up) })
	add("nodes", "{node}", "Members of the cluster that a node knows, itself included.", now, func(c *ws.ClusterStats) int64 { return int64(c.Nodes) })
	add("channels", "{channel}", "Channels of the engine that a node is subscribed to.", now, func(c *ws.ClusterStats) int64 { return int64(c.Channels) })
	add("waiting", "{message}", "Messages that wait for the engine.", now, func(c *ws.ClusterStats) int64 { return int64(c.Waiting) })
	add("outages", "{outage}", "How often a link to the engine has broken.", counted, func(c *ws.ClusterStats) int64 { return int64(c.Outages) })
	add("resets", "{link}", "Links that were made anew because all other nodes were silent.", counted, func(c *ws.ClusterStats) int64 { return int64(c.Resets) })
	add("published", "{message}", "Messages to other nodes that the engine took.", counted, func(c *ws.ClusterStats) int64 { return int64(c.Published) })
	add("received", "{message}", "Messages from other nodes that concern connections.", counted, func(c *ws.ClusterStats) int64 { return int64(c.Received) })
	add("shed", "{message}", "Messages that found no room in the queue to the engine.", counted, func(c *ws.ClusterStats) int64 { return int64(c.QueueShed) })
	add("late", "{message}", "Messages that waited for the engine for too long.", counted, func(c *ws.ClusterStats) int64 { return int64(c.QueueLate) })
	add("refused", "{message}", "Messages that the engine did not want.", counted, func(c *ws.ClusterStats) int64 { return int64(c.QueueRefused) })
	add("unsent", "{message}", "Messages that were left at Shutdown.", counted, func(c *ws.ClusterStats) int64 { return int64(c.QueueUnsent) })
	add("lost", "{message}", "Messages that were lost on the way from the engine.", counted, func(c *ws.ClusterStats) int64 { return int64(c.Lost) })
	add("unknown", "{message}", "Messages of another release that this one does not understand.", counted, func(c *ws.ClusterStats) int64 { return int64(c.Unknown) })
	add("malformed", "{message}", "Messages that no release sends.", counted, func(c *ws.ClusterStats) int64 { return int64(c.Malformed) })
	add("joins.unconfirmed", "{join}", "Joins whose reply went out before the engine knew of them.", counted, func(c *ws.ClusterStats) int64 { return int64(c.JoinsUnconfirmed) })
	add("answers.missing", "{answer}", "Answers of other nodes that did not come in time.", counted, func(c *ws.ClusterStats) int64 { return int64(c.QuestionsMissing) })
	return all
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// sum returns the number of all servers together, and whether there is one: a limit
// is none if one of them has none.
func (s *stat) sum(all []ws.Stats) (n int64, is bool) {
	for i := range all {
		if s.ofCluster && all[i].Cluster.Name == "" {
			continue
		}
		is = true
		of := s.of(&all[i])
		if s.kind == limit && of == 0 {
			return 0, false
		}
		n += of
	}
	return n, is
}

// register makes the instruments, and has them asked at each collection.
func (w *watched) register(meter metric.Meter) error {
	all := stats()
	instruments := make([]metric.Int64Observable, len(all))
	asked := make([]metric.Observable, len(all))
	var bad []error
	for i, s := range all {
		name, unit, text := "wsgen.server."+s.name, metric.WithUnit(s.unit), metric.WithDescription(s.text)
		var err error
		if s.kind == counted {
			instruments[i], err = meter.Int64ObservableCounter(name, unit, text)
		} else {
			instruments[i], err = meter.Int64ObservableUpDownCounter(name, unit, text)
		}
		asked[i] = instruments[i]
		bad = append(bad, err)
	}
	var err error
	w.callback, err = meter.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		now := w.read()
		for i := range all {
			if n, is := all[i].sum(now); is {
				to.ObserveInt64(instruments[i], n)
			}
		}
		return nil
	}, asked...)
	return errors.Join(append(bad, err)...)
}

// read returns the numbers of all servers.
func (w *watched) read() []ws.Stats {
	w.mu.Lock()
	servers := slices.Clone(w.servers)
	w.mu.Unlock()
	all := make([]ws.Stats, len(servers))
	for i, s := range servers {
		all[i] = s.Stats()
	}
	return all
}

func (w *watched) add(servers []*ws.Server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range servers {
		if s != nil && !slices.Contains(w.servers, s) {
			w.servers = append(w.servers, s)
		}
	}
}

func (w *watched) end() error {
	w.mu.Lock()
	w.servers = nil
	w.mu.Unlock()
	return w.callback.Unregister()
}

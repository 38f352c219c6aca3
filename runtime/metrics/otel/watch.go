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
	return []stat{
		{"connections", "{connection}", "Connections that are registered.", now, func(s *ws.Stats) int64 { return int64(s.Connections) }},
		{"admitted", "{connection}", "Connections that count towards the limit: also those that are being opened or closed.", now, func(s *ws.Stats) int64 { return int64(s.Admitted) }},
		{"admitted.limit", "{connection}", "How many may be admitted. There is none without a limit.", limit, func(s *ws.Stats) int64 { return int64(s.MaxConnections) }},
		{"rooms", "{room}", "Rooms with members.", now, func(s *ws.Stats) int64 { return int64(s.Rooms) }},
		{"outbox.size", "By", "Bytes that wait in outboxes.", now, func(s *ws.Stats) int64 { return s.Outboxes }},
		{"outbox.limit", "By", "How many bytes may wait in outboxes. There is none without a limit.", limit, func(s *ws.Stats) int64 { return s.MaxOutboxes }},
		{"draining", "{server}", "Servers whose Shutdown has begun.", now, func(s *ws.Stats) int64 { return one(s.Draining) }},
		{"opened", "{connection}", "Connections that were registered.", counted, func(s *ws.Stats) int64 { return int64(s.Opened) }},
		{"closed", "{connection}", "Connections that have left the registry.", counted, func(s *ws.Stats) int64 { return int64(s.Closed) }},
		{"received", "{message}", "Messages that were read.", counted, func(s *ws.Stats) int64 { return int64(s.Received) }},
		{"queued", "{frame}", "Frames that an outbox took, answers included.", counted, func(s *ws.Stats) int64 { return int64(s.Accepted) }},
		{"shed", "{frame}", "Pushes to one connection that its full outbox lost.", counted, func(s *ws.Stats) int64 { return int64(s.Shed) }},
		{"replaced", "{frame}", "Pushes that a later one with the same key replaced.", counted, func(s *ws.Stats) int64 { return int64(s.Replaced) }},
		{"slow", "{connection}", "Connections that were closed because they did not read.", counted, func(s *ws.Stats) int64 { return int64(s.Slow) }},
		{"silent", "{connection}", "Connections that were given up for their silence.", counted, func(s *ws.Stats) int64 { return int64(s.Silent) }},
		{"dropped", "{message}", "Messages that had no handler yet when their connection ended.", counted, func(s *ws.Stats) int64 { return int64(s.Dropped) }},
		{"refused", "{refusal}", "Handshakes, frames and messages that were refused.", counted, func(s *ws.Stats) int64 { return int64(s.Refused) }},
		{"unopened", "{refusal}", "Handshakes among them.", counted, func(s *ws.Stats) int64 { return int64(s.Unopened) }},
	}
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
		of := s.of(&all[i])
		if s.kind == limit && of == 0 {
			return 0, false
		}
		n += of
	}
	return n, len(all) > 0
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

// Package share tells the nodes of the demo what each of them knows. It stands for the database, or the
// cache, that an application of several nodes has: wsgen carries pushes to connections, and what a
// program keeps besides is the program's.
package share

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker"
)

const (
	cluster = "live-state" // it is another than the Servers', whose messages it must not hear
	channel = "state"
	// most is how many messages may wait for the engine. The oldest are dropped beyond it.
	most = 1024
	// within is how long the engine may take for anything.
	within = 2 * time.Second
)

// Message is what one node tells the others.
type Message struct {
	From ws.NodeID       `json:"from"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// Link is a node's way to the others. Its methods are safe for concurrent use, and wait for nobody.
type Link struct {
	self  ws.NodeID
	heard func(Message)
	up    func()
	wake  chan struct{}

	mu      sync.Mutex
	waiting []broker.Outgoing // guarded by mu
}

// New returns the link of the node self. It calls heard with what others tell, one message at a time,
// and up when messages may have been missed before. Both return soon.
func New(self ws.NodeID, heard func(Message), up func()) *Link {
	return &Link{self: self, heard: heard, up: up, wake: make(chan struct{}, 1)}
}

// Tell tells the other nodes something. Until Run has a link to the engine it waits.
func (l *Link) Tell(kind string, data any) {
	text, err := json.Marshal(data)
	if err == nil {
		text, err = json.Marshal(Message{l.self, kind, text})
	}
	if err != nil {
		slog.Error("other nodes were not told", "kind", kind, "error", err)
		return
	}
	l.mu.Lock()
	if len(l.waiting) == most {
		l.waiting = l.waiting[1:]
	}
	l.waiting = append(l.waiting, broker.Outgoing{Channel: channel, Data: text})
	l.mu.Unlock()
	l.stir()
}

func (l *Link) stir() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run carries messages over b until ctx ends.
func (l *Link) Run(ctx context.Context, b ws.Broker) {
	link, err := b.Open(cluster, receiver{l})
	if err != nil {
		slog.Error("this node hears nothing of the others' state", "error", err)
		return
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
		defer cancel()
		_ = link.Close(end)
	}()
	// While the link is down that is an error, and done as soon as it is up.
	subscribing, cancel := context.WithTimeout(ctx, within)
	_ = link.Subscribe(subscribing, []string{channel})
	cancel()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			l.flush(ctx, link)
		}
	}
}

// flush publishes what waits. What the engine does not take waits until the link is up again, but for a
// message that it will never take.
func (l *Link) flush(ctx context.Context, link broker.Link) {
	l.mu.Lock()
	batch := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for len(batch) > 0 {
		if len(batch[0].Data) > link.MaxMessage() {
			slog.Error("other nodes were not told: the message is too large", "bytes", len(batch[0].Data))
			batch = batch[1:]
			continue
		}
		taken, err := link.Publish(ctx, batch)
		batch = batch[taken:]
		if err != nil {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(batch, l.waiting...)
}

// receiver hears the others.
type receiver struct{ l *Link }

// Up implements broker.Receiver.
func (r receiver) Up() {
	r.l.up()
	r.l.stir()
}

// Down implements broker.Receiver. The Servers log it.
func (receiver) Down(error) {}

// Lost implements broker.Receiver. Those who were not heard are asked again.
func (r receiver) Lost(int, ...string) { r.l.up() }

// Deliver implements broker.Receiver.
func (r receiver) Deliver(d broker.Delivery) {
	var m Message
	if err := json.Unmarshal(d.Data, &m); err != nil {
		slog.Warn("a message of another node is none", "error", err)
		return
	}
	if m.From != r.l.self {
		r.l.heard(m)
	}
}

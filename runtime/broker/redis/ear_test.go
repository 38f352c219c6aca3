package redisbroker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
)

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// node is a Link with a Receiver that notes what it is told.
type node struct {
	t    *testing.T
	link broker.Link

	mu      sync.Mutex
	changed chan struct{}       // guarded by mu; closed when anything is told
	said    []string            // guarded by mu; "up", or "down: " and why
	heard   map[string][]string // guarded by mu
	lost    int                 // guarded by mu
	stuck   chan struct{}       // Deliver waits for it
}

// open opens a link of cluster "main", which is closed with the test.
func open(t *testing.T, b broker.Broker) *node { return openStuck(t, b, nil) }

func openStuck(t *testing.T, b broker.Broker, stuck chan struct{}) *node {
	t.Helper()
	n := &node{t: t, changed: make(chan struct{}), heard: make(map[string][]string), stuck: stuck}
	link, err := b.Open("main", n)
	if err != nil {
		t.Fatal(err)
	}
	n.link = link
	t.Cleanup(n.close)
	return n
}

func (n *node) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.link.Close(ctx); err != nil {
		n.t.Errorf("Close: %v", err)
	}
}

func (n *node) note(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
	close(n.changed)
	n.changed = make(chan struct{})
}

func (n *node) Up() { n.note(func() { n.said = append(n.said, "up") }) }
func (n *node) Down(cause error) {
	n.note(func() { n.said = append(n.said, "down: "+cause.Error()) })
}
func (n *node) Lost(lost int, _ ...string) { n.note(func() { n.lost += lost }) }
func (n *node) Deliver(d broker.Delivery) {
	n.note(func() { n.heard[d.Channel] = append(n.heard[d.Channel], string(d.Data)) })
	if n.stuck != nil {
		<-n.stuck
	}
}

// until waits for a condition, which is asked with mu held.
func (n *node) until(what string, is func() bool) {
	n.t.Helper()
	limit := time.After(patience)
	for {
		n.mu.Lock()
		ok, changed := is(), n.changed
		n.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			n.mu.Lock()
			defer n.mu.Unlock()
			n.t.Fatalf("in %v this has not come: %s; said: %q; lost: %d", patience, what, n.said, n.lost)
		}
	}
}

// isUp waits until the link is up, and was up so many times.
func (n *node) isUp(times int) {
	n.t.Helper()
	n.until(fmt.Sprintf("Up, for the %d. time", times), func() bool {
		ups := 0
		for _, s := range n.said {
			if s == "up" {
				ups++
			}
		}
		return ups >= times && n.said[len(n.said)-1] == "up"
	})
}

// isDown waits until the link is down, or was, because of something.
func (n *node) wasDown(cause string) {
	n.t.Helper()
	n.until("Down because of "+cause, func() bool {
		return slices.ContainsFunc(n.said, func(s string) bool { return strings.HasPrefix(s, "down: ") && strings.Contains(s, cause) })
	})
}

func (n *node) subscribe(channels ...string) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	if err := n.link.Subscribe(ctx, channels); err != nil {
		n.t.Fatalf("Subscribe: %v", err)
	}
}

func (n *node) publish(channel string, texts ...string) {
	n.t.Helper()
	batch := make([]broker.Outgoing, len(texts))
	for i, text := range texts {
		batch[i] = broker.Outgoing{Channel: channel, Data: []byte(text)}
	}
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	if sent, err := n.link.Publish(ctx, batch); sent != len(batch) || err != nil {
		n.t.Fatalf("Publish: %d of %d, %v", sent, len(batch), err)
	}
}

// hears waits for a message that was heard once.
func (n *node) hears(channel, text string) {
	n.t.Helper()
	n.until(fmt.Sprintf("%q on %s", text, channel), func() bool { return slices.Contains(n.heard[channel], text) })
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := slices.Index(n.heard[channel], text); slices.Contains(n.heard[channel][i+1:], text) {
		n.t.Errorf("%q was heard twice on %s", text, channel)
	}
}

// timed returns a Broker that probes soon, and looks for other servers sooner.
func timed(o redisbroker.Options) broker.Broker {
	return redisbroker.NewTimed(o, time.Second, 300*time.Millisecond)
}

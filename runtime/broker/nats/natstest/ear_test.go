package natstest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
)

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// ear is a Receiver that remembers.
type ear struct {
	t    *testing.T
	link broker.Link

	mu      sync.Mutex
	changed chan struct{}  // closed when anything is heard
	ups     int            // guarded by mu
	downs   []string       // guarded by mu; causes
	heard   map[string]int // guarded by mu; messages by channel
	lost    int            // guarded by mu
}

// open opens a Link that is closed with the test.
func open(t *testing.T, b broker.Broker) *ear {
	t.Helper()
	e := &ear{t: t, changed: make(chan struct{}), heard: make(map[string]int)}
	link, err := b.Open("main", e)
	if err != nil {
		t.Fatal(err)
	}
	e.link = link
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := link.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return e
}

// up opens a Link, and waits for Up.
func up(t *testing.T, b broker.Broker) *ear {
	t.Helper()
	e := open(t, b)
	e.until("Up", func() bool { return e.ups == 1 })
	return e
}

func (e *ear) hears(what func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	what()
	close(e.changed)
	e.changed = make(chan struct{})
}

func (e *ear) Up()                       { e.hears(func() { e.ups++ }) }
func (e *ear) Down(cause error)          { e.hears(func() { e.downs = append(e.downs, cause.Error()) }) }
func (e *ear) Deliver(d broker.Delivery) { e.hears(func() { e.heard[d.Channel]++ }) }
func (e *ear) Lost(n int, _ ...string)   { e.hears(func() { e.lost += n }) }

// until waits for a condition, which is asked with mu held.
func (e *ear) until(what string, is func() bool) {
	e.t.Helper()
	limit := time.After(patience)
	for {
		e.mu.Lock()
		ok, changed, downs := is(), e.changed, fmt.Sprint(e.downs)
		e.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			e.t.Fatalf("in %v this has not come: %s; Down was %s", patience, what, downs)
		}
	}
}

// down waits for the first Down, and returns why.
func (e *ear) down() (why string) {
	e.t.Helper()
	e.until("Down", func() bool {
		if len(e.downs) > 0 {
			why = e.downs[0]
		}
		return len(e.downs) > 0
	})
	return why
}

func (e *ear) publish(channel string) {
	e.t.Helper()
	if n, err := e.link.Publish(e.within(), []broker.Outgoing{{Channel: channel, Data: []byte("x")}}); n != 1 || err != nil {
		e.t.Fatalf("Publish: %d, %v", n, err)
	}
}

func (e *ear) subscribe(channels ...string) {
	e.t.Helper()
	if err := e.link.Subscribe(e.within(), channels); err != nil {
		e.t.Fatalf("Subscribe: %v", err)
	}
}

func (e *ear) within() context.Context {
	ctx, cancel := context.WithTimeout(e.t.Context(), patience)
	e.t.Cleanup(cancel)
	return ctx
}

// page is a log that can be read.
type page struct {
	wrote chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
}

func newPage() *page { return &page{wrote: make(chan struct{}, 100)} }

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.wrote <- struct{}{}:
	default:
	}
	return p.text.Write(b)
}

// once waits for a line with all of these words, and complains about a second one.
func (p *page) once(t *testing.T, words ...string) {
	t.Helper()
	for limit := time.After(patience); p.count(words...) == 0; {
		select {
		case <-p.wrote:
		case <-limit:
			t.Fatalf("in %v the log has no line with %q", patience, words)
		}
	}
	if n := p.count(words...); n > 1 {
		t.Errorf("the log has %d lines with %q", n, words)
	}
}

func (p *page) logger() *slog.Logger { return slog.New(slog.NewTextHandler(p, nil)) }

// count returns how many lines have all of these words.
func (p *page) count(words ...string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
lines:
	for line := range strings.Lines(p.text.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		n++
	}
	return n
}

// leads returns a Broker that leads to a URL.
func leads(url string, o natsbroker.Options) broker.Broker {
	o.URL = url
	o.Connect = quick(o.Connect...)
	return natsbroker.New(o)
}

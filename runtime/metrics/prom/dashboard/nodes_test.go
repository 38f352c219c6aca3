package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	"github.com/wsgen/wsgen/runtime/broker/memory"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/demo"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// inCluster are the options of a site that is in a cluster of two nodes.
var inCluster = ws.Cluster{Name: "chat"}

// cluster is what surrounds a site in one: an engine, the site's link to it, and
// another node, which is scraped, too, until it has died.
type cluster struct {
	engine        *memory.Broker
	full          atomic.Bool // the engine has no room for what is to be kept
	link, farLink *brokertest.FaultyBroker
	far           *ws.Server
	farNotes      ws.Push[demo.Notes]
	farMetrics    http.Handler
	died          bool
}

const farInstance = "chat-2:8080"

// join makes the site's server a node.
func (s *site) join(o ws.Options) {
	c := &cluster{engine: memory.New()}
	s.cluster = c
	c.link, c.farLink = brokertest.Faulty(picky{c.engine, &c.full}, brokertest.Faults{}), brokertest.Faulty(c.engine, brokertest.Faults{})
	o.Cluster.Broker = c.link
	metrics := prom.New(prom.Options{})
	two := ws.Options{
		OutboxTotalBytes: o.OutboxTotalBytes, Logger: slog.New(slog.DiscardHandler), Observer: metrics.Observer(),
		Cluster: ws.Cluster{Name: o.Cluster.Name, Broker: c.farLink},
	}
	nodes := wstest.Run(s.t, 2, o, two)
	s.Server, c.far = nodes[0], nodes[1]
	c.farMetrics, c.farNotes = exported(metrics, c.far), demo.NewNotesPush(c.far)
}

// die has the other node vanish, as if it was killed.
func (s *site) die() {
	s.farLink.Cut()
	s.died = true
	s.scrapes.Gone(s.last, farInstance)
}

// sayOdd publishes what no node understands: of a release to come, or of nobody.
func (s *site) sayOdd(text string) {
	s.t.Helper()
	ctx := context.Background()
	link, err := s.engine.Open(inCluster.Name, nobody{})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := link.Publish(ctx, []broker.Outgoing{{Channel: "a", Data: []byte(text)}}); err != nil {
		s.t.Fatal(err)
	}
	if err := link.Close(ctx); err != nil {
		s.t.Fatal(err)
	}
}

const (
	ofAnotherRelease = "W\x63 and what comes then"
	ofNobody         = "hello?"
)

// nobody takes nothing.
type nobody struct{}

func (nobody) Up()                     {}
func (nobody) Down(error)              {}
func (nobody) Deliver(broker.Delivery) {}
func (nobody) Lost(int, ...string)     {}

// picky is an engine that does not take some messages, and keeps none while it is full.
type picky struct {
	broker.Broker
	full *atomic.Bool
}

// unwanted is the text of those.
const unwanted = "nobody wants this"

func (p picky) Open(name string, r broker.Receiver) (broker.Link, error) {
	link, err := p.Broker.Open(name, r)
	if err != nil {
		return nil, err
	}
	return pickyLink{link.(broker.Keeper), p.full}, nil
}

type pickyLink struct {
	broker.Keeper
	full *atomic.Bool
}

func (l pickyLink) Publish(ctx context.Context, batch []broker.Outgoing) (int, error) {
	for i, out := range batch {
		if bytes.Contains(out.Data, []byte(unwanted)) {
			sent, err := l.Keeper.Publish(ctx, batch[:i])
			if err == nil {
				err = broker.ErrTooLarge
			}
			return sent, err
		}
	}
	return l.Keeper.Publish(ctx, batch)
}

func (l pickyLink) Keep(ctx context.Context, batch []broker.Kept) []broker.Outcome {
	if !l.full.Load() {
		return l.Keeper.Keep(ctx, batch)
	}
	out := make([]broker.Outcome, len(batch))
	for i := range out {
		out[i].Err = broker.ErrUnavailable
	}
	return out
}

// clusterTroubles come one after the other, as the others do.
func (s *site) clusterTroubles(n, minute int) {
	if n%2 == 0 {
		_, _ = s.far.Broadcast("news", n)
	}
	nobody := s.push.Users("nobody here")
	switch n {
	case 2 * 60: // replies wait, and then go without
		s.link.Set(brokertest.Faults{Slow: 3 * time.Second})
	case 2*60 + 20:
		for range 300 {
			nobody.Said(demo.Line{Text: "hi"})
		}
	case 3 * 60:
		s.link.Set(brokertest.Faults{})
	case 5 * 60:
		s.link.Cut()
	case 5*60 + 40:
		s.link.Heal()
	case 7 * 60:
		s.farLink.Cut() // and so it is silent
	case 7*60 + 3:
		ctx, stop := context.WithTimeout(context.Background(), 200*time.Millisecond)
		s.All().Across(ctx, nil).Count()
		stop()
	case 7*60 + 40:
		s.farLink.Heal()
	case 10 * 60:
		s.link.Set(brokertest.Faults{Loss: .1})
	case 12 * 60:
		s.link.Set(brokertest.Faults{})
	case 17 * 60: // a node comes for a while
		third := wstest.Run(s.t, 1, ws.Options{Cluster: ws.Cluster{Name: inCluster.Name, Broker: s.engine}})[0]
		s.pass(20 * time.Second)
		_ = third.Shutdown(context.Background())
	}
	switch {
	case minute == 13 && n%15 == 0:
		nobody.Said(demo.Line{Text: unwanted})
	case minute == 14 && n%10 == 0:
		s.sayOdd(ofAnotherRelease)
	case minute == 15 && n%10 == 0:
		s.sayOdd(ofNobody)
	}
}

package app

import (
	"context"
	"math"
	"time"

	"github.com/wsgen/wsgen/examples/live/chat"
	"github.com/wsgen/wsgen/examples/live/flood"
	"github.com/wsgen/wsgen/examples/live/notify"
	ws "github.com/wsgen/wsgen/runtime"
)

// countEvery is the time between two pushes of the counters.
const countEvery = time.Second

// Counters is a scheduled job: it reads what the registries count, and tells those who watch.
type Counters struct {
	Server   *ws.Server
	Flood    *flood.FloodServer
	Notify   *notify.NotifyServer
	Watchers *chat.Watchers
}

// Run tells the counters once a second until ctx ends. They are read also while nobody watches, so that
// who begins to is told of the last second at once.
func (c *Counters) Run(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	last, before := time.Now(), c.sum()
	c.Watchers.Tell(counters(before, before, countEvery))
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now, sum := time.Now(), c.sum()
			c.Watchers.Tell(counters(before, sum, now.Sub(last)))
			last, before = now, sum
		}
	}
}

// sum adds up what the registries have counted.
func (c *Counters) sum() ws.Stats {
	sum := ws.Stats{}
	limited := true
	for _, s := range []ws.Stats{c.Server.Stats(), c.Flood.Stats(), c.Notify.Stats()} {
		sum.Connections += s.Connections
		sum.Rooms += s.Rooms
		sum.Received += s.Received
		sum.Accepted += s.Accepted
		sum.Shed += s.Shed
		sum.Refused += s.Refused
		sum.Outboxes += s.Outboxes
		sum.MaxOutboxes += s.MaxOutboxes
		limited = limited && s.MaxOutboxes > 0
	}
	if !limited {
		sum.MaxOutboxes = 0
	}
	return sum
}

// counters returns what is told of the time in which the registries went from before to now.
func counters(before, now ws.Stats, passed time.Duration) chat.Counters {
	perSecond := func(n uint64) uint64 { return uint64(math.Round(float64(n) / passed.Seconds())) }
	return chat.Counters{
		Connections: now.Connections,
		Rooms:       now.Rooms,
		In:          perSecond(now.Received - before.Received),
		Out:         perSecond(now.Accepted - before.Accepted),
		Shed:        now.Shed,
		Refused:     now.Refused,
		Waiting:     now.Outboxes,
		Limit:       now.MaxOutboxes,
	}
}

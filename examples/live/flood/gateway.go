package flood

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

const (
	outboxFrames = 32      // fewer than usual, so that an outbox is full soon
	mostDrops    = 4000    // of a burst
	fillBytes    = 8 << 10 // of a drop: sockets buffer some megabytes before a slow reader is felt
	together     = 40      // drops are pushed at once,
	pause        = 10 * time.Millisecond
)

// Burst is a client's request: so many pushes, and what shall become of those that its outbox has no
// room for.
type Burst struct {
	Count  int    `json:"count"`
	Policy string `json:"policy"` // shed_newest, shed_oldest, close_slow, coalesce
}

// Validate implements the interface that wsgen looks for.
func (b Burst) Validate() error {
	refused := ws.NewError(ws.CodeValidationFailed, "there is no such burst")
	if b.Count < 1 || b.Count > mostDrops {
		return refused.WithDetails(ws.Detail{Path: "/count", Rule: "range", Param: "1-4000"})
	}
	switch b.Policy {
	case "shed_newest", "shed_oldest", "close_slow", "coalesce":
		return nil
	}
	return refused.WithDetails(ws.Detail{Path: "/policy", Rule: "oneof", Param: "shed_newest shed_oldest close_slow coalesce"})
}

// Report is what became of a burst, as the registry counted it. Pushes that were neither shed nor
// replaced are delivered.
type Report struct {
	Pushed   int `json:"pushed"`
	Shed     int `json:"shed"`
	Replaced int `json:"replaced"`
}

// FloodGateway serves /flood to anonymous clients. Safe for concurrent use.
//
//ws:gateway /flood namespace=FloodServer
//ws:public
type FloodGateway struct {
	server *FloodServer
	push   ws.Push[Drops]
	fill   string

	// busy is held during a burst, so that the registry counts the pushes of one at a time.
	busy sync.Mutex
}

// NewFloodGateway returns the gateway of server.
func NewFloodGateway(server *FloodServer, push ws.Push[Drops]) *FloodGateway {
	return &FloodGateway{server: server, push: push, fill: strings.Repeat("~", fillBytes)}
}

// Configure makes outboxes small.
//
//ws:configure
func (g *FloodGateway) Configure(o *ws.Options) { o.OutboxFrames = outboxFrames }

// Burst pushes to the caller, faster than a slow one reads, and then answers what became of it. The
// answer is a reply: it waits for room, whatever the policy.
//
//ws:subscribe burst
func (g *FloodGateway) Burst(ctx context.Context, c *ws.Client, b Burst) (Report, error) {
	if !g.busy.TryLock() {
		return Report{}, ws.NewError(ws.CodeUnavailable, "another burst is under way, try again")
	}
	defer g.busy.Unlock()
	push, before := g.to(c, b.Policy), g.server.Stats()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for n := 1; n <= b.Count; n++ {
		if _, err := push.Drop(Drop{N: n, Fill: g.fill}); err != nil && !errors.Is(err, ws.ErrFull) { // the demo is about full outboxes
			return Report{}, err
		}
		if n%together > 0 {
			continue
		}
		select {
		case <-ctx.Done(): // gone, or closed by the policy
			return Report{}, ctx.Err()
		case <-tick.C:
		}
	}
	after := g.server.Stats()
	return Report{b.Count, int(after.Shed - before.Shed), int(after.Replaced - before.Replaced)}, nil
}

// to addresses the caller, with a policy for its full outbox.
func (g *FloodGateway) to(c *ws.Client, policy string) Drops {
	switch policy {
	case "shed_oldest":
		return g.push.Overflow(ws.ShedOldest).Client(c)
	case "close_slow":
		return g.push.Overflow(ws.CloseSlow).Client(c)
	case "coalesce":
		return g.push.Coalesce("drop").Client(c)
	default:
		return g.push.Overflow(ws.ShedNewest).Client(c)
	}
}

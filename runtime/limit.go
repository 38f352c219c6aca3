package ws

import (
	"time"

	"github.com/wsgen/wsgen/runtime/internal/rates"
)

// defaultRefreshRate is the rate of $refresh, which asks the connection
// guards. It allows some at once, as when a page comes back to life, and then
// one in 5 s, which is more often than any token expires.
var defaultRefreshRate = Rate{PerSecond: 0.2, Burst: 5}

// ratesOf returns the rates of a gateway's messages, nil if it limits none,
// and those of $refresh, whose index stands behind the gateway's handlers.
func ratesOf(o *Options, handlers []Handler) (messages, refresh *rates.Set) {
	events := make(map[int]rates.Rate)
	for i := range handlers {
		if of := o.EventRates[handlers[i].Event]; of.limits() {
			events[i] = rates.Rate(of)
		}
	}
	of, said := o.EventRates[refreshEvent]
	limited := o.ConnRate.limits() || o.PrincipalRate.limits() || len(events) > 0 || of.limits()
	if !said {
		of = defaultRefreshRate
	}
	if of.limits() {
		events[len(handlers)] = rates.Rate(of)
	}
	set := &rates.Set{Conn: rates.Rate(o.ConnRate), Principal: rates.Rate(o.PrincipalRate), Events: events}
	if limited {
		return set, set
	}
	return nil, set
}

// limited charges a message to the rates of its gateway, or a $refresh to
// those of $refresh. It returns the refusal if one is used up, and closes a
// connection that goes on nevertheless. Read goroutine only.
func (c *conn) limited(handler int) error {
	set, refresh := c.endpoint.rates, handler == len(c.endpoint.spec.Handlers)
	if refresh {
		set = c.endpoint.refreshes
	}
	id := c.identity
	if id == nil {
		return nil // and nothing to refresh
	}
	if id.usage == nil {
		id.usage = set.New(c.identity.userID(), &c.endpoint.server.principals)
	}
	wait := id.usage.Take(set, handler, time.Now())
	if wait == 0 {
		if !refresh { // the guards will say
			id.usage.Forgive()
		}
		return nil
	}
	c.strike()
	return &Error{Code: CodeRateLimited, Message: "too many messages", RetryAfter: wait}
}

// strike counts a strike, and closes a connection that has more than
// MaxRateStrikes.
func (c *conn) strike() {
	if c.identity.usage.Strike() > c.endpoint.opts.MaxRateStrikes {
		c.close(abuseCause)
	}
}

// leaveRates lets go of the rate of the principal. It is called when the
// connection is gone.
func (c *conn) leaveRates() {
	if c.identity != nil && c.identity.usage != nil {
		c.identity.usage.Leave()
	}
}

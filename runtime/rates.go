package ws

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: Burst times at once, and PerSecond
// times a second for ever (a token bucket). The zero Rate is no limit.
type Rate struct {
	// PerSecond is the average; a fraction is fine. Zero or less is no limit.
	PerSecond float64
	// Burst is how many may come at once after a pause. Default: PerSecond
	// rounded up. Without PerSecond it means nothing.
	Burst int
}

func (r Rate) limits() bool { return r.PerSecond > 0 }

// burst returns Burst, or its default.
func (r Rate) burst() int {
	if r.Burst > 0 {
		return r.Burst
	}
	return max(1, int(min(math.Ceil(r.PerSecond), math.MaxInt32)))
}

func (r Rate) limiter() *rate.Limiter { return rate.NewLimiter(rate.Limit(r.PerSecond), r.burst()) }

// rates are what a gateway limits.
type rates struct {
	conn, principal Rate
	events          map[int]Rate // by handler
}

// defaultRefreshRate is that of $refresh, which asks the connection guards: some
// at once, as when a page comes back to life, and then less often than any
// token expires.
var defaultRefreshRate = Rate{PerSecond: 0.2, Burst: 5}

// ratesOf returns the rates of a gateway's messages; nil if it limits none; and
// those of $refresh, which is the handler behind those of the gateway.
func ratesOf(o *Options, handlers []Handler) (messages, refresh *rates) {
	r := rates{conn: o.ConnRate, principal: o.PrincipalRate}
	events := make(map[int]Rate)
	for i := range handlers {
		if of := o.EventRates[handlers[i].Event]; of.limits() {
			events[i] = of
		}
	}
	of, said := o.EventRates[refreshEvent]
	limited := r.conn.limits() || r.principal.limits() || len(events) > 0 || of.limits()
	if !said {
		of = defaultRefreshRate
	}
	if of.limits() {
		events[len(handlers)] = of
	}
	r.events = events
	if limited {
		return &r, &r
	}
	return nil, &r
}

// limiter is what one connection has used of its gateway's rates. It belongs
// to the read goroutine, but for what is atomic.
type limiter struct {
	conn    *rate.Limiter
	events  map[int]*rate.Limiter
	quota   *quota       // nil: nobody known, or no rate
	strikes atomic.Int32 // of a refresh that is refused, too, by whoever runs it
}

// limiter returns the connection's, made with its first message.
func (c *conn) limiter(r *rates) *limiter {
	id := c.identity
	if id.limiter == nil {
		id.limiter = new(limiter)
		if r.conn.limits() {
			id.limiter.conn = r.conn.limiter()
		}
		if user := c.userID(); user != "" && r.principal.limits() {
			id.limiter.quota = c.server.quotas.acquire(user, r.principal)
		}
	}
	return id.limiter
}

// limited takes a message's part of the rates, the event's first: what one
// event may not, costs the connection and the principal nothing. It returns
// the refusal if one is used up, and closes a connection that goes on
// nevertheless. The gateway has rates, or it is a refresh.
func (c *conn) limited(handler int) error {
	r, refresh := c.endpoint.rates, handler == len(c.endpoint.spec.Handlers)
	if refresh {
		r = c.endpoint.refreshes
	}
	if c.identity == nil {
		return nil // and nothing to refresh
	}
	l, now := c.limiter(r), time.Now()
	wait := time.Duration(0)
	if of, ok := r.events[handler]; ok {
		if l.events[handler] == nil {
			if l.events == nil {
				l.events = make(map[int]*rate.Limiter)
			}
			l.events[handler] = of.limiter()
		}
		wait = take(l.events[handler], now)
	}
	if wait == 0 && l.conn != nil {
		wait = take(l.conn, now)
	}
	if wait == 0 && l.quota != nil {
		wait = take(l.quota.limiter, now)
	}
	if wait == 0 {
		if !refresh { // the guards will say
			l.forgive()
		}
		return nil
	}
	c.strike()
	return &Error{Code: CodeRateLimited, Message: "too many messages", RetryAfter: wait}
}

// strike counts what was refused, and closes a connection that has too much of
// it.
func (c *conn) strike() {
	if int(c.identity.limiter.strikes.Add(1)) > c.endpoint.opts.MaxRateStrikes {
		c.close(abuseCause)
	}
}

// forgive takes one strike back.
func (l *limiter) forgive() {
	if n := l.strikes.Load(); n > 0 {
		l.strikes.CompareAndSwap(n, n-1) // else there is another, which counts
	}
}

// take takes one from a limiter, or returns after how many whole milliseconds
// there will be one.
func take(l *rate.Limiter, now time.Time) time.Duration {
	if l.AllowN(now, 1) {
		return 0
	}
	wait := time.Duration((1 - l.TokensAt(now)) / float64(l.Limit()) * float64(time.Second))
	return max(wait+time.Millisecond-1, time.Millisecond).Truncate(time.Millisecond)
}

// leaveQuota is called when the connection is gone.
func (c *conn) leaveQuota() {
	if c.identity != nil && c.identity.limiter != nil && c.identity.limiter.quota != nil {
		c.server.quotas.release(c.identity.limiter.quota)
	}
}

// quotas are what principals have used of their rate, over all connections of
// a Server. One is kept until nobody uses it and it is as good as new:
// connecting again gains nothing.
type quotas struct {
	mu   sync.Mutex
	byID map[string]*quota
}

type quota struct {
	id      string
	limiter *rate.Limiter
	conns   int // guarded by quotas.mu
}

func (q *quotas) acquire(id string, of Rate) *quota {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sweep()
	u := q.byID[id]
	if u == nil {
		if q.byID == nil {
			q.byID = make(map[string]*quota)
		}
		u = &quota{id: id, limiter: of.limiter()}
		q.byID[id] = u
	}
	u.conns++
	return u
}

func (q *quotas) release(u *quota) {
	q.mu.Lock()
	defer q.mu.Unlock()
	u.conns--
	q.sweep()
}

// sweep forgets some that are as good as new. Each visit looks at more than
// it may add, so what nobody uses does not pile up.
func (q *quotas) sweep() {
	now, looked := time.Now(), 0
	for id, u := range q.byID {
		if u.conns == 0 && u.limiter.TokensAt(now) >= float64(u.limiter.Burst()) {
			delete(q.byID, id)
		}
		if looked++; looked == 8 {
			return
		}
	}
}

// Package rates limits how often something may happen, by token buckets: of a
// connection, of each of its events, and of a principal over all connections.
package rates

import (
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: Burst times at once, and PerSecond
// times a second for ever. The zero Rate is no limit.
type Rate struct {
	// PerSecond is the average. Zero or less is no limit.
	PerSecond float64
	// Burst is how many may come at once after a pause. Zero or less is
	// PerSecond rounded up.
	Burst int
}

// Limits reports whether there is a limit.
func (r Rate) Limits() bool { return r.PerSecond > 0 }

// Size returns Burst, or its default: how many tokens the bucket holds.
func (r Rate) Size() int {
	if r.Burst > 0 {
		return r.Burst
	}
	return max(1, int(min(math.Ceil(r.PerSecond), math.MaxInt32)))
}

// bucket returns a full bucket.
func (r Rate) bucket() *rate.Limiter { return rate.NewLimiter(rate.Limit(r.PerSecond), r.Size()) }

// take takes a token from a bucket and returns 0, or returns after how many whole
// milliseconds there will be one.
func take(b *rate.Limiter, now time.Time) time.Duration {
	if b.AllowN(now, 1) {
		return 0
	}
	wait := time.Duration((1 - b.TokensAt(now)) / float64(b.Limit()) * float64(time.Second))
	return max(wait+time.Millisecond-1, time.Millisecond).Truncate(time.Millisecond)
}

// Set has the rates of one gateway. It does not change.
type Set struct {
	Conn      Rate         // of all messages of a connection
	Principal Rate         // of all messages of a principal
	Events    map[int]Rate // of the messages of a connection, by handler
}

// Usage has what one connection has used of its gateway's rates: a bucket for
// each. Only Strike and Forgive may be called from several goroutines.
type Usage struct {
	conn    *rate.Limiter // nil: no rate
	events  map[int]*rate.Limiter
	quota   *quota // nil: nobody known, or no rate
	of      *Principals
	strikes atomic.Int32
}

// New returns the Usage of a connection. user is the id of its principal, ""
// for none. of has what principals have used.
func (s *Set) New(user string, of *Principals) *Usage {
	u := &Usage{of: of}
	if s.Conn.Limits() {
		u.conn = s.Conn.bucket()
	}
	if user != "" && s.Principal.Limits() {
		u.quota = of.acquire(user, s.Principal)
	}
	return u
}

// Take charges a message to the rates of s: first the event's, then the
// connection's, then the principal's. A message that one refuses is not charged
// to the next. It returns 0, or after how many whole milliseconds there is room.
func (u *Usage) Take(s *Set, handler int, now time.Time) time.Duration {
	if of, ok := s.Events[handler]; ok {
		if u.events[handler] == nil {
			if u.events == nil {
				u.events = make(map[int]*rate.Limiter)
			}
			u.events[handler] = of.bucket()
		}
		if wait := take(u.events[handler], now); wait > 0 {
			return wait
		}
	}
	if u.conn != nil {
		if wait := take(u.conn, now); wait > 0 {
			return wait
		}
	}
	if u.quota != nil {
		return take(u.quota.bucket, now)
	}
	return 0
}

// Strike counts a strike, and returns how many there are.
func (u *Usage) Strike() int { return int(u.strikes.Add(1)) }

// Forgive takes one strike back, if there is one. Where another strike comes at
// the same time, none is taken back.
func (u *Usage) Forgive() {
	if n := u.strikes.Load(); n > 0 {
		u.strikes.CompareAndSwap(n, n-1)
	}
}

// Leave lets go of the principal's bucket. It is called once, when the
// connection is gone.
func (u *Usage) Leave() {
	if u.quota != nil {
		u.of.release(u.quota)
	}
}

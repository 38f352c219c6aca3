package rates

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Principals has what principals have used of their rate, over all connections
// of a Server. The zero Principals is ready to use, by several goroutines.
//
// A principal is kept while it has connections, and then until its bucket is
// full again: connecting anew gains nothing.
type Principals struct {
	mu   sync.Mutex
	byID map[string]*quota // guarded by mu
}

// quota is the bucket of one principal.
type quota struct {
	bucket *rate.Limiter
	conns  int // guarded by Principals.mu
}

// acquire returns the quota of a principal, for one more connection.
func (p *Principals) acquire(id string, of Rate) *quota {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	q := p.byID[id]
	if q == nil {
		if p.byID == nil {
			p.byID = make(map[string]*quota)
		}
		q = &quota{bucket: of.bucket()}
		p.byID[id] = q
	}
	q.conns++
	return q
}

// release gives back a quota of acquire's.
func (p *Principals) release(q *quota) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q.conns--
	p.sweep()
}

// sweep forgets some quotas that have no connection and a full bucket. Each
// call looks at more than its caller may add, so unused ones do not pile up.
// The caller holds mu.
func (p *Principals) sweep() {
	now, looked := time.Now(), 0
	for id, q := range p.byID {
		if q.conns == 0 && q.bucket.TokensAt(now) >= float64(q.bucket.Burst()) {
			delete(p.byID, id)
		}
		if looked++; looked == 8 {
			return
		}
	}
}

package natsbroker

import (
	"sync"
	"time"
)

const (
	askEvery  = time.Second             // how often a link asks which servers have nodes
	alive     = 2500 * time.Millisecond // who was not heard for so long is not waited for
	farewell  = 200 * time.Millisecond  // the same, after a node there has said that it leaves
	askAgain  = 100 * time.Millisecond  // how long an answer may take until the question is put again
	settling  = 250 * time.Millisecond  // how long a new link listens for servers that it does not know
	settlings = 5                       // how often it asks for them meanwhile
	maxPeers  = 1024                    // servers that a link remembers
)

// peers are the other servers that have nodes. A question goes the way of the
// subscriptions that were made before it, so a server from which an answer comes
// knows of these.
type peers struct {
	own string // the server of this connection

	mu      sync.Mutex
	asked   uint64          // guarded by mu; questions so far
	heard   map[string]peer // guarded by mu; by the server's id
	changed chan struct{}   // guarded by mu; closed when an answer comes
}

// peer is a server.
type peer struct {
	answered uint64    // the last question that it has answered
	at       time.Time // when it was heard last
}

func newPeers() *peers {
	return &peers{heard: make(map[string]peer), changed: make(chan struct{})}
}

// next returns the number of the next question.
func (p *peers) next() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return p.asked
}

// came says that a node has come to a server.
func (p *peers) came(server string, now time.Time) { p.answered(server, 0, now) }

// left says that a node has left a server. Unless another one there is heard soon,
// it is not waited for.
func (p *peers) left(server string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if peer, known := p.heard[server]; known {
		peer.at = now.Add(farewell - alive)
		p.heard[server] = peer
	}
}

// answered says that a server knows what was subscribed before the n-th question.
func (p *peers) answered(server string, n uint64, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if server == "" || server == p.own || n > p.asked {
		return
	}
	if _, known := p.heard[server]; !known && len(p.heard) == maxPeers {
		return
	}
	p.heard[server] = peer{max(n, p.heard[server].answered), now}
	close(p.changed)
	p.changed = make(chan struct{})
}

// none reports whether no other server is known.
func (p *peers) none(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for server, peer := range p.heard {
		if now.Sub(peer.at) <= alive {
			return false
		}
		delete(p.heard, server)
	}
	return true
}

// haveAnswered reports whether all servers know what was subscribed before the n-th
// question. If not, changed is closed when that may have become so.
func (p *peers) haveAnswered(n uint64, now time.Time) (all bool, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all = true
	for server, peer := range p.heard {
		switch {
		case now.Sub(peer.at) > alive:
			delete(p.heard, server)
		case peer.answered < n:
			all = false
		}
	}
	return all, p.changed
}

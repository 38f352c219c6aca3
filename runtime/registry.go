package ws

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// registry is a Server's live connections: by id, by user, and all of them as
// one room, which gives a broadcast its order.
type registry struct {
	mu       sync.RWMutex
	byID     connIndex
	everyone room
	users    *rooms       // by Principal.ID
	present  atomic.Int64 // registered, and not closing

	// live counts connections whose socket or hook is not done with yet;
	// drained is closed when closing is set and none is left.
	live    int
	lingers map[*conn]struct{} // of them, those that are registered no more
	from    map[netip.Addr]int // live by address; nil: not limited
	closing bool
	drained chan struct{}
}

// admission is what admit says.
type admission uint8

const (
	admitted    admission = iota
	shutDown              // the Server shuts down
	tooMany               // connections
	tooManyHere           // connections from one address
)

// admit counts a connection that is about to be upgraded, unless that is one
// too many or the Server shuts down.
func (r *registry) admit(v visitor, most, mostHere int) admission {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closing:
		return shutDown
	case r.live >= most:
		return tooMany
	case mostHere != unlimited && r.from[v.network] >= mostHere:
		return tooManyHere
	}
	r.live++
	if mostHere != unlimited {
		if r.from == nil {
			r.from = make(map[netip.Addr]int)
		}
		r.from[v.network]++
	}
	return admitted
}

// release takes back an admit, when nothing of the connection is left.
func (r *registry) release(v visitor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(v)
}

// ended is release for a connection.
func (r *registry) ended(c *conn) {
	from := c.from()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lingers, c)
	r.drop(from)
}

func (r *registry) drop(v visitor) {
	r.live--
	if n, limited := r.from[v.network]; limited {
		if n > 1 {
			r.from[v.network] = n - 1
		} else {
			delete(r.from, v.network)
		}
	}
	r.settle()
}

func (r *registry) settle() {
	if r.closing && r.live == 0 {
		select {
		case <-r.drained:
		default:
			close(r.drained)
		}
	}
}

// shut stops admit, and returns a channel that is closed when the last
// connection is gone, with those that are registered now.
func (r *registry) shut() (drained <-chan struct{}, conns []*conn) {
	r.mu.Lock()
	r.closing = true
	r.settle()
	r.mu.Unlock()
	return r.drained, r.everyone.conns()
}

// linger notes a connection of which only the socket is left, until ended.
func (r *registry) linger(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lingers == nil {
		r.lingers = make(map[*conn]struct{})
	}
	r.lingers[c] = struct{}{}
}

// lingering returns those.
func (r *registry) lingering() []*conn {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Collect(maps.Keys(r.lingers))
}

// held returns how many connections are not done with.
func (r *registry) held() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.live
}

// add registers c. It fails if the Server began to shut down since admit.
func (r *registry) add(c *conn) bool {
	if !r.addID(c) {
		return false
	}
	r.addToCrowd(c)
	return true
}

func (r *registry) addID(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return false
	}
	c.everyone.conn = c
	r.present.Add(1) // before anybody can find, and close, it
	r.byID.add(c)
	return true
}

// addToCrowd is the rest of add, without the lock: a push to everyone holds
// theirs for a while, and who looks for one connection shall not wait for that.
func (r *registry) addToCrowd(c *conn) {
	r.everyone.add(&c.everyone)
	if user := c.userID(); user != "" {
		c.identity.user = r.users.join(c, user)
	}
	if r.isClosing() { // perhaps only since addID: then shut did not see c
		c.close(shutdownCause)
	}
}

func (r *registry) isClosing() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.closing
}

func (r *registry) remove(c *conn) {
	r.mu.Lock()
	r.byID.remove(c)
	r.mu.Unlock()
	r.everyone.remove(&c.everyone)
	if c.identity != nil && c.identity.user != nil {
		r.users.leave(c.identity.user)
	}
}

func (r *registry) get(id ConnID) *conn {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byID.get(id)
}

package redistest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
)

// Gate is what a node's connections go through, so that they can be cut. The zero
// Gate is open. Its methods are safe for concurrent use.
//
//	gate := &redistest.Gate{}
//	options := redis.Client()
//	options.DialCtxFn = gate.Dial
type Gate struct {
	mu   sync.Mutex
	cut  bool                  // guarded by mu
	open map[net.Conn]struct{} // guarded by mu
}

var errCut = errors.New("redistest: the gate is closed")

// Dial is for rueidis.ClientOption.DialCtxFn.
func (g *Gate) Dial(ctx context.Context, addr string, d *net.Dialer, secure *tls.Config) (net.Conn, error) {
	g.mu.Lock()
	cut := g.cut
	g.mu.Unlock()
	if cut {
		return nil, errCut
	}
	var c net.Conn
	var err error
	if secure != nil {
		c, err = (&tls.Dialer{NetDialer: d, Config: secure}).DialContext(ctx, "tcp", addr)
	} else {
		c, err = d.DialContext(ctx, "tcp", addr)
	}
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut { // meanwhile
		_ = c.Close()
		return nil, errCut
	}
	if g.open == nil {
		g.open = make(map[net.Conn]struct{})
	}
	c = &gated{c, g}
	g.open[c] = struct{}{}
	return c, nil
}

// Cut ends all connections and refuses others, until Heal.
func (g *Gate) Cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = true
	for c := range g.open {
		_ = c.(*gated).Conn.Close()
	}
	clear(g.open)
}

// Heal lets connections be made again.
func (g *Gate) Heal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = false
}

// gated is a connection that its Gate knows until it is closed.
type gated struct {
	net.Conn
	gate *Gate
}

// Close implements net.Conn.
func (c *gated) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.open, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

package engine

import (
	"net"
	"sync"
)

// Proxy is what a node's connections to its engine go through. It does what
// networks do. Its methods are safe for concurrent use.
type Proxy struct {
	listener net.Listener

	mu     sync.Mutex
	target string        // guarded by mu
	state  weather       // guarded by mu
	turns  chan struct{} // guarded by mu; closed when state changes
	pipes  map[*pipe]struct{}
	runs   sync.WaitGroup
}

// weather is what a Proxy does with connections.
type weather uint8

const (
	fine    weather = iota
	refuses         // there are none
	stalls          // nothing gets on, and nothing is lost: as when packets are, and sent again
)

// pipe is one connection.
type pipe struct {
	proxy    *Proxy
	node, to net.Conn
	hole     bool // guarded by proxy.mu; bytes vanish
}

// NewProxy starts a Proxy to an address.
func NewProxy(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, target: target, turns: make(chan struct{}), pipes: make(map[*pipe]struct{})}
	p.runs.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.runs.Go(func() { p.serve(c) })
		}
	})
	return p, nil
}

// Addr returns where it listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Turn has new connections lead to another address. Those that there are end, if it is
// another one.
func (p *Proxy) Turn(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.target == target {
		return
	}
	p.target = target
	for q := range p.pipes {
		q.close()
	}
}

// Close ends it and its connections.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Cut()
	p.runs.Wait()
}

// Cut ends all connections and refuses others, until Heal.
func (p *Proxy) Cut() {
	p.turn(refuses)
	p.mu.Lock()
	defer p.mu.Unlock()
	for q := range p.pipes {
		q.close()
	}
}

// Stall lets nothing pass, and no connection be made, until Heal: then what was sent
// meanwhile goes on.
func (p *Proxy) Stall() { p.turn(stalls) }

// Hole has what is sent by the connections that there are vanish, for ever: they are
// half open. New ones work.
func (p *Proxy) Hole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for q := range p.pipes {
		q.hole = true
	}
}

// Fill ends the connections that Hole has opened half, as keepalives do in the end.
func (p *Proxy) Fill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for q := range p.pipes {
		if q.hole {
			q.close()
		}
	}
}

// Heal ends Cut and Stall.
func (p *Proxy) Heal() { p.turn(fine) }

func (p *Proxy) turn(to weather) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = to
	close(p.turns)
	p.turns = make(chan struct{})
}

// wait returns when something may pass; false if there shall be no connection.
func (p *Proxy) wait() bool {
	for {
		p.mu.Lock()
		state, turns := p.state, p.turns
		p.mu.Unlock()
		switch state {
		case fine:
			return true
		case refuses:
			return false
		}
		<-turns
	}
}

func (p *Proxy) serve(c net.Conn) {
	defer c.Close()
	if !p.wait() {
		return
	}
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	to, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	q := &pipe{proxy: p, node: c, to: to}
	p.mu.Lock()
	p.pipes[q] = struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { q.copy(to, c) })
	both.Go(func() { q.copy(c, to) })
	both.Wait()
	p.mu.Lock()
	delete(p.pipes, q)
	p.mu.Unlock()
}

// copy passes on what is said in one direction, and ends both.
func (q *pipe) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		q.proxy.mu.Lock()
		hole := q.hole
		q.proxy.mu.Unlock()
		if hole {
			if err != nil {
				_ = from.Close() // and the other end never hears of it
				return
			}
			continue
		}
		if err != nil || !q.proxy.wait() {
			q.close()
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			q.close()
			return
		}
	}
}

func (q *pipe) close() {
	_ = q.node.Close()
	_ = q.to.Close()
}

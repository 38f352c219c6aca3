package natstest_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between a node and a server, and can do what networks do.
type proxy struct {
	t      *testing.T
	addr   string
	target func() string

	mu      sync.Mutex
	cut     bool                  // guarded by mu
	frozen  chan struct{}         // guarded by mu; while it is there nothing is read from nodes
	conns   map[net.Conn]struct{} // guarded by mu
	running sync.WaitGroup
}

// newProxy starts a proxy, which ends with the test.
func newProxy(t *testing.T, target func() string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, addr: listener.Addr().String(), target: target, conns: make(map[net.Conn]struct{})}
	p.running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			p.accept(c)
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.thaw()
		p.Cut()
		p.running.Wait()
	})
	return p
}

func (p *proxy) accept(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		c.Close()
		return
	}
	to, err := net.Dial("tcp", p.target())
	if err != nil {
		c.Close()
		return
	}
	p.conns[c], p.conns[to] = struct{}{}, struct{}{}
	end := func() {
		c.Close()
		to.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, c)
		delete(p.conns, to)
	}
	p.running.Go(func() {
		defer end()
		p.copy(to, c)
	})
	p.running.Go(func() {
		defer end()
		io.Copy(c, to)
	})
}

// copy passes on what a node says.
func (p *proxy) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		p.mu.Lock()
		frozen := p.frozen
		p.mu.Unlock()
		if frozen != nil {
			<-frozen
		}
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// Cut closes all connections, and lets none come, until Heal.
func (p *proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		c.Close()
	}
}

func (p *proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

// freeze stops reading from nodes, as a server that is stopped.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = make(chan struct{})
}

func (p *proxy) thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen != nil {
		close(p.frozen)
		p.frozen = nil
	}
}

package wsclient_test

import (
	"net"
	"sync"
	"testing"
)

// proxy passes bytes on between clients and a server, and can lose them.
type proxy struct {
	t testing.TB
	l net.Listener

	mu     sync.Mutex
	to     string
	pairs  map[*pair]bool
	shut   bool // who connects is cut at once
	loses  bool // bytes that come are lost
	narrow bool // who connects has little room for bytes on their way
	lost   int  // bytes that were lost
	wg     sync.WaitGroup
}

// pair is a connection through a proxy.
type pair struct {
	client, server net.Conn
}

// through starts a proxy in front of a site.
func through(t testing.TB, s *site) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, l: l, to: s.http.Listener.Addr().String(), pairs: make(map[*pair]bool)}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) url() string { return "ws://" + p.l.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		to := p.to
		p.mu.Unlock()
		server, err := net.Dial("tcp", to)
		if err != nil {
			_ = client.Close()
			continue
		}
		x := &pair{client: client, server: server}
		p.mu.Lock()
		p.pairs[x] = true
		if p.narrow {
			tight(client)
			tight(server)
		}
		if p.shut {
			x.cut()
		}
		p.mu.Unlock()
		p.wg.Go(func() { p.pass(x, server, client) })
		p.wg.Go(func() {
			p.pass(x, client, server)
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.pairs, x)
		})
	}
}

// pass passes on what comes, until either end is gone.
func (p *proxy) pass(x *pair, to, from net.Conn) {
	defer x.cut()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if p.drops(n) {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// drops reports whether so many bytes are lost.
func (p *proxy) drops(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loses {
		p.lost += n
	}
	return p.loses
}

func (x *pair) cut() {
	_ = x.client.Close()
	_ = x.server.Close()
}

// cut loses all connections of now, and what is on its way in them.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for x := range p.pairs {
		x.cut()
	}
}

// refuse has connections cut at once, or not any more.
func (p *proxy) refuse(shut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = shut
}

// send has who connects from now on come to another site.
func (p *proxy) send(to *site) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = to.http.Listener.Addr().String()
}

// lose has bytes that come lost, or not any more.
func (p *proxy) lose(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loses = on
}

// lostBytes returns how many were lost.
func (p *proxy) lostBytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// tighten gives who connects from now on little room.
func (p *proxy) tighten() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.narrow = true
}

// tight has little room for bytes on their way.
func tight(c net.Conn) {
	tcp := c.(*net.TCPConn)
	_ = tcp.SetReadBuffer(64 << 10)
	_ = tcp.SetWriteBuffer(64 << 10)
}

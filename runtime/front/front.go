package front

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/socket"
)

// Listen returns a listener for s.Serve that accepts the connections of l and answers
// the plain WebSocket handshakes among them. A handshake is plain if it is the first
// request of a socket of package net, a GET of HTTP/1.1 with an Upgrade to websocket and
// no body, its header has at most 4 KiB, which arrive together, and nothing in it is
// unusual. All other
// connections are left to s as they came, with nothing read of them: so s sees other
// requests, and those that have to be refused, as if l was its own.
//
// Nothing is gained where s speaks TLS itself; behind a proxy that does, all is. On
// other systems than Linux Listen returns l.
//
// Of s these count: Handler, ReadHeaderTimeout (or ReadTimeout), WriteTimeout,
// BaseContext, ConnContext and ErrorLog. They must not change once s serves. What is
// different from a handshake that s answers itself:
//
//   - The context of the request ends when the Handler returns, and not earlier if the
//     client goes away: guards end by Options.HandshakeTimeout.
//   - ConnState is not called, and Shutdown does not wait for a Handler that is at it,
//     as it does not for a connection that was taken over.
//   - An answer that refuses the handshake closes the connection.
//
// Close closes l, and the connections that have not sent their first request yet.
func Listen(l net.Listener, s *http.Server) net.Listener {
	if p := s.Protocols; !socket.Peeks || p != nil && !p.HTTP1() {
		return l
	}
	return &listener{
		Listener: l, server: s,
		accepted: make(chan accepted), closed: make(chan struct{}), early: make(map[net.Conn]struct{}),
	}
}

// listener stands in front of an http.Server.
type listener struct {
	net.Listener

	server *http.Server
	base   context.Context //nolint:containedctx // BaseContext's, as http.Server keeps it
	begin  sync.Once

	accepted chan accepted // what Accept returns next
	closing  sync.Once
	closed   chan struct{}

	mu    sync.Mutex
	early map[net.Conn]struct{} // that have sent no whole header; nil: it is closed. Guarded by mu
}

// accepted is what Accept returns.
type accepted struct {
	net.Conn

	err error
}

// Accept returns the next connection that is the http.Server's. The first call begins
// to accept.
func (l *listener) Accept() (net.Conn, error) {
	l.begin.Do(func() {
		l.base = context.Background()
		if of := l.server.BaseContext; of != nil {
			l.base = of(l)
		}
		go l.run()
	})
	select {
	case a := <-l.accepted:
		return a.Conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// run accepts connections, until the listener is closed. What an error means is the
// http.Server's to say: it waits, and calls Accept again.
func (l *listener) run() {
	for {
		c, err := l.Listener.Accept()
		if err == nil {
			go l.first(c)
			continue
		}
		if !l.leave(accepted{err: err}) {
			return
		}
	}
}

// leave has Accept return something; false if the listener is closed.
func (l *listener) leave(a accepted) bool {
	select {
	case l.accepted <- a:
		return true
	case <-l.closed:
		return false
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.closing.Do(func() {
		close(l.closed)
		l.mu.Lock()
		early := l.early
		l.early = nil
		l.mu.Unlock()
		for c := range early {
			_ = c.Close()
		}
	})
	return l.Listener.Close()
}

// enter notes a connection that has sent nothing yet; false if the listener is closed.
func (l *listener) enter(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.early == nil {
		return false
	}
	l.early[c] = struct{}{}
	return true
}

// knows ends enter.
func (l *listener) knows(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.early, c)
}

// first looks at the first request of a connection, and answers it or leaves it to the
// http.Server, as it came.
func (l *listener) first(c net.Conn) {
	if !l.enter(c) {
		_ = c.Close()
		return
	}
	switch r, err := l.request(c); {
	case err == socket.ErrNoPeek, r == nil && err == nil:
		l.give(c)
	case err != nil:
		_ = c.Close() // it has gone, or was too slow
	default:
		l.answer(c, r)
	}
}

// request reads the request of a plain handshake. If a connection begins with anything
// else, it is nil, and nothing has been read.
func (l *listener) request(c net.Conn) (*http.Request, error) {
	late := l.headerTimeout()
	if late > 0 {
		_ = c.SetReadDeadline(time.Now().Add(late))
	}
	var b *buffer
	n, err := socket.Peek(c, func() []byte { b = buffers.Get().(*buffer); return b.bytes[:] }, func() { buffers.Put(b) })
	l.knows(c)
	if late > 0 {
		_ = c.SetReadDeadline(time.Time{})
	}
	if err != nil {
		return nil, err
	}
	defer buffers.Put(b)
	r := b.request(n)
	if r == nil {
		return nil, nil
	}
	_, err = io.ReadFull(c, b.bytes[:b.end]) // it is there
	return r, err
}

// give has Accept return a connection.
func (l *listener) give(c net.Conn) {
	if !l.leave(accepted{Conn: c}) {
		_ = c.Close()
	}
}

// headerTimeout is how long the first header may take; 0 or less: for ever.
func (l *listener) headerTimeout() time.Duration {
	if d := l.server.ReadHeaderTimeout; d != 0 {
		return d
	}
	return l.server.ReadTimeout
}

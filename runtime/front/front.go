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

// Serve is s.Serve(l), but that plain WebSocket handshakes are answered before s has to
// do with them, by its Handler. A handshake is plain if it is what browsers and proxies
// send: the first request of a socket of package net, a GET of HTTP/1.1 with Connection:
// upgrade, Upgrade: websocket, Sec-WebSocket-Version: 13, a Sec-WebSocket-Key and no
// body, whose header has at most 4 KiB, which arrive together, and nothing unusual in
// it. All other connections are left to s as they came, with nothing read of them. So
// nothing is gained where l speaks TLS or has connections of its own making, nor behind a
// proxy for a handshake that comes in two packets or on a connection that was used
// before. On other systems than Linux Serve is s.Serve(l).
//
// It returns what s.Serve returns, and s.Shutdown and s.Close end it.
//
// Of s these count for a handshake: Handler, ReadHeaderTimeout (or ReadTimeout),
// WriteTimeout, BaseContext, ConnContext and ErrorLog. What is different from one that s
// answers:
//
//   - ConnContext is called by several goroutines at a time, and for no connection before
//     its first bytes have come. ConnState is not called, and for a connection that is
//     left to s it is called then; until then ReadHeaderTimeout counts, too. BaseContext
//     is called twice, with l, and by s with a listener of this package.
//   - The context of a request ends up to a second after its client has gone, not at once.
//   - Shutdown and Close do not wait for a Handler that answers a handshake, nor end it,
//     as they do not for a connection that was taken over. That is any Handler which is
//     asked for an upgrade. Connections that have sent nothing are closed at once.
//   - The connection is closed behind an answer that is none of 101.
//   - The ResponseWriter has Hijack, Flush, and what http.ResponseController sets. It
//     sends no trailers, has no ReadFrom and no CloseNotify, and logs no calls that are
//     superfluous. Once a status was written, only that of 101 can be taken over.
func Serve(s *http.Server, l net.Listener) error {
	if p := s.Protocols; !socket.Peeks || p != nil && !p.HTTP1() {
		return s.Serve(l)
	}
	return s.Serve(&listener{
		Listener: l, server: s,
		accepted: make(chan accepted), closed: make(chan struct{}), early: make(map[net.Conn]struct{}),
	})
}

// listener stands in front of an http.Server. Nothing may stand between the two: who
// asks something of each connection, such as TLS, must have done so in the listener
// below.
type listener struct {
	net.Listener

	server *http.Server
	base   context.Context //nolint:containedctx // of all requests, as http.Server keeps it
	begin  sync.Once

	accepted chan accepted // what Accept returns next
	closing  sync.Once
	closed   chan struct{}

	mu    sync.Mutex
	early map[net.Conn]struct{} // that have sent nothing; nil: it is closed. Guarded by mu
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
			l.base = of(l.Listener)
		}
		l.base = context.WithValue(l.base, http.ServerContextKey, l.server)
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
		if err == nil && socket.Peekable(c) {
			go l.first(c)
			continue
		}
		if !l.leave(accepted{c, err}) {
			if err == nil {
				_ = c.Close()
			}
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
	case err != nil:
		_ = c.Close() // it has gone, or was too slow
	case r != nil:
		l.answer(c, r)
	case !l.leave(accepted{Conn: c}):
		_ = c.Close()
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

// headerTimeout is how long the first bytes may take; 0 or less: for ever.
func (l *listener) headerTimeout() time.Duration {
	if d := l.server.ReadHeaderTimeout; d != 0 {
		return d
	}
	return l.server.ReadTimeout
}

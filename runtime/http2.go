package ws

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// A WebSocket over HTTP/2 is one stream among others of a TCP connection (RFC
// 8441): the client asks for it by an extended CONNECT, and the answer is a 200.
// What comes then is what comes behind a 101. HTTP/3 asks in the same way (RFC
// 9220). net/http lets such requests through if GODEBUG has http2xconnect=1.

// tunnel is ServeHTTP for the stream of an extended CONNECT that was admitted,
// or, with bad, is to be told by a Close.
func (e *Endpoint) tunnel(t *tunnel, r *http.Request, a *arrival, bad *refusedHandshake) {
	e.server.warnOfStalls(r)
	c := newConn(e, steady.Conn(t, e.server.failed), r, *a)
	c.parts.Add(1)
	defer c.release()
	defer t.Close() // whatever a middleware's ResponseWriter does
	go e.begin(c, r, a, bad)
	t.carry() // net/http ends the stream when this returns
}

// dig makes a request's stream a net.Conn. From then on only deadlines of ours
// count: those of the http.Server would end any connection that is older. The
// ResponseWriter is taken out of its wrappers, as hijacking does: one that
// compresses, say, must not see frames.
func dig(w http.ResponseWriter, r *http.Request) (*tunnel, *refusedHandshake) {
	w = steady.Bottom(w)
	t := newTunnel(w, r)
	err := errors.Join(t.control.SetReadDeadline(time.Time{}), t.control.SetWriteDeadline(time.Time{}))
	if !canFlush(w) {
		err = errors.Join(err, errors.New("it has no Flush"))
	}
	if err == nil {
		return t, nil
	}
	text := fmt.Sprintf("the ResponseWriter %T has no Unwrap and hides what a WebSocket over HTTP/%d needs, Flush and deadlines: "+
		"give it a method Unwrap() http.ResponseWriter, or serve the gateway outside of the middleware that makes it", w, r.ProtoMajor)
	return nil, &refusedHandshake{
		status: http.StatusInternalServerError,
		err:    NewError(CodeInternal, text).WithCause(newReference(steady.Wrap("ws: no stream", err))),
	}
}

func canFlush(w http.ResponseWriter) bool {
	switch w.(type) {
	case http.Flusher, interface{ FlushError() error }:
		return true
	}
	return false
}

// tunnel returns the stream that the connection is; nil if it is none.
func (c *conn) tunnel() *tunnel {
	t, _ := steady.Behind(c.wire.Conn).(*tunnel)
	return t
}

// accept answers an extended CONNECT. It is carry that does so: the connection
// may have been cut meanwhile, and ServeHTTP have returned.
func (c *conn) accept(t *tunnel, r *http.Request, answer *handshake.Answer) error {
	t.head = func() {
		answer.Tunnel(r, t.w.Header())
		t.w.WriteHeader(http.StatusOK)
	}
	if err := t.SetWriteDeadline(deadline(c.endpoint.opts.HandshakeTimeout)); err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	return t.SetWriteDeadline(time.Time{})
}

// warnOfStalls logs, once, that the http.Server lets a TCP connection live that
// takes nothing: none of its streams can be reset then, nor its goroutines
// end.
func (s *Server) warnOfStalls(r *http.Request) {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || r.ProtoMajor != 2 || server.HTTP2 != nil && server.HTTP2.WriteByteTimeout > 0 || s.stalls.Swap(true) {
		return
	}
	s.line(nil, slog.LevelWarn, "ws: a client of HTTP/2 that stops reading keeps its goroutines, and its place in Options.MaxConnections, until TCP gives up; "+
		"set HTTP2: &http.HTTP2Config{WriteByteTimeout: 10 * time.Second} in the http.Server")
}

package ws

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// A WebSocket over HTTP/2 is one stream among others of a TCP connection (RFC
// 8441). The client asks for it by an extended CONNECT, and the answer is a
// 200. Then the same bytes follow as behind a 101. HTTP/3 asks in the same
// way (RFC 9220). net/http lets such requests through if GODEBUG has
// http2xconnect=1.

// tunnel is ServeHTTP for the stream of an extended CONNECT. bad is nil if
// the request was admitted; else it is the refusal that a Close tells.
func (e *Endpoint) tunnel(t *socket.Tunnel, r *http.Request, a *arrival, bad *refusedHandshake) {
	e.server.warnOfStalls(r)
	c := newConn(e, steady.Conn(t, e.server.failed), nil, r, a)
	t.Hold(&c.member.Socket)
	defer t.Release()
	defer t.Close() // whatever a middleware's ResponseWriter does
	go e.begin(c, r, a, bad)
	t.Carry() // net/http ends the stream when this returns
}

// dig makes a request's stream a net.Conn. It takes the ResponseWriter out of
// its wrappers, as hijacking does: one that compresses, say, must not see
// frames.
func dig(w http.ResponseWriter, r *http.Request) (*socket.Tunnel, *refusedHandshake) {
	w = steady.Bottom(w)
	t, err := socket.Dig(w, r)
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

// warnOfStalls logs, once, that the http.Server does not set
// WriteByteTimeout. It then keeps a TCP connection that takes nothing, whose
// streams cannot be reset and whose goroutines do not end.
func (s *Server) warnOfStalls(r *http.Request) {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || r.ProtoMajor != 2 || server.HTTP2 != nil && server.HTTP2.WriteByteTimeout > 0 || s.stalls.Swap(true) {
		return
	}
	s.line(nil, slog.LevelWarn, "ws: a client of HTTP/2 that stops reading keeps its goroutines, and its place in Options.MaxConnections, until TCP gives up; "+
		"set HTTP2: &http.HTTP2Config{WriteByteTimeout: 10 * time.Second} in the http.Server")
}

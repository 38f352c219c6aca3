package ws

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/handshake"
	"github.com/wsgen/wsgen/runtime/internal/rates"
	"github.com/wsgen/wsgen/runtime/internal/socket"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Endpoint is the http.Handler of one gateway. Generated constructors make it;
// a Router, or any ServeMux, serves it.
type Endpoint struct {
	server    *Server
	spec      Spec
	protocol  protocol
	opts      Options // resolved: the Server's, as the gateway configured them
	rates     *rates.Set // nil: none is limited
	refreshes *rates.Set // those of $refresh
	profile   *socket.Profile
	wildcards []string // names in spec.Path
	leaving   turns    // of the disconnect hook

	// Set by NewEndpoint and the Router, before anything is served.
	global     globals
	handlers   []Handler
	connGuards []ConnGuard
	guards     [][]MessageGuard // per handler: global, gateway, own; each once
	fronts     [][]byte         // per handler: what its replies begin with (appendFront)
	next       Next             // the interceptors; nil: there are none
	suspects   suspects         // handlers that may be too slow for the read loop
}

// globals are what a Router puts around all of its gateways.
type globals struct {
	conn    []ConnGuard
	message []MessageGuard
	around  []Interceptor
}

// NewEndpoint binds a gateway to a registry.
func NewEndpoint(s *Server, spec Spec) *Endpoint {
	e := &Endpoint{
		server:    s,
		spec:      spec,
		protocol:  protocolOf(&spec),
		opts:      s.configured(spec),
		wildcards: wildcards(spec.Path),
	}
	e.profile = s.engine.Profile(e.opts.socket())
	e.rates, e.refreshes = ratesOf(&e.opts, spec.Handlers)
	e.compose()
	return e
}

// guard puts the global guards before those of the gateway.
func (e *Endpoint) guard(conn []ConnGuard, message []MessageGuard) {
	e.global.conn, e.global.message = conn, message
	e.compose()
}

// compose joins what is global with what is the gateway's.
func (e *Endpoint) compose() {
	e.connGuards = once(e.global.conn, e.spec.ConnGuards)
	e.next = e.chain()
	e.handlers = slices.Clone(e.spec.Handlers)
	e.guards = make([][]MessageGuard, len(e.handlers))
	for i := range e.handlers {
		e.guards[i] = once(e.global.message, e.spec.Guards, e.handlers[i].Guards)
		h := &e.handlers[i]
		number(&h.Max, defaultParallel)
		switch {
		case h.Mode != Inline:
		case len(e.global.message) > 0 || e.next != nil:
			h.Mode = Serial // they may block, and the generator could not know
		default:
			h.Timeout = 0
		}
	}
	if len(e.connGuards) > 0 { // behind the generated handlers, one of our own
		e.handlers = append(e.handlers, Handler{Event: refreshEvent, Mode: Serial})
		e.guards = append(e.guards, nil)
	}
	e.fronts = make([][]byte, len(e.handlers))
	e.suspects.told = make([]atomic.Bool, len(e.handlers))
	for i, h := range e.handlers {
		e.fronts[i] = e.protocol.appendFront(nil, h.Event)
	}
}

// lookup returns the index of an event's handler, -1 if there is none.
func (e *Endpoint) lookup(event []byte) int {
	i := e.spec.Lookup(event)
	if i < 0 && string(event) == refreshEvent && len(e.handlers) > len(e.spec.Handlers) {
		return len(e.spec.Handlers)
	}
	return i
}

// once joins lists of guards; one that is in several runs where it came first.
// Guards that cannot be compared are different.
func once[G any](lists ...[]G) []G {
	var out []G
	for _, list := range lists {
		for _, g := range list {
			if !slices.ContainsFunc(out, func(h G) bool { return steady.Same(g, h) }) {
				out = append(out, g)
			}
		}
	}
	return out
}

// wildcards returns the names in a ServeMux pattern: {id}, {rest...}.
func wildcards(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok && name != "$}" {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "}"), "..."))
		}
	}
	return names
}

// Pattern returns the path that the gateway is served at, as a ServeMux pattern
// for every method. Router.Mount takes no more methods than a handshake has.
func (e *Endpoint) Pattern() string { return e.spec.Path }

// patterns are the ServeMux patterns of all the handshakes there are.
func (e *Endpoint) patterns() []string {
	return []string{"GET " + e.spec.Path, "CONNECT " + e.spec.Path}
}

// Server returns the registry the gateway is bound to.
func (e *Endpoint) Server() *Server { return e.server }

// Handlers returns what the gateway handles, in the order of its source.
func (e *Endpoint) Handlers() []Handler { return slices.Clone(e.handlers[:len(e.spec.Handlers)]) }

// ServeHTTP answers a WebSocket handshake: when the answer arrives, the
// connection is registered and its connect hook has returned. Over HTTP/1.1 it
// lives on by itself when ServeHTTP returns; over HTTP/2, where it is a stream
// (RFC 8441), ServeHTTP returns when the connection is over.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, bad := e.server.visit(r)
	if bad != nil {
		e.refuseHandshake(w, bad)
		return
	}
	held := true // until there is a connection to release it
	defer func() {
		if held { // refused, or a guard ended the goroutine
			e.server.hub.Release(from.network)
		}
	}()
	a := arrival{from: from, header: w.Header()}
	bad = e.admit(r, &a)
	if bad != nil && !bad.byClose {
		e.refuseHandshake(w, bad)
		return
	}
	if handshake.Extended(r) {
		t, err := dig(w, r)
		if err != nil {
			e.refuseHandshake(w, err)
			return
		}
		held = false
		e.tunnel(t, r, &a, bad)
		return
	}
	c, err := e.hijack(w, r, a)
	if err != nil {
		e.refuseHandshake(w, unhijackable(w, err))
		return
	}
	held = false
	e.begin(c, r, &a, bad)
}

// begin opens a connection and answers its handshake; bad is why it is to be
// closed at once.
func (e *Endpoint) begin(c *conn, r *http.Request, a *arrival, bad *refusedHandshake) {
	opened, answered := false, false
	defer func() {
		if !answered {
			c.abort(Closed{Code: CloseAbnormal, Err: errUnanswered})
		}
		if !opened || !answered { // refused, or the hook, or a net.Conn of the user's, ended the goroutine
			// Nothing is read any more before anything is written: so the peer has
			// its time to read the Close, whatever it has sent.
			defer c.member.Socket.Resume()
			c.member.Socket.End()
			return
		}
		c.member.Socket.Resume()
		c.member.Socket.StartClocks()
		// The read loop gets a goroutine of its own: this one would keep
		// net/http's buffers, and the request, for as long as it lasts.
		go c.member.Socket.Serve()
	}()
	defer func() { // deferred, since whoever waits for an answer is to see the Close
		c.member.Socket.Out().Soon()
		if err := c.answer(r, a); err != nil {
			// The peer's doing, and what it can do as often as it likes is no error.
			_ = e.refuse(c, "", 0, NewError(CodeCanceled, "the client has gone").WithCause(steady.Wrap(errHandshake, err)))
			return
		}
		answered = true
	}()
	if bad != nil {
		c.turnAway(bad)
		return
	}
	opened = c.open(r)
}

// turnAway closes a connection whose handshake is answered although a guard
// refused it, so that a page is told the reason. It has not been registered,
// has no hooks and reads nothing: Socket.End comes next, and after the Close frame
// the socket lasts as long as that takes, and no more than a second.
func (c *conn) turnAway(bad *refusedHandshake) {
	c.member.Socket.Brief()
	c.close(closeFor(c.endpoint.refuse(nil, "", http.StatusSwitchingProtocols, bad.err)))
}

const errHandshake = "ws: handshake not answered"

var errUnanswered = errors.New(errHandshake)

func (e *Endpoint) refuseHandshake(w http.ResponseWriter, bad *refusedHandshake) {
	bad.answer(w, e.refuse(nil, "", bad.status, bad.err))
}

// hijack takes the socket from net/http. Frames for the connection wait until
// the handshake is answered.
func (e *Endpoint) hijack(w http.ResponseWriter, r *http.Request, a arrival) (*conn, error) {
	n, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, steady.Wrap("ws: Hijack failed", err)
	}
	n = steady.Conn(n, e.server.failed)
	_ = n.SetDeadline(time.Time{})
	first, _ := rw.Reader.Peek(rw.Reader.Buffered())
	return newConn(e, n, first, r, a), nil
}

func (e *Endpoint) opened(c *conn) {
	s := e.server
	s.stats.opened.Add(1)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.line(c, slog.LevelDebug, "ws: opened", "gateway", e.spec.Gateway, "remote", c.remote())
	}
	s.tellOpened(c)
}

func (e *Endpoint) closed(c *conn) {
	s, cause := e.server, c.cause()
	s.stats.closed.Add(1)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.line(c, slog.LevelDebug, "ws: closed", "gateway", e.spec.Gateway, "code", uint16(cause.Code),
			"reason", cause.Reason, "remote", cause.Remote, "error", steady.Text(cause.Err))
	}
	s.tellClosed(c, cause)
}

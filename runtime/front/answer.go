package front

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// answer has the http.Server's Handler answer a request.
func (l *listener) answer(c net.Conn, r *http.Request) {
	ctx, cancel := context.WithCancel(l.base)
	defer cancel()
	ctx = &connContext{ctx, l.server, c.LocalAddr()}
	if of := l.server.ConnContext; of != nil {
		ctx = of(ctx, c)
	}
	r = r.WithContext(ctx)
	r.RemoteAddr = c.RemoteAddr().String()
	w := &response{conn: c, header: make(http.Header), timeout: l.server.WriteTimeout}
	returned := false
	defer func() { w.end(returned) }()
	defer steady.Ended(&returned, "Handler", "", func(f *steady.Failure) { l.complain(r.RemoteAddr, f) })
	h := l.server.Handler
	if h == nil {
		h = http.DefaultServeMux
	}
	h.ServeHTTP(w, r)
	returned = true
}

// complain logs a panic, if an http.Server would.
func (l *listener) complain(from string, f *steady.Failure) {
	if f.Abort || f.Text == "" {
		return
	}
	logf := log.Printf
	if to := l.server.ErrorLog; to != nil {
		logf = to.Printf
	}
	logf("http: panic serving %v: %v\n%s", from, f.Text, f.Stack)
}

// connContext is the context of a connection, with what an http.Server puts there.
type connContext struct {
	context.Context

	server *http.Server
	local  net.Addr
}

// Value implements context.Context.
func (c *connContext) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return c.server
	case http.LocalAddrContextKey:
		return c.local
	}
	return c.Context.Value(key)
}

// response is the http.ResponseWriter of a handshake: it is taken over, or answered and
// closed. As with that of an http.Server only one goroutine uses it at a time.
type response struct {
	conn    net.Conn
	header  http.Header
	timeout time.Duration // of writing an answer; 0 or less: none

	taken bool
	body  *bufio.Writer // nil: the head was not written yet
	quiet bool          // the answer has no body
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	case w.taken || w.body != nil:
		return // the first one counts
	case w.timeout > 0:
		_ = w.conn.SetWriteDeadline(time.Now().Add(w.timeout))
	}
	out := bufio.NewWriter(w.conn)
	interim := status < 200 && status != http.StatusSwitchingProtocols
	w.quiet = status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
	writeHead(out, status, w.header, interim)
	if interim {
		_ = out.Flush()
		return
	}
	w.body = out
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	if w.taken {
		return 0, http.ErrHijacked
	}
	if w.body == nil {
		if w.header["Content-Type"] == nil && w.header["Content-Encoding"] == nil && len(p) > 0 {
			w.header.Set("Content-Type", http.DetectContentType(p))
		}
		w.WriteHeader(http.StatusOK)
	}
	if w.quiet {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(p)
}

// FlushError sends what was written so far.
func (w *response) FlushError() error {
	if w.taken {
		return http.ErrHijacked
	}
	if w.body == nil {
		w.WriteHeader(http.StatusOK)
	}
	return w.body.Flush()
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// SetReadDeadline is http.ResponseController's.
func (w *response) SetReadDeadline(at time.Time) error { return w.conn.SetReadDeadline(at) }

// SetWriteDeadline is http.ResponseController's.
func (w *response) SetWriteDeadline(at time.Time) error { return w.conn.SetWriteDeadline(at) }

// Take takes the connection over. It is Hijack without buffers.
func (w *response) Take() (net.Conn, error) {
	switch {
	case w.taken:
		return nil, http.ErrHijacked
	case w.body != nil:
		return nil, errors.New("front: the handshake was answered already")
	}
	w.taken = true
	return w.conn, nil
}

// Hijack implements http.Hijacker.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, err := w.Take()
	if err != nil {
		return nil, nil, err
	}
	return c, bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c)), nil
}

package front

import (
	"context"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// answer has the http.Server's Handler answer a request.
func (l *listener) answer(c net.Conn, r *http.Request) {
	if d := l.server.WriteTimeout; d > 0 {
		_ = c.SetWriteDeadline(time.Now().Add(d))
	}
	ctx := l.base
	if of := l.server.ConnContext; of != nil {
		ctx = of(ctx, c)
	}
	ctx, cancel := context.WithCancel(&connContext{ctx, c.LocalAddr()})
	r = r.WithContext(ctx)
	r.RemoteAddr = c.RemoteAddr().String()
	w := &response{conn: c, header: make(http.Header)}
	w.gone.watch(c, cancel)
	returned := false
	defer func() {
		cancel() // and not when the last byte has left
		w.end(returned)
	}()
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
	if f.Abort || f.Goexit && f.Text == "" {
		return
	}
	logf := log.Printf
	if to := l.server.ErrorLog; to != nil {
		logf = to.Printf
	}
	logf("http: panic serving %v: %v\n%s", from, f.Text, f.Stack)
}

// connContext is the context of a connection, with its address of this side.
type connContext struct {
	context.Context

	local net.Addr
}

// Value implements context.Context.
func (c *connContext) Value(key any) any {
	if key == http.LocalAddrContextKey {
		return c.local
	}
	return c.Context.Value(key)
}

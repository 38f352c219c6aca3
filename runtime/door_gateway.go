package ws

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// guardMessage asks the message guards, within runGuarded.
func (c *conn) guardMessage(handler int, event string, call *Call) error {
	for _, guard := range c.endpoint.guards[handler] {
		if err := guard.GuardMessage(call.Context(), call.message(event)); err != nil {
			return err
		}
	}
	return nil
}

// deliver calls the generated code that calls the handler, or a handler of
// the runtime's own, within runGuarded.
func (e *Endpoint) deliver(handler int, call *Call) error {
	if own := handler - len(e.spec.Handlers); own >= 0 {
		return e.own[own](call)
	}
	return e.spec.Call(handler, call)
}

// validates reports whether there is a Validator.
func (c *Call) validates() bool { return c.conn.endpoint.opts.Validator != nil }

// validate asks the Validator, within runGuarded.
func (c *Call) validate(v any) error { return c.conn.endpoint.opts.Validator.Validate(v) }

// validateFound asks the method Validate of v, within runGuarded. found says
// whether v has one.
func validateFound(v any) (found bool, err error) {
	own, found := v.(interface{ Validate() error })
	if !found {
		return false, nil
	}
	return true, own.Validate()
}

// produce runs the user's iterator, as runGuarded runs a handler.
func (t *task) produce(produce func(*task) error) (panicked bool, err error) {
	returned := false
	defer steady.Ended(&returned, "stream of ", t.event(), func(f *steady.Failure) {
		panicked, err = true, f
		t.conn.gaveUp(t.event(), f)
	})
	err = produce(t)
	returned = true
	return false, err
}

// connect runs the connect hook, if there is one. A panic becomes its error.
// If the hook ends its goroutine, which is net/http's, the connection closes.
func (c *conn) connect(r *http.Request) (state any, err error) {
	hook := c.endpoint.spec.Connect
	if hook == nil {
		return nil, nil
	}
	defer c.hookReturned()
	returned := false
	defer steady.Ended(&returned, "connect hook", "", func(f *steady.Failure) {
		err = f
		c.gaveUp("", f)
	})
	state, err = hook(hookContext{c}, c.asClient(), r)
	returned = true
	return state, c.lateHook(err)
}

// disconnects reports whether there is a disconnect hook.
func (e *Endpoint) disconnects() bool { return e.spec.Disconnect != nil }

// disconnect runs the disconnect hook of a connection whose connect hook
// returned nil. It may end its goroutine: only gone comes after it, deferred.
func (c *conn) disconnect() {
	hook := c.endpoint.spec.Disconnect
	w := c.work.Load()
	if hook == nil || w == nil || !w.hooked {
		return
	}
	alone := c.endpoint.leaving.enter()
	defer c.endpoint.leaving.leave(alone)
	ctx := context.WithValue(context.Background(), clientKey{}, c.asClient())
	if d := c.endpoint.opts.DisconnectTimeout; d != noLimit {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	returned := false
	defer steady.Ended(&returned, "disconnect hook", "", c.failed)
	hook(ctx, c.asClient(), w.state, c.cause())
	returned = true
}

// failed logs a failure of user code that no caller is told of.
func (c *conn) failed(f *steady.Failure) {
	c.endpoint.server.logPeer(&c.Client, slog.LevelError, "ws: failed", "gateway", c.endpoint.spec.Gateway, "error", f.String(), "stack", f.Stack)
}

// ask asks one connection guard.
func ask(guard ConnGuard, u *Upgrade) (err error) {
	if f := steady.Apart("connection guard", func() { err = guard.GuardConn(u) }); f != nil {
		return f
	}
	return err
}

// clientAddr asks Options.ClientAddr; without one it returns the zero Addr.
func (s *Server) clientAddr(r *http.Request) (addr netip.Addr, err error) {
	of := s.opts.ClientAddr
	if of == nil {
		return netip.Addr{}, nil
	}
	if f := steady.Apart("ClientAddr", func() { addr = of(r).Unmap() }); f != nil {
		return netip.Addr{}, f
	}
	return addr, nil
}

// configure lets a gateway change its options.
func (spec *Spec) configure(o *Options) {
	if spec.Configure != nil {
		spec.Configure(o)
	}
}

// handled tells the Observer of a message, in place, on the goroutine that
// handled it.
func (c *conn) handled(event string, begun time.Time, refusal *Error) {
	returned := false
	defer steady.Ended(&returned, "Observer", "", func(f *steady.Failure) {
		c.failed(f)
		if f.Goexit {
			c.close(panicCause)
		}
	})
	c.endpoint.server.opts.Observer.Handled(c.asClient(), event, time.Since(begun), refusal)
	returned = true
}

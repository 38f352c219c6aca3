package ws

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// The door: nobody calls code of the user's but this file, and nobody asks the
// user's errors anything but package steady (arch_test.go holds both). Behind
// it is whatever may panic or end its goroutine, and what it costs then is said
// here.
//
// What runs for a message, and the hooks, are called in place. A panic there is
// what it refuses with, and a runtime.Goexit ends the goroutine, of which
// deferred functions leave nothing but a connection that is closed with 1011.
// All else is called apart: it is seldom, and often called by those who must go
// on, such as the timer, a flush, or a job of the user's that pushes.
//
// Two ways in need no door. Configure and the making of interceptors run within
// NewEndpoint or Router.Intercept, and what a push encodes within the push: a
// panic there is the caller's, who is the user, and a gateway without what it
// was configured with shall not serve. What a middleware put around net/http's
// ResponseWriter is called on net/http's goroutine, as it expects.

// call runs guards, interceptors and handler, and returns what they refused
// with: if they panicked, that.
func (c *conn) call(handler int, call *Call) (panicked bool, err error) {
	event := c.endpoint.handlers[handler].Event
	returned := false
	defer steady.Ended(&returned, "handler of ", event, func(f *steady.Failure) {
		panicked, err = true, f
		c.gaveUp(event, f)
	})
	err = c.run(handler, event, call)
	returned = true
	return false, err
}

// gaveUp closes the connection if a goroutine of its own ends: nobody is left
// who could answer.
func (c *conn) gaveUp(event string, f *steady.Failure) {
	if f.Goexit {
		_ = c.endpoint.refuse(c, event, 0, f)
		c.close(panicCause)
	}
}

// guardMessage asks the message guards, within call.
func (c *conn) guardMessage(handler int, event string, call *Call) error {
	for _, guard := range c.endpoint.guards[handler] {
		if err := guard.GuardMessage(call.Context(), call.message(event)); err != nil {
			return err
		}
	}
	return nil
}

// deliver calls the generated code that calls the handler, within call; or our
// own handler, of $refresh.
func (e *Endpoint) deliver(handler int, call *Call) error {
	if handler == len(e.spec.Handlers) {
		return call.conn.refresh(call)
	}
	return e.spec.Call(handler, call)
}

// validates reports whether there is a Validator.
func (c *Call) validates() bool { return c.conn.endpoint.opts.Validator != nil }

// validate asks it, within call.
func (c *Call) validate(v any) error { return c.conn.endpoint.opts.Validator.Validate(v) }

// validateFound asks the method Validate of v, if it has one, within call.
func validateFound(v any) (found bool, err error) {
	own, found := v.(interface{ Validate() error })
	if !found {
		return false, nil
	}
	return true, own.Validate()
}

// produce runs the user's iterator; otherwise as call.
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

// connect runs the connect hook, if there is one. What it failed with is its
// error; if it ended its goroutine, which is net/http's, the connection closes.
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
// returned nil. Nothing but gone comes after it, deferred.
func (c *conn) disconnect() {
	hook := c.endpoint.spec.Disconnect
	some := c.some.Load()
	if hook == nil || some == nil || !some.hooked {
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
	hook(ctx, c.asClient(), some.state, c.cause())
	returned = true
}

// failed logs what nobody else is told of.
func (c *conn) failed(f *steady.Failure) {
	c.endpoint.server.logPeer(c, slog.LevelError, "ws: failed", "gateway", c.endpoint.spec.Gateway, "error", f.String(), "stack", f.Stack)
}

// ask has one connection guard decide.
func ask(guard ConnGuard, u *Upgrade) (err error) {
	if f := steady.Apart("connection guard", func() { err = guard.GuardConn(u) }); f != nil {
		return f
	}
	return err
}

// clientAddr asks Options.ClientAddr; without one it says nothing.
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

// newLog returns what everything is logged to.
func newLog(o *Options) *slog.Logger {
	to := o.Logger
	if to == nil {
		to = slog.Default()
	}
	return slog.New(steady.Log(to.Handler()))
}

// What the Observer is told.

// observed reports whether it wants to know of messages.
func (s *Server) observed() bool { return s.opts.Observer.Handled != nil }

// handled is called in place, on the goroutine that handled the message.
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

func (s *Server) tellOpened(c *conn) {
	if tell := s.opts.Observer.Opened; tell != nil {
		s.tell(func() { tell(c.asClient()) })
	}
}

func (s *Server) tellClosed(c *conn, cause Closed) {
	if tell := s.opts.Observer.Closed; tell != nil {
		s.tell(func() { tell(c.asClient(), cause) })
	}
}

func (s *Server) tellRefused(r Refusal) {
	if tell := s.opts.Observer.Refused; tell != nil {
		s.tell(func() { tell(r) })
	}
}

func (s *Server) tellShed(shed Shed) {
	if tell := s.opts.Observer.Shed; tell != nil {
		s.tell(func() { tell(shed) })
	}
}

func (s *Server) tell(told func()) {
	if f := steady.Apart("Observer", told); f != nil {
		s.failed(f)
	}
}

// failed logs what nobody else is told of.
func (s *Server) failed(f *steady.Failure) {
	s.logPeer(nil, slog.LevelError, "ws: failed", "error", f.String(), "stack", f.Stack)
}

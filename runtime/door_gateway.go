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
		if refusal := t.conn.gaveUp(t.within(), t.event(), f); refusal != nil {
			t.observed(refusal) // nothing comes after this
		}
	})
	err = produce(t)
	returned = true
	return false, err
}

// connect runs the connect hook, if there is one. A panic becomes its error.
// If the hook ends its goroutine, which is net/http's, the connection closes.
// The hook's context has values, unless they are nil.
func (c *conn) connect(r *http.Request, values context.Context) (state any, err error) {
	hook := c.endpoint.spec.Connect
	if hook == nil {
		return nil, nil
	}
	defer c.hookReturned()
	ctx := within(hookContext{c}, values)
	returned := false
	defer steady.Ended(&returned, "connect hook", "", func(f *steady.Failure) {
		err = f
		_ = c.gaveUp(ctx, "", f)
	})
	state, err = hook(ctx, c.asClient(), r)
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

// tellConnecting tells the Observer of a request, and returns it with the
// context that the Observer chose.
func (e *Endpoint) tellConnecting(r *http.Request, a *arrival) *http.Request {
	tell := e.server.opts.Observer.Connecting
	if tell == nil {
		return r
	}
	var ctx context.Context
	h := Handshake{Gateway: e.spec.Gateway, Pattern: e.spec.Path, Proto: r.Proto, Header: traceFields(r.Header)}
	e.server.tell(func() { ctx, a.answered = tell(r.Context(), h) })
	if ctx == nil {
		return r
	}
	a.values = ctx
	return r.WithContext(ctx)
}

// tellAnswered tells the Observer, once, how a request was answered. c is nil
// if it became no connection.
func (e *Endpoint) tellAnswered(a *arrival, c *conn, refusal *Error) {
	if told := a.answered; told != nil {
		a.answered = nil
		e.server.tell(func() { told(c.asClient(), refusal) })
	}
}

// tellStarting tells the Observer that it is a message's turn, and takes the
// context that it chooses.
func (c *Call) tellStarting(event string) {
	tell := c.conn.endpoint.server.opts.Observer.Starting
	if tell == nil {
		return
	}
	c.conn.observe(func() {
		ctx, ended := tell(c.Context(), c.Client(), event)
		c.ended = ended
		if ctx == nil {
			return
		}
		c.ctx = ctx
		if c.task != nil {
			c.task.runsIn(ctx) // for who refuses it in the handler's place
		}
	})
}

// tellHandled tells the Observer of a message that was handled. ended is what
// Starting returned.
func (c *conn) tellHandled(event string, took time.Duration, refusal *Error, ended func(time.Duration, *Error)) {
	if ended != nil {
		c.observe(func() { ended(took, refusal) })
	}
	if tell := c.endpoint.server.opts.Observer.Handled; tell != nil {
		c.observe(func() { tell(c.asClient(), event, took, refusal) })
	}
}

// observe tells the Observer of a message, in place, on the goroutine that
// handles it.
func (c *conn) observe(told func()) {
	returned := false
	defer steady.Ended(&returned, "Observer", "", func(f *steady.Failure) {
		c.failed(f)
		if f.Goexit {
			c.close(panicCause)
		}
	})
	told()
	returned = true
}

package ws

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
)

// Next is the rest of a message's way: what of the interceptors is left, then
// decoding, validation, the handler and its reply. The error is what the
// client will be refused with. Of a stream it returns when the stream has begun.
//
// ctx is what the handler gets, so it must be derived from the one that came
// in; m.Data is what is decoded. The other fields of m are for reading.
type Next func(ctx context.Context, m Message) error

// Interceptor wraps the way of every message that passed its guards: for
// traces, metrics, transactions, for turning errors into others. It is called
// for each gateway before that serves anything, and the Next that it returns
// for each message, concurrently for different connections:
//
//	func logged(next ws.Next) ws.Next {
//		return func(ctx context.Context, m ws.Message) error {
//			err := next(ctx, m)
//			slog.InfoContext(ctx, "handled", "event", m.Event, "error", err)
//			return err
//		}
//	}
//
// A Next may call the next one again after an error, and it may not call it at
// all: nil acknowledges the message then. Once it has returned, the message is
// gone and the next one fails.
//
// Interceptors may block, so no handler behind one runs on the read loop.
type Interceptor func(next Next) Next

// passage leads from a Message to its call, for as long as that lasts.
type passage struct {
	handler int
	call    atomic.Pointer[Call]
}

var errPassage = errors.New("ws: an interceptor has to hand on the Message that it got, before it returns")

// intercept puts interceptors around those of the gateway.
func (e *Endpoint) intercept(around []Interceptor) {
	e.global.around = append(e.global.around, around...)
	e.compose()
}

// chain returns what the interceptors make of the way to the handler; nil if
// there are none.
func (e *Endpoint) chain() Next {
	all := slices.Concat(e.global.around, e.opts.Interceptors)
	if len(all) == 0 {
		return nil
	}
	next := Next(e.arrive)
	for _, i := range slices.Backward(all) {
		next = i(next)
	}
	return next
}

// arrive is the innermost Next.
func (e *Endpoint) arrive(ctx context.Context, m Message) error {
	if m.passage == nil {
		return errPassage
	}
	call := m.passage.call.Load()
	if call == nil {
		return errPassage
	}
	call.ctx, call.frame.Data = ctx, m.Data
	return e.deliver(m.passage.handler, call)
}

// pass sends a message through the interceptors.
func (e *Endpoint) pass(handler int, call *Call) error {
	p := &passage{handler: handler}
	p.call.Store(call)
	defer p.call.Store(nil)
	m := call.message(e.handlers[handler].Event)
	m.passage = p
	return e.next(call.Context(), m)
}

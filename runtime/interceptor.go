package ws

import (
	"context"
	"errors"
	"slices"
	"sync"
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
// all: nil acknowledges the message then. It may also return before the next
// one has, as a time limit does: what it returns is the answer then, and what
// the handler still does is not sent, neither a reply nor a stream. Once it has
// returned, the message is gone and the next one fails.
//
// Interceptors may block, so no handler behind one runs on the read loop.
type Interceptor func(next Next) Next

// passage leads from a Message to its handler, for as long as the interceptors
// have not returned. One that has, although the handler runs on, as everything
// with a time limit does, has answered: passage decides, as task.claim does
// between the handler and others. What a handler works with behind interceptors
// is its own, and neither used again nor given back: nobody knows how long it
// will be used.
type passage struct {
	call  Call // what each handler's begins as
	state any  // of the connection, which forgets it in the end

	mu       sync.Mutex
	over     bool // the outermost interceptor has returned
	answered bool // the handler has replied
}

var errPassage = errors.New("ws: an interceptor has to hand on the Message that it got, before it returns")

// enter returns a Call for the handler; nil if it is too late. An interceptor
// that tries again, or at the same time, gets another.
func (p *passage) enter(ctx context.Context, m *Message) *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil
	}
	call := p.call
	call.passage, call.ctx, call.frame.Data = p, ctx, m.Data
	return &call
}

// claim returns whether the handler may answer: nobody has.
func (p *passage) claim() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := !p.over && !p.answered
	p.answered = p.answered || first
	return first
}

// during calls do unless the interceptors have returned, and lets none of them
// return meanwhile.
func (p *passage) during(do func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return errPassage
	}
	return do()
}

func (p *passage) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

func (p *passage) isAnswered() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answered
}

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
	call := m.passage.enter(ctx, &m)
	if call == nil {
		return errPassage
	}
	return e.deliver(call.handler, call)
}

// pass sends a message through the interceptors.
func (e *Endpoint) pass(call *Call) error {
	p := &passage{state: call.conn.ownState()}
	p.call.begin(call.conn, call.task, call.handler, &call.frame, call.inline)
	p.call.bare = call.bare
	call.passage = p
	defer p.end()
	m := call.message(e.handlers[call.handler].Event)
	m.passage = p
	return e.next(call.Context(), m)
}

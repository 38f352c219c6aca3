package ws

import (
	"context"
	"encoding/json"
)

// arrive is the innermost Next: it calls the handler.
func arrive(ctx context.Context, m Message) error {
	if m.way == nil {
		return errPassage
	}
	return m.way.arrive(ctx, m.Data)
}

// arrive calls the handler.
func (p *passage) arrive(ctx context.Context, data json.RawMessage) error {
	call := p.enter(ctx, data)
	if call == nil {
		return errPassage
	}
	return call.conn.endpoint.deliver(call.handler, call)
}

// pass sends a message through the interceptors.
func (e *Endpoint) pass(call *Call) error {
	p := &passage{state: call.conn.ownState()}
	p.call.begin(call.conn, call.task, call.handler, &call.frame, call.inline)
	p.call.bare = call.bare
	call.passage = p
	defer p.end()
	m := call.message(e.handlers[call.handler].Event)
	m.way = p
	return e.next(call.Context(), m)
}

package ws

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
)

// passage leads from a Message to its handler, until the interceptors have
// returned. An interceptor may return while the handler still runs, as one
// with a time limit does; then its result is the answer. passage decides
// between the two, as task.claim does between the handler and others. A
// handler behind interceptors has a Call of its own, which is neither used
// again nor given back: nothing tells how long it will be used.
type passage struct {
	call  Call // copied for each time that the handler is called
	state any  // the connection's, which lets go of it in the end

	mu       sync.Mutex
	over     bool // guarded by mu; the outermost interceptor has returned
	answered bool // guarded by mu; the handler has replied
}

// enter returns a Call for the handler; nil if it is too late. An interceptor
// that tries again, or at the same time, gets another.
func (p *passage) enter(ctx context.Context, data json.RawMessage) *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil
	}
	call := p.call
	call.passage, call.ctx, call.frame.Data = p, ctx, data
	call.utf8 = false // an interceptor may have made other data
	return &call
}

// claim reports whether the handler may answer: it may once, and not when the
// interceptors have returned.
func (p *passage) claim() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := !p.over && !p.answered
	p.answered = p.answered || first
	return first
}

// during calls do unless the interceptors have returned, and keeps the
// outermost from returning meanwhile.
func (p *passage) during(do func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return errPassage
	}
	return do()
}

// end notes that the outermost interceptor has returned.
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

var errPassage = errors.New("ws: an interceptor has to hand on the Message that it got, before it returns")

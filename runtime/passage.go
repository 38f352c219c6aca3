package ws

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
)

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

var errPassage = errors.New("ws: an interceptor has to hand on the Message that it got, before it returns")

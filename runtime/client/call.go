package wsclient

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Call sends an event and returns what its handler has answered. Data that is nil is
// sent as null. It waits for a connection, and fails
//
//   - with what the server refuses, an *ws.Error;
//   - with an *ws.Error of CodeTimeout after Options.Timeout, if ctx has no deadline;
//   - with one of CodeClosed, CodeDisconnected, CodeOverflow or CodeTooLarge;
//   - with the cause of ctx, when that ends;
//   - with what encoding/json says of data, or of an answer that is no R.
//
// When ctx ends, or the time is up, the server is told that the answer is not wanted
// any more ($cancel), and the context of the handler ends.
func Call[R any](ctx context.Context, c *Client, event string, data any) (R, error) {
	var result R
	answered, err := c.call(ctx, event, data)
	if err == nil {
		err = decode(event, answered, &result)
	}
	return result, err
}

// Do is Call for a handler without a result.
func Do(ctx context.Context, c *Client, event string, data any) error {
	_, err := c.call(ctx, event, data)
	return err
}

// Send sends an event and wants no answer: a refusal goes to Options.OnError. It waits
// for nothing: without a connection the message is queued. It fails with an *ws.Error
// of CodeOverflow if Options.Queue is full, of CodeTooLarge or CodeClosed, or with what
// encoding/json says of data. Of what was sent when a session is lost nobody knows
// whether it was handled.
func Send(c *Client, event string, data any) error {
	text, err := encode(event, nil, data, "")
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enqueue(message{text: text})
}

// times reports whether Options.Timeout is the end of what has the context ctx.
func (c *Client) times(ctx context.Context) bool {
	_, ends := ctx.Deadline()
	return !ends && c.o.Timeout > 0
}

func errTimeout() *ws.Error { return ws.NewError(ws.CodeTimeout, "no answer came in time") }

// call is a call without an answer, or a stream.
type call struct {
	id    uint64
	event string
	done  chan result // gets the answer; nil of a stream
	items *items      // of a stream

	refresh bool   // a $refresh, which the next $connected answers, too
	of      *link  // guarded by Client.mu; over which a $refresh was sent; nil: it was not
	sent    uint64 // guarded by Client.mu; the number of its message; 0: it was not sent, or does not count
	gone    bool   // guarded by Client.mu; nobody waits for its answer
}

func newCall(event string) *call { return &call{event: event, done: make(chan result, 1)} }

// result is an answer.
type result struct {
	data []byte
	err  error
}

// message is something that waits to be sent.
type message struct {
	text []byte
	call *call // nil: nobody waits for an answer
}

// call sends an event and waits for its answer.
func (c *Client) call(ctx context.Context, event string, data any) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	x := newCall(event)
	var late <-chan time.Time
	if c.times(ctx) {
		t := time.NewTimer(c.o.Timeout)
		defer t.Stop()
		late = t.C
	}
	if err := c.begin(x, data, ""); err != nil {
		return nil, err
	}
	return c.await(ctx, x, late)
}

// begin queues a call, or the beginning of a stream.
func (c *Client) begin(x *call, data any, meta string) error {
	x.id = c.lastID.Add(1)
	var id [20]byte
	text, err := encode(x.event, strconv.AppendUint(id[:0], x.id, 10), data, meta)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enqueue(message{text, x}); err != nil {
		return err
	}
	c.calls[x.id] = x
	return nil
}

// enqueue queues a message. The caller holds mu.
func (c *Client) enqueue(m message) error {
	if c.closing || c.state == Closed {
		return c.refuseClosed()
	}
	if err := c.tooLong(m.text); err != nil {
		return err
	}
	if len(c.queue) >= c.o.Queue {
		return ws.NewError(CodeOverflow, strconv.Itoa(len(c.queue))+" messages wait for a connection already")
	}
	c.queue = append(c.queue, m)
	c.work.Signal()
	return nil
}

// tooLong says if the server does not take a message of this length. The caller holds
// mu.
func (c *Client) tooLong(text []byte) *ws.Error {
	most := c.session.most
	if most <= 0 || len(text) <= most {
		return nil
	}
	return ws.NewError(ws.CodeTooLarge, "the message has "+strconv.Itoa(len(text))+" bytes, and the server takes "+strconv.Itoa(most))
}

// await waits for the answer of a call.
func (c *Client) await(ctx context.Context, x *call, late <-chan time.Time) ([]byte, error) {
	var why error
	select {
	case r := <-x.done:
		return r.data, r.err
	case <-ctx.Done():
		why = context.Cause(ctx)
	case <-late:
		why = errTimeout()
	}
	if c.abandon(x) {
		return nil, why
	}
	r := <-x.done // it came in this moment
	return r.data, r.err
}

// maxGone bounds how many calls are remembered that nobody waits for, until the server
// has answered them, which it may never do. The server is told only once that the
// answers of others are not wanted.
const maxGone = 1024

// abandon has nobody wait for an answer: a call that was not sent is taken out of the
// queue, and of one that was sent the server is told. It returns false if there is an
// answer already.
func (c *Client) abandon(x *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.calls[x.id] != x:
		return false
	case x.refresh:
		delete(c.calls, x.id)
		c.drained()
	case x.sent == 0:
		delete(c.calls, x.id)
		c.queue = slices.DeleteFunc(c.queue, func(m message) bool { return m.call == x })
	default:
		if c.gone < maxGone {
			c.gone++
			x.gone = true // its answer is waited for, so that $cancel is said again to the next link
		} else {
			delete(c.calls, x.id)
		}
		if l := c.link; l != nil && l.open {
			l.put(ownOf("$cancel", x.id, "null"))
		}
		c.drained()
	}
	return true
}

// settle gives a call its answer. The caller holds mu.
func (c *Client) settle(x *call, data []byte, err error) {
	delete(c.calls, x.id)
	if x.gone {
		c.gone--
	}
	if x.items != nil {
		x.items.end(err)
	} else {
		x.done <- result{data, err} // it has room, and this happens once
	}
	c.drained()
}

// decode decodes the data of an answer, or of an item. Without data it is the zero
// value.
func decode(event string, data []byte, into any) error {
	if len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return steady.Wrap("wsclient: "+event+": the answer does not decode", err)
	}
	return nil
}

package ws

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// questions are those that a client was asked and has not answered.
type questions struct {
	last uint64               // the number of the last one; none is used twice
	open map[string]*question // by id, such as $1
}

// question waits for its answer.
type question struct {
	event  string
	answer chan answer // has room for one, and gets one at most
}

// answer is what a client says to a question.
type answer struct {
	data []byte // JSON; nil: absent
	err  error  // it refuses
}

// answers reports that the client answers no questions: it speaks the plain
// protocol.
func (c *conn) answers() bool { return false }

// ask sends a question to the client and returns the data of its answer. It waits
// until ctx ends, or for AskTimeout if that has no deadline.
func (c *conn) ask(ctx context.Context, event string, data any) ([]byte, error) {
	if c.member.Socket.Closes() {
		return nil, ErrClosed
	}
	if !c.owner().answers() {
		return nil, NewError(CodeUnavailable, "the client does not speak a protocol in which it can be asked")
	}
	if _, limited := ctx.Deadline(); !limited && c.endpoint.opts.AskTimeout != noLimit {
		within, cancel := context.WithTimeout(ctx, c.endpoint.opts.AskTimeout)
		defer cancel()
		ctx = within
	}
	id, q := c.pose(event)
	if q == nil {
		return nil, NewError(CodeRateLimited, "too many questions without an answer")
	}
	defer c.withdraw(id) // also if data's own code panics
	if err := c.send(ctx, event, id, data); err != nil {
		return nil, err
	}
	select {
	case a := <-q.answer:
		return a.data, a.err
	case <-ctx.Done():
	case <-c.context().Done():
	}
	if !c.withdraw(id) {
		a := <-q.answer // it was quicker
		return a.data, a.err
	}
	if c.member.Socket.Closes() {
		return nil, ErrClosed
	}
	c.takeBack(id)
	return nil, unanswered(ctx.Err())
}

// pose gives a question an id; it is nil if there are enough.
func (c *conn) pose(event string) (id string, q *question) {
	w := c.works()
	w.mu.Lock()
	defer w.mu.Unlock()
	asks := &w.oddly().asks
	if len(asks.open) >= c.endpoint.opts.MaxAsks {
		return "", nil
	}
	asks.last++
	id = "$" + strconv.FormatUint(asks.last, 10)
	q = &question{event, make(chan answer, 1)}
	if asks.open == nil {
		asks.open = map[string]*question{}
	}
	asks.open[id] = q
	return id, q
}

// withdraw forgets a question. It returns false if that was answered.
func (c *conn) withdraw(id string) (open bool) { return c.settle(id) != nil }

// settle takes a question out of those that are open; nil: it is none of them.
func (c *conn) settle(id string) *question {
	w := c.works()
	w.mu.Lock()
	defer w.mu.Unlock()
	odd := w.oddity()
	if odd == nil {
		return nil
	}
	q := odd.asks.open[id]
	delete(odd.asks.open, id)
	return q
}

// send queues a question.
func (c *conn) send(ctx context.Context, event, id string, data any) error {
	text, err := protocolEvents.encode(event, quoted(id), data)
	if err != nil {
		return steady.Wrap("ws: the client was not asked", err)
	}
	out := c.member.Socket.Out()
	v := out.Insist(c.single(text))
	c.member.Socket.FlushNow(v)
	if v == outbox.Full { // a writer is about to make room, and nothing may have come to that
		soon, cancel := context.WithTimeout(ctx, askRoom)
		defer cancel()
		v = out.WaitUntil(c.single(text), soon.Done())
		c.member.Socket.FlushNow(v)
	}
	switch {
	case v == outbox.Closed:
		return ErrClosed
	case !v.Accepted():
		return ErrFull
	}
	s := c.endpoint.server
	s.stats.accepted.Add(1)
	s.tellSent(Sent{Event: event, Declared: true, Outboxes: 1, Bytes: len(text)})
	return nil
}

// askRoom is how long a question waits for room in an outbox that is being
// written.
const askRoom = 100 * time.Millisecond

// takeBack tells the client that a question needs no answer any more. The question
// counts, so the client has it from this socket or the next; and so it must have
// this, also if there is no room.
func (c *conn) takeBack(id string) {
	frame := protocolEvents.encodeCancel(id)
	c.member.Socket.FlushNow(c.member.Socket.Out().Tell(c.single(frame)))
}

// answered takes a message that is the answer to a question. It reports whether it
// is an answer at all; one to nothing is dropped. Read goroutine only.
func (c *conn) answered(text []byte) bool {
	if !c.owner().answers() {
		return false
	}
	f, id, ok := envelope.ParseAnswer(text)
	if !ok {
		return false
	}
	q := c.settle(string(id))
	if q == nil {
		return true
	}
	switch string(f.Event) {
	case q.event:
		q.answer <- answer{data: bytes.Clone(f.Data)}
	case errorEvent:
		q.answer <- answer{err: refusedBy(f.Data)}
	default:
		q.answer <- answer{err: NewError(CodeInvalidPayload, "the client has answered another event than it was asked")}
	}
	return true
}

// refusedBy returns the refusal of a client's that travels as data.
func refusedBy(data []byte) error {
	var body errorBody
	if json.Unmarshal(data, &body) != nil || body.Code == "" {
		return NewError(CodeInvalidPayload, "the client has refused, and its refusal does not decode")
	}
	e := &Error{Code: body.Code, Message: body.Message, Details: body.Details}
	if ms := body.RetryAfterMs; ms > 0 {
		e.RetryAfter = time.Duration(min(ms, int64(noLimit/time.Millisecond))) * time.Millisecond
	}
	return e
}

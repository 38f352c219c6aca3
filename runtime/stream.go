package ws

import (
	"context"
	"errors"
	"iter"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

// Stream sends the values of seq, for generated code, each as a frame with
// "more", and a last one without (docs/reference/protocol.md, "Streams"). It
// returns at once. The iteration has a goroutine of its own, and waits while
// the outbox is full, and while a client that gives credit has given no more.
// When the client cancels, the connection closes or the time is up, yield
// returns false. A seq that waits for something must watch the handler's
// context. A nil seq has no values.
func Stream[T any](c *Call, seq iter.Seq[T]) error { return streamSeq(c, seq, itemStd[T]) }

// StreamJSON is Stream for a type that wsgen generated a function for.
func StreamJSON[T any](c *Call, seq iter.Seq[T], write func(*wsjson.Writer, T)) error {
	return streamSeq(c, seq, itemBy(write))
}

// streamSeq has the values of seq sent, each by send.
func streamSeq[T any](c *Call, seq iter.Seq[T], send func(*task, T) error) error {
	return c.stream(func(t *task) error {
		if seq == nil {
			return nil
		}
		for v := range seq {
			if err := send(t, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// Stream2 is Stream for values that may fail: the first error ends the
// stream, as if the handler had returned it.
func Stream2[T any](c *Call, seq iter.Seq2[T, error]) error { return streamSeq2(c, seq, itemStd[T]) }

// Stream2JSON is Stream2 for a type that wsgen generated a function for.
func Stream2JSON[T any](c *Call, seq iter.Seq2[T, error], write func(*wsjson.Writer, T)) error {
	return streamSeq2(c, seq, itemBy(write))
}

// streamSeq2 is streamSeq for values that may fail.
func streamSeq2[T any](c *Call, seq iter.Seq2[T, error], send func(*task, T) error) error {
	return c.stream(func(t *task) error {
		if seq == nil {
			return nil
		}
		for v, err := range seq {
			if err == nil {
				err = send(t, v)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// StreamChan is Stream for the values that come from ch until it is closed.
// When the stream ends before, nothing more is received, and no value is
// taken only to be dropped, nor before a client that gives credit allows it. So the sender must watch the handler's context. A
// nil ch has no values.
func StreamChan[T any](c *Call, ch <-chan T) error { return streamChan(c, ch, itemStd[T]) }

// StreamChanJSON is StreamChan for a type that wsgen generated a function for.
func StreamChanJSON[T any](c *Call, ch <-chan T, write func(*wsjson.Writer, T)) error {
	return streamChan(c, ch, itemBy(write))
}

// streamChan is streamSeq for the values that come from ch.
func streamChan[T any](c *Call, ch <-chan T, send func(*task, T) error) error {
	return c.stream(func(t *task) error {
		if ch == nil {
			return nil
		}
		for {
			if !t.affords() { // or a value would be taken that may not be sent
				return errStopped
			}
			select {
			case <-t.Done():
				return errStopped
			case v, ok := <-ch:
				if !ok {
					return nil
				}
				if err := send(t, v); err != nil {
					return err
				}
			}
		}
	})
}

var (
	errStopped   = errors.New("ws: the stream is not wanted any more")
	errNotStream = errors.New("ws: Stream was called twice, or Handler.Stream is not set: run wsgen again")
)

// stream has produce send its values on a goroutine of its own.
func (c *Call) stream(produce func(*task) error) error {
	t := c.task
	if t == nil || !t.hasPlace() {
		return errNotStream
	}
	begin := func() error {
		if t.streaming {
			return errNotStream
		}
		t.streaming = true
		t.ended = c.ended
		t.runsIn(c.Context())
		t.conn.inbox().Hold()
		go t.stream(produce)
		return nil
	}
	if c.passage != nil {
		return c.passage.during(begin)
	}
	return begin()
}

// itemStd sends a value that encoding/json encodes.
func itemStd[T any](t *task, v T) error {
	if !t.affords() {
		return errStopped
	}
	frame, err := t.conn.endpoint.protocol.encodeItem(t.event(), t.id, &v)
	if err != nil {
		return err
	}
	return t.item(frame)
}

// itemBy returns a function that sends a value that write encodes, or encoding/json
// if the value has no JSON.
func itemBy[T any](write func(*wsjson.Writer, T)) func(*task, T) error {
	return func(t *task, v T) error {
		if !t.affords() { // first: a value shall be encoded as it is when it leaves
			return errStopped
		}
		p := t.conn.endpoint.protocol
		w := writers.Get().(*wsjson.Writer)
		w.Reset(p.beginData(append(w.AvailableBuffer(), t.conn.endpoint.fronts[t.handler]...), t.id))
		write(w, v)
		frame, ok := p.endMember(w, true)
		if ok {
			frame = ownFrame(w, frame)
		}
		writers.Put(w)
		if !ok {
			return itemStd(t, v)
		}
		return t.item(frame)
	}
}

// item sends the frame of a value, when there is room. It fails with errStopped if the
// stream has ended meanwhile.
func (t *task) item(frame []byte) error {
	c := t.conn
	verdict := c.member.Socket.Out().WaitModest(c.single(frame), t.Done())
	if !verdict.Accepted() {
		return errStopped
	}
	t.spend()
	c.endpoint.server.stats.accepted.Add(1)
	c.member.Socket.Schedule(verdict) // a worker flushes: a value is seldom the last
	return nil
}

// stream runs in the goroutine of a stream: it sends the values, and then the
// last frame.
func (t *task) stream(produce func(*task) error) {
	c := t.conn
	defer c.inbox().Release()
	defer t.finish()
	panicked, err := t.produce(produce)
	t.leavePlace() // before its last frame, with which the client may begin another
	var refusal *Error
	switch {
	case err == errStopped, err != nil && !t.claim(nil):
		t.giveUp() // the time may be up, and no answer have said so
		refusal = t.refused()
	case err != nil:
		t.end()
		x := t.explain(examine(err))
		x.of = t.within()
		refusal = c.endpoint.reportKnown(c, t.event(), 0, c.endpoint.handlers[t.handler].declared(x))
		t.answer(refusal, false)
	case t.claim(nil):
		frame, _ := t.conn.endpoint.protocol.encode(t.event(), t.id, nil) // null encodes
		c.member.Socket.Reply(c.single(frame), false)
	}
	if panicked {
		c.close(panicCause)
	}
	t.observed(refusal)
}

// observed tells who observes the message that the stream is over.
func (t *task) observed(refusal *Error) {
	if t.begun != 0 {
		t.conn.handled(t.within(), t.handler, t.begun-1, refusal, t.ended)
	}
}

var _ context.Context = (*task)(nil)

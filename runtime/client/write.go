package wsclient

import (
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Bounds of what is on its way to the server.
const (
	maxUnacked = 256      // messages that it has not acknowledged; then others wait
	askAt      = 128      // after so many it is asked how many it has
	maxBatch   = 64       // frames that are written at once
	maxBytes   = 64 << 10 // of them; one more may be longer
)

// write writes what there is, until the link is over.
func (l *link) write() {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for !l.over {
		if !l.writeBatch() {
			c.work.Wait()
		}
	}
	if l.bye != nil {
		l.writeBatch()
	}
}

// writeBatch writes as much as is written at once, and reports whether there was
// anything. The caller holds mu, which is not held meanwhile.
func (l *link) writeBatch() bool {
	c := l.c
	l.batch = l.gather(l.batch[:0])
	if len(l.batch) == 0 {
		return false
	}
	c.mu.Unlock()
	err := l.s.write(l.batch)
	if err != nil {
		l.s.cut() // the goroutine that reads notices
	}
	c.mu.Lock()
	clear(l.batch)
	if err != nil {
		l.lose(steady.Wrap("wsclient: writing to the server", err))
	}
	return true
}

// gather appends what is to be written next. The caller holds mu.
func (l *link) gather(batch []outgoing) []outgoing {
	if l.bade || l.why != nil {
		return batch
	}
	if l.over || l.hurry {
		return l.sayBye(batch)
	}
	if l.pong != nil {
		batch, l.pong = append(batch, outgoing{frame.OpPong, l.pong}), nil
	}
	for size := 0; len(l.again) > 0 && len(batch) < maxBatch && size < maxBytes; {
		text := pop(&l.again)
		size += len(text)
		batch = append(batch, outgoing{frame.OpText, text})
	}
	if len(l.again) > 0 {
		return batch // what belongs behind it
	}
	for len(l.control) > 0 && len(batch) < maxBatch {
		batch = append(batch, outgoing{frame.OpText, pop(&l.control)})
	}
	if l.open {
		batch = l.more(batch)
	}
	if l.bye != nil && len(l.control) == 0 && !l.waits() {
		return l.sayBye(batch)
	}
	return batch
}

// sayBye appends the Close, behind which nothing is written. The caller holds mu.
func (l *link) sayBye(batch []outgoing) []outgoing {
	if l.bye == nil {
		return batch
	}
	l.bade = true
	return append(batch, outgoing{frame.OpClose, l.bye})
}

// more appends messages of the application's, as many as may be on their way. The
// caller holds mu.
func (l *link) more(batch []outgoing) []outgoing {
	c := l.c
	for size := 0; l.waits() && len(batch) < maxBatch && size < maxBytes && len(c.session.unacked) < maxUnacked; {
		text := l.nextText()
		if text == nil {
			continue // it was too long
		}
		size += len(text)
		batch = append(batch, outgoing{frame.OpText, text})
		l.count()
	}
	c.drained()
	return batch
}

// nextText takes the next message, which counts from here on. The caller holds mu, and
// there is one.
func (l *link) nextText() []byte {
	c := l.c
	if len(c.replies) > 0 {
		text := pop(&c.replies)
		c.session.sent(text)
		return text
	}
	m := pop(&c.queue)
	if err := c.tooLong(m.text); err != nil { // it was queued before that was known
		if m.call != nil {
			c.settle(m.call, nil, err)
		} else {
			c.complain(err)
		}
		return nil
	}
	number := c.session.sent(m.text)
	if m.call != nil {
		m.call.sent = number
	}
	return m.text
}

// waits reports whether there are messages of the application's that this link has to
// send. The caller holds mu.
func (l *link) waits() bool {
	c := l.c
	return l.open && (len(c.replies) > 0 || len(c.queue) > 0 && (!l.drains || c.closing))
}

// pop takes the first of a queue, and keeps the memory of one that is empty then.
func pop[T any](queue *[]T) T {
	q := *queue
	var none T
	first := q[0]
	q[0] = none
	if len(q) == 1 {
		*queue = q[:0]
	} else {
		*queue = q[1:]
	}
	return first
}

package ws

import (
	"errors"
	"os"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// maxBatch is how many bytes of queued frames leave in one write: they are
// copied together, and a single larger frame is written as it is.
const maxBatch = 64 << 10

// push queues a frame, or fails with ErrFull or ErrClosed. It never waits.
func (c *conn) push(frame []byte) error {
	switch v := c.out.Push(frame); v {
	case outbox.Full:
		return ErrFull
	case outbox.Closed:
		return ErrClosed
	default:
		c.schedule(v)
		return nil
	}
}

// pushOne is push for a single connection: it counts and reports by itself.
func (c *conn) pushOne(event string, frame []byte) error {
	err := c.push(frame)
	switch err {
	case nil:
		c.server.pushed(event, 1, 0)
	case ErrFull:
		c.server.pushed(event, 0, 1)
	}
	return err
}

// reply queues a frame that must not be shed, and waits for room: meanwhile
// nothing is read from the peer. A peer that never makes room is closed by the
// write deadline. If the connection closes instead the reply is lost.
func (c *conn) reply(frame []byte) {
	v := c.out.Wait(frame)
	c.schedule(v)
	if v.Accepted() {
		c.server.stats.accepted.Add(1)
	}
}

// schedule has the outbox flushed if the verdict makes that the caller's task.
func (c *conn) schedule(v outbox.Verdict) {
	if v == outbox.Schedule {
		go c.flush()
	}
}

// batch is what a flush works with.
type batch struct {
	frames [][]byte
	bytes  []byte
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// flush is the one writer of a connection. It runs while there are frames, and
// owns the outbox meanwhile.
func (c *conn) flush() {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	broken := false
	for {
		frames, closed := c.out.Take(b.frames[:0], maxBatch)
		b.frames = frames
		if len(frames) == 0 {
			if closed {
				c.writeEnded(broken)
			}
			return
		}
		err := c.write(b.joined())
		clear(b.frames) // the pool must not pin frames
		if err != nil {
			broken = true
			c.begin(writeCause(err))
			c.out.Abort() // flush is the owner, so there is nothing to schedule
		}
	}
}

// joined returns the frames as one slice.
func (b *batch) joined() []byte {
	if len(b.frames) == 1 {
		return b.frames[0]
	}
	b.bytes = b.bytes[:0]
	for _, f := range b.frames {
		b.bytes = append(b.bytes, f...)
	}
	return b.bytes
}

// write writes all of p. The deadline is for progress: a peer that takes
// something has it renewed.
func (c *conn) write(p []byte) error {
	for {
		if err := c.net.SetWriteDeadline(deadline(c.server.opts.WriteTimeout)); err != nil {
			return err
		}
		n, err := c.net.Write(p)
		if err == nil {
			return nil
		}
		if n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		p = p[n:]
	}
}

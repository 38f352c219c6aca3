package ws

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// maxBatch is how many bytes of queued frames leave in one write: they are
// copied together, and a single larger frame is written as it is.
const maxBatch = 64 << 10

// push queues a frame for one of many connections, adds to the tally what came
// of it, and reports whether the outbox needs flushing. It never waits, and
// writes nothing.
func (c *conn) push(frame *[]byte, how *pushing, n *tally) (due bool) {
	if how.key != "" {
		return c.pushOver(frame, how, n)
	}
	switch c.out.Share(frame) {
	case outbox.Full:
		return c.pushOver(frame, how, n)
	case outbox.Closed:
		return false
	case outbox.Schedule:
		n.sent++
		return true
	default:
		n.sent++
		return false
	}
}

// pushOne is push for a single connection: it counts, reports, and flushes
// here, since a write that cannot wait costs less than waking a worker.
func (c *conn) pushOne(event string, frame []byte) error {
	frame = c.single(frame)
	v := c.out.Push(frame)
	n := tally{sent: 1}
	switch v {
	case outbox.Full:
		n.sent = 0
		own := frame
		if c.pushOver(&own, &pushing{}, &n) {
			v = outbox.Schedule
		}
	case outbox.Closed:
		return ErrClosed
	}
	c.server.pushed(event, &n)
	c.flushNow(v)
	if n.sent == 0 {
		return ErrFull
	}
	return nil
}

// reply queues a frame that must not be shed, and waits for room: meanwhile
// nothing is read from the peer. A peer that never makes room is closed by the
// write deadline. If the connection closes instead the reply is lost.
//
// On the read loop replies are corked: they leave together when the input has
// run dry, so that a peer that asks much at a time gets few writes.
func (c *conn) reply(frame []byte, onReadLoop bool) {
	v := c.out.Keep(frame)
	if v == outbox.Full {
		if onReadLoop {
			c.uncork() // else nobody would make room
		}
		v = c.out.Wait(frame)
	}
	if v.Accepted() {
		c.server.stats.accepted.Add(1)
	}
	if !onReadLoop {
		c.flushNow(v)
		return
	}
	if v == outbox.Schedule {
		c.corked, c.cork.bytes, c.cork.count = true, 0, 0
	}
	c.cork.bytes += uint16(min(len(frame), maxCorked))
	c.cork.count++
}

// schedule has the outbox flushed by a worker, if the verdict makes that the
// caller's task.
func (c *conn) schedule(v outbox.Verdict) {
	if v == outbox.Schedule {
		c.server.flusher.add(c)
	}
}

// flushNow flushes here.
func (c *conn) flushNow(v outbox.Verdict) {
	if v == outbox.Schedule {
		b := batches.Get().(*batch)
		c.flush(b)
		batches.Put(b)
	}
}

// touch fetches what a flush needs into the cache, as outbox.Queue.Touch: it was
// last written by who pushed, on another processor.
func (c *conn) touch() {
	c.out.Touch()
	runtime.KeepAlive(c.everyone.conn)
	runtime.KeepAlive(c.raw)
}

var errWriter = errors.New("ws: the net.Conn ended the goroutine that wrote (runtime.Goexit)")

// batch is what a flush works with.
type batch struct {
	frames [][]byte
	bytes  []byte

	// The arguments and results of one write, and the function that does it:
	// made once, so that a write allocates nothing.
	p     []byte
	n     int
	again bool
	err   error
	try   func(fd uintptr)
}

var batches = sync.Pool{New: func() any {
	b := new(batch)
	b.try = func(fd uintptr) { b.n, b.again, b.err = sysWrite(fd, b.p) }
	return b
}}

// flush writes what is queued. The caller owns the outbox; it, or a goroutine
// that it leaves the outbox to, is the one writer of the connection. flush
// itself never waits for the peer: a socket that takes no more is left to
// flushWaiting.
func (c *conn) flush(b *batch) {
	if c.raw == nil {
		go c.flushWaiting(nil)
		return
	}
	broken := false
	p := c.next(b, broken)
	if p == nil {
		return
	}
	rest, err := c.writeSome(b, p)
	if err != nil {
		broken = c.writeFailed(err)
	} else if len(rest) > 0 {
		// The batch belongs to a pool, the rest to the goroutine.
		if len(b.frames) > 1 {
			rest = slices.Clone(rest)
		}
		clear(b.frames)
		go c.flushWaiting(rest)
		return
	}
	clear(b.frames) // the pool must not pin frames
	switch more, closed := c.out.Written(); {
	case more:
		// At the end of the queue: neither the caller nor a worker's other
		// connections wait for one that is pushed to as fast as it is written
		// to, and until its turn comes more can join the next write.
		c.server.flusher.add(c)
	case closed:
		c.writeEnded(broken)
	}
}

// flushWaiting writes rest and then what is queued, and waits for the peer to
// take it.
func (c *conn) flushWaiting(rest []byte) {
	b := batches.Get().(*batch)
	broken, returned := false, false
	defer func() {
		if !returned { // a net.Conn of the user's ended the goroutine, and is the owner of the outbox no more
			_ = c.next(b, c.writeFailed(errWriter))
		}
		batches.Put(b)
	}()
	for {
		if len(rest) > 0 {
			if err := c.writeWaiting(rest); err != nil {
				broken = c.writeFailed(err)
			}
		}
		clear(b.frames)
		if rest = c.next(b, broken); rest == nil {
			returned = true
			return
		}
	}
}

// next returns what to write next; nil if that is nothing, and the caller is
// the owner no more.
func (c *conn) next(b *batch, broken bool) []byte {
	frames, closed := c.out.Take(b.frames[:0], maxBatch)
	b.frames = frames
	if len(frames) == 0 {
		if closed {
			c.writeEnded(broken)
		}
		return nil
	}
	return b.joined()
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

// writeSome writes as much of p as the socket takes at once. Control keeps the
// descriptor from being closed meanwhile; RawConn.Write would lock out other
// writers, too, and set up the poller: the outbox has one owner, who does not
// wait.
func (c *conn) writeSome(b *batch, p []byte) (rest []byte, err error) {
	b.p = p
	if err := c.raw.Control(b.try); err != nil {
		return nil, err
	}
	b.p = nil
	if b.again || b.err != nil {
		return p, b.err
	}
	return p[b.n:], nil
}

// writeWaiting writes all of p. The deadline is for progress: a peer that takes
// something has it renewed.
func (c *conn) writeWaiting(p []byte) error {
	for {
		if err := c.wire.Conn.SetWriteDeadline(deadline(c.endpoint.opts.WriteTimeout)); err != nil {
			return err
		}
		n, err := c.wire.Conn.Write(p)
		if err == nil {
			// writeSome must not find a deadline that has passed since.
			return c.wire.Conn.SetWriteDeadline(time.Time{})
		}
		if n == 0 || !steady.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		p = p[n:]
	}
}

// writeFailed ends the connection: nothing more can be written.
func (c *conn) writeFailed(err error) (broken bool) {
	cause := writeCause(err)
	if c.begin(cause) && cause.Code == ClosePolicy {
		c.server.stats.slow.Add(1)
	}
	c.out.Abort() // the caller is the owner, so there is nothing to schedule
	return true
}

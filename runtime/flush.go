package ws

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// maxBatch is how many bytes of queued frames leave in one write: they are
// copied together, and a single larger frame is written as it is.
const maxBatch = 64 << 10

// push queues a frame for one of many connections, adds to the tally what came
// of it, and reports whether the outbox needs flushing. It never waits for the
// peer, and writes only where it finds no room (makeroom.go).
func (c *conn) push(f *outbox.Frame, how *pushing, n *tally) (due bool) {
	if how.key != "" {
		return c.pushOver(f, outbox.Full, how, n)
	}
	switch v := c.out.Share(f); v {
	case outbox.Queued, outbox.Schedule:
		n.sent++
		return v == outbox.Schedule
	case outbox.Closed:
		return false
	default:
		return c.pushOver(f, v, how, n)
	}
}

// pushOne is push for a single connection: it counts, reports, and flushes
// here, since a write that cannot wait costs less than waking a worker.
func (c *conn) pushOne(event string, frame []byte) error {
	frame = c.single(frame)
	v := c.out.Push(frame)
	n := tally{sent: 1}
	switch {
	case v == outbox.Closed:
		return ErrClosed
	case v.Refused():
		n.sent = 0
		var f outbox.Frame
		f.Share(frame)
		if c.pushOver(&f, v, &pushing{}, &n) {
			v = outbox.Schedule
		}
		f.Settle(c.server.waiting)
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
// write deadline. If the connection closes instead the reply is lost. waited
// says that there was no room at once.
//
// On the read loop replies are corked: they leave together when the input has
// run dry, so that a peer that asks much at a time gets few writes.
func (c *conn) reply(frame []byte, onReadLoop bool) (waited bool) {
	return c.replied(c.out.Keep(frame), frame, onReadLoop)
}

// replyCopy is reply on the read loop for a frame whose memory is used again.
func (c *conn) replyCopy(frame []byte) (waited bool) {
	v := c.out.Copy(frame)
	if v.Refused() {
		frame = slices.Clone(frame)
	}
	return c.replied(v, frame, true)
}

// replied goes on where the outbox has said what it makes of a reply.
func (c *conn) replied(v outbox.Verdict, frame []byte, onReadLoop bool) (waited bool) {
	if v.Refused() {
		waited = true
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
		return waited
	}
	if v == outbox.Schedule {
		c.corked, c.cork.bytes, c.cork.count = true, 0, 0
	}
	c.cork.bytes += uint16(min(len(frame), maxCorked))
	c.cork.count++
	return waited
}

// schedule has the outbox flushed by a worker, if the verdict makes that the
// caller's task.
func (c *conn) schedule(v outbox.Verdict) {
	if v == outbox.Schedule {
		c.server.flusher.add(c)
	}
}

// flushNow flushes here, if the verdict makes that the caller's task.
func (c *conn) flushNow(v outbox.Verdict) {
	if v == outbox.Schedule {
		b := batches.Get().(*batch)
		c.flush(b)
		b.Settle(c.server.waiting)
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
	outbox.Batch
	bytes []byte // room to copy frames together

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

// flush writes what is queued, for whoever was to have that done: unless another
// has come before, it, or a goroutine that it leaves the rest to, is the one
// writer of the connection. flush itself never waits for the peer: a socket that
// takes no more is left to flushWaiting.
func (c *conn) flush(b *batch) {
	if c.raw == nil {
		go c.flushPatiently()
		return
	}
	closed := c.out.Take(&b.Batch, maxBatch)
	if b.Len() == 0 {
		if closed {
			c.writeEnded(false)
		}
		return
	}
	broken := false
	if rest, err := c.writeTaken(b); err != nil {
		broken = c.writeFailed(err)
	} else if rest != nil {
		c.leaveWaiting(b, rest)
		return
	}
	switch more, closed := c.out.Written(&b.Batch); {
	case more:
		// At the end of the queue: neither the caller nor a worker's other
		// connections wait for one that is pushed to as fast as it is written
		// to, and until its turn comes more can join the next write.
		c.server.flusher.add(c)
	case closed:
		c.writeEnded(broken)
	}
}

// writeTaken writes what was taken, as far as the socket takes it at once. The
// rest is one frame's; what was behind it is in the outbox again.
func (c *conn) writeTaken(b *batch) (rest []byte, err error) {
	p := b.joined()
	rest, err = c.writeSome(b, p)
	if err != nil || len(rest) == 0 {
		return nil, err
	}
	return c.out.Stuck(&b.Batch, len(p)-len(rest)), nil
}

// leaveWaiting leaves b's frame, and being the writer, to a goroutine. What b has
// let go of, of other connections too, must not wait for this peer.
func (c *conn) leaveWaiting(b *batch, rest []byte) {
	b.Settle(c.server.waiting)
	w := batches.Get().(*batch)
	w.Batch, b.Batch = b.Batch, w.Batch
	go c.flushWaiting(w, rest)
}

// flushPatiently is flush for a connection whose writes may wait.
func (c *conn) flushPatiently() {
	b := batches.Get().(*batch)
	b.Patient = true
	closed := c.out.Take(&b.Batch, maxBatch)
	if b.Len() > 0 {
		c.flushWaiting(b, b.joined())
		return
	}
	if closed {
		c.writeEnded(false)
	}
	b.release()
}

// flushWaiting waits for the peer to take rest, and then writes what is queued,
// with what is in b being written.
func (c *conn) flushWaiting(b *batch, rest []byte) {
	broken, returned := false, false
	defer func() {
		if !returned { // a net.Conn of the user's ended the goroutine, which was the writer
			broken = c.writeFailed(errWriter)
			if closed := c.out.Next(&b.Batch, maxBatch); closed {
				c.writeEnded(broken)
			}
			b.Settle(c.server.waiting)
		}
		b.release()
	}()
	w := c.watchWriting()
	defer w.end()
	for {
		if len(rest) > 0 {
			if err := c.writeWaiting(rest, w); err != nil {
				broken = c.writeFailed(err)
			}
		}
		closed := c.out.Next(&b.Batch, maxBatch)
		b.Settle(c.server.waiting)
		if b.Len() == 0 {
			returned = true
			if closed {
				c.writeEnded(broken)
			}
			return
		}
		if b.Patient {
			rest = b.joined()
			continue
		}
		// The peer takes something again. As long as it does, who finds no room
		// may wait for this write, which does not wait.
		var err error
		if rest, err = c.writeTaken(b); err != nil {
			broken = c.writeFailed(err)
		}
		b.Settle(c.server.waiting)
	}
}

// release gives the batch back.
func (b *batch) release() {
	b.Patient = false
	batches.Put(b)
}

// joined returns the frames as one slice.
func (b *batch) joined() []byte {
	p := b.Join(b.bytes[:0])
	if b.Len() > 1 {
		b.bytes = p
	}
	return p
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

// writeFailed ends the connection: nothing more can be written.
func (c *conn) writeFailed(err error) (broken bool) {
	c.unwritable(writeCause(err))
	c.out.Abort() // the caller is the owner, so there is nothing to schedule
	return true
}

// unwritable begins to close a connection that cannot be written to.
func (c *conn) unwritable(cause Closed) {
	if c.begin(cause) && cause.Code == ClosePolicy {
		c.server.stats.slow.Add(1)
	}
}

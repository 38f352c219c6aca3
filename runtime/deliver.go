package ws

import "github.com/wsgen/wsgen/runtime/internal/outbox"

// push queues a frame for one of many connections, adds to the tally what came
// of it, and reports whether the outbox needs flushing. It never waits for the
// peer, and writes only where it finds no room (Socket.PushAgain).
func (c *conn) push(f *outbox.Frame, how *pushing, n *tally) (due bool) {
	if how.key != "" {
		return c.pushOver(f, outbox.Full, how, n)
	}
	switch v := c.socket.Out().Share(f); v {
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
	s := c.endpoint.server
	frame = c.single(frame)
	v := c.socket.Out().Push(frame)
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
		f.Settle(s.engine.Waiting())
	}
	s.pushed(event, &n)
	c.socket.FlushNow(v)
	if n.sent == 0 {
		return ErrFull
	}
	return nil
}

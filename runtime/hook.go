package ws

import (
	"context"
	"io"
	"net"
	"os"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// hookContext is a connect hook's context: the connection's, with a deadline,
// over when the hook has returned, and when the peer is gone. Nobody reads
// before the hook has returned, so that takes reading ahead: it begins when
// somebody asks whether the context is over, and most hooks never do.
type hookContext struct{ conn *conn }

// Deadline is HandshakeTimeout after the request came.
func (x hookContext) Deadline() (time.Time, bool) {
	d := x.conn.endpoint.opts.HandshakeTimeout
	if d == noLimit {
		return time.Time{}, false
	}
	return x.conn.server.epoch.Add(x.conn.born + d), true
}

// Done is closed at the deadline, when the hook has returned, and when the
// connection begins to close, as it does when the peer is gone.
func (x hookContext) Done() <-chan struct{} { return x.conn.hookWait().ctx.Done() }

// Err says which it was: context.DeadlineExceeded, else context.Canceled.
func (x hookContext) Err() error { return x.conn.hookWait().ctx.Err() }

// Value is connContext's.
func (x hookContext) Value(key any) any {
	c := x.conn
	if key == (clientKey{}) {
		return c.asClient()
	}
	if h := c.hookWaits(); h != nil {
		return h.ctx.Value(key)
	}
	return connContext{c}.Value(key)
}

// hookWait is what somebody waits for who waits in a connect hook.
type hookWait struct {
	ctx    context.Context
	cancel context.CancelFunc
	ahead  chan struct{} // closed when nobody reads ahead any more; nil: nobody ever did
	read   int           // bytes, behind the rest of the block
	stops  bool          // reading ahead is ended by a deadline; guarded by conn.mu
}

// hookWaits returns the connection's, nil if nobody waited.
func (c *conn) hookWaits() *hookWait {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.some == nil || c.some.last == nil || c.some.last.rare == nil {
		return nil
	}
	return c.some.last.rare.hook
}

// hookWait returns it, made if need be.
func (c *conn) hookWait() *hookWait {
	c.mu.Lock()
	defer c.mu.Unlock()
	rare := c.rarely()
	if rare.hook != nil {
		return rare.hook
	}
	h := new(hookWait)
	rare.hook = h
	if until, limited := (hookContext{c}).Deadline(); limited {
		h.ctx, h.cancel = context.WithDeadline(c.standard(), until)
	} else {
		h.ctx, h.cancel = context.WithCancel(c.standard())
	}
	if c.closing.is(phaseOpened) {
		h.cancel()
		return h
	}
	h.ahead = make(chan struct{})
	go c.readAhead(h)
	return h
}

// readStops reports whether a read can be ended, or has ended: a socket of
// somebody else's making may have no deadlines.
func (c *conn) readStops(h *hookWait) bool {
	if c.tunnel() != nil {
		return true
	}
	err := c.wire.Conn.SetReadDeadline(time.Time{})
	stops := err == nil || steady.Is(err, io.ErrClosedPipe) || steady.Is(err, net.ErrClosed)
	c.mu.Lock()
	defer c.mu.Unlock()
	h.stops = stops
	return stops
}

// readAhead reads until the peer is gone, the hook has returned, or the block
// is full.
func (c *conn) readAhead(h *hookWait) {
	defer close(h.ahead)
	if !c.readStops(h) || c.closing.is(phaseOpened) {
		return
	}
	read := c.wire.Conn.Read
	if t := c.tunnel(); t != nil {
		read = func(p []byte) (int, error) { return t.readUntil(h.ctx.Done(), p) }
	}
	for room := c.wire.block()[c.wire.to:]; h.read < len(room); {
		n, err := read(room[h.read:])
		h.read += n
		if err == nil {
			continue
		}
		if c.closing.is(phaseOpened) || steady.Is(err, os.ErrDeadlineExceeded) {
			return // what else it may be, the read loop learns as well
		}
		if steady.Is(err, io.EOF) {
			c.peerEnded()
		}
		c.close(Closed{Code: CloseAbnormal, Remote: true, Err: err})
		return
	}
}

// hookReturned ends the hook's context. What was read ahead is what is read
// first.
func (c *conn) hookReturned() {
	c.closing.set(phaseOpened) // who asks later starts nothing
	h := c.hookWaits()
	if h == nil {
		return
	}
	h.cancel()
	switch {
	case h.ahead == nil:
	case c.tunnel() != nil: // which looks after the context
		<-h.ahead
		c.wire.hasAhead(h.read)
	default:
		c.stopAhead(h)
		_ = c.wire.Conn.SetReadDeadline(time.Time{})
	}
}

// stopAhead ends reading ahead. A socket that has no deadline any more, although
// it had one, is closed: nothing else would.
func (c *conn) stopAhead(h *hookWait) {
	set := false
	defer func() {
		c.mu.Lock()
		stuck := !set && h.stops
		c.mu.Unlock()
		if stuck {
			c.cutSocket()
		}
		<-h.ahead
		c.wire.hasAhead(h.read)
	}()
	set = c.wire.Conn.SetReadDeadline(time.Unix(1, 0)) == nil
}

// lateHook turns what a connect hook returned because its time was up into what
// the client is told.
func (c *conn) lateHook(err error) error {
	if until, limited := (hookContext{c}).Deadline(); err == nil || !limited || time.Now().Before(until) || !steady.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, known := steady.As[*Error](err); known {
		return err
	}
	return NewError(CodeTimeout, "opening the connection took too long").WithCause(err)
}

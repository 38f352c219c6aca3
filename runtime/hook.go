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
	switch {
	case c.closing.is(phaseOpened):
		h.cancel()
	case c.readStops():
		h.ahead = make(chan struct{})
		go c.readAhead(h)
	}
	return h
}

// readStops reports whether a read can be ended by a deadline, or has ended: a
// socket of somebody else's making may have none.
func (c *conn) readStops() bool {
	err := c.wire.Conn.SetReadDeadline(time.Time{})
	return err == nil || steady.Is(err, io.ErrClosedPipe) || steady.Is(err, net.ErrClosed)
}

// readAhead reads until the peer is gone, the hook has returned, or the block
// is full.
func (c *conn) readAhead(h *hookWait) {
	defer close(h.ahead)
	for room := c.wire.block()[c.wire.to:]; h.read < len(room); {
		n, err := c.wire.Conn.Read(room[h.read:])
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
	if h.ahead != nil {
		_ = c.wire.Conn.SetReadDeadline(time.Unix(1, 0))
		<-h.ahead
		_ = c.wire.Conn.SetReadDeadline(time.Time{})
		c.wire.hasAhead(h.read)
	}
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

package ws

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// Why the server closes by itself.
var (
	shutdownCause = Closed{Code: CloseAway, Reason: "shutdown: the server is going away"}
	abuseCause    = Closed{Code: CloseRateLimited, Reason: "rate_limited: too many messages, again and again"}
	slowCause     = Closed{Code: ClosePolicy, Reason: "slow_consumer: the client is not reading"}
	expiredCause  = Closed{Code: CloseUnauthenticated, Reason: "expired: the credential has expired, connect with a new one"}
	lifetimeCause = Closed{Code: CloseAway, Reason: "lifetime: connection lifetime reached, connect again"}
)

var (
	errSilent  = errors.New("ws: peer silent, not even a pong")
	errStalled = errors.New("ws: peer takes nothing")
)

// linger is how long the server reads and discards after its Close frame, so
// that a TCP reset does not overtake the frame (RFC 6455, section 7.1.1).
const linger = time.Second

// close begins to close the connection: the context is cancelled, nothing more
// is accepted, and after what is queued a Close frame leaves with the cause's
// code; none for CloseAbnormal. Only the first cause counts; close returns
// whether this was it.
func (c *conn) close(cause Closed) bool {
	if !c.begin(cause) {
		return false
	}
	var last []byte
	if cause.Code != CloseAbnormal {
		last = closeFrame(cause.Code, cause.Reason)
	}
	c.schedule(c.out.Close(last))
	return true
}

// closeAnswering is close for a peer that sent a Close frame: cause is what
// it said, answer the code of our own Close (RFC 6455, section 5.5.1).
func (c *conn) closeAnswering(cause Closed, answer CloseCode) {
	if c.begin(cause) {
		c.schedule(c.out.Close(closeFrame(answer, "")))
	}
}

// abort closes the connection at once: what is queued is lost.
func (c *conn) abort(cause Closed) {
	c.begin(cause)
	_ = c.wire.Conn.Close() // wakes reader and writer
	c.schedule(c.out.Abort())
}

// begin records the first cause and tells everybody who waits.
func (c *conn) begin(cause Closed) bool {
	c.mu.Lock()
	first := !c.closing.Load()
	if first {
		some := c.seldom()
		some.cause = &cause
		c.closing.Store(true)
		if c.registered() {
			c.server.registry.present.Add(-1)
		}
		if some.ctx != nil {
			some.ctx.cancel()
		}
	}
	waiting := c.inbox
	c.mu.Unlock()
	if first {
		waiting.stop()
	}
	return first
}

// peerEnded notes that the peer sends nothing any more.
func (c *conn) peerEnded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peerClosed = true
}

// readEnded is called when nothing is read any more. If the writer is done as
// well the socket is: the peer has had its time.
func (c *conn) readEnded() {
	c.mu.Lock()
	c.readDone = true
	writeDone := c.writeDone
	c.mu.Unlock()
	if writeDone {
		_ = c.wire.Conn.Close()
	}
}

// writeEnded is called, once, when the last frame has left or never will. It
// may run inside a read of the socket (cork.go), and closing a socket waits for
// its reads to end: so closing has a goroutine of its own.
func (c *conn) writeEnded(broken bool) {
	c.mu.Lock()
	c.writeDone = true
	readDone, peerClosed := c.readDone, c.peerClosed
	c.mu.Unlock()
	switch {
	case broken || readDone && peerClosed:
		go c.closeSocket(false)
	case readDone:
		// The reader gave up on what the peer sent; the peer may still be
		// sending, and must not be reset before it has read the Close.
		go c.closeSocket(true)
	default:
		_ = c.wire.Conn.SetReadDeadline(time.Now().Add(linger))
		c.release()
	}
}

// closeSocket closes it, if need be after discarding what the peer still sends.
func (c *conn) closeSocket(discard bool) {
	defer c.release() // this and the next whatever a net.Conn of the user's does
	defer c.wire.Conn.Close()
	if discard {
		closeWrite(c.wire.Conn)
		_ = c.wire.Conn.SetReadDeadline(time.Now().Add(linger))
		_, _ = io.Copy(io.Discard, c.wire.Conn)
	}
}

// closeWrite sends what says that nothing follows, where the transport can.
func closeWrite(n net.Conn) {
	if half, ok := n.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// writeCause says why writing failed.
func writeCause(err error) Closed {
	if steady.Is(err, os.ErrDeadlineExceeded) {
		return Closed{Code: slowCause.Code, Reason: slowCause.Reason, Err: errStalled}
	}
	return Closed{Code: CloseAbnormal, Remote: true, Err: err}
}

package ws

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file is how a socket ends, after the last byte was written. A kernel that
// has closed a socket answers what still comes with a reset, and that takes from
// the peer what it has not read yet, the Close frame at last (RFC 6455, section
// 7.1.1). So the socket stays, without anything else of the connection, until
// the peer has everything: the kernel's own queue must be empty, and the peer
// have closed, or had its time to.

// linger is how long a peer that has everything may take to close.
const linger = time.Second

// maxDiscarded is how many bytes of a connection that is closing are read, or
// Options.MaxMessageBytes if that is more: a client that is in the middle of a
// message may have to end it before it reads.
const maxDiscarded = 256 << 10

var errFlooded = errors.New("ws: peer sends too much to a connection that is closing")

// mayDiscard returns how many bytes more are read for nobody.
func (c *conn) mayDiscard() int {
	return max(0, max(maxDiscarded, c.endpoint.opts.MaxMessageBytes)-c.some.last.discarded)
}

// writeEnded is called, once, when the last frame has left or never will. It
// may run inside a read of the socket (cork.go), and closing a socket waits for
// its reads to end: so closing has a goroutine of its own.
func (c *conn) writeEnded(broken bool) {
	c.mu.Lock()
	c.writeDone = true
	c.seldom().ended().written = c.server.clock()
	readDone := c.readDone
	c.mu.Unlock()
	switch {
	case broken:
		go func() {
			c.cutSocket()
			if readDone {
				c.release()
			}
		}()
	case readDone:
		go c.settle(false)
	default:
		c.readFor(linger)
	}
}

// readFor has reading end after a while: by closing the socket, if that has no
// deadline.
func (c *conn) readFor(d time.Duration) {
	set := false
	defer func() {
		if !set {
			time.AfterFunc(d, c.cutSocket)
		}
	}()
	set = c.wire.Conn.SetReadDeadline(time.Now().Add(d)) == nil
}

// readEnded is called, once, when nothing is read any more. It does not wait.
func (c *conn) readEnded() {
	c.mu.Lock()
	c.readDone = true
	writeDone := c.writeDone
	c.mu.Unlock()
	if !writeDone {
		return
	}
	answered := c.peerClosed && !c.some.cause.Remote // it has read our Close
	if v, ok := c.vitals(); ok && v.unsent == 0 && c.mayClose(v, answered, c.some.last.written) {
		_ = c.wire.Conn.Close()
		c.release()
		return
	}
	go c.settle(answered)
}

// mayClose reports whether a peer that has taken everything, since then, can do
// without the socket: answered says that it has read all of it.
func (c *conn) mayClose(v vitals, answered bool, since time.Duration) bool {
	switch {
	case v.gone || answered:
		return true
	case v.filled:
		return false // its kernel has taken what it has not read yet
	}
	return c.peerClosed || c.server.clock()-since >= linger
}

// settle waits until the peer has what was written, and closes the socket.
func (c *conn) settle(answered bool) {
	defer c.release()
	defer c.cutSocket()
	raw := c.rawUnder()
	if raw == nil {
		c.settleBlindly()
		return
	}
	s := settling{conn: c, answered: answered, patience: c.endpoint.opts.WriteTimeout}
	if s.patience == noLimit {
		s.patience = defaultWriteTimeout // nothing of the peer's is waited for but its kernel
	}
	longest := max(min(s.patience/looks, maxSettlingLook), time.Millisecond)
	for wait := time.Millisecond; ; wait = min(2*wait, longest) {
		v, ok := c.vitals()
		left := s.left()
		if !ok || s.over(v) || left <= 0 || !s.wait(raw, min(wait, left)) {
			return
		}
	}
}

// left is how long the socket may stay whatever the peer takes: one that was
// turned away (AcceptThenClose) has no more than linger.
func (s *settling) left() time.Duration {
	if s.registered() {
		return noLimit
	}
	return linger - (s.server.clock() - s.some.last.written)
}

// maxSettlingLook is how late it may be noticed that the kernel's queue is empty.
const maxSettlingLook = 250 * time.Millisecond

// settling is what settle has seen.
type settling struct {
	*conn
	answered bool
	halved   bool          // the peer was told that nothing follows
	patience time.Duration // how long the peer may take nothing

	acked, room uint64
	waited      time.Duration // since the last look
	quiet       time.Duration // since something was taken
	drained     time.Duration // when all was, by Server.clock; 0: not yet
}

// over looks at the peer, and reports whether the socket is to be closed.
func (s *settling) over(v vitals) bool {
	if v.over {
		return true
	}
	if !s.halved && (s.raw != nil || v.unsent <= maxBefore) {
		s.halved = true
		_ = closeWrite(s.wire.Conn)
	}
	s.quiet += s.waited
	if v.acked > s.acked || v.unsent == 0 && v.room > s.room {
		s.quiet = 0
	}
	s.acked, s.room = v.acked, max(s.room, v.room)
	switch {
	case s.quiet >= s.patience:
		return true
	case v.unsent > 0:
		return false
	case s.drained == 0 && s.waited == 0:
		s.drained = s.some.last.written
	case s.drained == 0:
		s.drained = s.server.clock()
	}
	return s.mayClose(v, s.answered, s.drained)
}

// maxBefore is how much may wait in the kernel when TLS says that nothing
// follows: that is a write, which must find room.
const maxBefore = 4 << 10

// wait lets time pass, and discards what comes meanwhile. It returns sooner when
// the peer closes, and false if the socket is no more.
func (s *settling) wait(raw syscall.RawConn, d time.Duration) bool {
	s.waited = d
	_ = s.wire.Conn.SetReadDeadline(time.Now().Add(d))
	var broken error
	err := raw.Read(func(fd uintptr) (done bool) {
		done, broken = s.discard(fd)
		return done
	})
	return broken == nil && (err == nil || steady.Is(err, os.ErrDeadlineExceeded))
}

// discard reads what is there. It is done when nothing more will come: then,
// and when the peer has sent too much, nothing is read any more.
func (s *settling) discard(fd uintptr) (done bool, err error) {
	block := readBlocks.Get().(*readBlock)
	defer readBlocks.Put(block)
	last := s.some.last
	for most := s.mayDiscard(); most > 0; most = s.mayDiscard() {
		n, again, err := sysRead(fd, block.bytes[:min(most, len(block.bytes))])
		switch {
		case err != nil:
			return true, err
		case again:
			return false, nil
		case n == 0:
			last.discarded += most
			return true, nil
		}
		last.discarded += n
	}
	return false, nil
}

// settleBlindly is settle where the kernel cannot be asked: the peer has its
// time, whatever it has taken.
func (c *conn) settleBlindly() {
	_ = closeWrite(c.wire.Conn)
	left := linger - (c.server.clock() - c.some.last.written)
	if c.peerClosed || left <= 0 {
		return
	}
	c.readFor(left)
	block := readBlocks.Get().(*readBlock)
	defer readBlocks.Put(block)
	for most := c.mayDiscard(); most > 0; {
		n, err := c.wire.Conn.Read(block.bytes[:min(most, len(block.bytes))])
		if err != nil {
			return
		}
		most -= n
	}
}

// cutSocket closes the socket at once. TLS would say so first, and wait for the peer
// to take that.
func (c *conn) cutSocket() {
	if under, ok := overTLS(c.wire.Conn); ok {
		_ = steady.Conn(under, c.server.failed).Close()
	}
	_ = c.wire.Conn.Close()
}

// underneath returns the connection that a TLS connection goes over, and any
// other as it came from net/http.
func underneath(c net.Conn) net.Conn {
	if under, ok := overTLS(c); ok {
		return under
	}
	if e, ok := c.(*early); ok {
		c = e.Conn
	}
	return steady.Behind(c)
}

func overTLS(c net.Conn) (under net.Conn, ok bool) {
	if e, early := c.(*early); early {
		c = e.Conn
	}
	over, ok := steady.Behind(c).(*tls.Conn)
	if !ok {
		return nil, false
	}
	return over.NetConn(), true
}

// closeWrite sends what says that nothing follows, where the transport can.
func closeWrite(n net.Conn) error {
	if half, ok := n.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

package steady

import (
	"io"
	"net"
	"time"
)

// Conn returns a net.Conn that does not panic: if a method of c does, the call
// fails instead, and told is called with that, if it is not nil. Reading,
// writing and deadlines are called in place, so one that ends its goroutine
// does so. Close, CloseWrite and the addresses may be called by anybody, and so
// are called apart. A Write that takes less than all, and Reads that bring
// nothing again and again, fail, so that no loop goes on without end. A
// *net.TCPConn is left as it is.
func Conn(c net.Conn, told func(*Failure)) net.Conn {
	if _, plain := c.(*net.TCPConn); plain {
		return c
	}
	return &conn{to: c, told: told}
}

// Behind returns the net.Conn that Conn was given; c itself if it is none of
// Conn's.
func Behind(c net.Conn) net.Conn {
	if door, ok := c.(*conn); ok {
		return door.to
	}
	return c
}

// conn is the net.Conn of Conn.
type conn struct {
	to    net.Conn
	told  func(*Failure)
	empty int // Reads in a row that brought nothing
}

// maxEmpty is how many Reads in a row may bring nothing, as for a bufio.Reader.
const maxEmpty = 100

func (c *conn) Read(p []byte) (n int, err error) {
	returned := false
	defer Ended(&returned, "Read", ofConn, func(f *Failure) { n, err = 0, c.failed(f) })
	n, err = c.to.Read(p)
	returned = true
	if n > 0 || err != nil {
		c.empty = 0
	} else if c.empty++; c.empty >= maxEmpty && len(p) > 0 {
		err = io.ErrNoProgress
	}
	return min(max(n, 0), len(p)), err
}

func (c *conn) Write(p []byte) (n int, err error) {
	returned := false
	defer Ended(&returned, "Write", ofConn, func(f *Failure) { n, err = 0, c.failed(f) })
	n, err = c.to.Write(p)
	returned = true
	if n < len(p) && err == nil {
		err = io.ErrShortWrite
	}
	return min(max(n, 0), len(p)), err
}

func (c *conn) SetDeadline(t time.Time) (err error) {
	returned := false
	defer Ended(&returned, "SetDeadline", ofConn, func(f *Failure) { err = c.failed(f) })
	err = c.to.SetDeadline(t)
	returned = true
	return err
}

func (c *conn) SetReadDeadline(t time.Time) (err error) {
	returned := false
	defer Ended(&returned, "SetReadDeadline", ofConn, func(f *Failure) { err = c.failed(f) })
	err = c.to.SetReadDeadline(t)
	returned = true
	return err
}

func (c *conn) SetWriteDeadline(t time.Time) (err error) {
	returned := false
	defer Ended(&returned, "SetWriteDeadline", ofConn, func(f *Failure) { err = c.failed(f) })
	err = c.to.SetWriteDeadline(t)
	returned = true
	return err
}

func (c *conn) Close() error { return c.apart("Close", c.to.Close) }

// CloseWrite tells the peer that nothing follows, if the net.Conn can.
func (c *conn) CloseWrite() error {
	half, ok := c.to.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return c.apart("CloseWrite", half.CloseWrite)
}

// RemoteAddr returns the peer's address, nil if that cannot be had.
func (c *conn) RemoteAddr() net.Addr { return c.address(c.to.RemoteAddr) }

// LocalAddr returns the address of this side, nil if that cannot be had.
func (c *conn) LocalAddr() net.Addr { return c.address(c.to.LocalAddr) }

func (c *conn) address(get func() net.Addr) (a net.Addr) {
	if err := c.apart("address", func() error { a = get(); return nil }); err != nil {
		return nil
	}
	return a
}

const ofConn = " of the net.Conn"

// apart calls a method of the net.Conn apart; what names it.
func (c *conn) apart(what string, f func() error) (err error) {
	if failed := Apart(what+ofConn, func() { err = f() }); failed != nil {
		return c.failed(failed)
	}
	return err
}

// failed makes a failure the error of a call.
func (c *conn) failed(f *Failure) error {
	if c.told != nil {
		c.told(f)
	}
	return f
}

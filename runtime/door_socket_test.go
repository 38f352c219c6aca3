package ws_test

import (
	"bufio"
	"net"
	"net/http"
	"net/netip"
	"time"
)

func (f *faulty) addr(*http.Request) netip.Addr {
	_ = f.fail()
	return netip.Addr{}
}

// oddWriter is a ResponseWriter whose socket is an oddSocket.
type oddWriter struct {
	http.ResponseWriter
	f      *faulty
	method string
}

func (w oddWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	return &oddSocket{c, w.f, w.method}, rw, err
}

// oddSocket is a net.Conn one of whose methods fails.
type oddSocket struct {
	net.Conn
	f      *faulty
	method string
}

func (c *oddSocket) do(method string) error {
	if c.method != method {
		return nil
	}
	return c.f.fail()
}

func (c *oddSocket) Read(p []byte) (int, error) {
	if err := c.do("Read"); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *oddSocket) Write(p []byte) (int, error) {
	if err := c.do("Write"); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *oddSocket) SetReadDeadline(t time.Time) error {
	if err := c.do("SetReadDeadline"); err != nil {
		return err
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *oddSocket) SetWriteDeadline(t time.Time) error {
	if err := c.do("SetWriteDeadline"); err != nil {
		return err
	}
	return c.Conn.SetWriteDeadline(t)
}

func (c *oddSocket) Close() error {
	err := c.Conn.Close()
	if odd := c.do("Close"); odd != nil {
		return odd
	}
	return err
}

func (c *oddSocket) RemoteAddr() net.Addr {
	_ = c.do("RemoteAddr")
	return c.Conn.RemoteAddr()
}

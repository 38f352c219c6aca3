package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// dial is the state of the last "connect".
type dial struct {
	task     control.Task
	to       unix.Sockaddr
	request  []byte
	trust    *x509.CertPool // TLS; nil is without
	started  int
	done     int
	deflated bool

	first int     // the first connection
	hello []byte  // frames that it sends when the upgrade is done
	wants int     // what it waits for then, with "follow"
	begun []int64 // when each began, with "follow"
}

// window is how many handshakes are on the way at once.
const window = 64

// perAddress is how many connections leave from one address of the loopback:
// the kernel's search for a free port gets slow when many of them are taken.
const perAddress = 500

// quiet is the receive buffer of a connection that never reads, in bytes. It is
// small, so that the buffers of the peer are full soon.
const quiet = 4096

func (c *client) connect(t control.Task, limit time.Duration) error {
	addr, err := netip.ParseAddrPort(t.Addr)
	if err != nil {
		return err
	}
	if !addr.Addr().IsLoopback() {
		return fmt.Errorf("%s is not on the loopback; nothing else is measured", t.Addr)
	}
	c.dial = dial{task: t, to: &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}, request: request(t), first: len(c.conns)}
	if t.Do == "follow" {
		if err := c.prepareFollow(t); err != nil {
			return err
		}
	}
	if t.Cert != "" {
		c.dial.trust = x509.NewCertPool()
		c.dial.trust.AppendCertsFromPEM([]byte(t.Cert))
	}
	err = c.until(limit, "connecting", func() bool {
		for c.dial.started < t.Count && c.dial.started-c.dial.done < window && c.failure == nil {
			c.dial.started++
			if err := c.start(); err != nil {
				c.failure = err
			}
		}
		return c.dial.done == t.Count
	})
	c.last = clock.Now()
	return err
}

// request is the handshake; its key is constant, since nothing is proved by it.
func request(t control.Task) []byte {
	path := t.Path
	if t.Socket {
		path = "/socket.io/?EIO=4&transport=websocket"
	}
	r := "GET " + path + " HTTP/1.1\r\nHost: " + t.Addr + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	if t.Session {
		r += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n"
	}
	if t.Deflate {
		r += "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n"
	}
	return []byte(r + "\r\n")
}

// start opens one more socket.
func (c *client) start() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("socket %d: %w; raise the limit with ulimit -n", len(c.conns), err)
	}
	// Closing sends a reset: no port is left waiting for the next row.
	err = errors.Join(unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	if c.dial.task.Mute {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, quiet))
	}
	from := unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(1 + len(c.conns)/perAddress%250)}}
	err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1), unix.Bind(fd, &from))
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, c.dial.to); err != nil && err != unix.EINPROGRESS {
		return fmt.Errorf("connect: %w", err)
	}
	if c.dial.hello != nil {
		c.dial.begun = append(c.dial.begun, c.watch.Now())
	}
	c.conns = append(c.conns, conn{fd: int32(fd), state: connecting, left: int32(c.dial.wants), socket: c.dial.task.Socket, central: c.dial.task.Central, session: c.dial.task.Session})
	c.interest(len(c.conns)-1, unix.EPOLL_CTL_ADD, unix.EPOLLOUT)
	return nil
}

// interest sets what connection i is polled for. The kernel tells only once that
// bytes have come, so readable has to read all of them. That takes half as many
// system calls.
func (c *client) interest(i, op int, events uint32) {
	err := unix.EpollCtl(c.epoll, op, int(c.conns[i].fd), &unix.EpollEvent{Events: events | unix.EPOLLET, Fd: int32(i)})
	if err != nil && c.failure == nil {
		c.failure = fmt.Errorf("epoll_ctl: %w", err)
	}
}

// connected sends the handshake on a socket that has just been connected.
func (c *client) connected(i int) {
	fd := int(c.conns[i].fd)
	if code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
		c.end(i, errors.Join(err, unix.Errno(code)))
		return
	}
	if c.dial.trust != nil {
		if err := c.encrypt(i); err != nil {
			c.end(i, err)
			return
		}
	}
	c.conns[i].state = upgrading
	c.interest(i, unix.EPOLL_CTL_MOD, unix.EPOLLIN)
	c.write(i, c.dial.request)
}

// upgraded reads the answer to the handshake and returns what follows it.
func (c *client) upgraded(i int, b []byte) []byte {
	c.heads[i] = append(c.heads[i], b...)
	head, rest, whole := bytes.Cut(c.heads[i], []byte("\r\n\r\n"))
	if !whole {
		return nil
	}
	delete(c.heads, i)
	status, _, _ := bytes.Cut(head, []byte("\r\n"))
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 101")) {
		c.end(i, fmt.Errorf("handshake: %s", status))
		return nil
	}
	c.dial.deflated = bytes.Contains(bytes.ToLower(head), []byte("permessage-deflate"))
	switch {
	case c.conns[i].socket:
		c.conns[i].state = greeting
	case c.conns[i].central:
		c.conns[i].state = greeting
		hello := c.dial.hello
		if hello == nil {
			hello = frame.Append(nil, frame.Text, []byte(`{"id":1,"connect":{}}`))
		}
		c.write(i, hello)
	case c.conns[i].session:
		if !agreed(head) {
			c.end(i, fmt.Errorf("the answer to an offer of %s: %q", subprotocol, head))
			return nil
		}
		c.conns[i].state = greeting
		c.write(i, frame.Append(nil, frame.Text, []byte(`{"event":"$connect"}`)))
	default:
		c.ready(i)
		if c.dial.hello != nil {
			c.write(i, c.dial.hello)
		}
	}
	return rest
}

// ready counts connection i as open.
func (c *client) ready(i int) {
	c.conns[i].state = open
	c.open++
	c.dial.done++
	if c.dial.task.Mute {
		c.conns[i].state = mute
		c.interest(i, unix.EPOLL_CTL_DEL, 0)
	}
}

// speak serves socket.io's own messages; true if payload is an event.
func (c *client) speak(i int, payload []byte) bool {
	switch {
	case bytes.HasPrefix(payload, []byte("42")):
		return true
	case bytes.HasPrefix(payload, []byte("40")):
		c.ready(i)
	case bytes.HasPrefix(payload, []byte("0")): // engine.io is open: enter the main namespace
		c.out = frame.Append(c.out, frame.Text, []byte("40"))
	case bytes.HasPrefix(payload, []byte("2")):
		c.out = frame.Append(c.out, frame.Text, []byte("3"))
	}
	return false
}

// answer serves centrifuge's own messages. Several, and a ping among them, may
// stand in one frame, each on a line. It returns the first publication of those,
// and nil if there is none.
func (c *client) answer(i int, payload []byte) (publication []byte) {
	for line := range bytes.SplitSeq(payload, []byte("\n")) {
		switch {
		case bytes.HasPrefix(line, []byte(`{"push"`)):
			if publication == nil {
				publication = line
			}
		case bytes.HasPrefix(line, []byte(`{"id":1,"connect"`)):
			c.ready(i)
		case bytes.HasPrefix(line, []byte(`{"id":2,"subscribe"`)):
		case string(line) == "{}": // a ping
			c.out = frame.Append(c.out, frame.Text, line)
		case bytes.Contains(line, []byte(`"error"`)) && c.failure == nil:
			c.failure = fmt.Errorf("centrifuge answers %s", line)
		}
	}
	return publication
}

// end closes connection i. While connections are being opened, it fails the task.
// Later it counts the end.
func (c *client) end(i int, err error) {
	k := &c.conns[i]
	if k.state != open && k.state != mute && c.failure == nil {
		c.failure = fmt.Errorf("connection %d ended before it was open: %w", i, errors.Join(err, os.ErrClosed))
	}
	if k.state == open || k.state == mute {
		c.open--
		c.closed++
	}
	k.state = closed
	_ = unix.Close(int(k.fd))
	delete(c.secure, i)
	delete(c.pending, i)
	delete(c.heads, i)
}

// drop closes the mute connections.
func (c *client) drop() {
	for i := range c.conns {
		if c.conns[i].state == mute {
			c.end(i, nil)
			c.closed--
		}
	}
}

// secure is TLS on a connection that does not block.
type secure struct {
	fd  int
	tls *tls.Conn
}

// encrypt does the TLS handshake, blocking; connections of a TLS row open one
// by one.
func (c *client) encrypt(i int) error {
	s := &secure{fd: int(c.conns[i].fd)}
	if err := unix.SetNonblock(s.fd, false); err != nil {
		return err
	}
	s.tls = tls.Client(s, &tls.Config{RootCAs: c.dial.trust, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13})
	if err := s.tls.HandshakeContext(context.Background()); err != nil {
		return err
	}
	c.secure[i] = s
	return unix.SetNonblock(s.fd, true)
}

// Read is the socket's. An error EAGAIN is a net.Error that tls.Conn passes on
// as temporary, so a record that is not whole yet is read on next time.
func (s *secure) Read(b []byte) (int, error) {
	n, err := unix.Read(s.fd, b)
	if n == 0 && err == nil {
		return 0, os.ErrClosed
	}
	return max(n, 0), err
}

func (s *secure) Write(b []byte) (int, error) {
	n, err := unix.Write(s.fd, b)
	return max(n, 0), err
}

// The rest of net.Conn: tls needs none of it here.
func (s *secure) Close() error                     { return nil }
func (s *secure) LocalAddr() net.Addr              { return nil }
func (s *secure) RemoteAddr() net.Addr             { return nil }
func (s *secure) SetDeadline(time.Time) error      { return nil }
func (s *secure) SetReadDeadline(time.Time) error  { return nil }
func (s *secure) SetWriteDeadline(time.Time) error { return nil }

package main

import (
	"bytes"

	"golang.org/x/sys/unix"

	"github.com/wsgen/wsgen/bench/internal/frame"
)

// stdin is its number among the connections.
const stdin = -1

// kept is how many bytes of an unfinished frame a connection keeps. That is enough
// for a whole control frame, for what centrifuge puts into a frame, and to find the
// stamp of a longer one.
const kept = 512

// State of a connection.
const (
	closed = iota
	connecting
	upgrading // the request is out
	greeting  // socket.io, centrifuge, wsgen.v1.json: the upgrade is done, their own handshake is not
	open
	mute // open, and never read
)

// conn is a connection; thousands lie side by side.
type conn struct {
	fd      int32
	skip    int32 // bytes of the current payload still to come
	left    int32 // messages it may still send, or, with "follow", what it waits for
	state   uint8
	socket  bool // speaks socket.io
	central bool // speaks centrifuge's protocol
	session bool // speaks wsgen.v1.json
	held    uint16
	carry   [kept]byte // an unfinished frame, held bytes long
}

// poll waits for events, at most ms milliseconds (−1: as long as it takes),
// and serves them.
func (c *client) poll(ms int) error {
	n, err := unix.EpollWait(c.epoll, c.events, ms)
	if err == unix.EINTR {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range c.events[:n] {
		i := int(e.Fd)
		if i == stdin {
			if err := c.readInput(); err != nil {
				return err
			}
			continue
		}
		if c.conns[i].state == connecting {
			c.connected(i)
			continue
		}
		if e.Events&unix.EPOLLOUT != 0 {
			c.flush(i)
		}
		if e.Events&^unix.EPOLLOUT != 0 {
			c.readable(i)
		}
	}
	return nil
}

// readable takes what connection i has, and answers what came in one write.
func (c *client) readable(i int) {
	for {
		n, again := c.read(i)
		if n <= 0 {
			return
		}
		c.out = c.out[:0]
		c.take(i, c.in[:n])
		if len(c.out) > 0 && c.conns[i].state != closed {
			c.write(i, c.out)
		}
		if !again || c.conns[i].state == closed {
			return
		}
	}
}

// read fills the scratch buffer from connection i and closes it at its end.
// again tells that there may be more.
func (c *client) read(i int) (n int, again bool) {
	var err error
	if s := c.secure[i]; s != nil {
		n, err = s.tls.Read(c.in)
		again = true
	} else {
		n, err = receive(c.conns[i].fd, c.in)
		again = n == len(c.in)
	}
	switch {
	case n > 0:
		return n, again
	case wouldBlock(err):
		return 0, false
	}
	c.end(i, err)
	return 0, false
}

// take consumes bytes of connection i.
func (c *client) take(i int, b []byte) {
	k := &c.conns[i]
	if k.state == upgrading {
		if b = c.upgraded(i, b); len(b) == 0 {
			return
		}
	}
	now := c.watch.Now()
	for len(b) > 0 && k.state != closed {
		if k.skip > 0 {
			n := min(int(k.skip), len(b))
			k.skip -= int32(n)
			c.countMarks(i, b[:n], now)
			b = b[n:]
			continue
		}
		if k.held > 0 {
			n := copy(k.carry[k.held:], b)
			whole := k.carry[:int(k.held)+n]
			used := c.cut(i, whole, now)
			if used == 0 { // more is to come, and carry has room for it
				k.held += uint16(n)
				return
			}
			b = b[used-int(k.held):]
			k.held = 0
			continue
		}
		used := c.cut(i, b, now)
		if used == 0 {
			k.held = uint16(copy(k.carry[:], b))
			return
		}
		b = b[used:]
	}
}

// cut serves the frame at the front of b and returns how much of b it was; 0
// while b is too short to serve it. It notes in conn.skip how much of the payload
// is still to come.
func (c *client) cut(i int, b []byte, now int64) int {
	h, n := frame.Cut(b)
	if n == 0 {
		return 0
	}
	need := n + min(h.Length, frame.Peek)
	if whole := n + h.Length; h.Opcode >= frame.Close || c.conns[i].central && whole <= kept {
		need = whole
	}
	if len(b) < need {
		return 0
	}
	payload := b[n:min(len(b), n+h.Length)]
	c.conns[i].skip = int32(h.Length - len(payload))
	switch h.Opcode {
	case frame.Ping:
		c.out = frame.Append(c.out, frame.Pong, payload)
	case frame.Close:
		c.end(i, nil)
	case frame.Text, frame.Binary:
		c.message(i, h, payload, now)
		c.countMarks(i, payload, now)
	}
	return n + len(payload)
}

// message serves a message of which at least the front is there.
func (c *client) message(i int, h frame.Header, payload []byte, now int64) {
	k := &c.conns[i]
	if c.job.came != nil {
		c.followed(i, payload, now)
		return
	}
	if k.central {
		if payload = c.answer(i, payload); payload == nil {
			return
		}
	}
	if k.socket && !c.speak(i, payload) || k.session && !c.attend(i, payload) || bytes.HasPrefix(payload, []byte(own+`joined"`)) {
		return
	}
	c.frames++
	c.bytes += int64(h.Length)
	c.last = now
	if at, ok := c.stamps.Stamp(payload); ok {
		seen := &c.seen
		if c.job.pushed != nil && isPush(payload) {
			seen = c.job.pushed
		}
		seen.Add(now - at)
	}
	if c.job.next != nil {
		c.job.next(i, payload, now)
	}
}

// write sends b on connection i, and keeps what the socket does not take.
func (c *client) write(i int, b []byte) {
	if rest, ok := c.pending[i]; ok {
		c.pending[i] = append(rest, b...)
		return
	}
	n, err := c.put(i, b)
	if err != nil && !wouldBlock(err) {
		c.end(i, err)
		return
	}
	if n = max(n, 0); n < len(b) {
		c.pending[i] = append([]byte(nil), b[n:]...)
		c.interest(i, unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLOUT)
	}
}

func (c *client) put(i int, b []byte) (int, error) {
	if s := c.secure[i]; s != nil {
		return s.tls.Write(b)
	}
	return send(c.conns[i].fd, b)
}

// flush sends what was kept.
func (c *client) flush(i int) {
	rest := c.pending[i]
	n, err := c.put(i, rest)
	if err != nil && !wouldBlock(err) {
		c.end(i, err)
		return
	}
	if n = max(n, 0); n < len(rest) {
		c.pending[i] = rest[n:]
		return
	}
	delete(c.pending, i)
	c.interest(i, unix.EPOLL_CTL_MOD, unix.EPOLLIN)
}

func wouldBlock(err error) bool { return err == unix.EAGAIN || err == unix.EINTR }

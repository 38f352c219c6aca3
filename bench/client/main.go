// Command client is the other side of every measurement: one thread, raw
// sockets and epoll, a few hundred bytes a connection and no goroutine for
// any. It reads tasks from its standard input and answers on its standard
// output; see package control.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// client holds everything; its one goroutine is main.
type client struct {
	epoll  int
	events []unix.EpollEvent
	conns  []conn
	input  []byte // of stdin, not yet a line
	in     []byte // scratch for reads
	out    []byte // scratch for writes

	secure  map[int]*secure // TLS, by index of the connection
	heads   map[int][]byte  // the front of an answer to a handshake
	pending map[int][]byte  // what a socket did not take

	dial    dial
	job     job
	open    int
	closed  int
	failure error // the first one; the task fails with it

	frames  int
	bytes   int64
	sent    int
	entered int    // rooms that "enter" has made, ever
	log     string // what the server calls the history that was followed first; "": none was
	begun   int64
	last    int64
	seen    stats.Histogram
	stamps  frame.Finder
	watch   clock.Watch
}

// chunk is the size of a read. It is large enough for a burst to a connection
// to need one.
const chunk = 256 << 10

// errLate says that a task took longer than it may.
var errLate = errors.New("not done")

func main() {
	err := run()
	if errors.Is(err, io.EOF) {
		return
	}
	fmt.Fprintln(os.Stderr, "client:", err)
	os.Exit(1)
}

func run() error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	c := &client{
		epoll: epoll, events: make([]unix.EpollEvent, 512), in: make([]byte, chunk),
		watch: clock.NewWatch(), secure: map[int]*secure{}, heads: map[int][]byte{}, pending: map[int][]byte{},
	}
	if err := unix.SetNonblock(0, true); err != nil {
		return err
	}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, 0, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: stdin}); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		var t control.Task
		if err := json.Unmarshal(line, &t); err != nil {
			return err
		}
		answer, err := c.carryOut(t)
		if errors.Is(err, io.EOF) {
			return err
		}
		if err != nil {
			answer.Error = err.Error()
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
}

// line returns the next line of stdin, serving connections until it is there.
func (c *client) line() ([]byte, error) {
	for {
		if line, rest, ok := bytes.Cut(c.input, []byte("\n")); ok {
			line = bytes.Clone(line)
			c.input = append(c.input[:0], rest...)
			return line, nil
		}
		if err := c.poll(-1); err != nil {
			return nil, err
		}
	}
}

// readInput takes what stdin has.
func (c *client) readInput() error {
	var b [4096]byte
	n, err := unix.Read(0, b[:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return nil
	case err != nil:
		return err
	case n == 0:
		return io.EOF
	}
	c.input = append(c.input, b[:n]...)
	return nil
}

// until serves connections until done, the limit or a failure.
func (c *client) until(limit time.Duration, what string, done func() bool) error {
	end := time.Now().Add(limit)
	for !done() {
		if c.failure != nil {
			return c.failure
		}
		left := time.Until(end)
		if left <= 0 {
			return fmt.Errorf("%s: %w after %v (%d messages, %d connections open, %d closed by the server)",
				what, errLate, limit, c.frames, c.open, c.closed)
		}
		if err := c.poll(int(left.Milliseconds()) + 1); err != nil {
			return err
		}
	}
	return nil
}

// carryOut does one task and counts what happened.
func (c *client) carryOut(t control.Task) (control.Counted, error) {
	c.failure = nil
	limit := time.Duration(t.Limit) * time.Millisecond
	if limit == 0 {
		limit = 30 * time.Second
	}
	if t.Do != "wait" {
		c.reset()
	}
	var err error
	switch t.Do {
	case "connect":
		err = c.connect(t, limit)
	case "arm":
		c.job = job{want: t.Frames}
		if t.DelayACK {
			c.delayACK()
		}
	case "packets":
		counted := c.counted()
		counted.Packets = c.packets()
		return counted, nil
	case "wait":
		// Too few messages are a result, and no error.
		err = c.until(limit, "waiting", func() bool { return c.frames >= c.job.want })
		if errors.Is(err, errLate) {
			err = nil
		}
	case "join":
		err = c.join(t, limit)
	case "follow":
		err = c.follow(t, limit)
	case "leave":
		c.leave()
	case "enter":
		err = c.enter(t, limit)
	case "echo":
		err = c.echo(t, limit)
	case "pace":
		err = c.pace(t)
	case "talk":
		err = c.talk(t, limit)
	case "drop":
		c.drop()
	default:
		err = fmt.Errorf("unknown task %q", t.Do)
	}
	return c.counted(), err
}

// delayACK has the kernel wait a moment before it acknowledges what comes, as
// it does by itself for a peer that talks, too. Without that a client that only
// listens answers each message at once with a packet of its own, whose way
// through the stack the measured machine pays for.
func (c *client) delayACK() {
	for i := range c.conns {
		if c.conns[i].state == open {
			_ = unix.SetsockoptInt(int(c.conns[i].fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0)
		}
	}
}

// packets counts the packets with data that came on open connections.
func (c *client) packets() int {
	n := 0
	for i := range c.conns {
		if c.conns[i].state == open {
			if info, err := unix.GetsockoptTCPInfo(int(c.conns[i].fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
				n += int(info.Data_segs_in)
			}
		}
	}
	return n
}

func (c *client) reset() {
	c.frames, c.bytes, c.sent, c.last = 0, 0, 0, 0
	c.begun = clock.Now()
	c.seen.Reset()
	c.job = job{}
}

func (c *client) counted() control.Counted {
	took := int64(0)
	if c.last > 0 {
		took = c.last - c.begun
	}
	counted := control.Counted{
		Frames: c.frames, Bytes: c.bytes, Last: c.last, Took: took, Sent: c.sent,
		P50: c.seen.Quantile(0.5), P99: c.seen.Quantile(0.99), Max: c.seen.Max(),
		Open: c.open, Closed: c.closed, Deflate: c.dial.deflated,
	}
	if c.job.pushed != nil {
		counted.PushP50, counted.PushP99 = c.job.pushed.Quantile(0.5), c.job.pushed.Quantile(0.99)
	}
	return counted
}

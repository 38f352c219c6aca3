package main

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// linked is a client with n open connections, and the other ends of these.
func linked(t *testing.T, n int) (c *client, peers []int) {
	t.Helper()
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(epoll) })
	c = &client{
		epoll: epoll, events: make([]unix.EpollEvent, 16), in: make([]byte, chunk), watch: clock.NewWatch(),
		secure: map[int]*secure{}, heads: map[int][]byte{}, pending: map[int][]byte{},
	}
	for i := range n {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.SetNonblock(pair[0], true); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(pair[0]) })
		c.conns = append(c.conns, conn{fd: int32(pair[0]), state: open})
		c.open++
		c.interest(i, unix.EPOLL_CTL_ADD, unix.EPOLLIN)
		peers = append(peers, pair[1])
	}
	return c, peers
}

// serve answers each message on fd with what answer makes of it, until the test ends.
func serve(t *testing.T, fd int, answer func(payload string) []byte) {
	t.Helper()
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = unix.Shutdown(fd, unix.SHUT_RDWR)
		<-done
		_ = unix.Close(fd)
	})
	go func() {
		defer close(done)
		var held []byte
		for b := make([]byte, 64<<10); ; {
			n, err := unix.Read(fd, b)
			if n <= 0 || err != nil {
				return
			}
			held = append(held, b[:n]...)
			for {
				payload, rest, ok := first(held)
				if !ok {
					break
				}
				held = rest
				if out := answer(payload); len(out) > 0 {
					_, _ = unix.Write(fd, out)
				}
			}
		}
	}()
}

// first takes a whole client's frame off the front of b.
func first(b []byte) (payload string, rest []byte, ok bool) {
	if len(b) < 8 {
		return "", nil, false
	}
	n, at := int(b[1]&0x7F), 2
	if n == 126 {
		n, at = int(binary.BigEndian.Uint16(b[2:])), 4
	}
	if len(b) < at+4+n {
		return "", nil, false
	}
	key, text := b[at:at+4], []byte{}
	for i, c := range b[at+4 : at+4+n] {
		text = append(text, c^key[i&3])
	}
	return string(text), b[at+4+n:], true
}

// same answers with what came.
func same(payload string) []byte { return sent(frame.Text, []byte(payload)) }

const report = `{"event":"telemetry","data":{"device":{"id":"sensor-4711","model":"TH-200","firmware":"2.14.3"},"level":2,"note":null}}`

// TestEchoOfData: a message without a stamp has a latency, and an answer that is
// another one is an error.
func TestEchoOfData(t *testing.T) {
	c, peers := linked(t, 2)
	for _, fd := range peers {
		serve(t, fd, same)
	}
	got, err := c.carryOut(control.Task{Do: "echo", Count: 2, InFlight: 3, Span: 50, Data: report})
	if err != nil {
		t.Fatal(err)
	}
	if got.Frames < 6 || got.Frames != got.Sent || got.Bytes != int64(got.Frames*len(report)) || got.Max <= 0 || got.P50 > got.Max || c.seen.Total() != got.Frames {
		t.Errorf("%+v, %d latencies", got, c.seen.Total())
	}
	for name, answer := range map[string]string{
		"an error": `{"event":"error","data":{"code":"internal"}}`,
		"another":  strings.Replace(report, "4711", "4712", 1),
	} {
		c, peers := linked(t, 1)
		serve(t, peers[0], func(string) []byte { return sent(frame.Text, []byte(answer)) })
		if got, err := c.carryOut(control.Task{Do: "echo", Count: 1, InFlight: 1, Span: 5000, Data: report}); err == nil || !strings.Contains(err.Error(), answer[:40]) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestAskedAreAnsweredInOrder(t *testing.T) {
	a := newAsked(2, 3)
	for at := range int64(3) {
		a.swap(1, at+1)
	}
	for at := range int64(5) {
		if got := a.swap(1, at+4); got != at+1 {
			t.Errorf("answer %d is of what was sent at %d", at, got)
		}
	}
	if got := a.swap(0, 9); got != 0 {
		t.Errorf("another connection sent at %d", got)
	}
}

// TestPace: all send as often as they should, pushes are counted apart, and what is
// neither an answer nor a push is an error.
func TestPace(t *testing.T) {
	const conns, pushes, slow = 4, 2, 30 // ms
	c, peers := linked(t, conns)
	tick := func(ago int64) []byte {
		payload, digits := frame.Message(false, "tick", 0, 150)
		clock.Put(payload[digits:], clock.Now()-ago)
		return sent(frame.Text, payload)
	}
	for _, fd := range peers {
		n := 0
		serve(t, fd, func(payload string) []byte {
			out := same(payload)
			if n++; n <= pushes {
				out = append(out, tick(slow*1000)...)
			}
			return out
		})
	}
	begun := time.Now()
	got, err := c.carryOut(control.Task{Do: "pace", Bytes: 126, Span: 2000, Each: pushes})
	if err != nil {
		t.Fatal(err)
	}
	// The last message of four a second is due a quarter of a second before the end.
	if took := time.Since(begun); got.Sent != 2*conns || got.Frames != got.Sent+pushes*conns || took < 1700*time.Millisecond {
		t.Errorf("%+v in %v", got, took)
	}
	if c.seen.Total() != got.Sent || got.PushP50 < slow*1000 || got.PushP99 < got.PushP50 {
		t.Errorf("%d latencies of answers, pushes of %d and %d µs", c.seen.Total(), got.PushP50, got.PushP99)
	}

	c, peers = linked(t, 1)
	serve(t, peers[0], func(string) []byte { return sent(frame.Text, []byte(`{"event":"error","data":{"code":"internal"}}`)) })
	if got, err := c.carryOut(control.Task{Do: "pace", Bytes: 126, Span: 5000}); err == nil || !strings.Contains(err.Error(), "internal") {
		t.Errorf("an error is answered with %+v, %v", got, err)
	}
	if _, err := new(client).carryOut(control.Task{Do: "pace", Span: 10}); err == nil {
		t.Error("without connections nothing is paced")
	}
}

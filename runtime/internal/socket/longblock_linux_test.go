package socket

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"go.uber.org/goleak"
)

// timed is an owner that notes of each message whether it came with one read, which
// brought nothing else.
type timed struct {
	*owner
	alone []bool // guarded by owner.mu
}

func (o *timed) Received(text bool, data []byte, done io.Closer) {
	came := o.socket.Came() != 0
	o.locked(func() { o.alone = append(o.alone, came) })
	o.owner.Received(text, data, done)
}

// TestLongBlocks: who sends messages of some KiB has each of them read at once, from the
// second on, until shorter ones come.
func TestLongBlocks(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	near, far := pair(t)
	o := &timed{owner: &owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}}
	o.socket.Open(NewEngine(1<<20).Profile(limits), o, near, nil, false)
	o.socket.Resume()
	go o.socket.Serve()
	sent := 0
	alone := func(length int) (is bool) {
		t.Helper()
		text := strings.Repeat(string(rune('a'+sent%26)), length)
		if _, err := far.Write(word(text)); err != nil {
			t.Fatal(err)
		}
		sent++
		for end, got := time.Now().Add(20*time.Second), 0; got < sent; runtime.Gosched() {
			o.locked(func() {
				if got = len(o.received); got == sent {
					is = o.alone[got-1]
					if o.received[got-1] != text {
						t.Errorf("message %d is not what was sent", got)
					}
				}
			})
			if time.Now().After(end) {
				t.Fatalf("%d of %d messages have come", got, sent)
			}
		}
		return is
	}
	atOnce := func(length int) {
		t.Helper()
		for range 100 { // TCP may bring one in pieces
			if alone(length) {
				return
			}
		}
		t.Errorf("a message of %d bytes never comes with one read", length)
	}
	for range 2 {
		atOnce(100)
		if alone(8000) {
			t.Error("the first long message came with one read: that shows nothing")
		}
		atOnce(8000)
		atOnce(longBlock - 8)
		for _, length := range []int{longBlock, 3*longBlock + 100} { // longer than the longest block
			if alone(length) {
				t.Errorf("a message of %d bytes came with one read", length)
			}
		}
		atOnce(8000)
	}
	_ = far.Close()
	<-o.ended
	<-o.released
	if len(o.unsound)+len(o.failures) != 0 {
		t.Error(o.unsound, o.failures)
	}
	for range 100 {
		if blocks.Get().(*block).long() || !longBlocks.Get().(*block).long() {
			t.Fatal("a block is among those of the other length")
		}
	}
}

// TestLongBlocksPiecewise: however long messages come in pieces, short ones between them,
// they are what was sent.
func TestLongBlocksPiecewise(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := speaks(t, nil)
	var all []byte
	var want []string
	for i, length := range []int{8000, 5, 4096, 4090, 8000, 8000, 100, 0, 20_000, 4097, 16_376, 16_377, 8000, 1, 30_000} {
		text := strings.Repeat(string(rune('a'+i)), length)
		want = append(want, text)
		all = append(all, word(text)...)
		if i%4 == 3 {
			all = append(all, says(frame.FinBit|frame.OpPong, "here")...)
		}
	}
	for _, size := range []int{len(all), shortBlock, longBlock, 1500, 9999} {
		for rest := all; len(rest) > 0; {
			n := min(size, len(rest))
			p.sends(rest[:n])
			rest = rest[n:]
		}
		got := p.heard(len(want))
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("pieces of %d: message %d of %d bytes is not what was sent", size, i, len(want[i]))
			}
		}
		p.o.locked(func() { p.o.received = nil })
	}
	p.leaves()
	if len(p.o.unsound)+len(p.o.failures) != 0 {
		t.Error(p.o.unsound, p.o.failures)
	}
}

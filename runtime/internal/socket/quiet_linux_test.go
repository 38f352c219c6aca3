package socket

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"go.uber.org/goleak"
)

// speaker is the peer of a Socket that is served, and whose clocks run.
type speaker struct {
	t    *testing.T
	o    *owner
	conn net.Conn
}

// speaks serves a Socket that pings often.
func speaks(t *testing.T, change func(*Limits)) *speaker {
	t.Helper()
	near, far := pair(t)
	return servedOn(t, near, far, false, false, change)
}

func servedOn(t *testing.T, near, far net.Conn, deflate, portable bool, change func(*Limits)) *speaker {
	l := limits
	l.Ping, l.Deflate = 2*time.Millisecond, deflate
	if change != nil {
		change(&l)
	}
	o := &owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}
	e := NewEngine(1 << 20)
	e.Portable = portable
	o.socket.Open(e.Profile(l), o, near, nil, deflate)
	o.socket.Resume()
	o.socket.StartClocks()
	go o.socket.Serve()
	_ = far.SetDeadline(time.Now().Add(20 * time.Second))
	return &speaker{t, o, far}
}

// leaves ends the connection, and waits until nothing is left of it.
func (p *speaker) leaves() {
	_ = p.conn.Close()
	<-p.o.ended
	<-p.o.released
}

// sends writes bytes to the Socket.
func (p *speaker) sends(b []byte) {
	if _, err := p.conn.Write(b); err != nil {
		p.t.Error(err)
	}
}

// pinged reads pings. It returns false if something else came.
func (p *speaker) pinged(n int) bool {
	got := make([]byte, 2)
	for range n {
		if _, err := io.ReadFull(p.conn, got); err != nil || got[0] != frame.FinBit|frame.OpPing {
			p.t.Errorf("%x, %v where a ping was expected", got, err)
			return false
		}
	}
	return true
}

// until reads pings until a condition holds.
func (p *speaker) until(what string, holds func() bool) {
	p.t.Helper()
	for !holds() {
		if !p.pinged(1) {
			p.t.Fatalf("before %s", what)
		}
	}
}

// heard waits until n messages have been handled, and returns them.
func (p *speaker) heard(n int) (all []string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%d messages were handled", n), func() bool {
		p.o.locked(func() { all = p.o.received })
		return len(all) >= n
	})
	return all
}

// deep reports whether gws reads.
func (p *speaker) deep() bool { return p.o.socket.state.is(stateDeep) }

// quiet waits until gws has left.
func (p *speaker) quiet() {
	p.t.Helper()
	p.until("it was quiet", func() bool { return !p.deep() })
}

// TestQuiet: gws leaves a connection that has gone quiet, as often as that happens,
// and the goroutine that follows is followed once more; and so is one that gws was
// never needed for. Each message is handled.
func TestQuiet(t *testing.T) {
	for name, message := range map[string]func(string) []byte{"ours": word, "gws's": pieces} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			p := speaks(t, nil)
			for i := range 5 {
				p.sends(message(fmt.Sprint("message ", i)))
				if got := p.heard(i + 1); len(got) != i+1 || got[i] != fmt.Sprint("message ", i) {
					t.Fatalf("handled %q", got)
				}
				if i == 0 {
					p.until("it is noted", func() bool { return p.o.socket.state.is(stateGrown) })
				}
				if name == "ours" && p.deep() {
					t.Fatal("gws has come in")
				}
				p.quiet()
				if i%2 == 1 {
					continue // it speaks before that
				}
				p.until("another goroutine reads", func() bool {
					runtime.GC()
					return !p.o.socket.state.is(stateGrown)
				})
			}
			p.leaves()
			if n := len(p.o.causes); n != 1 || len(p.o.unsound)+len(p.o.failures) != 0 {
				t.Errorf("closed %d times; %v, %v", n, p.o.unsound, p.o.failures)
			}
		})
	}
}

// TestQuietMidway: gws stays as long as something has begun.
func TestQuietMidway(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	long := strings.Repeat("a long message ", 2000)
	fragments := append(says(frame.OpText, "one, "), says(frame.OpContinuation, "two, ")...)
	fragments = append(fragments, says(frame.FinBit|frame.OpContinuation, "three")...)
	for name, c := range map[string]struct {
		sent []byte
		cuts []int
		want string
	}{
		"in a header":           {word("text"), []int{1}, "text"},
		"behind a header":       {word("text"), []int{2, 6}, "text"},
		"in a payload":          {word("text"), []int{8}, "text"},
		"in a long header":      {word(long), []int{1, 3, 7}, long},
		"in a long payload":     {word(long), []int{20, 5000, 25_000}, long},
		"between fragments":     {fragments, []int{11, 22}, "one, two, three"},
		"in and behind the one": {fragments, []int{4, 11, 17}, "one, two, three"},
	} {
		t.Run(name, func(t *testing.T) {
			p := speaks(t, nil)
			p.sends(word("first"))
			p.heard(1)
			begun := 0
			for _, cut := range append(c.cuts, len(c.sent)) {
				p.sends(c.sent[begun:cut])
				if begun = cut; cut == len(c.sent) {
					break
				}
				p.until("gws has it", p.deep)
				if p.pinged(10); !p.deep() {
					t.Fatalf("gws has left behind %d bytes", cut)
				}
			}
			if got := p.heard(2); got[1] != c.want {
				t.Errorf("handled %.100q", got[1])
			}
			p.quiet()
			p.leaves()
		})
	}
}

// TestQuietDeflate: messages before and behind a silence are inflated.
func TestQuietDeflate(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	near, far := pair(t)
	p := servedOn(t, near, far, true, false, nil)
	const text = "the same text, which a window of what came before would make short"
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestCompression)
	_, _ = w.Write([]byte(text))
	_ = w.Flush()
	for i := range 4 {
		if i%2 == 0 {
			p.sends(says(frame.FinBit|frame.RSV1Bit|frame.OpText, strings.TrimSuffix(packed.String(), "\x00\x00\xff\xff")))
		} else {
			p.sends(word(text))
		}
		if got := p.heard(i + 1); got[i] != text {
			t.Fatalf("handled %q", got)
		}
		p.quiet()
	}
	p.leaves()
}

// TestQuietElsewhere: a connection without a descriptor is left alone.
func TestQuietElsewhere(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	near, far := pair(t)
	p := servedOn(t, near, far, false, true, nil)
	for i := range 2 {
		p.sends(pieces("text"))
		p.heard(i + 1)
		if p.pinged(10); !p.deep() {
			t.Error("gws has left")
		}
	}
	p.leaves()
}

// TestPingsOfListeners: who only pings gets its pongs, and has no use for gws.
func TestPingsOfListeners(t *testing.T) {
	p := speaks(t, func(l *Limits) { l.Ping = Never })
	for _, text := range []string{"", "abc", strings.Repeat("x", 125)} {
		p.sends(says(frame.FinBit|frame.OpPing, text))
		want := frame.Control(frame.OpPong, []byte(text))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(p.conn, got); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if p.o.socket.state.is(stateGrown) {
		t.Error("gws has come in")
	}
	p.leaves()
}

// TestTortureQuiet: messages in pieces come at the very moment at which the timer
// looks, which is that of a ping; none is lost, doubled or late.
func TestTortureQuiet(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const peers, messages = 16, 150
	var all sync.WaitGroup
	var mu sync.Mutex
	silences := 0
	for range peers {
		p := speaks(t, nil)
		all.Go(func() {
			quiet, deep := 0, false
			for i := range messages {
				text := fmt.Sprint(i, strings.Repeat(".", rand.IntN(300)))
				sent := word(text)
				if rand.IntN(4) == 0 {
					half := rand.IntN(len(text))
					sent = append(says(frame.OpText, text[:half]), says(frame.FinBit|frame.OpContinuation, text[half:])...)
				}
				for len(sent) > 0 {
					if !p.pinged(rand.IntN(4)) {
						return
					}
					n := len(sent)
					if rand.IntN(3) == 0 {
						n = 1 + rand.IntN(n)
					}
					p.sends(sent[:n])
					sent = sent[n:]
				}
				was := deep
				if deep = p.deep(); was && !deep {
					quiet++
				}
			}
			for i, text := range p.heard(messages) {
				if !strings.HasPrefix(strings.TrimRight(text, ".")+".", fmt.Sprint(i)+".") {
					t.Errorf("%q is message %d", text, i)
				}
			}
			p.leaves()
			if n := len(p.o.received); n != messages || len(p.o.unsound)+len(p.o.failures) != 0 {
				t.Errorf("%d messages; %v, %v", n, p.o.unsound, p.o.failures)
			}
			mu.Lock()
			defer mu.Unlock()
			silences += quiet
		})
	}
	all.Wait()
	if t.Logf("%d silences", silences); silences < peers {
		t.Errorf("only %d silences: that shows little", silences)
	}
}

// TestWokenTwice: the timer that comes again before the read goroutine has run, and is
// held up in the middle, does not end the connection.
func TestWokenTwice(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := speaks(t, func(l *Limits) { l.Ping = Never })
	s := &p.o.socket
	const messages = 300
	for i := range messages {
		p.sends(pieces(fmt.Sprint(i)))
		for end := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
			n := 0
			p.o.locked(func() { n = len(p.o.received) })
			if n > i {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("message %d was not heard", i)
			}
		}
		for range 50 {
			s.hush()
		}
	}
	p.leaves()
}

// TestCloseBeatsQuiet: who closes gives the peer its time, also if the timer comes
// at that moment or a little later; and not much more.
func TestCloseBeatsQuiet(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for name, c := range map[string]struct{ before, after bool }{
		"before": {before: true}, "behind": {after: true}, "before and behind": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := speaks(t, func(l *Limits) { l.Ping = Never })
			s := &p.o.socket
			p.sends(pieces("text"))
			waits := func(what string, bits uint32) {
				t.Helper()
				for end := time.Now().Add(20 * time.Second); !s.state.is(bits); runtime.Gosched() {
					if time.Now().After(end) {
						t.Fatal(what)
					}
				}
			}
			waits("it does not read", stateSpoke|stateReads)
			s.hush() // the message was heard
			if c.before {
				s.hush()
			}
			s.Close(Cause{Code: 4000})
			begun := time.Now()
			waits("it does not write", stateWriteDone)
			if c.after {
				s.hush()
			}
			head := make([]byte, 4)
			if _, err := io.ReadFull(p.conn, head); err != nil || head[0] != frame.FinBit|frame.OpClose {
				t.Errorf("%x, %v where a Close was expected", head, err)
			}
			<-p.o.ended
			if took := time.Since(begun); took < linger-100*time.Millisecond {
				t.Errorf("the peer had %v", took)
			}
			<-p.o.released
		})
	}
}

// TestTortureCloseQuiet: however closing and the timer meet, the connection ends, and
// the peer gets the Close frame and its time.
func TestTortureCloseQuiet(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var all sync.WaitGroup
	for i := range 64 {
		p := speaks(t, nil)
		all.Go(func() {
			if i%8 < 4 {
				p.sends(pieces("text"))
			} else {
				p.sends(word("text"))
			}
			p.heard(1)
			if !p.pinged(1 + i%4) {
				return
			}
			p.o.socket.Close(Cause{Code: 4000})
			begun := time.Now()
			got := make([]byte, 2)
			for got[0] != frame.FinBit|frame.OpClose {
				if _, err := io.ReadFull(p.conn, got); err != nil {
					t.Errorf("%v before the Close", err)
					return
				}
			}
			if i%2 == 0 { // it answers
				p.sends(says(frame.FinBit|frame.OpClose, "\x0f\xa0"))
				<-p.o.ended
			} else if <-p.o.ended; time.Since(begun) < linger-100*time.Millisecond {
				t.Errorf("the peer had %v", time.Since(begun))
			}
			<-p.o.released
		})
	}
	all.Wait()
}

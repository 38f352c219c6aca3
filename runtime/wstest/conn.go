package wstest

import (
	"encoding/binary"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Conn is a client of one gateway. It keeps what comes until a method takes it,
// and answers Pings and the server's Close by itself. What is sent leaves in its
// order, by a goroutine of the Conn's: no method waits for the server to read.
//
// A method that waits for something fails the test, at once if the connection
// ends, else after its Patience, with a transcript of what came instead. Those
// must be called by the goroutine of the test; what sends may be called by any.
type Conn struct {
	t    testing.TB
	d    *dialing
	born time.Time
	talk *talk // nil: it speaks no sessions

	// No lock is held while anything waits: within testing/synctest, who waits for
	// one would keep time from passing.
	mu      sync.Mutex
	*link                 // guarded by mu: a Session has one after the other
	changed chan struct{} // closed, and made anew, when something has come
	said    transcript
	got     []*arrived      // and not taken
	pongs   map[string]bool // payloads of Pings of ExpectSilence: the Pong has come
	lastID  int
	open    []*answer // refusals that nobody has asked about
}

// Dialed is a Conn or a Session.
type Dialed interface{ conn() *Conn }

func (c *Conn) conn() *Conn { return c }

// arrived is a frame that came.
type arrived struct {
	Frame
	message
}

func newConn(t testing.TB, d *dialing) *Conn {
	return &Conn{t: t, d: d, born: time.Now(), changed: make(chan struct{}), pongs: map[string]bool{}}
}

// Header returns the header of the handshake's answer.
func (c *Conn) Header() http.Header { return c.now().header.Clone() }

// now returns the link in use.
func (c *Conn) now() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

// arrive keeps a frame that came over a link, and answers it if it must be
// answered. What comes over one that is not in use any more is nobody's.
func (c *Conn) arrive(l *link, f Frame) {
	a := &arrived{Frame: f}
	if f.First == Text {
		a.message = parse(f.Payload)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l != c.link {
		return
	}
	c.said.add(c.since(), "<", f.String())
	if c.talk != nil && f.First == Text {
		c.talk.heard(a)
	}
	switch _, ours := c.pongs[string(f.Payload)]; {
	case f.First == Pong && ours:
		c.pongs[string(f.Payload)] = true
	case f.First == Ping && !c.d.manual:
		c.put(Frame{Pong, f.Payload})
	default:
		c.got = append(c.got, a)
	}
	if f.First == Close {
		c.closed = &f
		if !c.d.manual && !c.left {
			c.left = true
			c.put(Frame{Close, f.Payload[:min(2, len(f.Payload))]})
		}
	}
	c.change()
}

// change tells who waits. The caller holds c.mu.
func (c *Conn) change() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// since is the time since the Conn was made.
func (c *Conn) since() time.Duration { return time.Since(c.born) }

// put queues a frame. The caller holds c.mu.
func (c *Conn) put(f Frame) {
	c.said.add(c.since(), ">", f.String())
	if c.talk != nil && f.First == Text {
		c.talk.says(f.Payload, !c.over && !c.left)
	}
	c.putBytes(f.Masked())
}

// await waits until is says true, which is called with c.mu held whenever
// something has come; false if that is never so: the connection is over, or the
// time is up.
func (c *Conn) await(within time.Duration, is func() bool) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		c.mu.Lock()
		yes, over, changed := is(), c.over, c.changed
		c.mu.Unlock()
		if yes || over {
			return yes
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// take waits for the first frame that is not taken and fits, and takes it; nil
// if none comes.
func (c *Conn) take(fits func(a *arrived) bool) (found *arrived) {
	c.await(c.d.patience, func() bool {
		i := slices.IndexFunc(c.got, fits)
		if i >= 0 {
			found = c.got[i]
			c.got = slices.Delete(c.got, i, i+1)
		}
		return i >= 0
	})
	return found
}

// fail fails the test with what was said, and the transcript.
func (c *Conn) fail(format string, args ...any) {
	c.t.Helper()
	c.mu.Lock()
	text := c.said.String()
	c.mu.Unlock()
	c.t.Fatalf("wstest: "+format+"\n%s", append(args, text)...)
}

// end ends the connection with the test.
func (c *Conn) end() {
	c.t.Helper()
	c.Hear()
	c.mu.Lock()
	c.held = false
	c.stir()
	if !c.left && !c.over {
		c.left = true
		c.put(closing(uint16(ws.CloseAway), ""))
	}
	c.mu.Unlock()
	c.await(c.d.patience, func() bool { return c.closed != nil })
	c.now().end()
	c.mu.Lock()
	open, said := c.open, c.said.String()
	c.mu.Unlock()
	for _, a := range open {
		c.t.Errorf("wstest: nobody has asked about a refusal: Reply.OK and Reply.Into fail by it, Reply.ExpectError wants it\n%s was refused: %v", a.event, a.refused)
	}
	if !c.now().site.released(c.d.patience) {
		c.t.Errorf("wstest: the connection to %s does not end: a handler or hook of it has not returned\n%s", c.d.path, said)
	}
}

// closeCode returns the code of a Close frame.
func closeCode(f *Frame) ws.CloseCode {
	if len(f.Payload) < 2 {
		return ws.CloseNoStatus
	}
	return ws.CloseCode(binary.BigEndian.Uint16(f.Payload))
}

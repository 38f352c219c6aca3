package wstest

import (
	"bufio"
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
	t      testing.TB
	site   *site
	d      *dialing
	header http.Header // of the handshake's answer
	born   time.Time
	in     *bufio.Reader

	wake     chan struct{} // something is to be sent; it has room for one
	ending   chan struct{} // closed when the test ends
	readEnd  chan struct{} // closed when nothing more comes
	writeEnd chan struct{} // closed when nothing more leaves

	// No lock is held while anything waits: within testing/synctest, who waits for
	// one would keep time from passing.
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when something has come
	queue   [][]byte      // to be sent
	said    transcript
	got     []*arrived      // and not taken
	pongs   map[string]bool // payloads of Pings of ExpectSilence: the Pong has come
	lastID  int
	deaf    *deafness // nil: the Conn reads
	closed  *Frame    // the server's Close; nil: it has sent none
	left    bool      // a Close was sent, or is about to be
	over    bool      // nothing more comes
	open    []*answer // refusals that nobody has asked about
}

// arrived is a frame that came.
type arrived struct {
	Frame
	message
}

// deafness is how a Conn does not read.
type deafness struct {
	begun chan struct{} // closed when nothing is read any more
	ended chan struct{} // closed when it reads again
}

func newConn(t testing.TB, s *site, d *dialing, in *bufio.Reader, header http.Header) *Conn {
	c := &Conn{
		t: t, site: s, d: d, header: header, born: time.Now(), in: in,
		wake: make(chan struct{}, 1), ending: make(chan struct{}), readEnd: make(chan struct{}), writeEnd: make(chan struct{}),
		changed: make(chan struct{}), pongs: map[string]bool{},
	}
	go c.read()
	go c.write()
	t.Cleanup(c.end)
	return c
}

// Header returns the header of the handshake's answer.
func (c *Conn) Header() http.Header { return c.header.Clone() }

// read takes what comes.
func (c *Conn) read() {
	defer close(c.readEnd)
	var have []byte
	room := make([]byte, 4096)
	for {
		n, err := c.in.Read(room)
		have = append(have, room[:n]...)
		for {
			f, rest, whole := split(have)
			if !whole {
				break
			}
			have = rest
			c.arrive(f)
		}
		if c.deafen() {
			continue // err is that of the deadline that made it so
		}
		if err != nil {
			c.mu.Lock()
			c.over = true
			c.said.add(c.since(), "*", "the connection is over")
			c.change()
			c.mu.Unlock()
			return
		}
	}
}

// deafen waits for as long as the Conn is deaf, and reports whether it was.
func (c *Conn) deafen() bool {
	c.mu.Lock()
	deaf := c.deaf
	c.mu.Unlock()
	if deaf == nil {
		return false
	}
	close(deaf.begun)
	<-deaf.ended
	return true
}

// arrive keeps a frame, and answers it if it must be answered.
func (c *Conn) arrive(f Frame) {
	a := &arrived{Frame: f}
	if f.First == Text {
		a.message = parse(f.Payload)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said.add(c.since(), "<", f.String())
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
	c.putBytes(f.Masked())
}

func (c *Conn) putBytes(b []byte) {
	c.queue = append(c.queue, b)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write sends what is queued.
func (c *Conn) write() {
	defer close(c.writeEnd)
	for {
		c.mu.Lock()
		queue := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, b := range queue {
			if _, err := c.site.client.Write(b); err != nil {
				return // reading says that the connection is over
			}
		}
		if len(queue) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-c.ending:
			return
		}
	}
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
	if !c.left && !c.over {
		c.left = true
		c.put(closing(uint16(ws.CloseAway), ""))
	}
	c.mu.Unlock()
	c.await(c.d.patience, func() bool { return c.closed != nil })
	_ = c.site.client.Close()
	close(c.ending)
	<-c.readEnd
	<-c.writeEnd
	c.mu.Lock()
	open, said := c.open, c.said.String()
	c.mu.Unlock()
	for _, a := range open {
		c.t.Errorf("wstest: nobody has asked about a refusal: Reply.OK and Reply.Into fail by it, Reply.ExpectError wants it\n%s was refused: %v", a.event, a.refused)
	}
	if c.site.guest == nil {
		return
	}
	timer := time.NewTimer(c.d.patience)
	defer timer.Stop()
	select {
	case <-c.site.guest.Released():
	case <-timer.C:
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

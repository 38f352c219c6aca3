package ws_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestResume: whatever becomes of the sockets of a session, each push, answer,
// value of a stream and question comes once and in order, and each message is
// handled once and in order; the hooks run once.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name              string
		tls, deflate, far bool
	}{{name: "TCP"}, {name: "TLS", tls: true}, {name: "portable", far: true}, {name: "compressed", deflate: true}} {
		t.Run(c.name, func(t *testing.T) { testResume(t, 8, 25, c.tls, c.deflate, c.far) })
	}
}

// testResume has clients lose their sockets some times.
func testResume(t *testing.T, clients, each int, secure, deflate, far bool) {
	portable = far
	defer func() { portable = false }()
	l := &load{t: t, visits: make(map[string]*visit)}
	l.changed = sync.NewCond(&l.mu)
	o := ws.Options{
		OutboxFrames: 1 << 20, OutboxBytes: 1 << 30, ResumeFrames: 1 << 20, ResumeBytes: 1 << 30, ResumeTotalBytes: 1 << 30,
		PingInterval: 5 * time.Millisecond, IdleTimeout: patience, HandshakeTimeout: patience, AskTimeout: ws.Unlimited, InboxMessages: 8, Observer: l.observer(),
	}
	start := (*httptest.Server).Start
	if secure {
		start = (*httptest.Server).StartTLS
	}
	if deflate {
		o.CompressAbove = 150 // some are, some are not
	}
	l.s = serveBy(t, start, o, l.gateway())
	l.ask = newDoubts(l.s.Server)
	for range clients {
		f := l.s.phone(t)
		f.deflate = deflate
		if secure {
			dial := f.dial
			f.dial = func() net.Conn { return tls.Client(dial(), &tls.Config{InsecureSkipVerify: true}) }
		}
		l.talker(f)
	}
	l.begin(t.Context())
	var losing, gone sync.WaitGroup
	losing.Add(clients)
	for i, c := range l.talkers {
		gone.Go(func() {
			for n := range each {
				if t.Failed() || !c.listens(1+c.random.IntN(40)) {
					break
				}
				c.lose((n + i) % losses)
			}
			losing.Done()
			for !c.done() && c.listens(1) {
			}
			c.goodbye()
		})
	}
	losing.Wait()
	l.finish()
	gone.Wait()
	l.check(clients, each)
}

// goodbye checks that both ends have counted the same, and ends the session.
func (c *talker) goodbye() {
	c.aside(`{"event":"$ping"}`)
	text, err := c.text(c.p)
	var m struct {
		Event string
		Data  json.RawMessage
	}
	if err != nil || json.Unmarshal([]byte(text), &m) != nil || m.Event != "$pong" {
		c.t.Errorf("%s: want $pong, got %.100q, %v", c.name, text, err)
	} else if want := fmt.Sprintf(`{"seq":%d}`, len(c.phone.said)); string(m.Data) != want {
		c.t.Errorf("%s: the server has had %s, it has said %s", c.name, m.Data, want)
	}
	c.p.sendClose(1000, "")
}

// check compares what clients and server have seen, when all are gone.
func (l *load) check(clients, each int) {
	eventually(l.t, "all are gone", func() bool { n := l.s.Stats(); return n.Connections == 0 && n.Admitted == 0 })
	if n := l.s.Stats(); n.Resumed != uint64(clients*each) || n.Unresumed != 0 || n.Opened != uint64(clients) || n.Detached != 0 || n.Shed != 0 || n.Dropped != 0 {
		l.t.Errorf("%+v", n)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	streams, questions := 0, 0
	for _, c := range l.talkers {
		v := l.visits[c.name]
		if v.connects != 1 || v.disconnects != 1 || v.detached != each || v.resumed != each {
			l.t.Errorf("%s: %d connect hooks and %d disconnect hooks, lost its socket %d times, came back %d times", c.name, v.connects, v.disconnects, v.detached, v.resumed)
		}
		if v.handled["say"] != c.said || v.handled["ask"] != c.said || c.next["confirm"] != c.questions || c.next["push"] != l.pushed {
			l.t.Errorf("%s: handled %v of %d; heard %v, of %d pushes and %d questions", c.name, v.handled, c.said, c.next, l.pushed, c.questions)
		}
		streams, questions = streams+c.streams, questions+c.questions
	}
	if streams < clients || questions < clients {
		l.t.Errorf("only %d streams and %d questions: that shows little", streams, questions)
	}
	l.t.Logf("%d pushes, %d calls of the first client, %d streams and %d questions", l.pushed, l.talkers[0].said, streams, questions)
}

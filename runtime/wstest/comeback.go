package wstest

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// subprotocol is the one that sessions speak.
const subprotocol = "wsgen.v1.json"

// local returns what the options come to for a handler, and what connects to it.
func local(t testing.TB, h http.Handler, opts []DialOption) (d *dialing, reach func(*dialing) *site) {
	t.Helper()
	d = options(t, h, opts)
	return d, func(d *dialing) *site { return serve(t, h, d) }
}

// again connects again, with other options. The socket before is left as it is.
func (s *Session) again(opts []DialOption) (refused *Frame) {
	s.t.Helper()
	s.note("comes back")
	s.hold(true)
	s.now().stop()
	for _, o := range opts {
		o.dialing(s.d)
	}
	return s.connect()
}

// connect opens a socket for the session, and goes on with it if there was one. If
// it is refused, it returns the Close, and everything is as before.
func (s *Session) connect() (refused *Frame) {
	s.t.Helper()
	at := s.reach(s.d)
	s.sites = append(s.sites, at)
	if s.d.header.Get("Sec-WebSocket-Protocol") == "" {
		s.d.header.Set("Sec-WebSocket-Protocol", subprotocol)
	}
	r, header := at.upgrade(s.t, s.d)
	s.met = append(s.met, at)
	if got := header.Get("Sec-WebSocket-Protocol"); got != subprotocol {
		s.fail("the server speaks %q, want %q", got, subprotocol)
	}
	first := &greeting{s: s, at: at, in: r}
	first.send(Frame{Text, s.hello()})
	f := first.await()
	if f.First == Close {
		return &f
	}
	s.goOn(first, parse(f.Payload).Data, header)
	return nil
}

// hello is the first message.
func (s *Session) hello() []byte {
	type resume struct {
		SID string `json:"sid"`
		Seq uint64 `json:"seq"`
	}
	var data struct {
		Token  string  `json:"token,omitempty"`
		Client string  `json:"client"`
		Resume *resume `json:"resume,omitempty"`
	}
	data.Token, data.Client = s.d.token, "wstest"
	if s.sid != "" {
		s.mu.Lock()
		data.Resume = &resume{s.sid, s.talk.had}
		s.mu.Unlock()
	}
	text, _ := encode(struct { // strings and numbers always encode
		Event string `json:"event"`
		Data  any    `json:"data"`
	}{"$connect", data})
	return []byte(text)
}

// greeting is a socket until $connected.
type greeting struct {
	s    *Session
	at   *site
	in   io.Reader
	have []byte // that was read, and is no frame yet
}

func (g *greeting) send(f Frame) {
	g.s.t.Helper()
	g.said(">", f)
	if _, err := g.at.client.Write(f.Masked()); err != nil {
		g.s.fail("sending the first message: %v", err)
	}
}

func (g *greeting) said(direction string, f Frame) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.s.said.add(g.s.since(), direction, f.String())
}

// await waits for $connected, or a Close.
func (g *greeting) await() Frame {
	g.s.t.Helper()
	room := make([]byte, 4096)
	for {
		f, rest, whole := split(g.have)
		if !whole {
			n, err := g.in.Read(room)
			if g.have = append(g.have, room[:n]...); err != nil {
				g.s.fail("$connect has no answer: %v", err)
			}
			continue
		}
		g.have = rest
		g.said("<", f)
		switch {
		case f.First == Ping:
			g.send(Frame{Pong, f.Payload})
		case f.First == Close:
			g.send(Frame{Close, f.Payload[:min(2, len(f.Payload))]})
			return f
		case f.First == Text && parse(f.Payload).Event == "$connected":
			return f
		default:
			g.s.fail("the first frame should be $connected: %s", f)
		}
	}
}

// goOn uses a socket that is connected.
func (s *Session) goOn(first *greeting, text json.RawMessage, header http.Header) {
	s.t.Helper()
	var says struct {
		Connected

		HeartbeatMs int64
	}
	if err := json.Unmarshal(text, &says); err != nil {
		s.fail("$connected says what it must not: %v", err)
	}
	says.Heartbeat = time.Duration(says.HeartbeatMs) * time.Millisecond
	_ = first.at.client.SetDeadline(time.Time{})

	s.mu.Lock()
	if !says.Resumed {
		s.talk.anew()
	}
	err := s.talk.forget(says.Seq)
	if s.link != nil {
		s.past = append(s.past, s.link)
	}
	l := s.use(first.at, first.in, first.have, header)
	for _, text := range s.talk.rest() {
		f := Frame{Text, text}
		s.Conn.said.add(s.since(), ">", f.String())
		l.putBytes(f.Masked())
	}
	s.mu.Unlock()
	s.last = says.Connected
	if s.sid = says.SID; s.sid == "" && says.Resumed {
		s.fail("$connected has no sid, and the session was resumed by one")
	}
	l.run()
	if err != nil {
		s.fail("%v", err)
	}
}

// wantOpen fails the test if the socket was refused.
func (s *Session) wantOpen(refused *Frame) {
	s.t.Helper()
	if refused != nil {
		s.fail("$connect is refused: %s", refused)
	}
}

// wantRefused fails the test unless the socket was refused with a code.
func (s *Session) wantRefused(refused *Frame, code ws.CloseCode) (reason string) {
	s.t.Helper()
	if refused == nil {
		s.fail("the session is open, and should be refused with %d", code)
	}
	if got := closeCode(refused); got != code {
		s.fail("the session is refused: %s, want %d", refused, code)
	}
	return string(refused.Payload[min(2, len(refused.Payload)):])
}

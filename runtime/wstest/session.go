package wstest

import (
	"net/http"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Session is a client that speaks wsgen.v1.json (docs/reference/protocol.md,
// "Sessions"). It has all that a Conn has, and goes on when its socket is lost: it
// counts what comes, keeps what it has sent, and says again what the server has
// not had, as a client must. So a test that cuts the line expects what it would
// expect otherwise, and finds it if each message comes once and in order.
//
//	ann := wstest.DialSession(t, router, wstest.Path("/chat"))
//	ann.Cut()
//	bob.Call("say", "are you there?").OK()
//	ann.Resume()
//	said := wstest.Expect[Line](ann, "said")
//
// What is sent while there is no socket waits for the next. Nothing is done by
// itself: when and where a Session comes back is the test's to say.
type Session struct {
	*Conn

	reach func(d *dialing) *site
	sid   string
	last  Connected
	sites []*site // all that were connected to
	met   []*site // those of them whose handshake was accepted
	past  []*link // that are not in use any more
}

// DialSession opens a session: it connects as Dial does, offers the subprotocol
// wsgen.v1.json, sends $connect, and waits for $connected. A Token goes with
// $connect. It fails the test if it is refused. When the test ends a session that
// has a socket closes with 1001; one that has none is ended, as if the time were
// up in which its client may come back. The handlers and hooks of both are waited
// for.
func DialSession(t testing.TB, h http.Handler, opts ...DialOption) *Session {
	t.Helper()
	d, reach := local(t, h, opts)
	return openSession(t, d, reach)
}

// DialSessionURL is DialSession for a server that runs already, as DialURL is Dial.
// A session that has no socket when the test ends stays there until its time is
// up.
func DialSessionURL(t testing.TB, address string, opts ...DialOption) *Session {
	t.Helper()
	d, reach := remote(t, address, opts)
	return openSession(t, d, reach)
}

// ExpectRefusedSession is DialSession for a session that must be refused, by a
// Close with this code in the place of $connected: it fails the test otherwise.
// It returns the reason. A handshake that is refused by HTTP is ExpectRefused's.
func ExpectRefusedSession(t testing.TB, h http.Handler, code ws.CloseCode, opts ...DialOption) (reason string) {
	t.Helper()
	d, reach := local(t, h, opts)
	s := newSession(t, d, reach)
	return s.wantRefused(s.connect(), code)
}

func openSession(t testing.TB, d *dialing, reach func(*dialing) *site) *Session {
	t.Helper()
	s := newSession(t, d, reach)
	s.wantOpen(s.connect())
	return s
}

func newSession(t testing.TB, d *dialing, reach func(*dialing) *site) *Session {
	s := &Session{Conn: newConn(t, d), reach: reach}
	s.talk = newTalk()
	t.Cleanup(s.end)
	return s
}

// Connected is what the server has said by $connected.
type Connected struct {
	// Resumed is whether the session that was asked for goes on.
	Resumed bool
	// Why is why it does not: "unknown", "gap", "busy" or "disabled"; "" if it does,
	// or nothing was asked for.
	Why string
	// SID is the secret by which the session is resumed; "": it cannot be.
	SID string
	// Seq is how many messages that count the server has had.
	Seq uint64
	// Heartbeat is after how long without a frame a client should ask by $ping; 0 if
	// it need not.
	Heartbeat time.Duration
	// MaxBytes is the length of the longest message that the server takes.
	MaxBytes int
}

// Connected returns what the last $connected said.
func (s *Session) Connected() Connected { return s.last }

// Cut breaks the socket without a Close frame, and returns when the server has
// noticed: the session waits for its client, or is over and its hooks have
// returned. What the server pushes from then on waits with it. Vanish does not
// wait, and of a server at a URL nobody knows.
func (s *Session) Cut() {
	s.t.Helper()
	s.Vanish()
	s.now().hear()
	<-s.now().readEnd
	s.noticed()
}

// Leave closes the socket with 4000, which says that the client will be back, and
// returns when the server has answered and the session waits for its client.
func (s *Session) Leave() {
	s.t.Helper()
	s.Close(ws.CloseReturning, "")
	s.ExpectClose(ws.CloseReturning)
	s.noticed()
}

// noticed waits until the server has to do with the socket no more.
func (s *Session) noticed() {
	s.t.Helper()
	guest := s.now().site.guest
	if guest == nil {
		return
	}
	timer := time.NewTimer(s.d.patience)
	defer timer.Stop()
	select {
	case <-guest.Parted():
	case <-guest.Released():
	case <-timer.C:
		s.fail("the server does not let go of the socket: a handler on its read loop has not returned")
	}
}

// Hold makes the line stand still, as a tunnel does: nothing that is sent leaves,
// and nothing is read, until Release or Resume. The server learns nothing, but by
// its clocks. Deaf is the half of it that does not read.
func (s *Session) Hold() {
	s.hold(true)
	s.now().stop()
	s.note("the line stands still")
}

// Release ends Hold: what was sent meanwhile leaves, if the server has not given
// up the socket.
func (s *Session) Release() {
	s.note("the line works again")
	s.now().hear()
	s.hold(false)
}

// hold has nothing leave, or whatever waits.
func (s *Session) hold(held bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = held
	s.stir()
}

// MoveTo is where the next sockets go: to another node, as a load balancer may send
// them.
func (s *Session) MoveTo(h http.Handler) {
	s.reach = func(d *dialing) *site { return serve(s.t, h, d) }
}

// Resume connects again, and goes on with the session. It fails the test if that
// is not possible. What the server had sent and the Session had not read comes
// then, before what is new, and what the server had not read is sent again. The
// options count from then on, in the place of those that they contradict.
//
// The socket before need not be cut: the server takes the session from it, and
// nothing more is read of it.
func (s *Session) Resume(opts ...DialOption) Connected {
	s.t.Helper()
	s.wantOpen(s.again(opts))
	if !s.last.Resumed {
		s.fail("the session does not go on: %s", s.whyNot())
	}
	return s.last
}

// ExpectUnresumed is Resume for a session that must not go on, for this reason,
// which is "" if the server had given nothing to go on with. A new session has
// begun then, as if by DialSession; calls that were sent in the old one have no
// answer any more, and messages that waited for a socket are sent in the new one.
func (s *Session) ExpectUnresumed(why string, opts ...DialOption) Connected {
	s.t.Helper()
	s.wantOpen(s.again(opts))
	switch {
	case s.last.Resumed:
		s.fail("the session goes on, and should not: %q", why)
	case s.last.Why != why:
		s.fail("the session does not go on: %s, want %q", s.whyNot(), why)
	}
	return s.last
}

// whyNot is why the session does not go on.
func (s *Session) whyNot() string {
	if s.last.Why == "" {
		return "the server had given nothing to go on with"
	}
	return s.last.Why
}

// ExpectRefused is Resume for a client that must be refused, by a Close with this
// code. It returns the reason. The session stays as it is, and may be resumed.
func (s *Session) ExpectRefused(code ws.CloseCode, opts ...DialOption) (reason string) {
	s.t.Helper()
	return s.wantRefused(s.again(opts), code)
}

// end ends the session with the test.
func (s *Session) end() {
	s.t.Helper()
	if s.now() != nil {
		s.Conn.end()
	}
	for _, l := range s.past {
		l.end()
	}
	for _, at := range s.met {
		if !at.released(s.d.patience) {
			s.t.Errorf("wstest: a session at %s does not end: a handler or hook of it has not returned", s.d.path)
		}
	}
	for _, at := range s.sites {
		at.stop()
	}
}

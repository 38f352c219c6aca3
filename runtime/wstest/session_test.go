package wstest_test

import (
	"context"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// town is a gateway for sessions, which keeps what it has handled.
type town struct {
	*ws.Endpoint

	handled []int // by "note", in its order. For the test when nothing is under way
	hooks   atomic.Int32
}

func newTown(o ws.Options, change ...func(*ws.Spec)) *town {
	w := &town{}
	g := spoken{
		"echo": echo,
		"note": func(c *ws.Call) error {
			var n int
			if err := c.Decode(&n); err != nil {
				return err
			}
			w.handled = append(w.handled, n)
			return c.Reply(n)
		},
		"ask": func(c *ws.Call) error {
			to := ws.NewAsk(c.Client().Server(), func(to ws.Asked) ws.Asked { return to })
			sure, err := ws.AskOne[bool](c.Context(), to.Client(c.Client()), "confirm", "sure?")
			if err != nil {
				return err
			}
			return c.Reply(sure)
		},
		"hang":         func(c *ws.Call) error { <-c.Context().Done(); return c.Context().Err() },
		"stream_ticks": ticks,
	}
	w.Endpoint = g.serve(quiet(o), append(change, gone(&w.hooks, 20*time.Millisecond))...)
	return w
}

// TestSession: whatever becomes of its sockets, each message comes once and in
// order, in memory with time faked and on a port.
func TestSession(t *testing.T) {
	t.Run("Pipe", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { everyLoss(t) }) })
	t.Run("Port", func(t *testing.T) { everyLoss(t, wstest.OnPort()) })
}

func everyLoss(t *testing.T, how ...wstest.DialOption) {
	w := newTown(ws.Options{})
	s := wstest.DialSession(t, w, append(how, wstest.As(bob))...)
	if says := s.Connected(); says.Resumed || says.Why != "" || says.Seq != 0 || says.SID == "" || says.Heartbeat != 25*time.Second || says.MaxBytes != 64<<10 {
		t.Errorf("%+v", says)
	}
	n := 0
	push := func() {
		t.Helper()
		if _, err := w.Server().Broadcast("pushed", n); err != nil {
			t.Error(err)
		}
		n++
	}
	note := 0
	for _, lose := range []func(){s.Cut, s.Leave, s.Hold, s.Deaf, s.Vanish, func() {}} {
		push()
		s.Call("note", note).OK()
		note++
		early := s.Begin("note", note) // and maybe lost on its way
		note++
		lose()
		late := s.Begin("note", note)
		note++
		push()
		if says := s.Resume(); !says.Resumed || says.Why != "" {
			t.Errorf("%+v", says)
		}
		push()
		for _, p := range []*wstest.Pending{early, late} {
			p.Reply().OK()
		}
		for want := n - 3; want < n; want++ {
			if got := wstest.Expect[int](s, "pushed"); got != want {
				t.Errorf("pushed %d, want %d", got, want)
			}
		}
		s.ExpectSilence(0)
	}
	for i, got := range w.handled {
		if got != i {
			t.Fatalf("handled %v", w.handled)
		}
	}
	if st := w.Server().Stats(); len(w.handled) != note || st.Resumed != 6 || st.Unresumed != 0 || st.Opened != 1 || st.Detached != 0 {
		t.Errorf("%d of %d were handled: %+v", len(w.handled), note, st)
	}
	s.Ping()
	if got := s.Resume(); got.Seq != uint64(note) {
		t.Errorf("%+v, want %d", got, note)
	}
	s.Close(ws.CloseNormal, "")
	s.ExpectClose(ws.CloseNormal)
}

// TestCutIsNoticed: when Cut and Leave return the session waits for its client;
// when the line stands still the server learns it by its clocks.
func TestCutIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(ws.Options{})
		detached := func() int { return w.Server().Stats().Detached }
		s := wstest.DialSession(t, w)
		for _, lose := range []func(){s.Cut, s.Leave} {
			if lose(); detached() != 1 || w.hooks.Load() != 0 {
				t.Error("it was not noticed")
			}
			s.Resume()
		}
		s.Hold()
		s.Send("note", 1)
		time.Sleep(30 * time.Second)
		if detached() != 0 || len(w.handled) != 0 {
			t.Error("the line does not stand still")
		}
		time.Sleep(60 * time.Second) // IdleTimeout
		if detached() != 1 {
			t.Error("it is silent, and was not given up")
		}
		s.Resume()
		s.Ping()
		synctest.Wait() // the handler runs beside the read loop
		if !slices.Equal(w.handled, []int{1}) {
			t.Error(w.handled)
		}
	})
}

// TestRelease: a line that has stood still goes on where it was.
func TestRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(ws.Options{})
		s := wstest.DialSession(t, w)
		s.Hold()
		p := s.Begin("echo", 1)
		if _, err := w.Server().Broadcast("pushed", 2); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		s.Release()
		p.Reply().OK()
		if got := wstest.Expect[int](s, "pushed"); got != 2 || w.Server().Stats().Resumed != 0 {
			t.Error(got)
		}
	})
}

// TestUnresumed: each reason for which a session does not go on can be had, and
// what becomes of its calls is told.
func TestUnresumed(t *testing.T) {
	for name, test := range map[string]func(t *testing.T){
		"Late": func(t *testing.T) {
			w := newTown(ws.Options{ResumeWindow: time.Minute})
			s := wstest.DialSession(t, w)
			s.Send("note", 1)
			s.Ping()
			s.Cut()
			late := s.Begin("note", 2)
			time.Sleep(2 * time.Minute)
			if w.hooks.Load() != 1 {
				t.Error("the session is not over")
			}
			if says := s.ExpectUnresumed("unknown"); says.Resumed || says.Seq != 0 {
				t.Errorf("%+v", says)
			}
			late.Reply().OK() // it has waited for a socket
			s.Cut()
			if s.Resume(); !slices.Equal(w.handled, []int{1, 2}) {
				t.Error(w.handled)
			}
		},
		"Lost": func(t *testing.T) {
			w := newTown(ws.Options{ResumeWindow: time.Minute})
			wantIn(t, failure(t, func(t testing.TB) {
				s := wstest.DialSession(t, w)
				p := s.Begin("hang", nil)
				s.Cut()
				time.Sleep(2 * time.Minute)
				s.ExpectUnresumed("unknown")
				p.Reply()
			}), `"hang", with id 1, was lost with its session`)
		},
		"Elsewhere": func(t *testing.T) {
			here, there := newTown(ws.Options{}), newTown(ws.Options{})
			s := wstest.DialSession(t, here)
			s.Cut()
			s.MoveTo(there)
			s.ExpectUnresumed("unknown")
			s.Call("echo", 1).OK()
			if there.Server().Stats().Connections != 1 {
				t.Error("it is elsewhere")
			}
		},
		"Another": func(t *testing.T) {
			w := newTown(ws.Options{})
			s := wstest.DialSession(t, w, wstest.As(ws.Principal{ID: "ann"}))
			s.Cut()
			s.ExpectUnresumed("unknown", wstest.As(bob))
		},
		"Disabled": func(t *testing.T) {
			w, without := newTown(ws.Options{}), newTown(ws.Options{NoResume: true})
			s := wstest.DialSession(t, w)
			s.MoveTo(without)
			s.ExpectUnresumed("disabled")
			if s.Cut(); without.hooks.Load() != 1 {
				t.Error("the session should end with its socket")
			}
			s.ExpectUnresumed("")
		},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
	t.Run("Gap", func(t *testing.T) { // the kernel takes what the client does not read
		w := newTown(ws.Options{ResumeFrames: 4})
		s := wstest.DialSession(t, w, wstest.OnPort())
		s.Deaf()
		for i := range 20 {
			if _, err := w.Server().Broadcast("pushed", i); err != nil {
				t.Error(err)
			}
		}
		for w.Server().Stats().Outboxes > 0 {
			runtime.Gosched()
		}
		s.Cut()
		s.ExpectUnresumed("gap")
	})
}

// TestWordsAgain: what cancels a call is said again, if the call has no answer.
func TestWordsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(ws.Options{})
		s := wstest.DialSession(t, w)
		down, p := s.Stream("stream_ticks", nil), s.Begin("hang", nil)
		wstest.Next[int](down)
		s.Cut()
		p.Cancel()
		down.Cancel()
		s.Send("$cancel", nil) // of nothing
		s.Resume()
		p.Reply().ExpectError(ws.CodeCanceled)
		down.ExpectError(ws.CodeCanceled)
		if n := s.Resume().Seq; n != 2 {
			t.Errorf("%d messages count, want 2", n)
		}
		s.ExpectSilence(0)
	})
}

// TestSessionRefused: who is refused learns it by a Close, and one that is resumed
// is asked for its token again; what was refused leaves the session as it was.
func TestSessionRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		w := newTown(ws.Options{}, func(s *ws.Spec) { s.ConnGuards = []ws.ConnGuard{door{&asked}} })
		if why := wstest.ExpectRefusedSession(t, w, ws.CloseUnauthenticated); why != "unauthenticated: who?" {
			t.Error(why)
		}
		s := wstest.DialSession(t, w, wstest.Token("ann"), wstest.Header("Origin", "https://example.com"))
		s.Cut()
		if why := s.ExpectRefused(ws.CloseUnauthenticated, wstest.Token("")); why != "unauthenticated: who?" {
			t.Error(why)
		}
		s.Resume(wstest.Token("ann"))
		if !slices.Equal(asked, []string{"", "ann", "", "ann"}) {
			t.Errorf("asked for %q", asked)
		}
		for want, test := range map[string]func(t testing.TB){
			"$connect is refused: Close 4401 unauthenticated: who?": func(t testing.TB) { wstest.DialSession(t, w) },
			"the session is open, and should be refused with 4401": func(t testing.TB) {
				wstest.ExpectRefusedSession(t, w, ws.CloseUnauthenticated, wstest.Token("bob"))
			},
			"the session is refused: Close 4401 unauthenticated: who?, want 4403": func(t testing.TB) {
				wstest.ExpectRefusedSession(t, w, ws.CloseForbidden)
			},
			"the session goes on, and should not": func(t testing.TB) {
				wstest.DialSession(t, w, wstest.Token("bob")).ExpectUnresumed("gap")
			},
			`the session does not go on: unknown, want "gap"`: func(t testing.TB) {
				wstest.DialSession(t, w, wstest.Token("bob")).ExpectUnresumed("gap", wstest.Token("eve"))
			},
			"the session does not go on: unknown": func(t testing.TB) {
				wstest.DialSession(t, w, wstest.Token("bob")).Resume(wstest.Token("eve"))
			},
		} {
			wantIn(t, failure(t, test), want)
		}
	})
}

// TestQuestion: a question is taken, answered, refused, and seen to be cancelled.
func TestQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(ws.Options{AskTimeout: 3 * time.Second})
		s := wstest.DialSession(t, w)
		ask := func() (*wstest.Pending, *wstest.Question) {
			p := s.Begin("ask", nil)
			return p, s.ExpectQuestion("confirm")
		}
		p, q := ask()
		var text string
		if q.Into(&text); text != "sure?" || q.Text() != `"sure?"` {
			t.Error(text, q.Text())
		}
		q.Answer(true)
		if !wstest.Decode[bool](p.Reply()) {
			t.Error("the answer was yes")
		}
		p, q = ask()
		q.Refuse("busy", "not now")
		if e := p.Reply().ExpectError("busy"); e.Message != "not now" {
			t.Error(e)
		}
		p, q = ask()
		q.ExpectCancel()
		p.Reply().ExpectError(ws.CodeTimeout)

		p, q = ask()
		s.Cut()
		q.Answer(true)
		s.Resume()
		p.Reply().OK()
		s.ExpectSilence(0)
		wantIn(t, failure(t, func(t testing.TB) { wstest.DialSession(t, w).ExpectQuestion("confirm") }), `the server has not asked "confirm"`)
	})
}

// TestGoaway: a session that is asked to leave does so, and one that stays is
// closed when it was said.
func TestGoaway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(ws.Options{Lifetime: time.Hour})
		s := wstest.DialSession(t, w, wstest.Patience(2*time.Hour))
		says := s.ExpectGoaway()
		if says.Reason != "lifetime" || says.CloseIn != 5*time.Second {
			t.Errorf("%+v", says)
		}
		s.Leave()
		time.Sleep(says.RetryAfter)
		s.Resume()

		down := make(chan error)
		go func() { down <- w.Server().Shutdown(context.Background()) }()
		begun := time.Now()
		if says = s.ExpectGoaway(); says.Reason != "shutdown" {
			t.Errorf("%+v", says)
		}
		since := time.Now()
		s.ExpectClose(ws.CloseAway)
		if took := time.Since(since); took != says.CloseIn || since.Sub(begun) > time.Second {
			t.Errorf("closed after %v, and that was %v", took, since.Sub(begun))
		}
		if err := <-down; err != nil {
			t.Error(err)
		}
	})
}

// TestShed: what was shed is told.
func TestShed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(ws.Options{OutboxFrames: 4})
		s := wstest.DialSession(t, w)
		s.Deaf()
		for i := range 10 {
			_, _ = w.Server().Broadcast("pushed", i)
			synctest.Wait()
		}
		s.Hear()
		if n := s.ExpectShed(); n != int(w.Server().Stats().Shed) || n == 0 {
			t.Errorf("%d were shed, of %d", n, w.Server().Stats().Shed)
		}
	})
}

// TestSessionEndsWithTest: when a test has ended its hooks have returned, whatever
// state it left its session in.
func TestSessionEndsWithTest(t *testing.T) {
	for name, leave := range map[string]func(s *wstest.Session){
		"Open":       func(*wstest.Session) {},
		"Cut":        func(s *wstest.Session) { s.Cut() },
		"Vanished":   func(s *wstest.Session) { s.Vanish() },
		"Left":       func(s *wstest.Session) { s.Leave() },
		"Held":       func(s *wstest.Session) { s.Hold() },
		"Deaf":       func(s *wstest.Session) { s.Deaf() },
		"Closed":     func(s *wstest.Session) { s.Close(ws.CloseNormal, "") },
		"Resumed":    func(s *wstest.Session) { s.Hold(); s.Resume() },
		"Asking":     func(s *wstest.Session) { s.Begin("ask", nil) },
		"Unresumed":  func(s *wstest.Session) { s.ExpectUnresumed("unknown", wstest.As(bob)) },
		"CutHanging": func(s *wstest.Session) { s.Begin("hang", nil); s.Cut() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(ws.Options{})
				begun := time.Now()
				if text := failure(t, func(t testing.TB) { leave(wstest.DialSession(t, w)) }); text != "" {
					t.Error(text)
				}
				st := w.Server().Stats()
				if w.hooks.Load() != int32(st.Opened) || st.Connections != 0 || st.Detached != 0 {
					t.Errorf("the test has ended, and its session has not: %+v", st)
				}
				if took := time.Since(begun); took > 15*time.Second {
					t.Errorf("it took %v: the window was waited for", took)
				}
			})
		})
	}
}

// TestDialSessionURL: a server that runs already is tested like one of the test's
// own.
func TestDialSessionURL(t *testing.T) {
	w := newTown(ws.Options{})
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	s := wstest.DialSessionURL(t, server.URL+"/ws")
	s.Cut()
	p := s.Begin("echo", 1)
	s.Resume()
	p.Reply().OK()
	wantIn(t, failure(t, func(t testing.TB) { wstest.DialSessionURL(t, server.URL, wstest.As(bob)) }), "are for Dial")
	s.Close(ws.CloseNormal, "")
	s.ExpectClose(ws.CloseNormal)
}

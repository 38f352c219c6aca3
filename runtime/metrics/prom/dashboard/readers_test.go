package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
	"github.com/wsgen/wsgen/runtime/metrics/prom/dashboard/internal/demo"
	"github.com/wsgen/wsgen/runtime/wstest"
)

// reader follows the notes of a room, and is seen there. It is away at times, and says
// where it was when it is back, as generated clients do.
type reader struct {
	*wstest.Conn

	name    string
	session *wstest.Session   // nil: it speaks no sessions
	at      map[string]string // where it is in each history
	back    time.Time         // when it comes back; zero: it is here
	over    bool              // its session does not wait for so long
}

// noteRoom is where notes are.
const noteRoom = "board"

// read lets n readers come, every other one by a session.
func (s *site) read(n int) {
	for range n {
		r := &reader{name: fmt.Sprint("r", len(s.readers)), at: map[string]string{}}
		if len(s.readers)%2 == 0 {
			r.session = wstest.DialSession(s.t, s.router, r.path())
			r.Conn = r.session.Conn
		} else {
			r.Conn = wstest.Dial(s.t, s.router, r.path())
		}
		r.Call("read", noteRoom).OK()
		s.readers = append(s.readers, r)
	}
}

// only has only some readers come back from now on.
func (s *site) only(who func(r *reader) bool) {
	s.readers = slices.DeleteFunc(s.readers, func(r *reader) bool { return !who(r) })
}

func (r *reader) path() wstest.DialOption { return wstest.Path("/chat?room=library&name=" + r.name) }

// hear takes what a reader was sent, and notes where it is.
func (r *reader) hear() {
	for _, text := range r.Texts() {
		var m struct {
			Event, Log, At string
			Data           json.RawMessage
		}
		if json.Unmarshal([]byte(text), &m) != nil {
			continue
		}
		if m.Event == "$joined" || m.Event == "$lost" {
			_ = json.Unmarshal(m.Data, &m) // it has log and at, too
		}
		if m.Log != "" {
			r.at[m.Log] = m.At
		}
	}
}

// away lets a reader lose its socket, and come back after a while.
func (s *site) away(r *reader, d, window time.Duration) {
	r.hear()
	if r.session == nil {
		r.Vanish()
	} else {
		r.session.Cut()
	}
	r.back, r.over = time.Now().Add(d), d > window
}

// returns lets readers come back whose time it is.
func (s *site) returns() {
	for _, r := range s.readers {
		if r.back.IsZero() || time.Now().Before(r.back) {
			continue
		}
		r.back = time.Time{}
		switch {
		case r.session == nil:
			r.Conn = wstest.Dial(s.t, s.router, r.path())
		case !r.over:
			r.session.Resume()
			continue
		default:
			r.session.ExpectUnresumed("unknown")
		}
		r.Call("$resume", r.at).OK()
		r.Call("read", noteRoom).OK()
	}
}

// note pushes notes that are kept, each tries times.
func (s *site) note(n, tries int) {
	for range n {
		s.noted++
		for range tries {
			_ = s.notes.Key(fmt.Sprint("note ", s.noted)).In(noteRoom).Noted(demo.Line{Text: "buy milk"})
		}
	}
}

// commute lets a reader go away every 20 seconds, one after the other, until long has
// passed. while says for how long the nth of them is away, and window for how long its
// session waits. So many notes are pushed in each second.
func (s *site) commute(long, window time.Duration, notes int, while func(n int) time.Duration) {
	next := 0
	for second := range int(long / time.Second) {
		s.note(notes, 1)
		if r := s.readers[next%len(s.readers)]; second%20 == 0 && r.back.IsZero() {
			s.away(r, while(next), window)
			next++
		}
		s.pass(time.Second)
		s.returns()
		if second%10 == 0 {
			s.forget()
		}
	}
}

// readersSecond is what readers do within a second of the half hour.
func (s *site) readersSecond(n int, fate *rand.Rand) {
	chance := func(of float64) bool { return fate.Float64() < of }
	minute := n / 60
	s.returns()
	for _, r := range s.readers {
		if !r.back.IsZero() || !chance(.02) {
			continue
		}
		away := time.Duration(2+fate.IntN(25)) * time.Second
		if chance(.08) {
			away = 2 * time.Minute
		}
		s.away(r, away, time.Minute)
	}
	tries := 1
	if chance(.08) { // who pushed it has not heard that it is kept
		tries = 2
	}
	switch busy := minute >= 20 && minute < 24; {
	case busy:
		s.note(4, tries)
	case chance(.5 + .3*math.Sin(float64(n)/300)):
		s.note(1, tries)
	}
	switch n {
	case 9 * 60:
		s.full.Store(true)
	case 10*60 + 30:
		s.full.Store(false)
	case 26 * 60:
		s.engine.Empty()
	case 27*60 + 30: // a tunnel, for all at once
		for _, r := range s.readers {
			if r.back.IsZero() {
				s.away(r, time.Duration(20+fate.IntN(20))*time.Second, time.Minute)
			}
		}
	}
}

// readFar has somebody read notes at the other node.
func (s *site) readFar() {
	c := wstest.NewClient(wstest.On(s.far))
	if err := s.farNotes.Follow(c.Client, noteRoom); err != nil {
		s.t.Fatal(err)
	}
	if err := demo.NewNotesPresence(s.far).Join(c.Client, noteRoom, demo.Reader{Name: "far"}); err != nil {
		s.t.Fatal(err)
	}
}

// desk is a server that is alone, and has no room for many notes. push pushes some of
// them, in the nth second.
func (s *site) desk() (push func(n int), end func()) {
	metrics := prom.New(prom.Options{})
	server := ws.NewServer(ws.Options{
		OutboxTotalBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler), Observer: metrics.Observer(), Cluster: ws.Cluster{HistoryBytes: 16 << 10},
	})
	s.besides = exported(metrics, server)
	notes := demo.NewNotesPush(server)
	push = func(n int) {
		for i := range 3 {
			if i == 0 && n%2 == 0 || n/60 >= 15 && n/60 < 18 {
				_ = notes.In(fmt.Sprint("desk ", (n+i)%7)).Noted(demo.Line{Text: "the phone rings"})
			}
		}
	}
	return push, func() { _ = server.Shutdown(context.Background()) }
}

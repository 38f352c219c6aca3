package peer

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/kept"
	"github.com/wsgen/wsgen/chaos/internal/node"
)

// Follower is a client that follows what is kept. It comes back whenever its connection
// ends, and says then where it was in each history.
type Follower struct {
	Name   string
	User   string
	Rooms  []string                 // and node.Mine, for what is kept to its user
	Lazy   bool                     // it reads nothing for 5 s, whenever it has all that there is
	Hops   bool                     // it cuts its connection again and again, wherever that is
	Where  func(attempt int) string // address of the node for the next attempt; "": none now
	Back   time.Duration            // how long it is away at most, when a connection has ended
	Has    *kept.Follower
	Ledger *Ledger

	fresh bool              // what it has got last is new
	logs  map[string]string // rooms and users by what their histories are called
	stays atomic.Bool
	ends  chan struct{}
	done  chan struct{}

	mu    sync.Mutex
	conn  *conn // guarded by mu
	ended bool  // guarded by mu
}

// Begin has the follower connect. End ends it.
func (f *Follower) Begin() {
	f.ends, f.done = make(chan struct{}), make(chan struct{})
	f.logs = make(map[string]string)
	for _, room := range f.follows() {
		f.logs[node.LogOf(room)] = room
	}
	go func() {
		defer close(f.done)
		for attempt := 0; ; attempt++ {
			f.visit(f.Where(attempt))
			select {
			case <-f.ends:
				return
			case <-time.After(f.pause()):
			}
		}
	}()
}

// pause returns how long the follower is away now.
func (f *Follower) pause() time.Duration {
	if f.Back == 0 || f.stays.Load() {
		return 50 * time.Millisecond
	}
	return rand.N(f.Back)
}

// follows returns the rooms, and the user with its name.
func (f *Follower) follows() []string {
	all := make([]string, len(f.Rooms))
	for i, room := range f.Rooms {
		if all[i] = room; room == node.Mine {
			all[i] = node.Mine + f.User
		}
	}
	return all
}

// End ends the follower.
func (f *Follower) End() {
	close(f.ends)
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.Cut()
	<-f.done
}

// Cut ends its connection, without a word.
func (f *Follower) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != nil {
		_ = f.conn.Close()
	}
}

// Stay has the follower cut nothing any more, and be back soon if it is away.
func (f *Follower) Stay() { f.stays.Store(true) }

// visit is one connection, from its beginning to its end.
func (f *Follower) visit(addr string) {
	if addr == "" {
		return
	}
	conn, err := dial(addr, f.User)
	if err != nil {
		return
	}
	defer conn.Close()
	f.mu.Lock()
	if f.ended {
		f.mu.Unlock()
		return
	}
	f.conn = conn
	f.mu.Unlock()
	claims := f.Has.Connect(f.follows())
	defer f.Has.Gone()
	if len(claims) > 0 {
		at := make(map[string]string, len(claims))
		for room, place := range claims {
			at[node.LogOf(room)] = place.String()
		}
		text, _ := json.Marshal(at) // strings always encode
		if conn.send(fmt.Sprintf(`{"event":"$resume","id":1,"data":%s}`, text)) != nil {
			return
		}
	}
	rooms, _ := json.Marshal(f.Rooms)
	if conn.send(fmt.Sprintf(`{"event":"follow","id":2,"data":%s}`, rooms)) != nil {
		return
	}
	if f.Hops && !f.stays.Load() {
		defer time.AfterFunc(rand.N(hopAfter), func() {
			if !f.stays.Load() {
				_ = conn.Close()
			}
		}).Stop()
	}
	if tcp, ok := conn.Conn.(*net.TCPConn); ok && f.Lazy {
		_ = tcp.SetReadBuffer(256 << 10)
	}
	f.read(conn)
}

// rest returns when a lazy follower reads again.
func (f *Follower) rest() {
	for range 50 {
		if f.stays.Load() {
			return
		}
		select {
		case <-f.ends:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// hopAfter is how long a connection lasts, at most, of who cuts it.
const hopAfter = 4 * time.Second

// told is what comes to a follower.
type told struct {
	Event string
	Data  json.RawMessage
	Log   string
	At    string
}

// word is the data of $joined and $lost.
type word struct {
	Log       string
	At        string
	Recovered *bool
}

func (f *Follower) read(conn *conn) {
	var buf []byte
	for began := time.Now(); ; {
		if f.Lazy && f.fresh && time.Since(began) > time.Second {
			f.rest()
			began, f.fresh = time.Now(), false
		}
		got, err := conn.next(buf[:0])
		if err != nil {
			return
		}
		buf = got
		if m, ok := readKept(string(got)); ok { // without a parser: there are many
			f.heard(m)
			continue
		}
		if strings.HasPrefix(string(got), `{"event":"n",`) {
			continue // to everybody
		}
		var m told
		if err := json.Unmarshal(got, &m); err != nil {
			f.Ledger.Wrong("I1: %s: got %q: %v", f.Name, got, err)
			continue
		}
		switch m.Event {
		case "$joined", "$lost":
			f.word(m)
		case "$resume", "follow":
		default:
			f.Ledger.Wrong("I1: %s: got %q", f.Name, got)
		}
	}
}

// keptPush is one as it comes.
type keptPush struct{ text, log, at string }

// readKept reads a kept push.
func readKept(text string) (m keptPush, ok bool) {
	rest, ok := strings.CutPrefix(text, `{"event":"k","data":"`)
	if !ok {
		return m, false
	}
	m.text, rest, ok = strings.Cut(rest, `","log":"`)
	if !ok {
		return m, false
	}
	m.log, rest, ok = strings.Cut(rest, `","at":"`)
	if !ok {
		return m, false
	}
	m.text, _, _ = strings.Cut(m.text, node.Pad)
	m.at, ok = strings.CutSuffix(rest, `"}`)
	return m, ok
}

// word takes $joined and $lost.
func (f *Follower) word(m told) {
	var w word
	err := json.Unmarshal(m.Data, &w)
	room, ours := f.logs[w.Log]
	at, is := kept.ReadPlace(w.At)
	switch {
	case err != nil || !ours || !is:
		f.Ledger.Wrong("I1: %s was told %s of %s, which it does not follow, or is nowhere: %v", f.Name, m.Event, m.Data, err)
	case m.Event == "$lost":
		f.Has.Lost(room, at, time.Now())
	default:
		f.Has.Joined(room, at, w.Recovered, time.Now())
	}
}

// heard takes a kept push.
func (f *Follower) heard(m keptPush) {
	room, ours := f.logs[m.log]
	at, is := kept.ReadPlace(m.at)
	line, ok := node.ReadLine(m.text)
	if !ours || !is || !ok {
		f.Ledger.Wrong("I4: %s got %+v, which it does not follow, or is nowhere", f.Name, m)
		return
	}
	f.fresh = time.Since(line.Said()) < time.Second
	message, to := Message(m.text, &line)
	for _, one := range to {
		if one == room {
			f.Has.Heard(room, at, message, time.Now())
			return
		}
	}
	f.Ledger.Wrong("I4: %s got %s in %s, and it was for %v", f.Name, m.text, room, to)
}

// Message returns what a Book knows of a kept push, and where that is kept.
func Message(text string, line *node.Line) (m kept.Message, to []string) {
	to = node.KeptTo(line.Stream)
	return kept.Message{Text: text, Rooms: len(to), Said: line.Said()}, to
}

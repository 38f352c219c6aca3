package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestTortureResume has clients come back, or not, in every way that there is, to a
// server whose bounds are small and whose times are short. Whatever becomes of a
// session, what comes in it is in order and comes once, and what clients, Observer,
// hooks and Stats have seen adds up. It takes 5 s, or as long as WS_TORTURE says.
func TestTortureResume(t *testing.T) {
	lasts := 5 * time.Second
	if d := os.Getenv("WS_TORTURE"); d != "" {
		var err error
		if lasts, err = time.ParseDuration(d); err != nil {
			t.Fatal(err)
		}
	}
	const clients = 8
	r := &rack{t: t, open: make(map[*ws.Client]*racked)}
	r.s = serve(t, ws.Options{
		OutboxFrames: 30, OutboxBytes: 16 << 10, ResumeFrames: 40, ResumeBytes: 8 << 10, ResumeTotalBytes: 32 << 10, MaxDetached: clients / 2,
		ResumeWindow: 500 * time.Millisecond, PingInterval: 5 * time.Millisecond, IdleTimeout: 200 * time.Millisecond, HandshakeTimeout: patience,
		Lifetime: 500 * time.Millisecond, DrainTimeout: 20 * time.Millisecond, Observer: r.observer(),
	}, r.gateway())
	over := time.Now().Add(lasts)
	var gone sync.WaitGroup
	for i := range clients {
		v := &comer{rack: r, random: rand.New(rand.NewPCG(uint64(i), 2))}
		v.phone = r.s.phone(t)
		v.name, v.hear = fmt.Sprint("comer ", i), v.heard
		gone.Go(func() {
			for time.Now().Before(over) || !r.shows() && time.Now().Before(over.Add(patience)) {
				v.round()
			}
			for _, conn := range v.left {
				_ = conn.Close()
			}
		})
	}
	gone.Wait()
	eventually(t, "all are gone", func() bool { n := r.s.Stats(); return n.Connections == 0 && n.Admitted == 0 && n.Outboxes == 0 })
	eventually(t, "the Observer was told of all", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.closed == r.opened
	})
	r.check()
}

// enough is how often each end of a round has to come for the test to show something.
const enough = 10

// shows reports whether it does; on a slow machine that takes longer.
func (r *rack) shows() bool {
	return min(r.began.Load(), r.cameBack.Load(), r.couldNot.Load()) >= enough
}

// rack is what the server of TestTortureResume sees, and what its clients do.
type rack struct {
	t *testing.T
	s *site

	pushing sync.Mutex
	pushed  int // guarded by pushing

	mu                                      sync.Mutex
	open                                    map[*ws.Client]*racked // guarded by mu
	opened, connects, disconnects, detached uint64                 // guarded by mu
	resumed, lapsed, closed                 uint64                 // guarded by mu

	// By the clients. unseen are those that did not wait for the answer.
	// cutOff are those that got none.
	began, cameBack, couldNot, unseen, cutOff, missed, rounds atomic.Uint64
}

// racked is what the server has seen of a session. It is guarded by rack.mu.
type racked struct {
	away    bool // it has no socket
	handled int  // messages
}

// observer sees that each session loses its socket, gets another, and so on, and is
// over once.
func (r *rack) observer() ws.Observer {
	see := func(c *ws.Client, what string, is bool, do func(*racked)) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if what == "opened" {
			r.open[c] = &racked{}
		}
		if s := r.open[c]; s == nil || s.away != is {
			r.t.Errorf("%s: %v is %s", c.Principal().ID, s, what)
		} else {
			do(s)
		}
	}
	return ws.Observer{
		Opened: func(c *ws.Client) { see(c, "opened", false, func(*racked) { r.opened++ }) },
		Detached: func(c *ws.Client, _ ws.Closed) {
			see(c, "detached", false, func(s *racked) { r.detached++; s.away = true })
		},
		Resumed: func(c *ws.Client) { see(c, "resumed", true, func(s *racked) { r.resumed++; s.away = false }) },
		Closed: func(c *ws.Client, _ ws.Closed) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.closed++; r.open[c] == nil {
				r.t.Errorf("%s is closed", c.Principal().ID)
			} else if r.open[c].away {
				r.lapsed++
			}
			delete(r.open, c)
		},
	}
}

// gateway lets in whom a token names: with a time behind the name, for so long.
func (r *rack) gateway() gateway {
	return gateway{
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			name, lasts, _ := strings.Cut(nameIn(u.Token), "/")
			u.Principal.ID = name
			if d, err := time.ParseDuration(lasts); err == nil {
				u.Principal.Expires = time.Now().Add(d)
			}
			if name == "nobody" {
				return ws.NewError(ws.CodeForbidden, "no")
			}
			return nil
		})},
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.connects++
			return r.open[c], nil
		},
		disconnect: func(context.Context, *ws.Client, any, ws.Closed) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.disconnects++
		},
		on: map[string]handler{"say": serial(func(c *ws.Call) error {
			var n int
			if err := c.Decode(&n); err != nil {
				return err
			}
			r.handles(c.State().(*racked), n)
			return c.Reply(&n)
		})},
	}
}

// handles notes that a message is handled.
func (r *rack) handles(s *racked, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n != s.handled {
		r.t.Errorf("message %d is handled, want %d", n, s.handled)
	}
	s.handled++
}

// push pushes the next number to all.
func (r *rack) push(n int) {
	r.pushing.Lock()
	defer r.pushing.Unlock()
	for range n {
		_, _ = r.s.Broadcast("push", fmt.Sprintf("%d %s", r.pushed, strings.Repeat("x", r.pushed%300)))
		r.pushed++
	}
}

// check compares what all have seen.
func (r *rack) check() {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.s.Stats()
	if n.Opened != r.opened || n.Closed != r.opened || r.connects != r.opened || r.disconnects != r.opened || r.closed != r.opened || len(r.open) != 0 {
		r.t.Errorf("%d sessions began, with %d connect hooks and %d disconnect hooks, and %d were closed; %+v", r.opened, r.connects, r.disconnects, r.closed, n)
	}
	if n.Resumed != r.resumed || r.detached != r.resumed+r.lapsed || n.Detached != 0 {
		r.t.Errorf("sessions lost their sockets %d times, came back %d times, and %d did not; %+v", r.detached, r.resumed, r.lapsed, n)
	}
	unseen := r.unseen.Load()
	for what, c := range map[string]struct{ saw, stats uint64 }{
		"began": {r.began.Load(), n.Opened}, "came back": {r.cameBack.Load(), n.Resumed}, "could not": {r.couldNot.Load(), n.Unresumed},
	} {
		if c.stats < c.saw || c.stats > c.saw+unseen {
			r.t.Errorf("%s: clients saw %d, and did not wait %d times; the server counts %d", what, c.saw, unseen, c.stats)
		}
		if c.saw < enough {
			r.t.Errorf("%s: only %d, that shows little", what, c.saw)
		}
	}
	if n := r.cutOff.Load(); n > r.rounds.Load()/5 {
		r.t.Errorf("%d of %d times there was no answer to $connect", n, r.rounds.Load())
	}
	if missed := r.missed.Load(); missed > n.Shed {
		r.t.Errorf("%d pushes did not come, and %d were shed", missed, n.Shed)
	}
	r.t.Logf("%d rounds; %d sessions, resumed %d times and %d times not, %d lapsed; %d pushes, %d did not come", r.rounds.Load(), n.Opened, n.Resumed, n.Unresumed, r.lapsed, r.pushed, r.missed.Load())
}

// comer is a client that comes and goes.
type comer struct {
	*phone
	*rack
	random  *rand.Rand
	left    []net.Conn // half open
	replied int        // messages, in the session
	last    int        // the push that came last in the session; -1: none
}

// round comes, says and hears something, and goes.
func (v *comer) round() {
	v.rounds.Add(1)
	v.rack.push(v.random.IntN(4))
	if !v.come() {
		return
	}
	says := 1 + v.random.IntN(12)
	for range says {
		v.say(`{"event":"say","id":"m%[1]d","data":%[1]d}`, len(v.said))
		v.rack.push(v.random.IntN(4) / 3)
	}
	for hears := v.random.IntN(len(v.said) + 1); v.replied < hears; {
		if _, err := v.listen(1); err != nil { // its time was over, or another socket of ours came late
			break
		}
	}
	v.leave()
}

// come connects, in one way or another.
func (v *comer) come() (ok bool) {
	sid, seq, token := v.sid, v.got, v.name
	switch way := v.random.IntN(20); {
	case way == 0:
		token = "nobody"
	case way == 1 && sid != "":
		sid = strings.Repeat("A", 26)
	case way == 2:
		sid = ""
	case way == 3 && sid != "":
		seq += 1000
	case way == 4 && sid != "":
		v.twice(sid, seq)
	case way <= 6 && sid != "":
		v.unseen.Add(1)
		p, _ := handshake(v.rack.t, v.dial(), "example.com", "/ws", v1, "Origin: https://example.com")
		p.send(`{"event":"$connect","data":{"token":%q,"resume":{"sid":%q,"seq":%d}}}`, token, sid, seq)
		_ = p.conn.Close()
	case way <= 9:
		token += "/" + fmt.Sprint(v.random.IntN(50)+1, "ms")
	}
	p, says, err := v.greet(token, sid, seq)
	if err != nil {
		if token != "nobody" { // a socket that was late has taken the session, or it was silent for too long
			v.unseen.Add(1)
			v.cutOff.Add(1)
		}
		if token == "nobody" && !strings.Contains(err.Error(), "forbidden: no") {
			v.rack.t.Errorf("nobody is let in: %v", err)
		}
		_ = p.conn.Close()
		return false
	}
	v.saw(sid, says)
	if says.Resumed && (sid != v.sid || seq != v.got) || says.Resumed && says.SID != sid || !says.Resumed && sid != "" && says.Why == "" {
		v.rack.t.Errorf("%s: asked for %q with %d of %d: %+v", v.name, sid, seq, v.got, says)
	}
	if !says.Resumed {
		v.replied, v.last = 0, -1
	}
	v.goOn(p, says)
	return true
}

// saw counts what became of a wish.
func (v *comer) saw(sid string, says welcomed) {
	switch {
	case says.Resumed:
		v.cameBack.Add(1)
	case sid != "":
		v.couldNot.Add(1)
	}
	if !says.Resumed {
		v.began.Add(1)
	}
}

// twice has two sockets go on with the session at once. The last has it, and is
// lost as well.
func (v *comer) twice(sid string, seq uint64) {
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			p, says, err := v.greet(v.name, sid, seq)
			if err != nil { // the other was later
				v.unseen.Add(1)
			} else {
				v.saw(sid, says)
			}
			_ = p.conn.Close()
		})
	}
	both.Wait()
}

// leave gives the socket up, or the session.
func (v *comer) leave() {
	conn := v.p.conn
	switch way := v.random.IntN(losses + 1); way {
	case losses:
		if v.random.IntN(4) == 0 {
			_, _ = conn.Write(frame(closes, []byte{0x03, 0xe8}))
		}
		v.drop(cut)
	case halfOpen:
		if v.left = append(v.left, conn); len(v.left) > 4 {
			_ = v.left[0].Close()
			v.left = v.left[1:]
		}
		v.drop(halfOpen)
	default:
		v.drop(way)
	}
}

// heard takes what the server says.
func (v *comer) heard(text string) {
	var m struct {
		Event string
		Data  json.RawMessage
	}
	n := -1
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		v.rack.t.Errorf("%q: %v", text, err)
	}
	_, _ = fmt.Sscanf(strings.Trim(string(m.Data), `"`), "%d", &n)
	switch {
	case m.Event == "say" && n == v.replied:
		v.replied++
	case m.Event == "push" && n > v.last:
		if v.last >= 0 {
			v.missed.Add(uint64(n - v.last - 1))
		}
		v.last = n
	default:
		v.rack.t.Errorf("%s: %.100s behind answer %d and push %d", v.name, text, v.replied, v.last)
	}
}

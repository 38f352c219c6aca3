package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// These pace the load of TestResume: nobody is further ahead of who has to answer,
// or to hear it, than so. So all goes on as long as somebody listens, and no clock
// is asked.
const (
	mostPushes = 40 // of those that the slowest client has heard
	mostSaid   = 12 // messages of a client without an answer
	mostItems  = 8  // credit of a stream
)

// load is what goes on while clients lose their sockets: pushes to all, and for
// each client calls, inline and serial, one stream after the other and questions.
type load struct {
	t   *testing.T
	s   *site
	ask ws.Ask[doubts]

	pushing sync.Mutex // pushes have their numbers in order

	mu      sync.Mutex
	changed *sync.Cond
	pushed  int                // guarded by mu
	over    bool               // guarded by mu; nothing new begins
	talkers []*talker          // guarded by mu
	visits  map[string]*visit  // guarded by mu; by the name of the principal
	work    sync.WaitGroup     // what makes the load
	end     context.CancelFunc // of what an asker waits for
}

// visit is what the server has seen of a client. It is guarded by load.mu.
type visit struct {
	load                                     *load
	connects, disconnects, detached, resumed int
	handled                                  map[string]int // messages, by event
}

// talker is a client of a load.
type talker struct {
	*phone
	load   *load
	random *rand.Rand

	// Guarded by load.mu.
	next      map[string]int // the number that comes next, by event
	said      int            // calls of each kind that were made
	stream    int            // the stream that is open; -1: none
	items     int            // of it
	streams   int            // that have ended
	questions int            // that were answered
	last      bool           // the last push has come
}

// gateway returns what serves a load. Each message of a client has a number, by
// event.
func (l *load) gateway() gateway {
	took := func(event string) func(*ws.Call) error {
		return func(c *ws.Call) error {
			var n int
			if err := c.Decode(&n); err != nil {
				return err
			}
			v := c.State().(*visit)
			l.change(func() {
				if want := v.handled[event]; n != want {
					l.t.Errorf("%s %d is handled, want %d", event, n, want)
				}
				v.handled[event] = n + 1
			})
			return c.Reply(&n)
		}
	}
	return gateway{
		connGuards: []ws.ConnGuard{connGuard(doorkeeper)},
		connect: func(_ context.Context, c *ws.Client, _ *http.Request) (state any, _ error) {
			l.change(func() {
				v := l.visit(c)
				v.connects++
				state = v
			})
			return state, nil
		},
		disconnect: func(_ context.Context, c *ws.Client, _ any, _ ws.Closed) {
			l.change(func() { l.visit(c).disconnects++ })
		},
		on: map[string]handler{
			"say": serial(took("say")),
			"ask": inline(took("ask")),
			"count": stream(func(c *ws.Call) error {
				return ws.Stream(c, func(yield func(int) bool) {
					for i := 0; i < 3*mostItems && yield(i); i++ {
					}
				})
			}),
		},
	}
}

// visit returns what was seen of a client. The caller holds l.mu.
func (l *load) visit(c *ws.Client) *visit {
	v := l.visits[c.Principal().ID]
	if v == nil {
		v = &visit{load: l, handled: make(map[string]int)}
		l.visits[c.Principal().ID] = v
	}
	return v
}

// observer counts how often sessions have lost their sockets, and got others.
func (l *load) observer() ws.Observer {
	return ws.Observer{
		Detached: func(c *ws.Client, _ ws.Closed) { l.change(func() { l.visit(c).detached++ }) },
		Resumed:  func(c *ws.Client) { l.change(func() { l.visit(c).resumed++ }) },
	}
}

// change does something that others may wait for.
func (l *load) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	l.changed.Broadcast()
}

// may waits until something holds, and reports whether more may begin then.
func (l *load) may(holds func() bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.over && !holds() {
		l.changed.Wait()
	}
	return !l.over
}

// push pushes the next number to all.
func (l *load) push(event string) {
	l.pushing.Lock()
	defer l.pushing.Unlock()
	l.mu.Lock()
	n := l.pushed
	l.pushed++
	l.mu.Unlock()
	_, _ = l.s.Broadcast(event, fmt.Sprintf("%d %s", n, strings.Repeat("x", n%300)))
}

// begin has all that clients do begin, and pushes to them.
func (l *load) begin(ctx context.Context) {
	ctx, l.end = context.WithCancel(ctx)
	for _, c := range l.talkers {
		c.open(0)
		l.work.Go(c.talk)
		l.work.Go(func() { c.asked(ctx) })
	}
	l.work.Go(func() {
		for l.may(func() bool {
			for _, c := range l.talkers {
				if l.pushed-c.next["push"] >= mostPushes {
					return false
				}
			}
			return true
		}) {
			l.push("push")
		}
	})
}

// finish lets nothing new begin. What is pushed then is the last.
func (l *load) finish() {
	l.change(func() { l.over = true })
	l.work.Wait()
	l.end()
	l.push("last")
}

// talker makes a client, and connects it.
func (l *load) talker(f *phone) *talker {
	c := &talker{phone: f, load: l, stream: -1, next: make(map[string]int), random: rand.New(rand.NewPCG(uint64(len(l.talkers)), 1))}
	f.name, f.hear, f.renew = fmt.Sprint("talker ", len(l.talkers)), c.heard, c.credits
	l.talkers = append(l.talkers, c)
	f.connect()
	return c
}

// talk calls the server, as long as it answers.
func (c *talker) talk() {
	for n := 0; c.load.may(func() bool { return c.said-min(c.next["say"], c.next["ask"]) < mostSaid }); n++ {
		c.load.change(func() { c.said++ })
		c.say(`{"event":"say","id":"s%d","data":%d}`, n, n)
		c.say(`{"event":"ask","id":"a%d","data":%d}`, n, n)
	}
}

// asked is asked by the server, one question after the other.
func (c *talker) asked(ctx context.Context) {
	var to *ws.Client
	for client := range c.load.s.All().Clients() {
		if client.Principal().ID == c.name {
			to = client
		}
	}
	for n := 0; c.load.may(func() bool { return true }); n++ {
		yes, err := c.load.ask.Client(to).Confirm(ctx, fmt.Sprint(n))
		if err != nil || yes != (n%3 == 0) {
			c.t.Errorf("%s: question %d: %v, %v", c.name, n, yes, err)
			return
		}
		c.load.change(func() { c.questions++ })
	}
}

// open begins a stream, which may send so many values at first.
func (c *talker) open(n int) {
	c.load.change(func() { c.stream, c.items = n, 0 })
	c.say(`{"event":"count","id":"c%d","meta":{"credit":"%d"}}`, n, mostItems)
}

// credits says anew what the stream that is open may send.
func (c *talker) credits() []string {
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	if c.stream < 0 {
		return nil
	}
	return []string{fmt.Sprintf(`{"event":"$credit","id":"c%d","data":%d}`, c.stream, c.items+mostItems)}
}

// heard takes what the server says: each of a kind once, and in order.
func (c *talker) heard(text string) {
	var m struct {
		Event string
		ID    string
		Data  json.RawMessage
		More  bool
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		c.t.Errorf("%q: %v", text, err)
	}
	n := -1
	_, _ = fmt.Sscanf(strings.Trim(string(m.Data), `"`), "%d", &n)
	switch m.Event {
	case "count":
		c.counted(m.ID, n, m.More)
		return
	case "confirm":
		c.say(`{"event":"confirm","id":%q,"data":%t}`, m.ID, n%3 == 0)
	case "say", "ask":
		if m.ID != fmt.Sprint(m.Event[:1], n) {
			c.t.Errorf("%s: %s", c.name, text)
		}
	}
	c.load.change(func() {
		if m.Event == "last" {
			c.last, m.Event = true, "push"
		}
		if n != c.next[m.Event] {
			c.t.Errorf("%s: %.100s, want %d", c.name, text, c.next[m.Event])
		}
		c.next[m.Event] = n + 1
	})
}

// counted takes a value of a stream, or its end.
func (c *talker) counted(id string, n int, more bool) {
	next, credit := -1, ""
	c.load.change(func() {
		if id != fmt.Sprint("c", c.stream) || more != (c.items < 3*mostItems) || more && n != c.items {
			c.t.Errorf("%s: value %d of %s, want %d of c%d", c.name, n, id, c.items, c.stream)
		}
		c.items++
		if !more {
			c.streams++
		}
		switch {
		case more:
			credit = fmt.Sprintf(`{"event":"$credit","id":"c%d","data":%d}`, c.stream, c.items+mostItems)
		case c.load.over:
			c.stream = -1
		default:
			next = c.stream + 1
		}
	})
	switch {
	case credit != "" && c.items%3 == 0:
		c.aside(credit)
	case next >= 0:
		c.open(next)
	}
}

// lose loses the socket, and comes back: at once, or when the server has seen it.
// Meanwhile it is told something, and says something.
func (c *talker) lose(how int) {
	c.drop(how)
	c.load.push("push")
	if how != halfOpen && c.random.IntN(2) == 0 {
		c.load.may(func() bool { v := c.load.visits[c.name]; return v.detached > v.resumed })
	}
	c.load.push("push")
	c.connect()
	if !c.again {
		c.t.Errorf("%s: not resumed: %q", c.name, c.why)
	}
}

// listens hears some messages.
func (c *talker) listens(n int) (ok bool) {
	if _, err := c.listen(n); err != nil {
		c.load.change(func() {
			c.t.Errorf("%s: %v; %v, %d said, value %d of %d", c.name, err, c.next, c.said, c.items, c.stream)
			c.load.over = true
		})
		return false
	}
	return true
}

// done reports whether all has come, or something has failed, and nothing else
// needs to be waited for.
func (c *talker) done() bool {
	c.load.mu.Lock()
	defer c.load.mu.Unlock()
	return c.t.Failed() || c.last && c.stream < 0 && c.next["say"] == c.said && c.next["ask"] == c.said
}

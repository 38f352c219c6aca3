package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// lateness is a gateway whose messages say how late their handlers are.
type lateness struct {
	t     *testing.T
	late  sync.WaitGroup // handlers, and goroutines that guards have left behind
	seen  sync.Map       // who → chan, closed when the client has its answer
	begun atomic.Int64   // handlers that replied, or tried to, too late
	next  atomic.Int64   // Nexts that were called too late
}

// inquiry is the data of a message. Each has a name of its own.
type inquiry struct{ Who, How string }

var errTooLate = ws.NewError(ws.CodeUnavailable, "too late")

// around gives up where it is told to, as a time limit does, but at once, so
// that the test needs no time.
func (l *lateness) around(next ws.Next) ws.Next {
	return func(ctx context.Context, m ws.Message) error {
		var in inquiry
		if err := m.Decode(&in); err != nil || in.Who == "" {
			return next(ctx, m)
		}
		switch in.How {
		case "late", "late stream", "race", "race stream":
			begun := make(chan struct{})
			l.late.Go(func() { _ = next(context.WithValue(ctx, begunKey{}, begun), m) })
			<-begun
			return errTooLate
		case "late next":
			l.late.Go(func() {
				<-l.answered(in.Who)
				if err := next(ctx, m); err == nil || !strings.Contains(err.Error(), "before it returns") {
					l.t.Errorf("next after all: %v", err)
				}
				l.next.Add(1)
			})
			return errTooLate
		case "twice":
			l.late.Go(func() { _ = next(ctx, m) })
			_ = next(ctx, m)
			return next(ctx, m)
		}
		return next(ctx, m)
	}
}

type begunKey struct{}

func (l *lateness) answered(who string) chan struct{} {
	c, _ := l.seen.LoadOrStore(who, make(chan struct{}))
	return c.(chan struct{})
}

// GuardMessage leaves something behind that reads the data later.
func (l *lateness) GuardMessage(_ context.Context, m ws.Message) error {
	was := string(m.Data)
	var in inquiry
	if err := m.Decode(&in); err != nil || in.Who == "" {
		return nil
	}
	l.late.Go(func() {
		<-l.answered(in.Who)
		if string(m.Data) != was {
			l.t.Errorf("what a guard has kept is another message's: %s, was %s", m.Data, was)
		}
	})
	return nil
}

func (l *lateness) handle(c *ws.Call) error {
	var in inquiry
	if err := c.Decode(&in); err != nil {
		return err
	}
	if begun, ok := c.Context().Value(begunKey{}).(chan struct{}); ok {
		close(begun)
	}
	switch in.How {
	case "late", "late stream":
		<-l.answered(in.Who)
		l.begun.Add(1)
	case "until the end":
		<-c.Context().Done()
		<-l.answered(in.Who)
	}
	if c.State() != "state" {
		l.t.Error("the state is lost")
	}
	return c.Reply(&in.Who)
}

func (l *lateness) stream(c *ws.Call) error {
	var in inquiry
	if err := c.Decode(&in); err != nil {
		return err
	}
	if begun, ok := c.Context().Value(begunKey{}).(chan struct{}); ok {
		close(begun)
		if in.How == "late stream" {
			<-l.answered(in.Who)
			err := ws.Stream(c, repeat(in.Who))
			if err == nil {
				l.t.Error("a stream has begun after all")
			}
			l.begun.Add(1)
			return err
		}
	}
	return ws.Stream(c, repeat(in.Who))
}

func repeat(who string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for range 3 {
			if !yield(who) {
				return
			}
		}
	}
}

// TestLateHandlers: an interceptor may return before the handler does. It has
// answered then, and nothing that the handler does later is sent: neither to
// the client that asked, nor as the answer to another.
func TestLateHandlers(t *testing.T) {
	const clients, each = 20, 60
	l := &lateness{t: t}
	on := map[string]handler{
		"serial":   {mode: ws.Serial, call: l.handle},
		"parallel": {mode: ws.Parallel, call: l.handle},
		"stream":   {mode: ws.Serial, stream: true, call: l.stream},
		"timed":    {mode: ws.Parallel, within: 5 * time.Millisecond, call: l.handle},
		"echo":     inline(echo),
	}
	s := serve(t, ws.Options{Logger: slog.New(slog.DiscardHandler)}, gateway{
		on: on, guards: []ws.MessageGuard{l},
		configure: func(o *ws.Options) { o.Interceptors = []ws.Interceptor{l.around}; o.MaxStreams = ws.Unlimited },
		connect:   func(context.Context, *ws.Client, *http.Request) (any, error) { return "state", nil },
	})
	var all sync.WaitGroup
	peers := make([]*peer, clients)
	for i := range peers {
		peers[i] = s.dial(t, "/ws")
		all.Go(func() {
			if err := l.ask(peers[i], i, each); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow() // the answers that are waited for may never come
	}
	l.late.Wait()
	for _, p := range peers { // late frames would have come by now
		p.send(`{"event":"echo","id":"last"}`)
		p.want(`{"event":"echo","id":"last","data":null}`)
	}
	if l.begun.Load() == 0 || l.next.Load() == 0 {
		t.Errorf("%d handlers and %d Nexts were too late", l.begun.Load(), l.next.Load())
	}
}

// mixture lists the questions of each client, asked again and again: the event,
// how, and the answers that are right, of which "" is the name in the question.
// The first two have no id.
var mixture = []struct {
	event, how string
	right      []string
}{
	{"serial", "late", []string{"unavailable"}},
	{"serial", "twice", []string{""}},
	{"serial", "late", []string{"unavailable"}},
	{"serial", "in time", []string{""}},
	{"parallel", "late", []string{"unavailable"}},
	{"serial", "race", []string{"unavailable", ""}},
	{"parallel", "until the end", []string{"canceled"}},
	{"stream", "late stream", []string{"unavailable"}},
	{"parallel", "race", []string{"unavailable", ""}},
	{"stream", "in time", []string{"null"}},
	{"serial", "late next", []string{"unavailable"}},
	{"timed", "until the end", []string{"timeout"}},
	{"stream", "race stream", []string{"unavailable", "null"}},
	{"parallel", "twice", []string{""}},
	{"serial", "twice", []string{""}},
	{"parallel", "in time", []string{""}},
}

// ask sends a client's messages and holds each answer to its question.
func (l *lateness) ask(p *peer, client, each int) error {
	sent := make(chan error, 1)
	go func() {
		for i := range each {
			m := mixture[i%len(mixture)]
			who := fmt.Sprintf("%d/%d", client, i)
			id := fmt.Sprintf(`,"id":%q`, who)
			if i%len(mixture) < 2 {
				id = ""
			}
			out := frame(text, fmt.Appendf(nil, `{"event":%q%s,"data":{"who":%q,"how":%q}}`, m.event, id, who, m.how))
			if m.how == "until the end" && m.event != "timed" {
				out = append(out, frame(text, fmt.Appendf(nil, `{"event":"$cancel","id":%q}`, who))...)
			}
			if _, err := p.conn.Write(out); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	done := map[string]bool{}
	for len(done) < each {
		first, payload, err := p.read()
		if err != nil {
			return err
		}
		if first != text {
			return fmt.Errorf("frame %#x %s", first, payload)
		}
		if err := l.check(client, payload, done); err != nil {
			return err
		}
	}
	return <-sent
}

func (l *lateness) check(client int, payload []byte, done map[string]bool) error {
	var answer struct {
		Event, ID string
		Data      json.RawMessage
		More      bool
	}
	var number, of int
	if err := json.Unmarshal(payload, &answer); err != nil {
		return err
	}
	for i := 0; answer.ID == ""; i++ { // answered in their order
		if next := fmt.Sprintf("%d/%d", client, i); i%len(mixture) < 2 && !done[next] {
			answer.ID = next
		}
	}
	wrong := func(what string) error { return fmt.Errorf("%s: %s", what, payload) }
	if _, err := fmt.Sscanf(answer.ID, "%d/%d", &of, &number); err != nil || of != client {
		return wrong("an answer to nobody here")
	}
	if done[answer.ID] {
		return wrong("another answer")
	}
	m := mixture[number%len(mixture)]
	said := string(answer.Data)
	if answer.Event == "error" {
		var e struct{ Code string }
		_ = json.Unmarshal(answer.Data, &e)
		said = e.Code
	} else if said == fmt.Sprintf("%q", answer.ID) {
		said = ""
	}
	if answer.More {
		if said != "" {
			return wrong("an item of another stream")
		}
		return nil
	}
	for _, right := range m.right {
		if said == right {
			done[answer.ID] = true
			close(l.answered(answer.ID))
			return nil
		}
	}
	return wrong("not the answer to " + m.event + ", " + m.how)
}

// TestGuardKeepsData: data that a guard has kept, short and long, stays as it
// was when other messages have come.
func TestGuardKeepsData(t *testing.T) {
	var mu sync.Mutex
	var kept []json.RawMessage
	var came []string
	keeps := []ws.MessageGuard{messageGuard(func(_ context.Context, m ws.Message) error {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, m.Data, append(m.Data, "and more"...))
		came = append(came, string(m.Data), string(m.Data)+"and more")
		return nil
	})}
	on := map[string]handler{}
	for name, mode := range map[string]ws.Mode{"inline": ws.Inline, "serial": ws.Serial, "parallel": ws.Parallel} {
		on[name] = handler{mode: mode, call: echo, guards: keeps}
		on[name+"-named"] = handler{mode: mode, call: echo, guards: keeps, params: []string{"text"}}
	}
	s := serve(t, ws.Options{}, gateway{on: on})
	p := s.dial(t, "/ws")
	sizes := []int{0, 1, 100, 700, 1000, 1025, 5000, 20_000}
	for i := range 160 {
		for name := range on {
			text := strings.Repeat(string(rune('a'+i%26)), sizes[i%len(sizes)])
			p.send(`{"event":%q,"id":1,"data":{"text":%q}}`, name, text)
			p.want(fmt.Sprintf(`{"event":%q,"id":1,"data":{"text":%q}}`, name, text))
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(kept) != 2*160*len(on) {
		t.Fatalf("%d guarded", len(kept))
	}
	for i, data := range kept {
		if string(data) != came[i] {
			t.Fatalf("what was kept of message %d was %.40q and is %.40q", i/2, came[i], data)
		}
	}
}

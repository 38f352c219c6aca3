package ws_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
)

// doubts are what clients are asked in these tests, as a user declares it.
type doubts interface {
	Confirm(ctx context.Context, text string) (bool, error)
	Names(ctx context.Context) ([]string, error)
	Reload(ctx context.Context) error
}

// wsDoubts is what wsgen writes for it.
type wsDoubts struct{ a ws.Asked }

func newDoubts(s *ws.Server) ws.Ask[doubts] {
	return ws.NewAsk(s, func(a ws.Asked) doubts { return wsDoubts{a} })
}

func (q wsDoubts) Confirm(ctx context.Context, in string) (bool, error) {
	return ws.AskOne[bool](ctx, q.a, "confirm", &in)
}

func (q wsDoubts) Names(ctx context.Context) ([]string, error) {
	return ws.AskOne[[]string](ctx, q.a, "names", nil)
}

func (q wsDoubts) Reload(ctx context.Context) error { return ws.AskAck(ctx, q.a, "reload", nil) }

// answering is a gateway that hands out its clients.
func answering(clients chan<- *ws.Client, on map[string]handler) gateway {
	return gateway{on: on, connect: func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
		clients <- c
		return nil, nil
	}}
}

// asked asks in a goroutine of its own, and returns what becomes of it.
func asked[R any](ask func(context.Context) (R, error)) <-chan string {
	said := make(chan string, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	go func() {
		defer cancel()
		answer, err := ask(ctx)
		said <- outcome(answer, err)
	}()
	return said
}

// outcome is an answer, or a refusal with all that it says.
func outcome(answer any, err error) string {
	var refusal *ws.Error
	switch {
	case errors.As(err, &refusal):
		if !reflect.ValueOf(answer).IsZero() {
			return "an answer beside an error"
		}
		return fmt.Sprintf("%s: %s %v %v", refusal.Code, refusal.Message, refusal.Details, refusal.RetryAfter)
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("%#v", answer)
}

// TestAsk: a question reaches the one client that is meant, with an id of the
// server's, and what that answers comes back, a refusal with its code.
func TestAsk(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{}, answering(clients, map[string]handler{"echo": inline(echo)}))
	ask := newDoubts(s.Server)
	p := s.session(t, "/ws")
	c := <-clients
	confirm := func(ctx context.Context) (bool, error) { return ask.Client(c).Confirm(ctx, "Delete it?") }
	names := func(ctx context.Context) ([]string, error) { return ask.Conn(c.ID()).Names(ctx) }
	reload := func(ctx context.Context) (any, error) { return 0, ask.Sender(c.Sender()).Reload(ctx) }
	const invalid = "invalid_payload: "
	for i, q := range []struct {
		ask    any
		answer string // of the frame whose id is %s
		want   string
	}{
		{confirm, `{"event":"confirm","id":%s,"data":true}`, `true`},
		{confirm, `{"event":"confirm","id":%s,"data":false,"more":true,"meta":{"a":"b"},"x":[]}`, `false`},
		{confirm, ` { "data" : true , "id" : %s , "event" : "\u0063onfirm" } `, `true`},
		{confirm, `{"event":"confirm","id":%s,"data":"yes"}`, invalid + "data does not decode [{ type  string does not fit}] 0s"},
		{confirm, `{"event":"confirm","id":%s,"data":null}`, invalid + "the answer is missing or null [{ required  }] 0s"},
		{confirm, `{"event":"confirm","id":%s}`, invalid + "the answer is missing or null [{ required  }] 0s"},
		{confirm, `{"event":"names","id":%s,"data":true}`, invalid + "the client has answered another event than it was asked [] 0s"},
		{confirm, `{"event":"error","id":%s,"data":{"code":"busy","message":"not now","details":[{"path":"/a","rule":"b"}],"retryAfterMs":1500}}`, "busy: not now [{/a b  }] 1.5s"},
		{confirm, `{"event":"error","id":%s,"data":{"code":"unknown_event","message":"unknown event","event":"confirm"}}`, "unknown_event: unknown event [] 0s"},
		{confirm, `{"event":"error","id":%s,"data":{"code":"busy","retryAfterMs":9223372036854775807}}`, "busy:  [] "},
		{confirm, `{"event":"error","id":%s,"data":{"message":"no"}}`, invalid + "the client has refused, and its refusal does not decode [] 0s"},
		{confirm, `{"event":"error","id":%s,"data":7}`, invalid + "the client has refused, and its refusal does not decode [] 0s"},
		{confirm, `{"event":"error","id":%s}`, invalid + "the client has refused, and its refusal does not decode [] 0s"},
		{names, `{"event":"names","id":%s,"data":["ann","bob"]}`, `[]string{"ann", "bob"}`},
		{names, `{"event":"names","id":%s,"data":null}`, `[]string(nil)`},
		{names, `{"event":"names","id":%s}`, `[]string(nil)`},
		{names, `{"event":"names","id":%s,"data":[1]}`, invalid + "data does not decode [{/0 type  number does not fit}] 0s"},
		{reload, `{"event":"reload","id":%s}`, `0`},
		{reload, `{"event":"reload","id":%s,"data":{"any":1}}`, `0`},
		{reload, `{"event":"error","id":%s,"data":{"code":"forbidden","message":"no"}}`, "forbidden: no [] 0s"},
	} {
		var said <-chan string
		var question string
		id := fmt.Sprintf(`"$%d"`, i+1)
		switch f := q.ask.(type) {
		case func(context.Context) (bool, error):
			said, question = asked(f), `{"event":"confirm","id":`+id+`,"data":"Delete it?"}`
		case func(context.Context) ([]string, error):
			said, question = asked(f), `{"event":"names","id":`+id+`,"data":null}`
		case func(context.Context) (any, error):
			said, question = asked(f), `{"event":"reload","id":`+id+`,"data":null}`
		}
		p.want(question)
		if i%2 == 1 {
			id = strings.Replace(id, "$", `\u0024`, 1) // the same id
		}
		p.send(q.answer, id)
		if got := <-said; got != q.want && (!strings.HasSuffix(q.want, "[] ") || !strings.HasPrefix(got, q.want)) {
			t.Errorf("%s\ngot  %s\nwant %s", q.answer, got, q.want)
		}
	}
	for _, nobody := range []string{`"$1"`, `"$999"`, `"$x"`, `"$` + strings.Repeat("9", 63) + `"`} {
		p.send(`{"event":"confirm","id":%s,"data":true}`, nobody) // an answer to nothing
	}
	p.send(`{"event":"echo","id":1,"data":1}`)
	p.want(`{"event":"echo","id":1,"data":1}`)
	const badID = `the member \"id\" must be an integer or a string of 1 to 64 bytes that does not start with \"$\"`
	for _, bad1 := range []string{`{"event":"confirm","id":"$"}`, `{"event":"confirm","id":"$` + strings.Repeat("9", 64) + `"}`, `{"event":"confirm","id":1.5}`, `{"id":"$1"}`} {
		p.raw(frame(text, []byte(bad1)))
		p.want(bad(badID))
	}
	if n := ws.Questions(c); n != 0 {
		t.Errorf("%d questions are left", n)
	}
}

// TestAskPlain: who speaks the plain protocol is asked nothing, and an id that
// begins with "$" is no id there, as ever.
func TestAskPlain(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{}, answering(clients, nil))
	p := s.dial(t, "/ws")
	c := <-clients
	if _, err := newDoubts(s.Server).Client(c).Confirm(t.Context(), "?"); outcome(false, err) != "unavailable: the client does not speak a protocol in which it can be asked [] 0s" {
		t.Error(err)
	}
	p.send(`{"event":"confirm","id":"$1","data":true}`)
	p.want(bad(`the member \"id\" must be an integer or a string of 1 to 64 bytes that does not start with \"$\"`))
}

// TestAskFromHandler: a handler beside the read loop may ask its own client; what
// waits behind it goes on waiting. The answer passes no guard, no interceptor and
// no rate, and is taken while the connection drains.
func TestAskFromHandler(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	var ask ws.Ask[doubts]
	var guarded, wrapped atomic.Int32
	g := answering(clients, map[string]handler{
		"delete": serial(func(c *ws.Call) error {
			sure, err := ask.Client(c.Client()).Confirm(c.Context(), "Delete it?")
			if err != nil {
				return err
			}
			return c.Reply(sure)
		}),
		"echo": serial(echo),
	})
	g.guards = []ws.MessageGuard{messageGuard(func(context.Context, ws.Message) error { guarded.Add(1); return nil })}
	s := serve(t, ws.Options{
		ConnRate: ws.Rate{PerSecond: 0.001, Burst: 2},
		Interceptors: []ws.Interceptor{func(next ws.Next) ws.Next {
			return func(ctx context.Context, m ws.Message) error {
				wrapped.Add(1)
				return next(ctx, m)
			}
		}},
	}, g)
	ask = newDoubts(s.Server)
	p := s.session(t, "/ws")
	<-clients
	p.send(`{"event":"delete","id":1}`)
	p.want(`{"event":"confirm","id":"$1","data":"Delete it?"}`)
	p.send(`{"event":"echo","id":2,"data":2}`)
	eventually(t, "both are read", func() bool { return s.Stats().Received == 3 })
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	eventually(t, "it drains", func() bool { return s.Stats().Draining })
	if text := p.next(); readGoaway(t, text) == nil {
		t.Errorf("%s, and not $goaway", text)
	}
	for range 5 {
		p.send(`{"event":"confirm","id":"$7","data":true}`)
	}
	p.send(`{"event":"confirm","id":"$1","data":true}`)
	p.want(`{"event":"delete","id":1,"data":true}`, `{"event":"echo","id":2,"data":2}`)
	p.sendClose(uint16(ws.CloseReturning), "")
	p.wantClose(ws.CloseReturning)
	_ = p.conn.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if guarded.Load() != 2 || wrapped.Load() != 2 {
		t.Errorf("%d messages passed guards and %d interceptors", guarded.Load(), wrapped.Load())
	}
}

// TestAskEnds: a question ends with its connection, and there is none to who is
// not there.
func TestAskEnds(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{NoResume: true}, answering(clients, nil))
	ask := newDoubts(s.Server)
	for by, end := range map[string]func(*peer, *ws.Client){
		"close":     func(p *peer, _ *ws.Client) { p.sendClose(1000, "") },
		"vanishing": func(p *peer, _ *ws.Client) { _ = p.conn.Close() },
		"server":    func(_ *peer, c *ws.Client) { _ = c.Close(ws.CloseNormal, "") },
	} {
		t.Run(by, func(t *testing.T) {
			p := s.session(t, "/ws")
			c := <-clients
			said := asked(func(ctx context.Context) (bool, error) { return ask.Client(c).Confirm(ctx, "?") })
			p.want(`{"event":"confirm","id":"$1","data":"?"}`)
			end(p, c)
			if got := <-said; got != ws.ErrClosed.Error() {
				t.Error(got)
			}
			_ = p.conn.Close()
			if _, err := ask.Client(c).Confirm(t.Context(), "?"); !errors.Is(err, ws.ErrClosed) {
				t.Error(err)
			}
		})
	}
	for _, to := range []doubts{ask.Sender(ws.Sender{}), ask.Client(new(ws.Client)), ask.Conn(7), newDoubts(nil).Conn(7), newDoubts(new(ws.Server)).Conn(7)} {
		if err := to.Reload(t.Context()); !errors.Is(err, ws.ErrClosed) {
			t.Error(err)
		}
	}
}

// TestAskFake: a test asks whomever it likes.
func TestAskFake(t *testing.T) {
	ask := ws.NewAsk(nil, func(a ws.Asked) string { return a.ID().String() })
	if got := ask.Conn(255); got != "00000000000000ff" {
		t.Error(got)
	}
}

// TestAskLimits: a client has at most MaxAsks questions to answer, and AskTimeout
// for each without a deadline; it is told of those that nobody waits for any more.
func TestAskLimits(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{MaxAsks: 2, AskTimeout: 50 * time.Millisecond}, answering(clients, map[string]handler{"echo": inline(echo)}))
	ask := newDoubts(s.Server)
	p := s.session(t, "/ws")
	c := <-clients
	confirm := func(ctx context.Context) (bool, error) { return ask.Client(c).Confirm(ctx, "?") }

	first, second := asked(confirm), asked(confirm)
	p.next()
	p.next()
	if _, err := confirm(t.Context()); outcome(false, err) != "rate_limited: too many questions without an answer [] 0s" {
		t.Error(err)
	}
	p.send(`{"event":"confirm","id":"$2","data":true}`)
	p.send(`{"event":"confirm","id":"$1","data":true}`)
	if a, b := <-first, <-second; a != "true" || b != "true" {
		t.Error(a, b)
	}

	begun := time.Now()
	_, err := confirm(context.Background())
	if got := outcome(false, err); got != "timeout: the client has not answered in time [] 0s" || !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) < 50*time.Millisecond {
		t.Error(got)
	}
	p.want(`{"event":"confirm","id":"$3","data":"?"}`, `{"event":"$cancel","id":"$3","data":null}`)
	p.send(`{"event":"confirm","id":"$3","data":true}`) // too late

	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan error, 1)
	go func() { _, err := confirm(ctx); said <- err }()
	p.want(`{"event":"confirm","id":"$4","data":"?"}`)
	cancel()
	if err := <-said; err != context.Canceled {
		t.Error(err)
	}
	p.want(`{"event":"$cancel","id":"$4","data":null}`)
	if _, err := confirm(ctx); err != context.Canceled {
		t.Error(err)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if _, err := confirm(late); outcome(false, err) != "timeout: the client has not answered in time [] 0s" {
		t.Error(err)
	}

	to := ws.NewAsk(s.Server, func(a ws.Asked) ws.Asked { return a }).Client(c)
	if err := ws.AskAck(t.Context(), to, "odd", make(chan int)); err == nil || !strings.Contains(err.Error(), "the client was not asked") {
		t.Error(err)
	}
	for _, event := range []string{"", "error", "$connect"} {
		if err := ws.AskAck(t.Context(), to, event, nil); err == nil || !strings.Contains(err.Error(), "is not a name for an event") {
			t.Error(event, err)
		}
	}
	p.send(`{"event":"echo","id":1,"data":1}`) // nothing of these was sent
	p.want(`{"event":"echo","id":1,"data":1}`)
	if n := ws.Questions(c); n != 0 {
		t.Errorf("%d questions are left", n)
	}
}

// TestAskFull: a question to a client that does not read fails at once, and takes
// nothing from what it is to get.
func TestAskFull(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{OutboxFrames: 4, Overflow: ws.ShedOldest}, answering(clients, nil))
	p := s.session(t, "/ws")
	c := <-clients
	big := strings.Repeat("x", 1<<18)
	to := ws.NewAsk(s.Server, func(a ws.Asked) ws.Asked { return a }).Client(c)
	var err error
	asks := 0
	eventually(t, "the outbox is full", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err = ws.AskAck(ctx, to, "big", big)
		asks++
		return errors.Is(err, ws.ErrFull)
	})
	if n := ws.Questions(c); n != 0 {
		t.Errorf("%d questions are left", n)
	}
	for range 4 {
		if err := c.Emit("pushed", big); !errors.Is(err, ws.ErrFull) {
			t.Errorf("a push takes the place of a question: %v", err)
		}
	}
	for i := 1; i < asks; i++ {
		if got := p.next(); strings.Contains(got, `"$cancel"`) {
			i--
		} else if want := fmt.Sprintf(`{"event":"big","id":"$%d","data":"xxx`, i); !strings.HasPrefix(got, want) {
			t.Fatalf("%.40s, want %s", got, want)
		}
	}
}

// TestAskTakenBackFull: a client whose outbox is full is told all the same of a
// question that nobody waits for any more.
func TestAskTakenBackFull(t *testing.T) {
	for _, noResume := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			clients := make(chan *ws.Client, 1)
			s := servePipe(t, ws.Options{OutboxFrames: 1, NoResume: noResume, WriteTimeout: ws.Unlimited, PingInterval: ws.Unlimited}, answering(clients, nil))
			p := s.dial(t, "/ws", v1)
			_ = p.conn.SetDeadline(time.Time{})
			p.send(`{"event":"$connect"}`)
			p.want(`{"event":"$connected","data":{"resumed":false,"seq":0,"maxBytes":65536}}`)
			c := <-clients
			ctx, cancel := context.WithCancel(t.Context())
			said := make(chan error, 1)
			go func() {
				_, err := newDoubts(s.Server).Client(c).Confirm(ctx, "?")
				said <- err
			}()
			synctest.Wait() // it is being written, and nobody reads
			if err := c.Emit("push", 1); !errors.Is(err, ws.ErrFull) {
				t.Errorf("the outbox is not full: %v", err)
			}
			cancel()
			if err := <-said; err != context.Canceled {
				t.Error(err)
			}
			p.want(`{"event":"confirm","id":"$1","data":"?"}`, `{"event":"$shed","data":1}`, `{"event":"$cancel","id":"$1","data":null}`)
			_ = p.conn.Close()
			s.shutdown(t)
		})
	}
}

// TestAskMany: questions from many goroutines to one client, which answers them in
// any order, or not before they are taken back: each gets its own answer.
func TestAskMany(t *testing.T) {
	const askers, each = 8, 100
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{}, answering(clients, nil))
	p := s.session(t, "/ws")
	c := <-clients
	to := ws.NewAsk(s.Server, func(a ws.Asked) ws.Asked { return a }).Client(c)
	var wg sync.WaitGroup
	var taken atomic.Int32
	for a := range askers {
		wg.Go(func() {
			for i := range each {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				if rand.IntN(4) == 0 {
					time.AfterFunc(time.Duration(rand.IntN(500))*time.Microsecond, cancel)
				}
				n := a*each + i
				switch got, err := ws.AskOne[int](ctx, to, "same", n); {
				case err == nil && got == n:
					taken.Add(1)
				case err == nil || !errors.Is(err, context.Canceled):
					t.Errorf("%d: %d, %v", n, got, err)
				}
				cancel()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); _ = c.Emit("done", nil); close(done) }()
	questions := make(chan string, askers*each)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		var held []string
		for q := range questions {
			for held = append(held, q); len(held) > 0 && (len(questions) == 0 || rand.IntN(2) == 0); held = held[:len(held)-1] {
				p.raw(frame(text, []byte(held[len(held)-1]))) // as it came: the answer is what is asked
			}
		}
	}()
	for got := ""; !strings.HasPrefix(got, `{"event":"done"`); got = p.next() {
		if strings.HasPrefix(got, `{"event":"same"`) {
			questions <- got
		}
	}
	close(questions)
	<-answered
	<-done
	if n := ws.Questions(c); n != 0 || taken.Load() < askers*each/4 {
		t.Errorf("%d questions are left, %d were answered", n, taken.Load())
	}
}

// TestAskElsewhere: only its own node can ask a connection.
func TestAskElsewhere(t *testing.T) {
	inCluster(t, 2, brokertest.Faults{}, ws.Options{}, func(c *clusterSite) {
		m := c.member(0, "ann")
		if err := newDoubts(c.nodes[1].Server).Conn(m.client.ID()).Reload(t.Context()); outcome(0, err) != "unavailable: the connection is not on this node, and only its own node can ask it [] 0s" {
			t.Error(err)
		}
		if err := newDoubts(c.nodes[1].Server).Sender(ws.Sender{}).Reload(t.Context()); !errors.Is(err, ws.ErrClosed) {
			t.Error(err)
		}
	})
}

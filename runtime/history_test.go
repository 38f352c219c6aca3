package ws_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// news stands for what wsgen generates of an interface marked //ws:push and
// //ws:history, with a method marked //ws:kept.
type news struct{ t ws.Target }

func (n news) Said(text string) (int, error)   { return n.t.Kept().Emit("said", text) }
func (n news) Typing(text string) (int, error) { return n.t.Emit("typing", text) }

func newNews(s *ws.Server, size int) ws.Push[news] {
	return ws.NewKeptPush(s, ws.Log{Name: "test.News", Size: size, TTL: time.Hour}, func(t ws.Target) news { return news{t} })
}

// press is a gateway that lets connections follow news. push is set before the first
// comes.
type press struct{ push ws.Push[news] }

func (g *press) gateway() gateway {
	rooms := func(c *ws.Call) (rooms []string, err error) { err = c.Decode(&rooms); return rooms, err }
	return gateway{
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			u.Principal.ID = u.Token
			return nil
		})},
		connect: func(_ context.Context, c *ws.Client, r *http.Request) (any, error) {
			if room := r.URL.Query().Get("room"); room != "" {
				return nil, g.push.Follow(c, room)
			}
			return nil, nil
		},
		on: map[string]handler{
			"echo": inline(echo),
			"open": inline(func(c *ws.Call) error {
				names, err := rooms(c)
				return errors.Join(err, g.push.Follow(c.Client(), names...))
			}),
			"me": inline(func(c *ws.Call) error { return g.push.FollowUser(c.Client()) }),
			"join": inline(func(c *ws.Call) error {
				names, err := rooms(c)
				return errors.Join(err, c.Client().Join(names...))
			}),
			"leave": inline(func(c *ws.Call) error {
				names, err := rooms(c)
				c.Client().Leave(names...)
				return err
			}),
			"hang": {mode: ws.Parallel, call: func(c *ws.Call) error { <-c.Context().Done(); return nil }},
		},
	}
}

// servePress serves a press whose history has so many messages.
func servePress(t *testing.T, size int, o ws.Options) (*site, *press) {
	t.Helper()
	g := new(press)
	s := serve(t, o, g.gateway())
	g.push = newNews(s.Server, size)
	return s, g
}

// reader is a client that follows. What it has had outlives its connections.
type reader struct {
	*peer
	at map[string]string // the last position by history
}

// arrived is a frame as a reader sees it.
type arrived struct {
	Event   string
	ID      json.RawMessage
	Data    json.RawMessage
	Log, At string
}

// says is the data of $joined and $lost.
type says struct {
	Log, At   string
	Recovered *bool
}

// hear reads the next frame.
func (r *reader) hear() arrived {
	r.t.Helper()
	text := r.next()
	var m arrived
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		r.t.Fatalf("%v: %s", err, text)
	}
	if m.Log != "" {
		r.at[m.Log] = m.At
	}
	return m
}

// wantSaid reads kept events with these texts, and nothing else.
func (r *reader) wantSaid(texts ...string) {
	r.t.Helper()
	for _, want := range texts {
		if m := r.hear(); m.Event != "said" || string(m.Data) != fmt.Sprintf("%q", want) || m.Log == "" || m.At == "" {
			r.t.Fatalf("got %+v with %s, want said %q", m, m.Data, want)
		}
	}
}

// wantWord reads $joined or $lost. recovered is "", "true" or "false".
func (r *reader) wantWord(event, recovered string) says {
	r.t.Helper()
	m := r.hear()
	var d says
	if err := json.Unmarshal(m.Data, &d); err != nil {
		r.t.Fatal(err)
	}
	got := ""
	if d.Recovered != nil {
		got = fmt.Sprint(*d.Recovered)
	}
	if m.Event != event || got != recovered || len(d.Log) != 11 || d.At == "" {
		r.t.Fatalf("got %s %s, want %s, recovered %s", m.Event, m.Data, event, recovered)
	}
	r.at[d.Log] = d.At
	return d
}

// call sends an event and waits for its answer, which must be the next frame.
func (r *reader) call(event, data string) {
	r.t.Helper()
	r.send(`{"event":%q,"id":7,"data":%s}`, event, data)
	r.wantAnswer(event)
}

func (r *reader) wantAnswer(event string) {
	r.t.Helper()
	r.want(fmt.Sprintf(`{"event":%q,"id":7,"data":null}`, event))
}

// open follows rooms, and reads what it is told of them.
func (r *reader) open(recovered string, rooms ...string) {
	r.t.Helper()
	data, _ := json.Marshal(rooms)
	r.send(`{"event":"open","id":7,"data":%s}`, data)
	for range rooms {
		r.wantWord("$joined", recovered)
	}
}

// resume says what the reader has had.
func (r *reader) resume() {
	r.t.Helper()
	data, _ := json.Marshal(r.at)
	r.send(`{"event":"$resume","id":"r","data":%s}`, data)
	r.want(`{"event":"$resume","id":"r","data":null}`)
}

// quiet checks that nothing else has come.
func (r *reader) quiet() {
	r.t.Helper()
	r.send(`{"event":"echo","data":"sync"}`)
	r.want(`{"event":"echo","data":"sync"}`)
}

// reads connects a reader.
func (s *site) reads(t *testing.T, header ...string) *reader {
	t.Helper()
	return &reader{s.dial(t, "/ws", header...), map[string]string{}}
}

// leave cuts a reader off, and waits until the server knows.
func (r *reader) leave(t *testing.T, s *site) {
	t.Helper()
	before := s.Stats().Closed
	_ = r.conn.Close()
	eventually(t, "the server notices", func() bool { return s.Stats().Closed > before })
}

// again connects a reader once more, when its connection is gone.
func (r *reader) again(t *testing.T, s *site) {
	t.Helper()
	r.leave(t, s)
	r.peer = s.dial(t, "/ws")
}

// said pushes texts to rooms.
func (g *press) said(t *testing.T, texts []string, rooms ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := g.push.In(rooms...).Said(text); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeptPushes: who was cut off and comes back gets what was pushed meanwhile, once
// and in order, and then what is new.
func TestKeptPushes(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	g.said(t, []string{"before"}, "a")
	r, member := s.reads(t), s.reads(t)
	r.open("", "a")
	r.wantAnswer("open")
	member.call("join", `["a"]`)
	g.said(t, []string{"1", "2"}, "a")
	r.wantSaid("1", "2")
	member.wantSaid("1", "2")
	r.again(t, s)
	g.said(t, []string{"3", "4"}, "a")
	if _, err := g.push.In("a").Typing("x"); err != nil {
		t.Error(err)
	}
	member.wantSaid("3", "4")
	if m := member.hear(); m.Event != "typing" || m.Log != "" {
		t.Errorf("%+v", m)
	}
	r.resume()
	r.open("true", "a")
	r.wantSaid("3", "4")
	r.wantAnswer("open")
	g.said(t, []string{"5"}, "a")
	r.wantSaid("5")
	r.quiet()
	r.call("open", `["a"]`) // it follows already
	r.again(t, s)
	r.resume()
	r.open("true", "a") // and has missed nothing
	r.wantAnswer("open")
	g.said(t, []string{"6"}, "a")
	r.wantSaid("6")
	r.call("leave", `["a"]`)
	g.said(t, []string{"7"}, "a")
	r.resume()
	r.open("true", "a")
	r.wantSaid("7")
	r.wantAnswer("open")
	r.quiet()
	if n := s.Stats().History; n.Kept != 8 || n.Messages != 8 || n.Rooms != 1 || n.Recovered != 3 || n.Unrecovered != 0 || n.LostTold != 0 || n.Bytes == 0 {
		t.Errorf("%+v", n)
	}
}

// TestKeptBeyond: what is not remembered any more is told.
func TestKeptBeyond(t *testing.T) {
	s, g := servePress(t, 3, ws.Options{})
	r := s.reads(t)
	r.open("", "a")
	r.wantAnswer("open")
	r.again(t, s)
	g.said(t, []string{"1", "2", "3", "4"}, "a")
	r.resume()
	r.open("false", "a")
	r.wantAnswer("open")
	g.said(t, []string{"5"}, "a")
	r.wantSaid("5")
	r.quiet()
	r.again(t, s)
	r.open("", "a") // without a claim it begins at the end
	r.wantAnswer("open")
	g.said(t, []string{"6"}, "a")
	r.wantSaid("6")
	if n := s.Stats().History; n.Unrecovered != 1 || n.Recovered != 0 || n.Messages != 3 {
		t.Errorf("%+v", n)
	}
}

// TestKeptSlow: a follower that reads slowly gets all of it later, in order, and
// nobody else waits for that.
func TestKeptSlow(t *testing.T) {
	const most = 500
	s, g := servePress(t, most, ws.Options{OutboxFrames: 4, WriteTimeout: patience})
	slow, fast := s.reads(t), s.reads(t)
	_ = slow.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	for _, r := range []*reader{slow, fast} {
		r.open("", "a")
		r.wantAnswer("open")
	}
	long := strings.Repeat("x", 2000)
	text := func(i int) string { return fmt.Sprint(i, long) }
	for i := range most {
		g.said(t, []string{text(i)}, "a")
		fast.wantSaid(text(i))
	}
	_ = slow.conn.(*net.TCPConn).SetReadBuffer(1 << 20)
	for i := range most {
		slow.wantSaid(text(i))
	}
	g.said(t, []string{"end"}, "a")
	slow.wantSaid("end")
	fast.wantSaid("end")
	slow.quiet()
	if n := s.Stats(); n.Shed != 0 || n.History.CatchUps == 0 || n.History.LostTold != 0 {
		t.Errorf("%d were lost, %+v", n.Shed, n.History)
	}
}

// TestKeptTooSlow: one that falls behind further than is remembered is told so, and
// goes on from there.
func TestKeptTooSlow(t *testing.T) {
	s, g := servePress(t, 10, ws.Options{OutboxFrames: 4, WriteTimeout: patience})
	r := s.reads(t)
	_ = r.conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	r.open("", "a")
	r.wantAnswer("open")
	long := strings.Repeat("x", 2000)
	for i := range 500 {
		g.said(t, []string{fmt.Sprint(i, long)}, "a")
	}
	_ = r.conn.(*net.TCPConn).SetReadBuffer(1 << 20)
	next, lost := 0, 0
	for next < 500 {
		m := r.hear()
		if m.Event == "$lost" {
			var d says
			var offset int
			if err := json.Unmarshal(m.Data, &d); err != nil {
				t.Fatal(err)
			}
			_, digits, _ := strings.Cut(d.At, ".")
			if _, err := fmt.Sscan(digits, &offset); err != nil || offset <= next {
				t.Fatalf("%s, and %d is next", m.Data, next)
			}
			next, lost = offset, lost+1
			continue
		}
		var said string
		if err := json.Unmarshal(m.Data, &said); err != nil || m.Event != "said" {
			t.Fatalf("%+v", m)
		}
		if want := fmt.Sprint(next, long); said != want {
			t.Fatalf("%.10s, want %.10s", said, want)
		}
		next++
	}
	g.said(t, []string{"end"}, "a")
	r.wantSaid("end")
	r.quiet()
	if n := s.Stats(); lost == 0 || n.History.LostTold < uint64(lost) || n.Shed != 0 {
		t.Errorf("lost %d times, %d were shed, %+v", lost, n.Shed, n.History)
	}
}

// TestKeptUsers: what is pushed to a user is kept for that user.
func TestKeptUsers(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	const ann = "Authorization: Bearer ann"
	r, bob := s.reads(t, ann), s.reads(t, "Authorization: Bearer bob")
	follow := func(r *reader, recovered string) {
		r.send(`{"event":"me","id":7}`)
		r.wantWord("$joined", recovered)
	}
	follow(r, "")
	r.wantAnswer("me")
	follow(bob, "")
	bob.wantAnswer("me")
	say := func(text string, users ...string) {
		if _, err := g.push.Users(users...).Said(text); err != nil {
			t.Error(err)
		}
	}
	say("1", "ann", "ann")
	r.wantSaid("1")
	r.leave(t, s)
	say("2", "ann", "bob")
	say("3", "ann")
	bob.wantSaid("2")
	r.peer = s.dial(t, "/ws", ann)
	r.resume()
	follow(r, "true")
	r.wantSaid("2", "3")
	r.wantAnswer("me")
	bob.quiet()
	r.quiet()
	nobody := s.reads(t)
	nobody.send(`{"event":"me","id":7}`)
	if m := nobody.hear(); m.Event != "error" {
		t.Errorf("%+v", m)
	}
}

// TestKeptUnion: a push to several rooms is kept in each, and who is in several gets
// it once: as a follower, if it follows one of them.
func TestKeptUnion(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	both, second, mixed := s.reads(t), s.reads(t), s.reads(t)
	both.open("", "a", "b")
	both.wantAnswer("open")
	second.open("", "b")
	second.wantAnswer("open")
	mixed.call("join", `["a"]`)
	mixed.open("", "b")
	mixed.wantAnswer("open")
	g.said(t, []string{"1"}, "a", "b", "a")
	g.said(t, []string{"2"}, "b")
	for _, r := range []*reader{both, second, mixed} {
		r.wantSaid("1", "2")
		r.quiet()
	}
	if n := len(mixed.at); n != 1 {
		t.Errorf("of %d histories: it follows one", n)
	}
	both.again(t, s)
	g.said(t, []string{"3"}, "a", "b")
	g.said(t, []string{"4"}, "b")
	both.resume()
	both.send(`{"event":"open","id":7,"data":["a","b"]}`)
	both.wantWord("$joined", "true")
	both.wantSaid("3")
	both.wantWord("$joined", "true")
	for answered, said := false, false; !answered || !said; {
		m := both.hear()
		switch {
		case m.Event == "open":
			answered = true
		case m.Event == "said" && string(m.Data) == `"4"`:
			said = true
		default:
			t.Fatalf("%+v %s", m, m.Data)
		}
	}
	both.quiet()
	if n := s.Stats().History; n.Kept != 6 || n.Rooms != 2 {
		t.Errorf("%+v", n)
	}
}

// TestKeptKey: a push with a key that is known is neither kept nor pushed again.
func TestKeptKey(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	r := s.reads(t)
	r.open("", "a", "b")
	r.wantAnswer("open")
	var first, again ws.Reached
	for i, at := range []*ws.Reached{&first, &again} {
		n, err := g.push.Key("k").Across(t.Context(), at).In("a").Said("1")
		if n != 1-i || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if first.At != again.At || first.At.Offset != 1 || first.At.Epoch == "" {
		t.Errorf("%+v, %+v", first, again)
	}
	if _, err := g.push.Key("k").In("b").Said("other room"); err != nil {
		t.Error(err)
	}
	if _, err := g.push.Key("l").In("a").Said("2"); err != nil {
		t.Error(err)
	}
	r.wantSaid("1", "other room", "2")
	r.quiet()
	if n := s.Stats().History; n.Kept != 3 || n.Duplicates != 1 {
		t.Errorf("%+v", n)
	}
}

// TestKeptExcept: an exception is one for the connection, and its place goes on.
func TestKeptExcept(t *testing.T) {
	clients := make(chan *ws.Client, 2)
	g := new(press)
	hooked := g.gateway()
	hooked.connect = func(_ context.Context, c *ws.Client, _ *http.Request) (any, error) {
		clients <- c
		return nil, nil
	}
	s := serve(t, ws.Options{}, hooked)
	g.push = newNews(s.Server, 100)
	r := s.reads(t)
	client := <-clients
	r.open("", "a")
	r.wantAnswer("open")
	if n, err := g.push.Except(client.ID()).In("a").Said("1"); n != 0 || err != nil {
		t.Error(n, err)
	}
	g.said(t, []string{"2"}, "a")
	r.wantSaid("2")
	if _, err := g.push.Except(client.ID()).In("a").Said("3"); err != nil {
		t.Error(err)
	}
	r.again(t, s)
	r.resume()
	r.open("true", "a")
	r.wantSaid("3") // by another connection
	r.wantAnswer("open")
	r.quiet()
}

// TestKeptElsewhere: to everyone and to connections a kept event is pushed as any other
// is.
func TestKeptElsewhere(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	r := s.reads(t)
	r.open("", "a")
	r.wantAnswer("open")
	if n, err := g.push.All().Said("all"); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := ws.NewPush(s.Server, func(t ws.Target) news { return news{t} }).In("a").Said("no history"); n != 1 || err != nil {
		t.Error(n, err)
	}
	for _, want := range []string{`"all"`, `"no history"`} {
		if m := r.hear(); string(m.Data) != want || m.Log != "" || m.At != "" {
			t.Errorf("%+v %s", m, m.Data)
		}
	}
	if n := s.Stats().History; n.Kept != 0 {
		t.Errorf("%+v", n)
	}
}

// TestKeptConcurrent: whoever pushes, and however often connections are cut, all
// followers see one order, in which nothing is missing and nothing comes twice.
func TestKeptConcurrent(t *testing.T) {
	const readers, writers, each = 6, 4, 300
	s, g := servePress(t, writers*each, ws.Options{OutboxFrames: 8, WriteTimeout: patience})
	orders := make([][]string, readers)
	var started, done sync.WaitGroup
	started.Add(readers)
	for i := range readers {
		done.Go(func() {
			r := s.reads(t)
			r.open("", "a")
			started.Done()
			for len(orders[i]) < writers*each && !t.Failed() {
				switch m := r.hear(); m.Event {
				case "said":
					orders[i] = append(orders[i], string(m.Data))
				case "open", "$joined":
					continue
				default:
					t.Errorf("%+v", m)
				}
				if len(orders[i])%(40+i) == 0 {
					_ = r.conn.Close()
					r.peer = s.dial(t, "/ws")
					data, _ := json.Marshal(r.at)
					r.send(`{"event":"$resume","id":"r","data":%s}`, data)
					r.want(`{"event":"$resume","id":"r","data":null}`)
					r.send(`{"event":"open","id":7,"data":["a"]}`)
				}
			}
		})
	}
	started.Wait()
	for w := range writers {
		done.Go(func() {
			for i := range each {
				_, _ = g.push.In("a").Said(fmt.Sprint(w, " ", i))
			}
		})
	}
	done.Wait()
	for i, order := range orders {
		if !slices.Equal(order, orders[0]) {
			t.Errorf("reader %d has another order", i)
		}
	}
	seen := slices.Clone(orders[0])
	slices.Sort(seen)
	if n := len(slices.Compact(seen)); n != writers*each {
		t.Errorf("%d of %d", n, writers*each)
	}
	t.Logf("%+v", s.Stats().History)
}

// TestKeptClaims: what a client claims is believed where it follows, once, and harms
// nobody.
func TestKeptClaims(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	r := s.reads(t)
	r.open("", "a")
	r.wantAnswer("open")
	g.said(t, []string{"1"}, "a")
	r.wantSaid("1")
	var log, at string
	for log, at = range r.at {
	}
	epoch, _, _ := strings.Cut(at, ".")
	bad := func(send, why string) {
		t.Helper()
		r.send("%s", send)
		if m := r.hear(); m.Event != "error" || !strings.Contains(string(m.Data), "bad_frame") || !strings.Contains(string(m.Data), why) {
			t.Errorf("%s: %+v %s", send, m, m.Data)
		}
	}
	bad(`{"event":"$resume","data":{}}`, "needs an id")
	bad(`{"event":"$resume","id":1}`, "must be an object")
	bad(`{"event":"$resume","id":1,"data":[]}`, "must be an object")
	bad(`{"event":"$resume","id":1,"data":{"a":1}}`, "must be an object")
	many := map[string]string{}
	for i := range 257 {
		many[fmt.Sprintf("%011d", i)] = at
	}
	data, _ := json.Marshal(many)
	bad(fmt.Sprintf(`{"event":"$resume","id":1,"data":%s}`, data), "at most 256")
	r.send(`{"event":"hang","id":1}`)
	bad(`{"event":"$resume","id":1,"data":{}}`, "has no answer yet")

	for claim, recovered := range map[string]string{
		at: "true", epoch + ".0": "true", epoch + ".2": "false", epoch + ".x": "false", "": "false",
		"other.1": "false", strings.Repeat("x", 5000) + ".1": "false", epoch + ".01": "false",
	} {
		r.again(t, s)
		r.at = map[string]string{log: claim, "other": at, "AAAAAAAAAAA": at}
		r.resume()
		r.open(recovered, "a")
		if claim == epoch+".0" {
			r.wantSaid("1")
		}
		r.wantAnswer("open")
		r.call("leave", `["a"]`)
		r.open("", "a") // a claim counts once
		r.wantAnswer("open")
		r.quiet()
	}

	r.again(t, s)
	r.at = map[string]string{log: epoch + ".0"}
	r.open("", "a")
	r.wantAnswer("open")
	r.at = map[string]string{log: epoch + ".0"}
	r.resume()
	r.call("open", `["a"]`) // what it follows already has no use for a claim
	r.quiet()
}

// TestKeptClaimsInQuery: what the connect hook follows goes on where the request says.
func TestKeptClaimsInQuery(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	r := &reader{s.dial(t, "/ws?room=a"), map[string]string{}}
	r.wantWord("$joined", "")
	data, _ := json.Marshal(r.at)
	g.said(t, []string{"1"}, "a")
	r.wantSaid("1")
	for query, recovered := range map[string]string{
		base64.RawURLEncoding.EncodeToString(data): "true",
		base64.URLEncoding.EncodeToString(data):    "true",
		"%21":                                      "",
		"bnVsbA":                                   "",
		strings.Repeat("A", 5_000):                 "",
	} {
		r := &reader{s.dial(t, "/ws?room=a&resume="+query), map[string]string{}}
		r.wantWord("$joined", recovered)
		if recovered == "true" {
			r.wantSaid("1")
		}
		r.quiet()
	}
}

// TestKeptErrors: who cannot follow is told why, and has joined nothing.
func TestKeptErrors(t *testing.T) {
	clients := make(chan *ws.Client, 3)
	s := serve(t, ws.Options{MaxRooms: 2}, lobby(clients))
	push := newNews(s.Server, 10)
	c := members(t, s, clients, nil)[0].client
	for what, failed := range map[string]struct{ got, want error }{
		"no history":      {ws.NewPush(s.Server, func(t ws.Target) news { return news{t} }).Follow(c, "a"), ws.ErrNoHistory},
		"the user of one": {ws.NewPush(s.Server, func(t ws.Target) news { return news{t} }).FollowUser(c), ws.ErrNoHistory},
		"too many rooms":  {push.Follow(c, "a", "b", "c"), ws.ErrTooManyRooms},
		"too long a name": {push.Follow(c, strings.Repeat("x", 300)), ws.ErrRoomName},
		"the zero Client": {push.Follow(&ws.Client{}, "a"), ws.ErrClosed},
	} {
		if !errors.Is(failed.got, failed.want) {
			t.Errorf("%s: %v", what, failed.got)
		}
	}
	if err := push.FollowUser(c); err == nil {
		t.Error("nobody's user can be followed")
	}
	if err := newNews(ws.NewServer(ws.Options{Logger: slog.New(slog.DiscardHandler)}), 10).Follow(c, "a"); err == nil {
		t.Error("a connection of another Server can follow")
	}
	if rooms := c.Rooms(); rooms != nil {
		t.Errorf("it is in %v", rooms)
	}
	if err := push.Follow(c, "a"); err != nil || !slices.Equal(c.Rooms(), []string{"a"}) {
		t.Error(err, c.Rooms())
	}
	if err := newNews(nil, 10).Follow(c, "b"); err != nil || !slices.Equal(c.Rooms(), []string{"a", "b"}) {
		t.Errorf("a stand-in joins: %v, %v", err, c.Rooms())
	}
	if newNews(s.Server, 20); !strings.Contains(s.logs.String(), "two histories of one name") {
		t.Error("another history of that name is not logged")
	}
	if ws.NewKeptPush(s.Server, ws.Log{Name: "odd"}, func(t ws.Target) news { return news{t} }); !strings.Contains(s.logs.String(), "keeps 1 to 10000 messages") {
		t.Error("a history of nothing is not logged")
	}
}

// TestKeptSession: a session that goes on over another socket gets kept pushes as it
// gets all others, once; one that begins anew resumes by positions.
func TestKeptSession(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{})
	r := &reader{s.session(t, "/ws"), map[string]string{}}
	r.resume()
	r.open("", "a")
	r.wantAnswer("open")
	g.said(t, []string{"1"}, "a")
	r.wantSaid("1")
	sid := r.sid
	_ = r.conn.Close()
	eventually(t, "it is away", func() bool { return s.Stats().Detached == 1 })
	g.said(t, []string{"2", "3"}, "a")
	r.peer = s.dial(t, "/ws", v1)
	r.send(`{"event":"$connect","data":{"resume":{"sid":%q,"seq":2}}}`, sid)
	if text := r.next(); !strings.Contains(text, `"resumed":true`) {
		t.Fatal(text)
	}
	r.wantSaid("2", "3")
	g.said(t, []string{"4"}, "a")
	r.wantSaid("4")
	r.sendClose(1000, "")
	eventually(t, "it is over", func() bool { return s.Stats().Connections == 0 })
	g.said(t, []string{"5"}, "a")
	r.peer = s.session(t, "/ws")
	r.resume()
	r.open("true", "a")
	r.wantSaid("5")
	r.wantAnswer("open")
	r.quiet()
}

// TestKeptBound: what is kept in memory has a bound, and the log says when it is
// reached.
func TestKeptBound(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{Cluster: ws.Cluster{HistoryBytes: 32 << 10}})
	r := s.reads(t)
	r.open("", "a")
	r.wantAnswer("open")
	g.said(t, []string{"1"}, "a")
	r.wantSaid("1")
	r.again(t, s)
	long := strings.Repeat("x", 1000)
	g.said(t, []string{"2"}, "a")
	eventually(t, "the log says so", func() bool {
		g.said(t, []string{long}, "b")
		return strings.Contains(s.logs.String(), "raise Options.Cluster.HistoryBytes")
	})
	r.resume()
	r.open("false", "a")
	r.wantAnswer("open")
	if n := s.Stats().History; n.Bytes > 32<<10 || n.Pressed == 0 {
		t.Errorf("%+v", n)
	}
}

// TestKeptCompressed: who takes compressed frames can read what is kept.
func TestKeptCompressed(t *testing.T) {
	s, g := servePress(t, 100, ws.Options{CompressAbove: 100})
	r := s.reads(t)
	r.open("", "a")
	r.wantAnswer("open")
	deflating := s.dial(t, "/ws", "Sec-WebSocket-Extensions: permessage-deflate")
	deflating.send(`{"event":"open","data":["a"]}`)
	if first, payload, err := deflating.read(); err != nil || first != text {
		t.Errorf("%#x %q, %v", first, payload, err)
	}
	long := strings.Repeat("a text that becomes shorter ", 100)
	g.said(t, []string{long}, "a")
	r.wantSaid(long)
	if first, payload, err := deflating.read(); err != nil || first != text|0x40 || len(payload) > 300 {
		t.Errorf("%#x with %d bytes, %v", first, len(payload), err)
	}
}

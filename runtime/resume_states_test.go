package ws_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// wellSeen is a site whose gateway says what becomes of its connections.
type wellSeen struct {
	*site
	connects chan *ws.Client
	closed   chan ws.Closed
	detached chan ws.Closed
	resumed  chan *ws.Client
}

// wellSeen serves a gateway whose guard lets in whom a token names: with a time
// behind the name, for so long.
func seen(t *testing.T, o ws.Options, more ...gateway) *wellSeen {
	w := &wellSeen{connects: make(chan *ws.Client, 100), closed: make(chan ws.Closed, 100), detached: make(chan ws.Closed, 100), resumed: make(chan *ws.Client, 100)}
	o.Observer = ws.Observer{
		Detached: func(_ *ws.Client, c ws.Closed) { w.detached <- c },
		Resumed:  func(c *ws.Client) { w.resumed <- c },
	}
	w.site = serve(t, o, append(more, gateway{
		path: "/ws/{room}",
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			name, lasts, _ := strings.Cut(nameIn(u.Token), " ")
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
			w.connects <- c
			return nil, c.Join("lobby")
		},
		disconnect: func(_ context.Context, c *ws.Client, _ any, why ws.Closed) {
			if len(c.Rooms()) != 1 {
				t.Errorf("the disconnect hook ran in %v", c.Rooms())
			}
			w.closed <- why
		},
		on: map[string]handler{"echo": inline(echo), "slow": serial(echo), "panics": inline(func(*ws.Call) error { panic("as always") })},
	})...)
	return w
}

// open opens a session of ann's.
func (w *wellSeen) open(t *testing.T, token string) *peer {
	t.Helper()
	p := w.dial(t, "/ws/a", v1)
	p.send(`{"event":"$connect","data":{"token":%q}}`, token+secretMark)
	p.want(connected)
	if len(p.sid) != 26 {
		t.Fatalf("its sid is %q", p.sid)
	}
	return p
}

// again connects to go on with a session, and returns the answer.
func (w *wellSeen) again(t *testing.T, token, sid string, seq int) (p *peer, answer string) {
	t.Helper()
	p = w.dial(t, "/ws/a", v1)
	p.send(`{"event":"$connect","data":{"token":%q,"resume":{"sid":%q,"seq":%d}}}`, token+secretMark, sid, seq)
	return p, p.next()
}

// goesOn is the answer to a client that goes on with its session.
func goesOn(seq int) string {
	return fmt.Sprintf(`{"event":"$connected","data":{"resumed":true,"seq":%d,"heartbeatMs":25000,"maxBytes":65536}}`, seq)
}

// anew is the answer to one that cannot.
func anew(why string) string {
	return strings.Replace(connected, `false,`, `false,"why":"`+why+`",`, 1)
}

// none fails if there is a value in a channel.
func none[T any](t *testing.T, what string, from <-chan T) {
	t.Helper()
	select {
	case v := <-from:
		t.Errorf("%s: %+v", what, v)
	default:
	}
}

// TestSessionDetaches is the server's table on the protocol's page: how a session
// loses its socket and stays, and goes on with another.
func TestSessionDetaches(t *testing.T) {
	for name, c := range map[string]struct {
		o     ws.Options
		token string
		do    func(*testing.T, *wellSeen, *peer)
		code  ws.CloseCode
		away  bool // the peer is
	}{
		"breaks":       {do: func(_ *testing.T, _ *wellSeen, p *peer) { _ = p.conn.Close() }, code: 1006, away: true},
		"closes, 4000": {do: func(_ *testing.T, _ *wellSeen, p *peer) { p.sendClose(4000, "back soon"); p.wantClose(4000) }, code: 4000, away: true},
		"silent": {o: ws.Options{PingInterval: 20 * time.Millisecond, IdleTimeout: 60 * time.Millisecond}, do: func(_ *testing.T, _ *wellSeen, p *peer) {
			_, _ = io.Copy(io.Discard, p.r)
		}, code: 1006, away: true},
		"stalled": {o: ws.Options{WriteTimeout: 50 * time.Millisecond, ResumeBytes: 1 << 30, OutboxBytes: 1 << 30}, do: func(t *testing.T, w *wellSeen, _ *peer) {
			big := strings.Repeat("x", 1<<20)
			for range 20 {
				_, _ = w.Broadcast("big", big)
			}
		}, code: 1008},
		"Lifetime": {o: ws.Options{Lifetime: 50 * time.Millisecond, DrainTimeout: 50 * time.Millisecond}, do: func(t *testing.T, _ *wellSeen, p *peer) {
			if got := p.next(); !strings.HasPrefix(got, `{"event":"$goaway","data":{"reason":"lifetime","retryAfterMs":`) {
				t.Error(got)
			}
			p.wantClose(1001)
		}, code: 1001},
		"expires": {token: "ann 100ms", do: func(_ *testing.T, _ *wellSeen, p *peer) { p.wantClose(4401) }, code: 4401},
	} {
		t.Run(name, func(t *testing.T) {
			w := seen(t, c.o)
			p := w.dial(t, "/ws/a", v1)
			p.send(`{"event":"$connect","data":{"token":%q}}`, "ann "+strings.TrimPrefix(c.token, "ann "))
			if got := p.next(); !strings.HasPrefix(got, `{"event":"$connected"`) {
				t.Fatal(got)
			}
			client := await(t, "the connect hook", w.connects)
			p.send(`{"event":"echo","id":1,"data":1}`)
			p.want(`{"event":"echo","id":1,"data":1}`)
			c.do(t, w, p)
			if got := await(t, "that it has no socket", w.detached); got.Code != c.code || got.Remote != c.away {
				t.Errorf("detached by %+v", got)
			}
			eventually(t, "its place is free", func() bool { n := w.Stats(); return n.Admitted == 0 && n.Detached == 1 })
			if n := w.Stats(); n.Connections != 1 || w.ConnectionCount() != 1 || w.In("lobby").Count() != 1 || client.Context().Err() != nil {
				t.Errorf("%+v, %d connections, %v", n, w.ConnectionCount(), client.Context().Err())
			}
			none(t, "a disconnect hook ran", w.closed)
			if err := client.Emit("missed", 2); err != nil {
				t.Error(err)
			}
			q := w.dial(t, "/ws/a", v1)
			q.send(`{"event":"$connect","data":{"token":"ann","resume":{"sid":%q,"seq":1}}}`, p.sid)
			if got := q.next(); !strings.HasPrefix(got, `{"event":"$connected","data":{"resumed":true,"seq":1,`) {
				t.Fatal(got)
			}
			if q.sid != p.sid || await(t, "that it is resumed", w.resumed) != client {
				t.Errorf("resumed as %q", q.sid)
			}
			got := q.next()
			for strings.HasPrefix(got, `{"event":"big"`) {
				got = q.next()
			}
			if got != `{"event":"missed","data":2}` {
				t.Error(got)
			}
			if client.RemoteAddr().String() != q.conn.LocalAddr().String() {
				t.Errorf("it is at %v", client.RemoteAddr())
			}
			q.send(`{"event":"echo","id":2,"data":2}`)
			q.want(`{"event":"echo","id":2,"data":2}`)
			q.sendClose(1000, "bye")
			if got := await(t, "the disconnect hook", w.closed); got.Code != 1000 {
				t.Errorf("it ended by %+v", got)
			}
			eventually(t, "nothing is left", func() bool {
				n := w.Stats()
				return n.Admitted == 0 && n.Connections == 0 && n.Detached == 0 && n.Resumed == 1
			})
			none(t, "another connect hook ran", w.connects)
			none(t, "another disconnect hook ran", w.closed)
			if _, answer := w.again(t, "ann", p.sid, 3); !strings.Contains(answer, `"why":"unknown"`) {
				t.Error(answer)
			}
		})
	}
}

// TestSessionDetached is the column of the table for who has no socket.
func TestSessionDetached(t *testing.T) {
	for name, c := range map[string]struct {
		o    ws.Options
		do   func(*testing.T, *wellSeen)
		code ws.CloseCode
	}{
		"ResumeWindow": {o: ws.Options{ResumeWindow: 50 * time.Millisecond}, code: 1006},
		"MaxDetached": {o: ws.Options{MaxDetached: 1}, do: func(t *testing.T, w *wellSeen) {
			_ = w.open(t, "bob").conn.Close()
			await(t, "another", w.detached)
		}, code: 1006},
		"Close": {do: func(_ *testing.T, w *wellSeen) { w.All().Disconnect(4001, "enough") }, code: 4001},
		"CloseSlow": {o: ws.Options{OutboxFrames: 2, Overflow: ws.CloseSlow}, do: func(_ *testing.T, w *wellSeen) {
			for range 3 {
				_, _ = w.Broadcast("e", 1)
			}
		}, code: 1008},
		"shed": {o: ws.Options{OutboxFrames: 2}, do: func(_ *testing.T, w *wellSeen) {
			for range 3 {
				_, _ = w.Broadcast("e", 1)
			}
		}, code: 1006},
		"shed, oldest": {o: ws.Options{OutboxFrames: 2, Overflow: ws.ShedOldest}, do: func(_ *testing.T, w *wellSeen) {
			for range 3 {
				_, _ = w.Broadcast("e", 1)
			}
		}, code: 1006},
		"Shutdown": {do: func(t *testing.T, w *wellSeen) {
			begun := time.Now()
			if err := w.Shutdown(context.Background()); err != nil || time.Since(begun) > 2*time.Second {
				t.Error(err, time.Since(begun))
			}
		}, code: 1001},
	} {
		t.Run(name, func(t *testing.T) {
			w := seen(t, c.o)
			p := w.open(t, "ann")
			client := await(t, "the connect hook", w.connects)
			_ = p.conn.Close()
			await(t, "that it has no socket", w.detached)
			eventually(t, "it is noted", func() bool { n := w.Stats(); return n.Detached == 1 && n.Admitted == 0 })
			if c.do != nil {
				c.do(t, w)
			}
			if got := await(t, "the disconnect hook", w.closed); got.Code != c.code {
				t.Errorf("it ended by %+v", got)
			}
			await(t, "the end of its context", client.Context().Done())
			none(t, "two disconnect hooks ran", w.closed)
			if name == "Shutdown" {
				return
			}
			if _, answer := w.again(t, "ann", p.sid, 0); answer != anew("unknown") {
				t.Error(answer)
			}
		})
	}
}

// TestResumeRefused: who cannot go on with a session is told why, and has a new one.
// Each why that the protocol's page lists is a part with that name.
func TestResumeRefused(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| why | meaning |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var whys []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(table, -1) {
		whys = append(whys, row[1])
	}
	if want := []string{"unknown", "gap", "busy", "disabled"}; !slices.Equal(whys, want) {
		t.Errorf("the page lists %q, and the parts are %q", whys, want)
	}
	t.Run("unknown", func(t *testing.T) {
		w := seen(t, ws.Options{})
		p := w.open(t, "ann")
		other := w.open(t, "bob")
		_ = p.conn.Close()
		await(t, "that it has no socket", w.detached)
		for name, c := range map[string]struct{ path, token, sid string }{
			"forged":         {"/ws/a", "ann", "AAAAAAAAAAAAAAAAAAAAAAAAAA"},
			"empty":          {"/ws/a", "ann", ""},
			"another's":      {"/ws/a", "bob", p.sid},
			"nobody's":       {"/ws/a", "", p.sid},
			"of another":     {"/ws/a", "ann", other.sid},
			"somewhere else": {"/ws/b", "ann", p.sid},
		} {
			q := w.dial(t, c.path, v1)
			q.send(`{"event":"$connect","data":{"token":%q,"resume":{"sid":%q,"seq":0}}}`, c.token, c.sid)
			if got := q.next(); got != anew("unknown") || q.sid == c.sid {
				t.Errorf("%s: %s", name, got)
			}
		}
		q := w.dial(t, "/ws/a", v1)
		q.send(`{"event":"$connect","data":{"token":"nobody","resume":{"sid":%q,"seq":0}}}`, p.sid)
		q.wantClose(4403)
		if _, answer := w.again(t, "ann", p.sid, 0); answer != goesOn(0) {
			t.Errorf("the session did not stay as it was: %s", answer)
		}
		if n := w.Stats(); n.Resumed != 1 || n.Unresumed != 6 {
			t.Errorf("%+v", n)
		}
	})
	t.Run("not compressed so", func(t *testing.T) {
		for _, agreed := range []bool{false, true} {
			w := seen(t, ws.Options{CompressAbove: 1 << 10})
			connect := func(deflate bool, more string) *peer {
				t.Helper()
				header := []string{v1}
				if deflate {
					header = append(header, "Sec-WebSocket-Extensions: permessage-deflate")
				}
				p := w.dial(t, "/ws/a", header...)
				if got := p.header.Get("Sec-WebSocket-Extensions"); deflate != strings.HasPrefix(got, "permessage-deflate") {
					t.Fatalf("agreed on %q", got)
				}
				p.send(`{"event":"$connect","data":{"token":"ann"%s}}`, more)
				return p
			}
			p := connect(agreed, "")
			p.want(connected)
			_ = p.conn.Close()
			await(t, "that it has no socket", w.detached)
			resume := fmt.Sprintf(`,"resume":{"sid":%q,"seq":0}`, p.sid)
			connect(!agreed, resume).want(anew("unknown"))
			connect(agreed, resume).want(goesOn(0)) // it has stayed as it was
			if n := w.Stats(); n.Resumed != 1 || n.Unresumed != 1 {
				t.Errorf("%+v", n)
			}
		}
	})
	t.Run("limits", func(t *testing.T) {
		w := seen(t, ws.Options{MaxConnections: 1})
		p := w.open(t, "ann")
		_ = p.conn.Close()
		await(t, "that it has no socket", w.detached)
		eventually(t, "its place is free", func() bool { return w.Stats().Admitted == 0 })
		other := w.open(t, "bob") // has the only place
		if q, res := w.try(t, "/ws/a", v1); q != nil || res.StatusCode != http.StatusServiceUnavailable {
			t.Fatal(res)
		}
		other.sendClose(1000, "")
		await(t, "the end of the other", w.closed)
		eventually(t, "its place is free", func() bool { return w.Stats().Admitted == 0 })
		if _, answer := w.again(t, "ann", p.sid, 0); answer != goesOn(0) {
			t.Errorf("the session did not stay as it was: %s", answer)
		}
	})
	t.Run("expired", func(t *testing.T) {
		w := seen(t, ws.Options{})
		p := w.open(t, "ann 50ms")
		p.wantClose(4401)
		await(t, "that it has no socket", w.detached)
		q := w.dial(t, "/ws/a", v1)
		q.send(`{"event":"$connect","data":{"token":"ann -1s","resume":{"sid":%q,"seq":0}}}`, p.sid)
		q.wantClose(4401)
		none(t, "a disconnect hook ran", w.closed)
		if q, answer := w.again(t, "ann 1h", p.sid, 0); answer != goesOn(0) {
			t.Error(answer)
		} else {
			q.send(`{"event":"echo","id":1,"data":1}`) // until its new end
			q.want(`{"event":"echo","id":1,"data":1}`)
		}
	})
	t.Run("gap", func(t *testing.T) {
		for name, c := range map[string]struct {
			o      ws.Options
			pushes int
			seq    int
			lies   bool
		}{
			"frames":       {ws.Options{ResumeFrames: 3}, 4, 0, false},
			"bytes":        {ws.Options{ResumeBytes: 100}, 4, 0, false},
			"total":        {ws.Options{ResumeTotalBytes: 1}, 1, 0, false},
			"too many":     {ws.Options{}, 4, 5, true},
			"far too many": {ws.Options{}, 4, 1 << 60, true},
		} {
			t.Run(name, func(t *testing.T) {
				w := seen(t, c.o)
				p := w.open(t, "ann")
				client := await(t, "the connect hook", w.connects)
				for range c.pushes {
					_ = client.Emit("push", "some thirty bytes or so")
					p.want(`{"event":"push","data":"some thirty bytes or so"}`)
				}
				_ = p.conn.Close()
				await(t, "that it has no socket", w.detached)
				q, answer := w.again(t, "ann", p.sid, c.seq)
				if answer != anew("gap") {
					t.Error(answer)
				}
				if got := await(t, "the end of the other", w.closed); got.Code != 1006 {
					t.Errorf("%+v", got)
				}
				if await(t, "another connect hook", w.connects) == client {
					t.Error("it is the same")
				}
				q.send(`{"event":"$ping"}`)
				q.want(`{"event":"$pong","data":{"seq":0}}`)
			})
		}
	})
	t.Run("acknowledged", func(t *testing.T) {
		w := seen(t, ws.Options{})
		p := w.open(t, "ann")
		client := await(t, "the connect hook", w.connects)
		for range 3 {
			_ = client.Emit("push", 1)
			p.want(`{"event":"push","data":1}`)
		}
		p.send(`{"event":"$ping","data":{"seq":2}}`)
		p.want(`{"event":"$pong","data":{"seq":0}}`)
		_ = p.conn.Close()
		await(t, "that it has no socket", w.detached)
		if _, answer := w.again(t, "ann", p.sid, 1); answer != anew("gap") {
			t.Error(answer)
		}
	})
	t.Run("busy", func(t *testing.T) {
		holds, begun := make(chan struct{}), make(chan struct{}, 1)
		w := seen(t, ws.Options{HandshakeTimeout: 50 * time.Millisecond}, gateway{path: "/hold", on: map[string]handler{"hold": inline(func(*ws.Call) error {
			begun <- struct{}{}
			<-holds
			return nil
		})}})
		defer close(holds)
		p := w.dial(t, "/hold", v1)
		p.send(`{"event":"$connect"}`)
		p.want(connected)
		p.send(`{"event":"hold"}`)
		await(t, "the handler", begun)
		q := w.dial(t, "/hold", v1)
		q.send(`{"event":"$connect","data":{"resume":{"sid":%q,"seq":0}}}`, p.sid)
		q.want(anew("busy"))
	})
	t.Run("disabled", func(t *testing.T) {
		w := seen(t, ws.Options{NoResume: true})
		p := w.dial(t, "/ws/a", v1)
		p.send(`{"event":"$connect","data":{"token":"ann","resume":{"sid":"x","seq":0}}}`)
		p.want(anew("disabled"))
		if p.sid != "" {
			t.Errorf("its sid is %q", p.sid)
		}
		if n := w.Stats(); n.Resumed != 0 || n.Unresumed != 1 {
			t.Errorf("%+v", n)
		}
		_ = p.conn.Close()
		await(t, "its end", w.closed)
		none(t, "it has lost its socket", w.detached)
	})
}

// TestResumeTakesOver: a session that is resumed while its old socket is there
// leaves that; of several that come at once the last has it.
func TestResumeTakesOver(t *testing.T) {
	w := seen(t, ws.Options{MaxConnections: 3})
	p := w.open(t, "ann")
	client := await(t, "the connect hook", w.connects)
	_ = client.Emit("push", 1)
	p.want(`{"event":"push","data":1}`)
	q, answer := w.again(t, "ann", p.sid, 0)
	if answer != goesOn(0) {
		t.Fatal(answer)
	}
	q.want(`{"event":"push","data":1}`)
	p.wantClose(4409)
	for range 5 {
		all := make(chan *peer, 2)
		for range 2 {
			go func() {
				r := w.dial(t, "/ws/a", v1)
				r.send(`{"event":"$connect","data":{"token":"ann","resume":{"sid":%q,"seq":1}}}`, p.sid)
				all <- r
			}()
		}
		one, two := <-all, <-all
		eventually(t, "both were asked", func() bool { n := w.Stats(); return n.Resumed%2 == 1 && n.Resumed > 1 && n.Admitted == 1 })
		alive := 0
		for _, r := range []*peer{one, two} {
			if got := r.next(); got != goesOn(0) {
				t.Fatal(got)
			}
			_, _ = r.conn.Write(frame(text, []byte(`{"event":"$ping"}`)))
			if first, _, err := r.read(); err == nil && first == text {
				alive++
			}
		}
		if alive != 1 {
			t.Fatalf("%d of two have the session", alive)
		}
	}
	none(t, "a disconnect hook ran", w.closed)
}

// TestResumeByGWS: it does not matter how $connect comes, and what comes with it
// is not lost.
func TestResumeByGWS(t *testing.T) {
	for name, connect := range map[string]func(say string) []byte{
		"whole": func(say string) []byte { return frame(text, []byte(say)) },
		"in fragments": func(say string) []byte {
			return append(frame(0x01, []byte(say[:20])), frame(0x80, []byte(say[20:]))...)
		},
		"long": func(say string) []byte {
			return frame(text, []byte(strings.Replace(say, `"token"`, `"client":"`+strings.Repeat("x", 9000)+`","token"`, 1)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := seen(t, ws.Options{})
			p := w.open(t, "ann")
			for n := range 3 {
				bytes := connect(fmt.Sprintf(`{"event":"$connect","data":{"token":"ann","resume":{"sid":%q,"seq":%d}}}`, p.sid, 5*n))
				for i := range 5 {
					bytes = append(bytes, frame(text, fmt.Appendf(nil, `{"event":"echo","id":%d,"data":"one two three"}`, i))...)
				}
				q := w.dial(t, "/ws/a", v1)
				q.raw(bytes)
				q.want(goesOn(5 * n))
				for i := range 5 {
					q.want(fmt.Sprintf(`{"event":"echo","id":%d,"data":"one two three"}`, i))
				}
			}
		})
	}
}

// TestGoawayStaysWithItsSocket: a client that did not take $goaway in time goes on
// with another socket, and is not asked to leave that.
func TestGoawayStaysWithItsSocket(t *testing.T) {
	w := seen(t, ws.Options{Lifetime: 3 * time.Second, DrainTimeout: 50 * time.Millisecond, ResumeBytes: 1 << 30, OutboxBytes: 1 << 30})
	p := w.open(t, "ann")
	client := await(t, "the connect hook", w.connects)
	big := strings.Repeat("x", 1<<20)
	for range 20 { // more than lies between the ends
		_, _ = w.Broadcast("big", big)
	}
	if got := await(t, "that it has no socket", w.detached); got.Code != ws.CloseAway {
		t.Errorf("detached by %+v", got)
	}
	if err := client.Emit("missed", 2); err != nil {
		t.Error(err)
	}
	q, answer := w.again(t, "ann", p.sid, 0)
	if answer != goesOn(0) {
		t.Fatal(answer)
	}
	for range 20 {
		if got := q.next(); !strings.HasPrefix(got, `{"event":"big"`) {
			t.Fatal(got)
		}
	}
	q.want(`{"event":"missed","data":2}`)
}

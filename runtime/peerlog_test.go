package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// tale is what a log has: lines, without those of summaries and of slow
// handlers, of which a busy machine makes some, and how many were left out. The
// line that each connection has is counted apart.
type tale struct{ lines, summaries, omitted, bytes, closed, closedOmitted int }

var omittedAttr = regexp.MustCompile(` omitted=(\d+)`)

func (l *logs) tale() (t tale) {
	text := l.String()
	for line := range strings.Lines(text) {
		if strings.Contains(line, "level=DEBUG") {
			continue
		}
		t.bytes += len(line)
		info := strings.Contains(line, "level=INFO")
		switch {
		case info && strings.Contains(line, `msg="ws: closed"`):
			t.closed++
		case info:
		case strings.Contains(line, `msg="ws: lines left out"`):
			t.summaries++
		case !strings.Contains(line, `msg="ws: slow handler`):
			t.lines++
		}
		if m := omittedAttr.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			if info {
				t.closedOmitted += n
			} else {
				t.omitted += n
			}
		}
	}
	return t
}

// TestLogOfOne: a connection has a few lines, and then one each ten seconds,
// which name it and say how many were left out. The last ones left out are told
// by a line of its own.
func TestLogOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{Lifetime: ws.Unlimited}, gateway{})
		p := s.dial(t, "/ws")
		_ = p.conn.SetDeadline(time.Time{})
		id := ""
		for c := range s.All().Clients() {
			id = c.ID().String()
		}
		ask := func(n int) {
			for range n {
				p.send(`{"event":"nope"}`)
				p.next()
			}
			synctest.Wait()
		}
		ask(1000)
		if got := s.logs.tale(); got.lines != 5 || got.omitted != 0 || strings.Count(s.logs.String(), "conn="+id) != 5 {
			t.Errorf("at once: %+v\n%s", got, s.logs)
		}
		time.Sleep(10*time.Second - time.Millisecond)
		ask(1)
		if got := s.logs.tale(); got.lines != 5 {
			t.Errorf("before ten seconds: %+v", got)
		}
		time.Sleep(time.Second)
		if got := s.logs.tale(); got.summaries != 1 || got.omitted != 996 || !strings.Contains(s.logs.String(), "omitted=996 omitted_conns="+id) {
			t.Errorf("of itself: %+v\n%s", got, s.logs)
		}
		ask(3)
		time.Sleep(9500 * time.Millisecond)
		ask(1)
		if got := s.logs.tale(); got.lines != 7 || got.omitted != 998 {
			t.Errorf("with the next line: %+v\n%s", got, s.logs)
		}
		ask(2)
		_ = p.conn.Close()
		s.shutdown(t)
		if got := s.logs.tale(); got.lines+got.omitted != 1007 || got.summaries != 2 {
			t.Errorf("in the end: %+v\n%s", got, s.logs)
		}
	})
}

// TestLogOfAll: a peer that connects again has lines of its own, but not for
// ever: the Server has so many a second. Errors have theirs, which warnings do
// not take.
func TestLogOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{}, gateway{on: map[string]handler{"fail": inline(func(*ws.Call) error { return errors.New("it broke") })}})
		const crowd = 300
		for range crowd {
			p := s.dial(t, "/ws")
			p.send(`{"event":"nope"}`)
			p.next()
			_ = p.conn.Close()
		}
		synctest.Wait()
		if got := s.logs.tale(); got.lines != 100 {
			t.Errorf("at once: %+v", got)
		}
		p := s.dial(t, "/ws")
		p.send(`{"event":"fail"}`)
		ref := refOf(p.next())
		if ref == "" || !strings.Contains(s.logs.String(), "ref="+ref) {
			t.Errorf("an error among warnings: ref %q", ref)
		}
		time.Sleep(time.Second)
		for range crowd {
			p := s.dial(t, "/ws")
			p.send(`{"event":"nope"}`)
			p.next()
			_ = p.conn.Close()
		}
		synctest.Wait()
		if got := s.logs.tale(); got.lines != 111 || got.omitted != 200 {
			t.Errorf("a second later: %+v", got)
		}
		_ = p.conn.Close()
		s.shutdown(t)
		if got := s.logs.tale(); got.lines+got.omitted != 2*crowd+1 {
			t.Errorf("in the end: %+v", got)
		}
	})
}

var refMember = regexp.MustCompile(`"ref":"(\w+)"`)

func refOf(answer string) string {
	if m := refMember.FindStringSubmatch(answer); m != nil {
		return m[1]
	}
	return ""
}

// TestLogNamesNewlyStalled: many are stalled, and had their lines. One that is
// stalled since today is named, too.
func TestLogNamesNewlyStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t, ws.Options{OutboxFrames: 2, WriteTimeout: ws.Unlimited, IdleTimeout: ws.Unlimited}, gateway{})
		push := func(n int) {
			for range n {
				_, _ = s.Broadcast("e", 1)
				synctest.Wait()
			}
		}
		var peers []*peer
		for range 20 {
			peers = append(peers, s.dial(t, "/ws"))
		}
		push(1000)
		late := s.dial(t, "/ws")
		peers = append(peers, late)
		id := ""
		for c := range s.All().Clients() {
			id = max(id, c.ID().String())
		}
		time.Sleep(time.Minute)
		push(200)
		if !regexp.MustCompile(`push shed.* conns="[^"]*` + id).MatchString(s.logs.String()) {
			t.Errorf("%s is not named\n%s", id, s.logs)
		}
		for _, p := range peers {
			_ = p.conn.Close()
		}
		s.shutdown(t)
	})
}

const secret = "SECRET-0123456789"

// TestHostileLog: whatever a client does, as fast as it can, costs a bounded
// log. The lines that were left out are counted to the last. No secret of a
// request or a message is in it, or in an answer.
func TestHostileLog(t *testing.T) {
	credentials := []string{
		"Authorization: Bearer " + secret, "Cookie: session=" + secret, "X-Api-Key: " + secret,
	}
	const tries = 400
	for name, way := range map[string]func(t *testing.T, s *site) (answers []string){
		"bad frames": func(t *testing.T, s *site) (answers []string) {
			for range tries {
				p := s.dial(t, "/ws?access_token="+secret, credentials...)
				p.raw([]byte{0xff, 0x00})
				answers = append(answers, p.rest())
			}
			return answers
		},
		"unknown events": func(t *testing.T, s *site) []string {
			p := s.dial(t, "/ws?access_token="+secret, credentials...)
			return p.askAll(tries, `{"event":"no\nlevel=ERROR such %d","data":"`+secret+`"}`)
		},
		"no frames": func(t *testing.T, s *site) []string {
			p := s.dial(t, "/ws?access_token="+secret, credentials...)
			return p.askAll(tries, `{"event":"%d","data":`+secret)
		},
		"mistyped": func(t *testing.T, s *site) []string {
			p := s.dial(t, "/ws?access_token="+secret, credentials...)
			return p.askAll(tries, `{"event":"typed","id":%d,"data":{"at":"`+secret+`"}}`)
		},
		"refused handshakes": func(t *testing.T, s *site) (answers []string) {
			for _, header := range [][]string{
				{"Origin: https://evil.example"}, {"Sec-WebSocket-Protocol: chat, " + secret}, {"Authorization: Bearer bad " + secret},
			} {
				for range tries / 2 {
					_, res := s.try(t, "/ws?access_token="+secret, append(header, credentials[1:]...)...)
					if res == nil {
						t.Fatal("not refused")
					}
					answers = append(answers, res.String(), fmt.Sprint(res.Header))
				}
			}
			return answers
		},
		"refusing hook": func(t *testing.T, s *site) (answers []string) {
			for range tries {
				answers = append(answers, s.dial(t, "/ws?access_token="+secret+"&refuse=1", credentials...).rest())
			}
			return answers
		},
		"rates": func(t *testing.T, s *site) []string {
			p := s.dial(t, "/ws?access_token="+secret, credentials...)
			return p.askAll(tries, `{"event":"rare","id":%d,"data":"`+secret+`"}`)
		},
		"refresh": func(t *testing.T, s *site) []string {
			p := s.dial(t, "/ws?access_token="+secret, credentials...)
			answers := p.askAll(tries/2, `{"event":"$refresh","id":%d,"data":{"token":"bad `+secret+`"}}`)
			return append(answers, p.askAll(tries/2, `{"event":"$refresh","id":%d,"data":{"token":"`+secret+`\n"}}`)...)
		},
		"errors": func(t *testing.T, s *site) (answers []string) {
			for range 4 {
				p := s.dial(t, "/ws?access_token="+secret, credentials...)
				answers = append(answers, p.askAll(tries/4, `{"event":"fail","id":%d,"data":"`+secret+`"}`)...)
			}
			return answers
		},
		"panics": func(t *testing.T, s *site) (answers []string) {
			for range tries {
				p := s.dial(t, "/ws?access_token="+secret, credentials...)
				p.send(`{"event":"panic","id":1,"data":"` + secret + `"}`)
				answers = append(answers, p.rest())
			}
			return answers
		},
		"deaf": func(t *testing.T, s *site) []string {
			p := s.dial(t, "/ws?access_token="+secret, credentials...)
			for range 30 * tries {
				_, _ = s.Broadcast("e", strings.Repeat("x", 1000))
			}
			_ = p.conn.Close()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			var happened atomic.Int64
			out := &logs{}
			s := serve(t, ws.Options{
				Logger:         slog.New(slog.NewTextHandler(out, nil)),
				MaxRateStrikes: ws.Unlimited,
				EventRates:     map[string]ws.Rate{"rare": {PerSecond: 0.001}},
				Observer: ws.Observer{
					Refused: func(ws.Refusal) { happened.Add(1) },
					Shed:    func(ws.Shed) { happened.Add(1) },
				},
			}, besieged())
			begun := time.Now()
			answers := way(t, s)
			if err := s.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			got := out.tale()
			// 100 lines and 10 a second; of errors 50 and 5, with a stack each.
			most := 100 + 10*int(time.Since(begun)/time.Second+1)
			if got.lines > most || got.bytes > most*1000+(50+5*int(time.Since(begun)/time.Second+1))*10_000 {
				t.Errorf("%d lines, %d bytes: %+v", got.lines, got.bytes, got)
			}
			if n := int(happened.Load()); n < tries-1 || got.lines+got.omitted != n {
				t.Errorf("%d happened: %+v", n, got)
			}
			if n := int(s.Stats().Closed); got.closed > most || got.closed+got.closedOmitted != n {
				t.Errorf("%d connections have closed: %+v", n, got)
			}
			out.lines(t)
			if text := out.String(); strings.Contains(text, secret) {
				t.Errorf("a secret is in the log: %.1000s", text[max(0, strings.Index(text, secret)-500):])
			}
			for _, answer := range answers {
				if strings.Contains(answer, secret) {
					t.Errorf("a secret is in an answer: %.500s", answer)
				}
				if ref := refOf(answer); ref != "" && !strings.Contains(out.String(), "ref="+ref) {
					t.Errorf("the client was told of %s, and the log was not", ref)
				}
			}
		})
	}
}

// besieged is a gateway with a way to go wrong for each kind of line.
func besieged() gateway {
	return gateway{
		connGuards: []ws.ConnGuard{connGuard(func(u *ws.Upgrade) error {
			if strings.HasPrefix(u.Token, "bad") {
				return ws.NewError(ws.CodeUnauthenticated, "who?")
			}
			u.Principal = ws.Principal{ID: "u", Expires: time.Now().Add(time.Hour)}
			return nil
		})},
		connect: func(_ context.Context, _ *ws.Client, r *http.Request) (any, error) {
			if r.URL.Query().Has("refuse") {
				return nil, ws.NewError(ws.CodeForbidden, "not you")
			}
			return nil, nil
		},
		on: map[string]handler{
			"rare": inline(func(*ws.Call) error { return ws.NewError(ws.CodeConflict, "once is enough") }),
			"fail": inline(func(*ws.Call) error { return errors.New("it broke") }),
			"panic": inline(func(*ws.Call) error {
				var empty []int
				_ = empty[len(secret)]
				return nil
			}),
			"typed": inline(func(c *ws.Call) error {
				var v struct {
					At time.Time `json:"at"`
				}
				return c.Decode(&v)
			}),
		},
	}
}

// rest returns all frames that a peer still reads, the Close frame included.
func (p *peer) rest() string {
	defer p.conn.Close()
	var all strings.Builder
	for {
		first, payload, err := p.read()
		all.Write(payload)
		if err != nil || first == closes {
			return all.String()
		}
		all.WriteByte('\n')
	}
}

// askAll sends a message so many times, and returns the answers.
func (p *peer) askAll(n int, format string) (answers []string) {
	go func() {
		for i := range n {
			if _, err := p.conn.Write(frame(text, []byte(strings.Replace(format, "%d", strconv.Itoa(i), 1)))); err != nil {
				return
			}
		}
	}()
	for range n {
		answers = append(answers, p.next())
	}
	return answers
}

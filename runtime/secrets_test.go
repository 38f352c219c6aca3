package ws_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// secretMark ends the tokens of clients that have sessions in these tests.
const secretMark = "~s3cr3t"

// secrets are what no line of a log and no call of an Observer may have: such a
// token, and what looks like a sid (crypto/rand.Text).
var secrets = regexp.MustCompile(`[A-Z2-7]{26}|` + secretMark)

// nameIn returns a token without the mark: guards of these tests make it a name.
func nameIn(token string) string { return strings.TrimSuffix(token, secretMark) }

// watched has a Server tell its Logger and its Observer what it tells them, and
// fails the test if there is a secret in it. All servers of serve are watched.
func watched(t *testing.T, o ws.Options) ws.Options {
	o.Logger = slog.New(watchedLog{o.Logger.Handler(), t})
	o.Observer = o.Observer.And(watching(func(call string, told ...any) { watch(t, call, told...) }))
	return o
}

// watch fails if there is a secret in what was told. Errors that a program made are
// not asked what they are: some of these tests' do not return.
func watch(t *testing.T, to string, told ...any) {
	for _, v := range told {
		switch e := v.(type) {
		case nil:
			continue
		case *ws.Error:
			if e == nil {
				continue
			}
			v = []any{e.Code, e.Message, e.Details}
		case ws.Closed:
			v = []any{e.Code, e.Reason}
		case error:
			continue
		}
		text := fmt.Sprintf("%+v", v)
		if found := secrets.FindString(text); found != "" {
			t.Errorf("%s is told %q: %s", to, found, text)
		}
	}
}

// watchedLog watches a log.
type watchedLog struct {
	slog.Handler
	t *testing.T
}

func (l watchedLog) Handle(ctx context.Context, r slog.Record) error {
	watch(l.t, "the log", r.Message)
	r.Attrs(func(a slog.Attr) bool {
		watch(l.t, "the log", a.Key, a.Value.Resolve().Any())
		return true
	})
	return l.Handler.Handle(ctx, r)
}

func (l watchedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	watch(l.t, "the log", attrs)
	return watchedLog{l.Handler.WithAttrs(attrs), l.t}
}

func (l watchedLog) WithGroup(name string) slog.Handler {
	return watchedLog{l.Handler.WithGroup(name), l.t}
}

// watching returns an Observer that passes on all that it is told. Of a client that
// is what a program would log of it.
func watching(see func(call string, told ...any)) ws.Observer {
	of := func(c *ws.Client) any {
		if c == nil {
			return nil
		}
		return []any{c.ID(), c.RemoteAddr(), c.Principal()}
	}
	return ws.Observer{
		Connecting: func(_ context.Context, h ws.Handshake) (context.Context, func(*ws.Client, *ws.Error)) {
			see("Connecting", h)
			return nil, func(c *ws.Client, e *ws.Error) { see("Connecting", of(c), e) }
		},
		Opened:   func(c *ws.Client) { see("Opened", of(c)) },
		Closed:   func(c *ws.Client, why ws.Closed) { see("Closed", of(c), why) },
		Detached: func(c *ws.Client, why ws.Closed) { see("Detached", of(c), why) },
		Resumed:  func(c *ws.Client) { see("Resumed", of(c)) },
		Starting: func(_ context.Context, c *ws.Client, event string) (context.Context, func(time.Duration, *ws.Error)) {
			see("Starting", of(c), event)
			return nil, func(_ time.Duration, e *ws.Error) { see("Starting", of(c), e) }
		},
		Handled: func(c *ws.Client, event string, _ time.Duration, e *ws.Error) { see("Handled", of(c), event, e) },
		Sent:    func(s ws.Sent) { see("Sent", s) },
		Refused: func(r ws.Refusal) { see("Refused", r.Gateway, r.Event, of(r.Client), r.Err) },
		Shed:    func(s ws.Shed) { see("Shed", s) },
		Cluster: func(e ws.ClusterEvent) { see("Cluster", e.Change, e.Node) },
		Trace:   func(context.Context) string { return "" },
	}
}

// TestNoSecretTold: sessions that begin, detach, are resumed, refused and over tell
// neither Logger nor Observer a sid or a token. Beyond that all tests fail whose
// servers are made by serve, and which tell one.
func TestNoSecretTold(t *testing.T) {
	v := reflect.ValueOf(watching(func(string, ...any) {}))
	for i := range v.NumField() {
		if v.Field(i).IsNil() {
			t.Errorf("what %s is told is not looked at", v.Type().Field(i).Name)
		}
	}
	for _, text := range []string{"a sid ABCDEFGHIJKLMNOPQRSTUVWXYZ in it", "ann" + secretMark} {
		if !secrets.MatchString(text) {
			t.Errorf("%q has no secret", text)
		}
	}
	w := seen(t, ws.Options{})
	p := w.open(t, "ann")
	if !secrets.MatchString(p.sid) {
		t.Errorf("the sid %q does not look like one", p.sid)
	}
	_ = p.conn.Close()
	await(t, "that it has no socket", w.detached)
	for _, c := range []struct{ token, sid, answer string }{
		{"ann", p.sid, goesOn(0)}, {"bob", p.sid, anew("unknown")}, {"ann", strings.Repeat("B", 26), anew("unknown")},
	} {
		q, answer := w.again(t, c.token, c.sid, 0)
		if answer != c.answer {
			t.Errorf("got  %s\nwant %s", answer, c.answer)
		}
		q.send(`{"event":"echo","id":1,"data":1}`)
		q.want(`{"event":"echo","id":1,"data":1}`)
		q.send(`{"event":"$connect","data":{"token":%q,"resume":{"sid":%q,"seq":0}}}`, "ann"+secretMark, p.sid)
		q.wantClose(4400)
	}
	for _, say := range []string{
		`{"event":"$connect","data":{"token":"nobody` + secretMark + `","resume":{"sid":"` + p.sid + `","seq":0}}}`,
		`{"event":"$connect","data":{"token":"ann` + secretMark + `","resume":{"sid":"` + p.sid + `","seq":-1}}}`,
		`{"event":"$connect","data":{"token":"ann` + secretMark + `","resume":"` + p.sid + `"}}`,
		`{"event":"` + p.sid + `"}`, p.sid,
	} {
		q := w.dial(t, "/ws/a", v1)
		q.send("%s", say)
		if first, payload, err := q.read(); err != nil || first != closes || secrets.Match(payload) {
			t.Errorf("%s: %#x %q, %v", say, first, payload, err)
		}
		_ = q.conn.Close()
	}
	if w.logs.String() == "" || w.Stats().Refused == 0 {
		t.Error("nothing was told")
	}
}

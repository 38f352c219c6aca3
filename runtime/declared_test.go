package ws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// refuse refuses with the code that is sent, and secrets wherever a refusal may have
// text.
func refuse(code string) error {
	refusal := ws.NewError(ws.Code(code), "secret message").
		WithDetails(ws.Detail{Path: "/secret", Rule: "secret", Param: "secret", Message: "secret"}).
		WithCause(errors.New("secret cause"))
	refusal.RetryAfter = 1234000000
	return fmt.Errorf("secret wrapper: %w", refusal)
}

// askedCode is the code that a message asks to be refused with.
func askedCode(data []byte) (code string) {
	_ = json.Unmarshal(data, &code)
	return code
}

// refuser is a guard and an interceptor that refuse.
type refuser struct{ who string }

func (g refuser) GuardMessage(_ context.Context, m ws.Message) error {
	if who, code, found := strings.Cut(askedCode(m.Data), ":"); found && who == g.who {
		return refuse(code)
	}
	return nil
}

func (g refuser) intercept(next ws.Next) ws.Next {
	return func(ctx context.Context, m ws.Message) error {
		if err := g.GuardMessage(ctx, m); err != nil {
			return err
		}
		return next(ctx, m)
	}
}

// TestErrorsClosed: of a handler that says which codes it refuses with, a refusal with
// another one travels as internal, whoever refuses, with a reference to the log and
// with nothing of what it says. What every call may be refused with travels, and
// handlers that say nothing refuse with anything.
func TestErrorsClosed(t *testing.T) {
	fails := func(c *ws.Call) error {
		var code string
		if err := c.Decode(&code); err != nil {
			return err
		}
		return refuse(code)
	}
	streams := stream(func(c *ws.Call) error {
		var code string
		if err := c.Decode(&code); err != nil {
			return err
		}
		return ws.Stream2(c, func(yield func(int, error) bool) {
			if yield(1, nil) {
				yield(0, refuse(code))
			}
		})
	})
	streams.errors = []ws.Code{"banned", ws.CodeConflict}
	declares := func(h handler, codes ...ws.Code) handler {
		h.errors = append([]ws.Code{}, codes...) // not nil
		return h
	}
	s := serve(t, ws.Options{}, gateway{
		guards:    []ws.MessageGuard{refuser{"guard"}},
		configure: func(o *ws.Options) { o.Interceptors = append(o.Interceptors, refuser{"interceptor"}.intercept) },
		on: map[string]handler{
			"closed": declares(inline(fails), "banned", ws.CodeConflict), "serial": declares(serial(fails), "banned"),
			"none": declares(inline(fails)), "open": inline(fails), "stream": streams,
		},
	}, gateway{path: "/plain", on: map[string]handler{"closed": declares(inline(fails), "banned"), "open": inline(fails)}})
	always := []string{
		"unknown_event", "invalid_payload", "validation_failed", "unauthenticated", "forbidden", "rate_limited",
		"timeout", "canceled", "too_large", "unavailable", "internal",
	}
	for _, path := range []string{"/ws", "/plain"} {
		p := s.dial(t, path)
		for _, c := range []struct{ event, data, want string }{
			{"closed", "banned", "banned"},
			{"closed", "locked", "internal"},
			{"closed", "not_found", "internal"},
			{"closed", "", "internal"},
			{"open", "locked", "locked"},
			{"open", "not_found", "not_found"},
			{"serial", "banned", "banned"},
			{"serial", "conflict", "internal"},
			{"none", "banned", "internal"},
			{"stream", "conflict", "conflict"},
			{"stream", "locked", "internal"},
			{"closed", "conflict", "conflict"},
			{"closed", "guard:banned", "banned"},
			{"closed", "guard:locked", "internal"},
			{"open", "guard:locked", "locked"},
			{"closed", "interceptor:conflict", "conflict"},
			{"closed", "interceptor:locked", "internal"},
			{"stream", "interceptor:locked", "internal"},
		} {
			if path == "/plain" && (c.event != "closed" && c.event != "open" || strings.Contains(c.data, ":") || c.want == "conflict") {
				continue
			}
			refusedWith(t, p, c.event, c.data, c.want, s)
		}
		for _, code := range always {
			refusedWith(t, p, "closed", code, code, s)
		}
	}
	log := s.logs.String()
	for _, code := range []string{"locked", "not_found", "banned"} {
		if want := "code " + code + " is not declared by //ws:errors: "; !strings.Contains(log, want) {
			t.Errorf("the log does not say: %s\n%s", want, log)
		}
	}
	if n := strings.Count(log, "not declared by //ws:errors: secret wrapper: "); n == 0 {
		t.Error("the log does not say what the refusal was")
	}
}

// refusedWith sends a message, and expects a refusal with a code. Of one that is
// hidden nothing may travel, but a reference that the log has.
func refusedWith(t *testing.T, p *peer, event, data, code string, s *site) {
	t.Helper()
	p.send(`{"event":%q,"id":1,"data":%q}`, event, data)
	said := p.next()
	if strings.HasSuffix(said, `"more":true}`) {
		said = p.next()
	}
	var frame struct {
		Event string `json:"event"`
		Data  struct {
			Code    string      `json:"code"`
			Message string      `json:"message"`
			Details []ws.Detail `json:"details"`
			Ref     string      `json:"ref"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(said), &frame); err != nil || frame.Event != "error" || frame.Data.Code != code {
		t.Errorf("%s %s: got %s, want %s", event, data, said, code)
		return
	}
	_, asked, of := strings.Cut(data, ":")
	if !of {
		asked = data
	}
	hidden := code == "internal" && asked != "internal"
	switch {
	case hidden && (strings.Contains(said, "secret") || strings.Contains(said, "retryAfterMs") || frame.Data.Message != "internal error"):
		t.Errorf("%s %s: what is not declared travels: %s", event, data, said)
	case hidden && (frame.Data.Ref == "" || !strings.Contains(s.logs.String(), frame.Data.Ref)):
		t.Errorf("%s %s: no reference that the log has: %s", event, data, said)
	case !hidden && (frame.Data.Message != "secret message" || len(frame.Data.Details) != 1 || !strings.Contains(said, `"retryAfterMs":1234`)):
		t.Errorf("%s %s: something is missing: %s", event, data, said)
	}
}

// TestErrorsClosedAsk: the refusal of a client that a handler has asked is the
// handler's, if it hands that on: its code has to be declared, too.
func TestErrorsClosedAsk(t *testing.T) {
	var s *site
	asks := func(c *ws.Call) error {
		_, err := newDoubts(s.Server).Client(c.Client()).Confirm(c.Context(), "sure?")
		return err
	}
	closed := handler{call: asks, mode: ws.Serial, errors: []ws.Code{"busy"}}
	s = serve(t, ws.Options{}, gateway{on: map[string]handler{"closed": closed, "open": serial(asks)}})
	p := s.session(t, "/ws")
	for i, c := range []struct{ event, code, want string }{
		{"closed", "busy", "busy"},
		{"closed", "stolen", "internal"},
		{"closed", "forbidden", "forbidden"},
		{"open", "stolen", "stolen"},
	} {
		p.send(`{"event":%q,"id":%d}`, c.event, i)
		p.want(fmt.Sprintf(`{"event":"confirm","id":"$%d","data":"sure?"}`, i+1))
		p.send(`{"event":"error","id":"$%d","data":{"code":%q,"message":"a client's word"}}`, i+1, c.code)
		said := p.next()
		if !strings.Contains(said, `"code":"`+c.want+`"`) || c.want == "internal" && strings.Contains(said, "word") {
			t.Errorf("%s %s: got %s, want %s", c.event, c.code, said, c.want)
		}
	}
}

// TestErrorsClosedObserved: who observes is told of the code that travels, and finds
// the refusal in its cause.
func TestErrorsClosedObserved(t *testing.T) {
	told := make(chan ws.Refusal, 1)
	h := inline(func(*ws.Call) error { return refuse("locked") })
	h.errors = []ws.Code{"banned"}
	s := serve(t, ws.Options{Observer: ws.Observer{Refused: func(r ws.Refusal) { told <- r }}}, gateway{on: map[string]handler{"say": h}})
	p := s.dial(t, "/ws")
	p.send(`{"event":"say","id":1}`)
	_ = p.next()
	r := <-told
	var codes []ws.Code
	for err := error(r.Err); err != nil; err = errors.Unwrap(err) {
		var refusal *ws.Error
		if errors.As(err, &refusal) && !slices.Contains(codes, refusal.Code) {
			codes = append(codes, refusal.Code)
		}
	}
	if !slices.Equal(codes, []ws.Code{ws.CodeInternal, "locked"}) {
		t.Errorf("told of %v: %v", codes, r.Err)
	}
}

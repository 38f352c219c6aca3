package wsclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	wsclient "github.com/wsgen/wsgen/runtime/client"
)

// stage is where a talk is carried out: a client, the server that it talks with, and
// its user.
type stage struct {
	t       *testing.T
	c       *wsclient.Client
	sockets chan net.Conn // that the client has made, and nobody has accepted
	tokens  []string

	questions chan asking // that the user has not looked at
	question  asking      // the last that it has

	mu     sync.Mutex
	socket *heard // the last that has come
	all    []*heard
	opened []string
	// What was told of histories, "LOG AT" each.
	recovered, lost []string
	cause           *ws.Closed
	calls           map[string]*userCall
}

// heard is a socket, and what the client has sent over it.
type heard struct {
	peer
	mu     sync.Mutex
	frames []string // a text, or "close CODE"
	ended  bool
}

// userCall is a call, or a stream.
type userCall struct {
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	result string // "": there is none
	values []json.RawMessage
}

var errCanceled = errors.New("canceled")

func newStage(t *testing.T, x *talk) *stage {
	s := &stage{t: t, sockets: make(chan net.Conn, 100), tokens: x.token, questions: make(chan asking, 100), calls: make(map[string]*userCall)}
	o := wsclient.Options{
		Retry:   wsclient.Retry{Min: 500 * time.Millisecond, Max: 500 * time.Millisecond},
		Timeout: wsclient.Unlimited,
		Logger:  (&logs{}).logger(),
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if x.stuck {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			client, server := net.Pipe()
			s.sockets <- server
			return client, nil
		},
		OnOpen: func(o wsclient.Opened) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.opened = append(s.opened, strings.TrimSpace(map[bool]string{true: "resumed", false: "new"}[o.Resumed]+" "+o.Why))
		},
		OnRecovered: s.history(&s.recovered),
		OnLost:      s.history(&s.lost),
		OnState: func(_ wsclient.State, cause *ws.Closed) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.cause = cause
		},
	}
	if x.token != nil {
		o.Token = s.token
	}
	c, err := wsclient.Start("ws://server.example", wsclient.Gateway{Path: "/ws", Contract: "k3v"}, o)
	if err != nil {
		t.Fatal(err)
	}
	s.c = c
	s.answers()
	return s
}

// token returns the next one.
func (s *stage) token(ctx context.Context) (string, error) {
	s.mu.Lock()
	next := s.tokens[0]
	if len(s.tokens) > 1 {
		s.tokens = s.tokens[1:]
	}
	s.mu.Unlock()
	switch next {
	case "stuck":
		<-ctx.Done()
		return "", ctx.Err()
	case "fails":
		return "", errors.New("no token today")
	}
	return next, nil
}

// end ends all that goes on.
func (s *stage) end() {
	for _, x := range s.all {
		_ = x.conn.Close()
	}
	close(s.sockets)
	for conn := range s.sockets {
		_ = conn.Close()
	}
	for _, x := range s.calls {
		x.cancel(errCanceled)
	}
	if err := s.c.Close(); err != nil {
		s.t.Error(err)
	}
}

// verbs are what a line may begin with. What they return is what is wrong.
func (s *stage) verbs() map[string]func(string) string {
	return map[string]func(string) string{
		"accept": s.accept, "ignore": s.ignore, "refuse": s.refuse, "nobody": s.nobody, "gets": s.gets,
		"sends": func(text string) string { return wrong(s.socket.send("%s", text)) }, "closes": s.closes,
		"cuts": s.cuts, "call": s.call, "stream": s.stream, "send": s.send, "cancel": s.cancel, "close": s.close,
		"answer": s.answer, "fails": s.fails, "pending": s.pending, "values": s.values, "ends": s.ends,
		"asked": s.asked, "unasked": s.unasked, "replies": s.replies, "refresh": s.refresh, "state": s.state, "opened": s.wasOpened, "passes": passes,
		"recovered": func(want string) string { return s.wasTold(&s.recovered, want) },
		"lost":      func(want string) string { return s.wasTold(&s.lost, want) },
	}
}

func wrong(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

// ---- the server

// come takes the socket that has come.
func (s *stage) come() (conn net.Conn, what string) {
	select {
	case conn = <-s.sockets:
		return conn, ""
	default:
		return nil, "no socket has come"
	}
}

func (s *stage) nobody(string) string {
	if len(s.sockets) > 0 {
		return "a socket has come"
	}
	return ""
}

// request reads the request of the socket that has come.
func (s *stage) request() string {
	conn, what := s.come()
	if what != "" {
		return what
	}
	p, err := newPeer(conn)
	s.socket = &heard{peer: *p}
	s.all = append(s.all, s.socket)
	return wrong(err)
}

func (s *stage) accept(string) string {
	if what := s.request(); what != "" {
		return what
	}
	if err := s.socket.upgrade(); err != nil {
		return err.Error()
	}
	go s.socket.listen()
	return ""
}

func (s *stage) ignore(string) string {
	what := s.request()
	if what == "" {
		go s.socket.listen()
	}
	return what
}

func (s *stage) refuse(rest string) string {
	if what := s.request(); what != "" {
		return what
	}
	status, body, _ := strings.Cut(rest, " ")
	status, after, _ := strings.Cut(status, "/")
	return wrong(s.socket.answer(status+" No", "Retry-After: "+after, "Content-Type: application/json", "Content-Length: "+strconv.Itoa(len(body)), "", body))
}

func (s *stage) cuts(string) string {
	if conn, what := s.come(); what == "" {
		return wrong(conn.Close())
	}
	return wrong(s.socket.conn.Close())
}

func (s *stage) closes(rest string) string {
	code, reason, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(code, 10, 16)
	if err != nil {
		return err.Error()
	}
	return wrong(s.socket.sendClose(uint16(n), reason))
}

// listen notes what the client sends.
func (h *heard) listen() {
	for {
		first, payload, err := h.read()
		h.mu.Lock()
		switch {
		case err != nil:
			h.ended = true
		case first == closeFrame && len(payload) >= 2:
			h.frames = append(h.frames, "close "+strconv.Itoa(int(payload[0])<<8|int(payload[1])))
		default:
			h.frames = append(h.frames, string(payload))
		}
		h.mu.Unlock()
		if err != nil {
			_ = h.conn.Close()
			return
		}
	}
}

func (s *stage) gets(want string) string {
	s.socket.mu.Lock()
	defer s.socket.mu.Unlock()
	frames := s.socket.frames
	if want == "end" {
		if !s.socket.ended {
			return "the socket has not ended"
		}
		return ""
	}
	if len(frames) == 0 || want == "nothing" {
		if want == "nothing" && len(frames) == 0 {
			return ""
		}
		return fmt.Sprintf("there is %q", frames)
	}
	s.socket.frames = frames[1:]
	return same(want, frames[0])
}

// same compares two texts, as JSON if the first is JSON: "…" in it is any string, and
// data that is null may be missing.
func same(want, got string) string {
	var w, g any
	if json.Unmarshal([]byte(want), &w) == nil && json.Unmarshal([]byte(got), &g) == nil && alike(w, g) || want == got {
		return ""
	}
	return "there is " + got
}

func alike(want, got any) bool {
	members, is := want.(map[string]any)
	if !is {
		_, text := got.(string)
		return want == "…" && text || reflect.DeepEqual(want, got)
	}
	has, is := got.(map[string]any)
	withoutNull(members)
	withoutNull(has)
	if !is || len(has) != len(members) {
		return false
	}
	for name, value := range members {
		if other, there := has[name]; !there || !alike(value, other) {
			return false
		}
	}
	return true
}

func withoutNull(members map[string]any) {
	if members["data"] == nil {
		delete(members, "data")
	}
}

// ---- the user

func (s *stage) begin(name string) (*userCall, context.Context) {
	ctx, cancel := context.WithCancelCause(context.Background())
	x := &userCall{cancel: cancel}
	s.calls[name] = x
	return x, ctx
}

// returned notes how a call has ended.
func (x *userCall) returned(answer json.RawMessage, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var refusal *ws.Error
	switch {
	case errors.As(err, &refusal):
		x.result = "fails " + string(refusal.Code)
	case err != nil:
		x.result = "fails " + err.Error()
	case answer == nil:
		x.result = "ends"
	default:
		x.result = string(answer)
	}
}

func (s *stage) call(rest string) string {
	words := strings.SplitN(rest, " ", 3)
	x, ctx := s.begin(words[0])
	go func() {
		x.returned(wsclient.Call[json.RawMessage](ctx, s.c, words[1], json.RawMessage(words[2])))
	}()
	return ""
}

func (s *stage) stream(rest string) string {
	words := strings.SplitN(rest, " ", 3)
	x, ctx := s.begin(words[0])
	go func() {
		for v, err := range wsclient.Stream[json.RawMessage](ctx, s.c, words[1], json.RawMessage(words[2])) {
			if err != nil {
				x.returned(nil, err)
				return
			}
			x.mu.Lock()
			x.values = append(x.values, v)
			x.mu.Unlock()
		}
		x.returned(nil, nil)
	}()
	return ""
}

func (s *stage) send(rest string) string {
	event, data, _ := strings.Cut(rest, " ")
	return wrong(wsclient.Send(s.c, event, json.RawMessage(data)))
}

func (s *stage) cancel(name string) string {
	s.calls[name].cancel(errCanceled)
	return ""
}

func (s *stage) close(string) string {
	go s.c.Close()
	return ""
}

// result checks what a call has returned.
func (s *stage) result(name, want string) string {
	x := s.calls[name]
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.result != want {
		return fmt.Sprintf("it is %q", x.result)
	}
	return ""
}

func (s *stage) answer(rest string) string {
	name, want, _ := strings.Cut(rest, " ")
	return s.result(name, want)
}

func (s *stage) fails(rest string) string {
	name, code, _ := strings.Cut(rest, " ")
	return s.result(name, "fails "+code)
}

func (s *stage) pending(name string) string { return s.result(name, "") }
func (s *stage) ends(name string) string    { return s.result(name, "ends") }

func (s *stage) values(rest string) string {
	name, want, _ := strings.Cut(rest, " ")
	x := s.calls[name]
	x.mu.Lock()
	defer x.mu.Unlock()
	got, err := json.Marshal(x.values)
	x.values = nil
	if err != nil || string(got) != want {
		return fmt.Sprintf("there are %s, %v", got, err)
	}
	return ""
}

func (s *stage) state(rest string) string {
	name, code, coded := strings.Cut(rest, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.c.State().String(); got != name {
		return "it is " + got
	}
	if !coded {
		return ""
	}
	if s.cause == nil {
		return "there is no cause"
	}
	got := strconv.Itoa(int(s.cause.Code))
	if s.cause.Err != nil {
		got = "0"
	}
	if got != code {
		return fmt.Sprintf("the cause is %+v", *s.cause)
	}
	return ""
}

func (s *stage) wasOpened(want string) string { return s.wasTold(&s.opened, want) }

// wasTold checks what the user was told first of what nobody has looked at.
func (s *stage) wasTold(what *[]string, want string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if want == "no" {
		if len(*what) > 0 {
			return "it was"
		}
		return ""
	}
	if len(*what) == 0 || (*what)[0] != want {
		return fmt.Sprintf("it is %q", *what)
	}
	*what = (*what)[1:]
	return ""
}

// history notes what the user is told of a history.
func (s *stage) history(what *[]string) func(wsclient.History) {
	return func(h wsclient.History) {
		s.mu.Lock()
		defer s.mu.Unlock()
		*what = append(*what, h.Log+" "+h.At)
	}
}

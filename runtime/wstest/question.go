package wstest

import (
	"encoding/json"
	"strings"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// Question is what the server has asked, and awaits an answer to. Its methods are
// as concurrent as the Conn's.
type Question struct {
	s     *Session
	event string
	id    json.RawMessage
	data  json.RawMessage
}

// ExpectQuestion waits for a question with this event: the first that no other
// ExpectQuestion has taken.
func (s *Session) ExpectQuestion(event string) *Question {
	s.t.Helper()
	a := s.take(func(a *arrived) bool { return a.Event == event && strings.HasPrefix(string(a.ID), `"$`) })
	if a == nil {
		s.fail("the server has not asked %q", event)
	}
	return &Question{s, event, a.ID, a.Data}
}

// Text returns the data of the question as it came; "" if there is none.
func (q *Question) Text() string { return string(q.data) }

// Into decodes the data of the question into v, by encoding/json, and fails the
// test if that fails.
func (q *Question) Into(v any) {
	q.s.t.Helper()
	if err := json.Unmarshal(q.data, v); err != nil {
		q.s.fail("the data of the question %q is no %T: %v", q.event, v, err)
	}
}

// Answer answers, with what is encoded by encoding/json; nil is an answer without
// data. It returns at once.
func (q *Question) Answer(data any) {
	q.s.t.Helper()
	q.s.sendEvent(q.event, string(q.id), data)
}

// Refuse answers by an error with this code. It returns at once.
func (q *Question) Refuse(code ws.Code, message string) {
	q.s.t.Helper()
	q.s.sendEvent(errorEvent, string(q.id), map[string]string{"code": string(code), "message": message})
}

// ExpectCancel waits until the server says that it awaits no answer any more.
func (q *Question) ExpectCancel() {
	q.s.t.Helper()
	if q.s.take(func(a *arrived) bool { return a.Event == "$cancel" && string(a.ID) == string(q.id) }) == nil {
		q.s.fail("the server still awaits an answer to %q, with id %s", q.event, q.id)
	}
}

// Goaway is what the server says that asks a client to leave.
type Goaway struct {
	// Reason is "shutdown" or "lifetime".
	Reason string
	// RetryAfter is how long the client should wait before it connects again.
	RetryAfter time.Duration
	// CloseIn is when the server closes; 0: when nothing is in hand any more.
	CloseIn time.Duration
}

// ExpectGoaway waits until the server asks the client to leave.
func (s *Session) ExpectGoaway() Goaway {
	s.t.Helper()
	says := Expect[struct {
		Reason                  string
		RetryAfterMs, CloseInMs int64
	}](s, "$goaway")
	return Goaway{says.Reason, time.Duration(says.RetryAfterMs) * time.Millisecond, time.Duration(says.CloseInMs) * time.Millisecond}
}

// ExpectShed waits until the server says that pushes were lost because the client
// reads too slowly, and returns how many.
func (s *Session) ExpectShed() int {
	s.t.Helper()
	return Expect[int](s, "$shed")
}

// Ping asks whether the server is there, by $ping, and waits for $pong, which comes
// behind the answers to what was read before. Both ends know then what the other
// has had, and keep it no longer.
func (s *Session) Ping() {
	s.t.Helper()
	s.mu.Lock()
	had := s.talk.had
	s.mu.Unlock()
	type count struct {
		Seq uint64 `json:"seq"`
	}
	s.Send("$ping", count{had})
	says := Expect[count](s, "$pong")
	s.mu.Lock()
	err := s.talk.forget(says.Seq)
	s.mu.Unlock()
	if err != nil {
		s.fail("%v", err)
	}
}

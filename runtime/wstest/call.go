package wstest

import (
	"encoding/json"
	"slices"
	"strconv"

	ws "github.com/wsgen/wsgen/runtime"
)

// Send sends an event without an id: it asks for no answer, and returns at once.
// data is encoded by encoding/json; nil is none.
func (c *Conn) Send(event string, data any) {
	c.t.Helper()
	c.sendEvent(event, "", data)
}

func (c *Conn) sendEvent(event, id string, data any) {
	c.t.Helper()
	text, err := encode(struct {
		Event string          `json:"event"`
		ID    json.RawMessage `json:"id,omitempty"`
		Data  any             `json:"data,omitempty"`
	}{event, json.RawMessage(id), data})
	if err != nil {
		c.t.Fatalf("wstest: the data of %q has no JSON: %v", event, err)
	}
	c.SendText(text)
}

// answer is a call on its way.
type answer struct {
	c       *Conn
	event   string
	id      string    // as it is written
	refused *ws.Error // nil: it is not, or has no answer yet
}

// begin sends an event with an id.
func (c *Conn) begin(event string, data any) *answer {
	c.t.Helper()
	c.mu.Lock()
	c.lastID++
	a := &answer{c: c, event: event, id: strconv.Itoa(c.lastID)}
	c.mu.Unlock()
	c.sendEvent(event, a.id, data)
	return a
}

// next waits for the next frame with the id.
func (a *answer) next() *arrived {
	a.c.t.Helper()
	if a.lost() {
		a.c.fail("%q, with id %s, was lost with its session: nobody knows whether it was handled", a.event, a.id)
	}
	f := a.c.take(func(f *arrived) bool { return string(f.ID) == a.id })
	if f == nil {
		a.c.fail("%q, with id %s, has no answer", a.event, a.id)
	}
	return f
}

// lost reports whether there will be no answer, and none has come.
func (a *answer) lost() bool {
	c := a.c
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.talk != nil && c.talk.lost[a.id] && !slices.ContainsFunc(c.got, func(f *arrived) bool { return string(f.ID) == a.id })
}

// cancel sends $cancel.
func (a *answer) cancel() { a.c.sendEvent("$cancel", a.id, nil) }

// Pending is a call that may have no answer yet. Its methods are as concurrent as
// the Conn's.
type Pending struct{ *answer }

// Begin sends an event with an id, and does not wait for the answer.
func (c *Conn) Begin(event string, data any) *Pending {
	c.t.Helper()
	return &Pending{c.begin(event, data)}
}

// Cancel cancels the call, by $cancel. It has an answer all the same: the error
// canceled, unless another was first.
func (p *Pending) Cancel() { p.cancel() }

// Reply waits for the answer. It may be called once.
func (p *Pending) Reply() Reply {
	c := p.c
	c.t.Helper()
	f := p.next()
	switch {
	case f.More:
		c.fail("the answer to %q is a stream: use Conn.Stream", p.event)
	case f.Event == errorEvent:
		p.refused = f.refused()
		c.mu.Lock()
		c.open = append(c.open, p.answer)
		c.mu.Unlock()
	}
	return Reply{answer: p.answer, data: f.Data}
}

// Call sends an event with an id and waits for the answer. Pushes and errors that
// come meanwhile stay for Expect and ExpectError. An answer that is a refusal
// fails the test, in the end at the latest: by OK or Into, or because neither
// ExpectError nor Err was called.
func (c *Conn) Call(event string, data any) Reply {
	c.t.Helper()
	return c.Begin(event, data).Reply()
}

// Reply is the answer to a call.
type Reply struct {
	*answer

	data json.RawMessage
}

// asked notes that somebody has asked about the refusal, and returns it; nil if
// the answer is a result.
func (r Reply) asked() *ws.Error {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, open := range c.open {
		if open == r.answer {
			c.open = append(c.open[:i:i], c.open[i+1:]...)
			break
		}
	}
	return r.refused
}

// OK fails the test if the answer is a refusal.
func (r Reply) OK() {
	r.c.t.Helper()
	if e := r.asked(); e != nil {
		r.c.fail("%q was refused: %v", r.event, e)
	}
}

// Into decodes the result into v, by encoding/json, and fails the test if that
// fails, or the answer is a refusal.
func (r Reply) Into(v any) {
	r.c.t.Helper()
	r.OK()
	if err := json.Unmarshal(r.data, v); err != nil {
		r.c.fail("the answer to %q is no %T: %v", r.event, v, err)
	}
}

// Err returns the refusal; nil if the answer is a result. Its cause and its
// reference stay on the server.
func (r Reply) Err() *ws.Error { return r.asked() }

// ExpectError fails the test unless the answer is a refusal with this code, and
// returns it.
func (r Reply) ExpectError(code ws.Code) *ws.Error {
	r.c.t.Helper()
	return r.c.wantCode(code, r.asked(), r.event, r.data)
}

func (c *Conn) wantCode(code ws.Code, e *ws.Error, event string, data json.RawMessage) *ws.Error {
	c.t.Helper()
	switch {
	case e == nil:
		c.fail("%q was answered, and should be refused as %q: %s", event, code, cut(string(data)))
	case e.Code != code:
		c.fail("%q was refused as %q, want %q: %s", event, e.Code, code, e.Message)
	}
	return e
}

// Text returns the data of the answer as it came, a result's or a refusal's.
func (r Reply) Text() string {
	r.asked()
	return string(r.data)
}

// Decode returns the result of a call; otherwise as Reply.Into.
func Decode[T any](r Reply) (v T) {
	r.c.t.Helper()
	r.Into(&v)
	return v
}

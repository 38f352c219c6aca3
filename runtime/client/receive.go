package wsclient

import (
	"bytes"
	"encoding/json"
	"strconv"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// This file is what a link hears, on the goroutine that reads.

var _ hearer = (*link)(nil)

// ping has a Ping answered, with its payload, which says what has come before it (RFC
// 6455, section 5.5.3). Of several that wait to be answered the last one counts.
func (l *link) ping(payload []byte) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.pong = append(make([]byte, 0, len(payload)), payload...)
	l.c.work.Signal()
}

// text takes a message.
func (l *link) text(text []byte) {
	if !envelope.Counts(text) {
		if l.own(text) {
			l.s.cut()
		}
		return
	}
	var m incoming
	m.parse(text) // whatever it is, it counts
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if !l.open || l.over {
		return // nothing comes before $connected
	}
	c.session.had++
	c.deliver(&m)
}

// incoming is a message of the application's.
type incoming struct {
	kind  kind
	event []byte
	id    uint64 // of our call
	asks  []byte // the server's id, of a question
	data  []byte
	more  bool // others follow it

	log, at string // where a push is kept; "": nowhere

	refusal *ws.Error // what an error frame says; nil of any other
}

// kind says what an incoming message is.
type kind uint8

const (
	other    kind = iota // not of this protocol: an application may send any text
	pushed               // without an id
	answered             // of a call
	question
)

// parse takes a message apart. Its data may be no JSON: whoever decodes it sees that.
func (m *incoming) parse(text []byte) {
	var f envelope.Frame
	switch f.Parse(text) {
	case nil:
		m.event, m.data = f.Event, f.Data
		if string(f.Event) == "error" {
			m.refusal = readRefusal(f.Data)
		}
		if f.ID == nil {
			m.kind = pushed
			m.log, m.at = placeOf(text)
		} else if id, ok := number(f.ID); ok {
			m.kind, m.id, m.more = answered, id, more(text)
		}
	case envelope.ErrID:
		if q, id, is := envelope.ParseAnswer(text); is {
			m.kind, m.event, m.asks, m.data = question, q.Event, id, q.Data
		}
	}
}

// number returns the id of a call.
func number(id []byte) (n uint64, ok bool) {
	n, err := strconv.ParseUint(string(id), 10, 64)
	return n, err == nil
}

// more reports whether a frame is one of a stream that others follow.
func more(text []byte) bool {
	if bytes.HasSuffix(text, []byte(envelope.MoreTail)) {
		return true // the last brace is that of the frame, so this is a member of it
	}
	if !bytes.Contains(text, []byte(`more`)) && !bytes.Contains(text, []byte(`\u`)) {
		return false
	}
	var members map[string]json.RawMessage
	return json.Unmarshal(text, &members) == nil && string(members["more"]) == "true"
}

// deliver hands on a message. The caller holds mu.
func (c *Client) deliver(m *incoming) {
	switch {
	case m.kind == question:
		c.question(string(m.event), string(m.asks), m.data)
	case m.kind == pushed && m.refusal != nil:
		c.complain(m.refusal)
	case m.kind == pushed:
		c.push(m)
	case m.kind == answered:
		if x := c.calls[m.id]; x != nil && (x.sent > 0 || x.of != nil && m.refusal != nil) {
			c.answer(x, m)
		}
	}
}

// answer hands on what answers a call. What is answered was had, and all that was sent
// before it. The caller holds mu.
func (c *Client) answer(x *call, m *incoming) {
	c.session.acknowledge(x.sent)
	switch {
	case m.refusal != nil:
		c.settle(x, nil, m.refusal)
	case m.more:
		c.item(x, m.data)
	default:
		c.settle(x, bytes.Clone(m.data), nil)
	}
	c.flows()
}

// flows has what waits for acknowledgements go on. The caller holds mu.
func (c *Client) flows() {
	if len(c.queue)+len(c.replies) > 0 {
		c.work.Signal()
	}
}

// complain tells of a refusal that belongs to no call. The caller holds mu.
func (c *Client) complain(e *ws.Error) {
	if tell := c.o.OnError; tell != nil {
		c.offer(callback{f: func() { tell(e) }})
	}
}

// own takes a message of the protocol's own, and reports whether the socket is to be
// cut for it. Those that are not known are ignored, but a question is refused.
func (l *link) own(text []byte) (cut bool) {
	var f struct {
		Event string          `json:"event"`
		ID    json.RawMessage `json:"id"`
		Data  json.RawMessage `json:"data"`
	}
	if json.Unmarshal(text, &f) != nil {
		return false
	}
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.over || c.closing && !l.open || l.open == (f.Event == "$connected") {
		return false // it comes first, and once
	}
	switch f.Event {
	case "$connected":
		var says connectedData
		if err := json.Unmarshal(f.Data, &says); err != nil {
			return l.lose(steady.Wrap("wsclient: $connected does not decode", err))
		}
		l.connected(&says)
	case "$pong":
		var says seqData
		if json.Unmarshal(f.Data, &says) == nil {
			l.pinged = false
			c.session.acknowledge(says.Seq)
			l.count()
			c.flows()
		}
	case "$goaway":
		l.goaway(f.Data)
	case "$joined", "$lost":
		c.goesOn(f.Event == "$lost", f.Data)
	case "$shed":
		var n int
		if c.o.OnShed != nil && json.Unmarshal(f.Data, &n) == nil && n > 0 {
			c.shed(n)
		}
	case "$cancel":
		var id string
		if json.Unmarshal(f.ID, &id) == nil {
			c.unasked(id)
		}
	case "$refresh":
		if id, ok := number(f.ID); ok && c.calls[id] != nil && c.calls[id].of == l {
			c.settle(c.calls[id], nil, nil)
		}
	default:
		var id string
		if json.Unmarshal(f.ID, &id) == nil && id != "" {
			c.question(f.Event, id, f.Data)
		}
	}
	return false
}

// goaway has nothing new sent to a server that has asked for it, and leaves it when
// nothing is under way. The caller holds mu.
func (l *link) goaway(data []byte) {
	var says struct {
		RetryAfterMs int64 `json:"retryAfterMs"`
	}
	if json.Unmarshal(data, &says) != nil {
		return
	}
	l.c.retry = milliseconds(says.RetryAfterMs)
	l.drains = true
	l.c.drained()
}

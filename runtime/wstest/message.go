package wstest

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// message is what a text of the server's says; the zero message is no frame of
// the protocol.
type message struct {
	Event string          `json:"event"`
	ID    json.RawMessage `json:"id"`
	Data  json.RawMessage `json:"data"`
	More  bool            `json:"more"`
}

// errorEvent is the event of refusals.
const errorEvent = "error"

func parse(text []byte) (m message) {
	if json.Unmarshal(text, &m) != nil {
		return message{}
	}
	return m
}

// push reports whether the message came unasked.
func (m *message) push() bool { return m.Event != "" && m.Event != errorEvent && m.ID == nil }

// refusal is the data of an error.
type refusal struct {
	Code         ws.Code     `json:"code"`
	Message      string      `json:"message"`
	Details      []ws.Detail `json:"details"`
	RetryAfterMs int64       `json:"retryAfterMs"`
}

func (r *refusal) error() *ws.Error {
	return &ws.Error{
		Code: r.Code, Message: r.Message, Details: r.Details,
		RetryAfter: time.Duration(r.RetryAfterMs) * time.Millisecond,
	}
}

// refused returns what an error's data says.
func (m *message) refused() *ws.Error {
	var r refusal
	_ = json.Unmarshal(m.Data, &r) // what is no refusal has no code
	return r.error()
}

// encode returns JSON as a browser writes it: <, > and & stay.
func encode(v any) (string, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(text.String(), "\n"), err
}

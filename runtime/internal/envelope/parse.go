// Package envelope turns the text of a message into event, id and data, and
// back. It is the syntax of the events protocol (docs/reference/protocol.md,
// "Frames") and knows nothing of connections.
package envelope

import (
	"bytes"
	"encoding/json"
)

// MaxID is the longest id, in bytes: the digits of an integer, or a string's
// decoded text.
const MaxID = 64

// Fault says what is wrong with a frame; the text is for the client.
type Fault string

// Error returns the text.
func (f Fault) Error() string { return string(f) }

// The faults of a frame's syntax.
const (
	ErrNotObject Fault = "a frame is a JSON object in a text message"
	ErrEvent     Fault = `the member "event" is missing or not a string`
	ErrID        Fault = `the member "id" must be an integer or a string of 1 to 64 bytes that does not start with "$"`
)

// Frame is a message taken apart. Its slices point into the message.
type Frame struct {
	Event []byte // decoded name
	ID    []byte // as it was written, quotes included; nil: none
	Data  []byte // JSON, or the text in its place; nil: absent
	Meta  []byte // JSON; nil: absent
	// Checked says that Data is JSON. Otherwise it is only known to be
	// balanced: the decoder, which reads every byte anyway, says what it is.
	Checked bool
}

// HasData reports whether data is there and not null.
func (f *Frame) HasData() bool { return f.Data != nil && string(f.Data) != "null" }

// Valid reports whether the data, and so the whole frame, is JSON.
func (f *Frame) Valid() bool { return f.Checked || f.Data == nil || json.Valid(f.Data) }

// Parse takes a message apart into a frame that is zero. Member names are
// exact, the last one of a name counts, unknown ones are ignored. With ErrEvent
// the frame's ID is still good, so that the refusal can be addressed.
func (f *Frame) Parse(text []byte) error {
	if f.parsePlain(text) {
		return nil
	}
	var err error
	*f, err = parseOdd(text, validID)
	return err
}

// parseOdd parses a message that is not plain, with an id that may be, if there is
// one. It has encoding/json look at the whole first.
func parseOdd(text []byte, mayBe func(id []byte) bool) (Frame, error) {
	if !json.Valid(text) {
		return Frame{}, ErrNotObject
	}
	s := scanner{b: text}
	s.space()
	if !s.skip('{') {
		return Frame{}, ErrNotObject
	}
	f := Frame{Checked: true}
	var event, id []byte
	for s.space(); s.b[s.i] != '}'; s.space() {
		s.skip(',')
		s.space()
		name := s.value()
		s.space()
		s.skip(':')
		s.space()
		value := s.value()
		switch string(unquote(name)) {
		case "event":
			event = value
		case "id":
			id = value
		case "data":
			f.Data = value
		case "meta":
			f.Meta = value
		}
	}
	if id != nil {
		if !mayBe(id) {
			return Frame{}, ErrID
		}
		f.ID = id
	}
	if len(event) == 0 || event[0] != '"' {
		return f, ErrEvent
	}
	f.Event = unquote(event)
	return f, nil
}

// validID reports whether raw is an integer or a string that an id may be.
func validID(raw []byte) bool {
	if raw[0] == '"' {
		text := unquote(raw)
		return len(text) > 0 && len(text) <= MaxID && text[0] != '$'
	}
	digits := bytes.TrimPrefix(raw, []byte("-"))
	if len(digits) == 0 || len(digits) > MaxID {
		return false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// unquote returns the text of a JSON string, without a copy if it has no
// escapes.
func unquote(raw []byte) []byte {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return inner // unreachable: the text is valid JSON
	}
	return []byte(text)
}

// scanner walks over text that is valid JSON, so it checks nothing: the first
// byte of a value tells where it ends.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// skip steps over the byte c if it comes next.
func (s *scanner) skip(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// value returns the value that starts here and steps over it.
func (s *scanner) value() []byte {
	start := s.i
	switch s.b[s.i] {
	case '"':
		s.text()
	case '{', '[':
		for depth := 0; ; {
			switch s.b[s.i] {
			case '"':
				s.text()
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			s.i++
			if depth == 0 {
				return s.b[start:s.i]
			}
		}
	default:
		for s.i < len(s.b) && !ends(s.b[s.i]) {
			s.i++
		}
	}
	return s.b[start:s.i]
}

// ends reports whether c ends a number, true, false or null.
func ends(c byte) bool {
	switch c {
	case ',', '}', ']', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// text steps over a string.
func (s *scanner) text() {
	for s.i++; s.b[s.i] != '"'; s.i++ {
		if s.b[s.i] == '\\' {
			s.i++
		}
	}
	s.i++
}

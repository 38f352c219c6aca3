package wstest

import (
	"encoding/json"

	ws "github.com/wsgen/wsgen/runtime"
)

// Stream is the answer to an event that has many values. Its methods are as
// concurrent as the Conn's.
type Stream struct{ *answer }

// Stream sends an event with an id, whose answer is a stream, and does not wait.
func (c *Conn) Stream(event string, data any) *Stream {
	c.t.Helper()
	return &Stream{c.begin(event, data)}
}

// Cancel cancels the stream, by $cancel. It ends with the error canceled, unless
// it ends first; values may come before that.
func (s *Stream) Cancel() { s.cancel() }

// Next returns the next value of a stream, and fails the test if it has ended, or
// if that is no T.
func Next[T any](s *Stream) T {
	s.c.t.Helper()
	v, more := value[T](s)
	if !more {
		s.c.fail("%q has ended, and should have a value", s.event)
	}
	return v
}

// Collect returns all values of a stream up to its end, and fails the test if it
// ends with a refusal.
func Collect[T any](s *Stream) (all []T) {
	s.c.t.Helper()
	for {
		v, more := value[T](s)
		if !more {
			return all
		}
		all = append(all, v)
	}
}

// value returns the next value, false if the stream has ended well.
func value[T any](s *Stream) (v T, more bool) {
	s.c.t.Helper()
	f := s.next()
	switch {
	case f.Event == errorEvent:
		s.c.fail("%q ended with a refusal: %v", s.event, f.refused())
	case !f.More:
		return v, false
	}
	if err := json.Unmarshal(f.Data, &v); err != nil {
		s.c.fail("a value of %q is no %T: %v", s.event, v, err)
	}
	return v, true
}

// End fails the test unless the stream ends now, and well.
func (s *Stream) End() {
	s.c.t.Helper()
	if v, more := value[json.RawMessage](s); more {
		s.c.fail("%q should have ended, and has another value: %s", s.event, cut(string(v)))
	}
}

// ExpectError passes over values that are left, and fails the test unless the
// stream ends with this code. It returns the refusal.
func (s *Stream) ExpectError(code ws.Code) *ws.Error {
	s.c.t.Helper()
	f := s.next()
	for f.More {
		f = s.next()
	}
	if f.Event != errorEvent {
		s.c.fail("%q ended well, and should end as %q", s.event, code)
	}
	return s.c.wantCode(code, f.refused(), s.event, f.Data)
}

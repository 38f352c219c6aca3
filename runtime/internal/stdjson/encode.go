package stdjson

import (
	"encoding/json"
	"slices"
	"sync"
)

// Encoder is a json.Encoder that is used again, and that writes a value between
// two texts. It must not be used by two goroutines at a time.
type Encoder struct {
	json  *json.Encoder
	front []byte // the text before the value; its memory is used again
	tail  string // the text behind it
	text  []byte // nil before the first Write
	most  int    // how many bytes a text in room may have
	lent  bool   // the text is in room
	room  []byte
}

var encoders = sync.Pool{New: func() any {
	e := new(Encoder)
	e.json = json.NewEncoder((*writer)(e))
	// The text is no HTML: "<" stands for itself, as in JSON.stringify.
	e.json.SetEscapeHTML(false)
	return e
}}

// maxPooledBytes keeps one huge value from staying in memory for ever.
const maxPooledBytes = 64 << 10

// NewEncoder returns an Encoder. It is the caller's until Release.
func NewEncoder() *Encoder { return encoders.Get().(*Encoder) }

// Release gives the Encoder back, and with it the text of Encode if that is
// Lent.
func (e *Encoder) Release() {
	e.text, e.most, e.lent = nil, 0, false
	if cap(e.front) <= maxPooledBytes {
		encoders.Put(e)
	}
}

// AvailableBuffer returns memory of the Encoder's, empty. A text that is
// appended to it may be given to Encode as its front.
func (e *Encoder) AvailableBuffer() []byte { return e.front[:0] }

// Lend lets Encode return a text of up to most bytes in memory of the Encoder's.
func (e *Encoder) Lend(most int) { e.most = most }

// Lent reports whether the text of Encode is in memory of the Encoder's. Then
// it must be copied before Release.
func (e *Encoder) Lent() bool { return e.lent }

// Encode returns front, v as JSON, and tail, as one text. front becomes the
// Encoder's. The error is that of json.Encoder.Encode. The text may not be
// UTF-8, if it has that of a json.RawMessage or a MarshalJSON.
func (e *Encoder) Encode(front []byte, v any, tail string) ([]byte, error) {
	e.front, e.tail = front, tail
	if err := e.json.Encode(v); err != nil {
		return nil, err
	}
	return append(e.text[:len(e.text)-1], tail...), nil // without Encode's newline
}

// writer is an Encoder as the io.Writer of its json.Encoder.
type writer Encoder

// Write is called once per value, with the JSON and a trailing newline. So the
// text is made at its length, and nothing is copied twice.
func (w *writer) Write(p []byte) (int, error) {
	if w.text == nil {
		n := len(w.front) + len(p) + len(w.tail)
		if w.lent = n <= w.most; w.lent {
			w.room = slices.Grow(w.room[:0], n)
			w.text = w.room
		} else {
			w.text = make([]byte, 0, n)
		}
		w.text = append(w.text, w.front...)
	}
	w.text = append(w.text, p...)
	return len(p), nil
}

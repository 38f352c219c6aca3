package ws

import (
	"encoding/json"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/outbox"
)

// appendFront appends the start of every frame of an event, with head room.
func appendFront(dst []byte, event string) []byte {
	return envelope.BeginEvent(append(dst, frame.NoHeader...), event)
}

// encoder is a reusable JSON encoder that makes a frame of what it writes.
type encoder struct {
	json  *json.Encoder
	front []byte // head room and the text before the value
	tail  string // and behind it
	frame []byte // with its head room, not sealed; nil before the first Write
	lends bool   // the frame may be in room, which is used again; and then, it is
	room  []byte
}

// Write takes JSON, which comes at one go, and a newline with it: so the frame
// is made at its length, and nothing is copied twice.
func (e *encoder) Write(p []byte) (int, error) {
	if e.frame == nil {
		n := len(e.front) + len(p) + len(e.tail)
		if e.lends = e.lends && n <= outbox.Block; e.lends {
			e.room = slices.Grow(e.room[:0], n)
			e.frame = e.room
		} else {
			e.frame = make([]byte, 0, n)
		}
		e.frame = append(e.frame, e.front...)
	}
	e.frame = append(e.frame, p...)
	return len(p), nil
}

// maxPooled keeps one huge push from staying in memory for ever.
const maxPooled = 64 << 10

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.json = json.NewEncoder(e)
	// A frame is not HTML: "<" travels as itself, as JSON.stringify writes it.
	e.json.SetEscapeHTML(false)
	return e
}}

// encodeFrame returns a frame of an event; id is nil for none.
func encodeFrame(event string, id []byte, data any) ([]byte, error) {
	return encodeMember(event, id, data, "}")
}

// encodeItem returns a frame of a stream that is not the last.
func encodeItem(event string, id []byte, data any) ([]byte, error) {
	return encodeMember(event, id, data, `,"more":true}`)
}

// encodeMember returns a frame that ends with tail, behind data.
func encodeMember(event string, id []byte, data any, tail string) ([]byte, error) {
	e := encoders.Get().(*encoder)
	defer e.release()
	e.front, e.tail = envelope.BeginData(appendFront(e.front[:0], event), id), tail
	return e.encode(data)
}

// reply is encodeFrame with what appendFront appends.
func (e *encoder) reply(front, id []byte, data any) ([]byte, error) {
	e.front, e.tail = envelope.BeginData(append(e.front[:0], front...), id), "}"
	return e.encode(data)
}

// encodeValue returns a frame whose whole text is v as JSON.
func encodeValue(v any) ([]byte, error) {
	e := encoders.Get().(*encoder)
	defer e.release()
	e.front, e.tail = append(e.front[:0], frame.NoHeader...), ""
	return e.encode(v)
}

func (e *encoder) encode(v any) ([]byte, error) {
	if err := e.json.Encode(v); err != nil {
		return nil, err
	}
	buf := append(e.frame[:len(e.frame)-1], e.tail...) // without Encode's newline
	if !utf8.Valid(buf[frame.HeadRoom:]) {
		return nil, errNotUTF8 // raw JSON, or what a MarshalJSON returned: it would cost every receiver its connection
	}
	return frame.Seal(buf), nil
}

func (e *encoder) release() {
	e.frame, e.lends = nil, false
	if cap(e.front) <= maxPooled {
		encoders.Put(e)
	}
}

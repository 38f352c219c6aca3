package ws

import (
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/stdjson"
)

// This file makes frames of values with encoding/json.

// encode returns a frame of an event; id is nil for none.
func (p protocol) encode(event string, id []byte, data any) ([]byte, error) {
	return p.encodeMember(event, id, data, false)
}

// encodeItem returns a frame of a stream that is not the last.
func (p protocol) encodeItem(event string, id []byte, data any) ([]byte, error) {
	return p.encodeMember(event, id, data, true)
}

// encodeMember returns a frame of an event; more says that others follow it.
func (p protocol) encodeMember(event string, id []byte, data any, more bool) ([]byte, error) {
	e := stdjson.NewEncoder()
	defer e.Release()
	return sealText(e.Encode(p.beginData(p.appendFront(e.AvailableBuffer(), event), id), data, p.tail(more)))
}

// encodeReply returns a frame that begins with front, which appendFront made.
// The frame is in memory of e's if e.Lent says so.
func (p protocol) encodeReply(e *stdjson.Encoder, front, id []byte, data any) ([]byte, error) {
	return sealText(e.Encode(p.beginData(append(e.AvailableBuffer(), front...), id), data, p.tail(false)))
}

// encodeRefusal returns the frame that refuses a message of an event; id is nil
// for none.
func (p protocol) encodeRefusal(event string, id []byte, refusal *Error) []byte {
	name, data := p.refusal(event, refusal)
	frame, _ := p.encode(name, id, data) // strings and numbers always encode
	return frame
}

// encodeValue returns a frame whose whole text is v as JSON.
func encodeValue(v any) ([]byte, error) {
	e := stdjson.NewEncoder()
	defer e.Release()
	text, err := e.Encode(append(e.AvailableBuffer(), frame.NoHeader...), v, "")
	if err == nil && !envelope.Counts(text[frame.HeadRoom:]) {
		return nil, errOwnText
	}
	return sealText(text, err)
}

// sealText returns the frame of a text that was encoded with head room. It
// passes on the error of the encoding.
func sealText(text []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text[frame.HeadRoom:]) {
		return nil, errNotUTF8 // raw JSON, or the result of a MarshalJSON; every receiver would close its connection
	}
	return frame.Seal(text), nil
}

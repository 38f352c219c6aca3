package ws

import (
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/stdjson"
)

// This file makes frames of values with encoding/json.

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
	e := stdjson.NewEncoder()
	defer e.Release()
	return sealText(e.Encode(envelope.BeginData(appendFront(e.AvailableBuffer(), event), id), data, tail))
}

// encodeReply returns a frame that begins with front, which appendFront made. It
// is the encoder's if that says that it is lent.
func encodeReply(e *stdjson.Encoder, front, id []byte, data any) ([]byte, error) {
	return sealText(e.Encode(envelope.BeginData(append(e.AvailableBuffer(), front...), id), data, "}"))
}

// encodeValue returns a frame whose whole text is v as JSON.
func encodeValue(v any) ([]byte, error) {
	e := stdjson.NewEncoder()
	defer e.Release()
	return sealText(e.Encode(append(e.AvailableBuffer(), frame.NoHeader...), v, ""))
}

// sealText seals a text with head room, if there is one.
func sealText(text []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text[frame.HeadRoom:]) {
		return nil, errNotUTF8 // raw JSON, or what a MarshalJSON returned: it would cost every receiver its connection
	}
	return frame.Seal(text), nil
}

package peer

import (
	"encoding/json"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/frame"
	"github.com/wsgen/wsgen/bench/internal/payload"
)

// Line is the data of every message that the raw client sends and measures.
type Line struct {
	At   int64  `json:"at"` // clock stamp of the sending
	By   int    `json:"by"` // number of the connection that sent it
	Text string `json:"text"`
}

// Envelope is a message of the plain protocol with its data unread.
type Envelope struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// overhead is the length of a pushed message without its text.
const overhead = len(`{"event":"tick","data":{"at":,"by":0,"text":""}}`) + clock.Digits

// Tick makes the data of a push whose message has size bytes.
func Tick(size int) Line {
	return Line{At: clock.Now(), Text: strings.Repeat("x", max(0, size-overhead))}
}

// Marked is Tick with a text that ends with frame.Mark.
func Marked(size int) Line {
	return Line{At: clock.Now(), Text: strings.Repeat("x", max(0, size-overhead-1)) + string(frame.Mark)}
}

// Encode is a whole message, as a server without wsgen makes it: one
// encoding/json call around another.
func Encode(event string, data any) ([]byte, error) {
	return json.Marshal(struct {
		Event string `json:"event"`
		Data  any    `json:"data"`
	}{event, data})
}

// Twice answers an "echo", or a "telemetry", as a server without wsgen does it:
// encoding/json for the envelope, then for the data, and back.
func Twice(message []byte) ([]byte, error) {
	var in Envelope
	if err := json.Unmarshal(message, &in); err != nil {
		return nil, err
	}
	if in.Event == TelemetryEvent {
		return again[payload.Telemetry](in)
	}
	return again[Line](in)
}

// again decodes the data of a message, and encodes the message anew.
func again[T any](in Envelope) ([]byte, error) {
	var data T
	if err := json.Unmarshal(in.Data, &data); err != nil {
		return nil, err
	}
	return Encode(in.Event, &data)
}

// TelemetryEvent is the event whose data is a payload.Telemetry.
const TelemetryEvent = "telemetry"

// Telemetry is a message with the sample of a device's report.
func Telemetry() ([]byte, error) { return Encode(TelemetryEvent, payload.NewTelemetry()) }

package ws

import (
	"encoding/json"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// This file is what wsgen.v1.json adds to the events protocol
// (docs/reference/protocol.md, "Sessions"): what its messages say, and which
// ones count.

// connectData is the data of $connect, of which all is optional. What there was
// between client and server so far is in resume.
type connectData struct {
	Token  string `json:"token"`
	Schema string `json:"schema"`
	Client string `json:"client"`
	Resume *struct {
		SID string `json:"sid"`
		Seq uint64 `json:"seq"`
	} `json:"resume"`
	// At is what the client has had of histories, as $resume says it. It counts in a
	// session that begins, from before the connect hook runs.
	At map[string]string `json:"at"`

	why string // it is not resumed; ours
}

// The faults of a first message.
const (
	errNotConnect   envelope.Fault = `the first message must be "$connect"`
	errConnectData  envelope.Fault = `the data of "$connect" does not decode`
	errConnectAt    envelope.Fault = `"at" of "$connect" has more than 256 positions`
	errConnectToken envelope.Fault = "the token has characters that no header can hold"
	errConnectTwice envelope.Fault = `"$connect" was sent twice`
)

// readConnect reads the first message of a connection. The error is an
// envelope.Fault, with nothing of the message in it: the token may be anywhere.
func (p protocol) readConnect(text []byte) (d connectData, err error) {
	var f envelope.Frame
	if p.parse(&f, text) != nil || string(f.Event) != connectEvent || !f.Valid() {
		return d, errNotConnect
	}
	if f.HasData() && json.Unmarshal(f.Data, &d) != nil {
		return d, errConnectData
	}
	if !headerSafe(d.Token) {
		return d, errConnectToken
	}
	if len(d.At) > maxClaims {
		return d, errConnectAt
	}
	return d, nil
}

// connectedData is the data of $connected.
type connectedData struct {
	SID         string `json:"sid,omitempty"` // the secret by which it is resumed
	Resumed     bool   `json:"resumed"`
	Why         string `json:"why,omitempty"` // it was not resumed
	Seq         uint64 `json:"seq"`
	Schema      string `json:"schema,omitempty"`      // what the server was generated of
	HeartbeatMs int64  `json:"heartbeatMs,omitempty"` // after which a client asks; absent: the server does not either
	MaxBytes    int    `json:"maxBytes"`
}

// connected returns the frame that answers $connect.
func (p protocol) connected(says connectedData, o *Options) []byte {
	says.MaxBytes = o.MaxMessageBytes
	if o.PingInterval != noLimit {
		says.HeartbeatMs = wholeMs(o.PingInterval)
	}
	return p.own(connectedEvent, says)
}

// readPing returns how many messages the client has had, if its $ping says so.
func readPing(f *envelope.Frame) (seq uint64, says bool) {
	if !f.Valid() || !f.HasData() {
		return 0, false
	}
	var d struct {
		Seq *uint64 `json:"seq"`
	}
	if json.Unmarshal(f.Data, &d) != nil || d.Seq == nil {
		return 0, false
	}
	return *d.Seq, true
}

// pong returns the frame that answers $ping. seq is how many messages that count
// have come.
func (p protocol) pong(seq uint64) []byte {
	return p.own(pongEvent, struct {
		Seq uint64 `json:"seq"`
	}{seq})
}

// goaway returns the frame that asks a client to leave, and to come back after
// retry. in is when the connection is closed; noLimit: when nothing holds it.
func (p protocol) goaway(reason string, retry, in time.Duration) []byte {
	says := struct {
		Reason       string `json:"reason"`
		RetryAfterMs int64  `json:"retryAfterMs"`
		CloseInMs    *int64 `json:"closeInMs,omitempty"`
	}{Reason: reason, RetryAfterMs: wholeMs(retry)}
	if in != noLimit {
		ms := wholeMs(in)
		says.CloseInMs = &ms
	}
	return p.own(goawayEvent, says)
}

// shed returns the frame that says how many pushes were lost.
func (p protocol) shed(n int) []byte { return p.own(shedEvent, n) }

// own returns a frame of the protocol's own, which has no id.
func (p protocol) own(event string, data any) []byte {
	frame, _ := p.encode(event, nil, data) // strings and numbers always encode
	return frame
}

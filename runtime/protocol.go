package ws

import (
	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// protocol says what the text of a gateway's messages means. It is one of a
// closed set, and every method is a switch over that: a frame that is handed
// to an interface is one that is allocated.
//
// Its methods are all that dispatch, replies and pushes know of the wire
// below a message and above its frame. Text that is written for one protocol
// only is in a file of that protocol's.
type protocol uint8

// The protocols.
const (
	protocolEvents protocol = iota // protocol_events.go
)

// parse takes a text message apart into a frame that is zero. The error is an
// envelope.Fault.
func (p protocol) parse(f *envelope.Frame, text []byte) error {
	switch p {
	case protocolEvents:
		return f.Parse(text)
	}
	panic(errNoProtocol)
}

// appendFront appends what every message of an event begins with: head room for
// its frame, and the text before the id.
func (p protocol) appendFront(dst []byte, event string) []byte {
	switch p {
	case protocolEvents:
		return envelope.BeginEvent(append(dst, frame.NoHeader...), event)
	}
	panic(errNoProtocol)
}

// beginData appends what follows the front, up to the value of data. id is as it
// was written; nil is none.
func (p protocol) beginData(front, id []byte) []byte {
	switch p {
	case protocolEvents:
		return envelope.BeginData(front, id)
	}
	panic(errNoProtocol)
}

// tail returns what follows data: of a message that is whole, or of an item that
// others follow.
func (p protocol) tail(more bool) string {
	switch {
	case p == protocolEvents && more:
		return envelope.MoreTail
	case p == protocolEvents:
		return envelope.Tail
	}
	panic(errNoProtocol)
}

// refusal returns the event and the data of an error that answers a message.
func (p protocol) refusal(event string, refusal *Error) (name string, data any) {
	switch p {
	case protocolEvents:
		return errorEvent, refusal.body(event)
	}
	panic(errNoProtocol)
}

// command is what a message that no handler is for wants of another one, whose id
// it has, or lacks, or of later ones.
type command uint8

// The commands.
const (
	noCommand command = iota
	cancels           // a call is not wanted any more
	credits           // a stream may send more values
	resumes           // histories that will be followed are to go on where they were
)

// command returns what a message that no handler is for wants of another one.
func (p protocol) command(f *envelope.Frame) command {
	switch p {
	case protocolEvents:
		switch {
		case string(f.Event) == cancelEvent && f.Valid():
			return cancels
		case string(f.Event) == creditEvent && f.Valid():
			return credits
		case string(f.Event) == resumeEvent && f.Valid():
			return resumes
		}
		return noCommand
	}
	panic(errNoProtocol)
}

// errNoProtocol is what a protocol outside of the set panics with. protocolOf
// makes none.
const errNoProtocol = "ws: no such protocol"

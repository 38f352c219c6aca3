package ws

import (
	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/frame"
)

// appendFront appends the start of every frame of an event, with head room.
func appendFront(dst []byte, event string) []byte {
	return envelope.BeginEvent(append(dst, frame.NoHeader...), event)
}

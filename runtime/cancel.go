package ws

import (
	"errors"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// cancelEvent is the event that cancels a call; it belongs to the protocol.
const cancelEvent = "$cancel"

var (
	errCancelID = errors.New(`"$cancel" needs the id of a call`)
	errIDInUse  = errors.New(`the id is that of a call that has no answer yet`)
	errStreamID = errors.New(`a stream needs an id`)
)

// control handles a frame of the protocol itself, at once and before what
// waits; false leaves it to the handlers.
func (c *conn) control(frame *envelope.Frame) bool {
	if len(frame.Event) == 0 || frame.Event[0] != '$' || !frame.Valid() {
		return false
	}
	if string(frame.Event) != cancelEvent {
		return false
	}
	if frame.ID == nil {
		c.answerError(*frame, c.endpoint.refuse(c, "", 0, NewError(CodeBadFrame, errCancelID.Error())), true)
		return true
	}
	c.cancelCall(frame.ID)
	return true
}

// cancelCall answers the call of this id with CodeCanceled and cancels its
// context, whether it waits, runs or streams. A call that has an answer
// already is left alone: the frames have crossed.
func (c *conn) cancelCall(id []byte) {
	if c.inbox == nil {
		return
	}
	c.inbox.mu.Lock()
	t := c.inbox.calls[string(id)]
	c.inbox.mu.Unlock()
	if t != nil {
		t.refuse(NewError(CodeCanceled, "canceled by the client"), true)
	}
}

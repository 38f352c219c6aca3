package ws

import "github.com/wsgen/wsgen/runtime/internal/envelope"

// cancelEvent is the event that cancels a call; it belongs to the protocol.
const cancelEvent = "$cancel"

const (
	errCancelID envelope.Fault = `"$cancel" needs the id of a call`
	errIDInUse  envelope.Fault = `the id is that of a call that has no answer yet`
	errStreamID envelope.Fault = `a stream needs an id`
)

func isCancel(frame *envelope.Frame) bool {
	return string(frame.Event) == cancelEvent && frame.Valid()
}

// cancelCall answers the call of this id with CodeCanceled and cancels its
// context, whether it waits, runs or streams. A call that has an answer
// already is left alone: the frames have crossed.
func (c *conn) cancelCall(id []byte) {
	if t, ok := c.inbox.Find(id); ok {
		t.refuse(NewError(CodeCanceled, "canceled by the client"), true)
	}
}

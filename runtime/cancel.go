package ws

import "github.com/wsgen/wsgen/runtime/internal/envelope"

// obey carries out a message that is about another one, before the messages
// that wait. It reports whether f was one; a fault is that of one that is wrong,
// which is refused in its turn. Read goroutine only.
func (c *conn) obey(f *envelope.Frame) (taken bool, fault error) {
	switch c.endpoint.protocol.command(f) {
	case cancels:
		if f.ID == nil {
			return false, errCancelID
		}
		c.cancelCall(f.ID)
		return true, nil
	case credits:
		fault = c.creditStream(f)
		return fault == nil, fault
	case resumes:
		return c.takeClaims(f)
	default:
		return false, nil
	}
}

// cancelCall answers the call of this id with CodeCanceled and cancels its
// context, whether it waits, runs or streams. A call that has an answer
// already is left alone: the frames have crossed.
func (c *conn) cancelCall(id []byte) {
	if t, ok := c.inbox().Find(id); ok {
		t.refuse(NewError(CodeCanceled, "canceled by the client"), true)
	}
}
